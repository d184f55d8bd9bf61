"""One frame from its original to the gate: decode, enhance, matte, crop, score."""

import dataclasses
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.db import DatabaseError

from pipeline import gate, leases, matting, naming
from pipeline.engines import object_store, weights
from pipeline.engines.identity import Identity
from pipeline.engines.protocols import Enhancer, Matter
from pipeline.imaging import halfglass, refine, renditions
from pipeline.imaging.decode import DecodeError, DecodeLimits, decode
from pipeline.imaging.score import judge, measure, score
from pipeline.imaging.types import RGB, Examined, Policy, ProductClass, View
from pipeline.models import Frame
from pipeline.states import State
from pipeline.transitions import StaleTransition, advance

log = logging.getLogger(__name__)
PREVIEW_SIDE, THUMB_SIDE = 1600, 320


def load_matter(threads: int) -> Matter:
    # rembg takes seconds to import; the web process never needs it.
    from pipeline.engines.rembg_matter import RembgMatter

    model_file = weights.locate(settings.MATTE_MODEL, settings.WEIGHTS_DIR)
    return RembgMatter(name=settings.MATTE_MODEL, model_file=model_file, threads=threads)


@cache
def matter() -> Matter:
    """The warm model of this process. Two processes of one thread beat one of two (design.md §6)."""
    return load_matter(threads=1)


@cache
def enhancer() -> Enhancer:
    return Identity()


def warm_up() -> None:
    matter()


def decode_photo(data: bytes) -> RGB:
    return decode(data, DecodeLimits(max_bytes=settings.MAX_PHOTO_BYTES, max_pixels=settings.MAX_PHOTO_PIXELS))


def examine(rgb: RGB, matter: Matter, product_class: ProductClass, view: View | None, policy: Policy) -> Examined:
    """Matte, crop, score and judge one enhanced photo. Touches no row, no bucket."""
    seconds: dict[str, float] = {}
    with _timed(seconds, "matte"):
        matte = matting.matte(rgb, matter, product_class)
    crop_expected = product_class == "eyewear" and view == "angle"
    with _timed(seconds, "crop"):
        crop = halfglass.find_crop(matte.alpha) if crop_expected else None
    with _timed(seconds, "score"):
        metrics = measure(rgb, matte, crop, crop_expected)
        result = score(metrics, policy, crop_expected=crop_expected)
        verdict = judge(result, policy, product_class, view)
    return Examined(refine.drop_specks(refine.snap(matte.alpha)), crop, result, verdict, seconds)


def original_photo(frame: Frame) -> RGB:
    return decode_photo(object_store.load_work(naming.original_key(frame.pk)))


def enhanced_photo(frame: Frame) -> RGB:
    return enhancer().enhance(original_photo(frame))


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 4)


def run(frame_id: int) -> Frame | None:
    """Process a RECEIVED frame up to the gate. None when there was nothing to do; it may run twice."""
    frame = Frame.objects.select_related("batch").filter(pk=frame_id, state=State.RECEIVED).first()
    if frame is None:
        return None
    lease = settings.PROCESS_LEASE_SECONDS
    try:
        advance(frame, State.PROCESSING, actor="worker", lease=lease, attempt=frame.attempt + 1)
        with leases.kept(frame, lease):
            _process(frame)
    except StaleTransition as lost:
        log.info("%s; left to who has it now", lost)
        return None
    except DatabaseError:
        log.exception("frame %s: the database failed while processing; the reaper will try again", frame.pk)
        return None
    return frame


def _process(frame: Frame) -> None:
    with gate.faults_answered(frame, "Processing", back_to=State.RECEIVED):
        try:
            _run_stages(frame)
        except DecodeError as error:
            gate.hold(frame, ["not-decodable"], f"{frame.filename}: {error}", actor="worker")
        except object_store.MissingObjectError:
            cause = "The upload broke off before it was stored; send the photo again."
            gate.hold(frame, ["original-missing"], cause, actor="worker")


def _run_stages(frame: Frame) -> None:
    policy = gate.active_policy()
    seconds: dict[str, float] = {}
    with _timed(seconds, "decode"):
        rgb = original_photo(frame)
    with _timed(seconds, "previews"):
        _save(frame, "preview.webp", renditions.preview(rgb, PREVIEW_SIDE))
        _save(frame, "thumb.webp", renditions.preview(rgb, THUMB_SIDE))
    with _timed(seconds, "enhance"):
        rgb = enhancer().enhance(rgb)
    examined = examine(rgb, matter(), frame.batch.product_class, frame.view, policy.document)
    with _timed(seconds, "store"):
        _save(frame, "alpha.png", renditions.encode_alpha(examined.alpha))
        _save(frame, "cutout.webp", renditions.cutout_preview(rgb, examined.alpha, PREVIEW_SIDE))
        _save(frame, "cutout_thumb.webp", renditions.cutout_preview(rgb, examined.alpha, THUMB_SIDE))
    examined = dataclasses.replace(examined, seconds=seconds | examined.seconds)
    gate.record(frame, policy, examined, model=matter(), enhancer=enhancer())


def _save(frame: Frame, name: str, data: bytes) -> None:
    object_store.save_work(naming.work_key(frame.pk, frame.attempt, name), data)
