"""This host: how much room its disks have, and which runtime the model was found to be the faster on."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from pipeline.engines import runtime_check, weights
from pipeline.engines.runtime_check import Choice

LEAST_SHARE, LEAST_BYTES = 0.1, 5_000_000_000


@dataclass(frozen=True)
class Disk:
    """A file system, and what of ours lies on it."""

    holds: list[str]
    free: int
    total: int

    @property
    def is_low(self) -> bool:
        return self.free < min(LEAST_SHARE * self.total, LEAST_BYTES)


def disks() -> list[Disk]:
    """Each once, however many of our folders lie on it."""
    holds: dict[int, tuple[Path, list[str]]] = {}
    for name, folder in _folders().items():
        if folder.exists():
            holds.setdefault(folder.stat().st_dev, (folder, []))[1].append(name)
    return [_disk(folder, names) for folder, names in holds.values()]


def _folders() -> dict[str, Path]:
    return {
        "data and logs": settings.VAR_DIR,
        "model files": settings.WEIGHTS_DIR,
        "uploads on their way": Path(tempfile.gettempdir()),
    }


def _disk(folder: Path, names: list[str]) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(names, usage.free, usage.total)


def measured() -> Choice | None:
    """What the trial of both runtimes found on this host; None where no worker has made it."""
    known = weights.lookup(settings.MATTE_MODEL)
    return runtime_check.remembered(settings.WEIGHTS_DIR / known.file_name)
