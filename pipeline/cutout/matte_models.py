"""The models that cut out, kept warm: one process loads each of them once."""

import logging
from functools import cache

from django.conf import settings

from pipeline.engines import weights
from pipeline.engines.glibc import keep_freed_memory
from pipeline.engines.protocols import Matter

log = logging.getLogger(__name__)


def load_matter(name: str, threads: int) -> Matter:
    # rembg takes seconds to import; the web process never needs it.
    from pipeline.engines.rembg_matter import RembgMatter

    return RembgMatter(name=name, model_file=weights.locate(name, settings.WEIGHTS_DIR), threads=threads)


@cache
def matter() -> Matter:
    """The warm model of this process. Two processes of one thread beat one of two (design.md §6)."""
    return load_matter(settings.MATTE_MODEL, threads=1)


@cache
def second_matter() -> Matter | None:
    """The model of the ladder's last rung, loaded when that is first climbed; None if there is none here."""
    try:
        return load_matter(settings.SECOND_MATTE_MODEL, threads=1) if settings.SECOND_MATTE_MODEL else None
    except (weights.WeightsError, ImportError, RuntimeError, MemoryError) as error:
        log.warning("The repair ladder goes without its last rung: %s", error)
        return None


def warm_up() -> dict[str, str]:
    """Make this process ready to take photo after photo; returns the model that it holds, and what that runs on."""
    keep_freed_memory()
    model = matter()
    return {"model": f"{model.name} {model.sha256[:12]}", "runtime": getattr(model, "runtime", "")}
