"""One frame from its original to the gate: decode, enhance, examine, record."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils import timezone

from pipeline import gate, leases, naming
from pipeline.engines import object_store, weights
from pipeline.engines.glibc import keep_freed_memory
from pipeline.engines.protocols import Matter
from pipeline.enhancing import GEMINI, IDENTITY, Enhanced, after_gemini, locally
from pipeline.examining import examine, timed
from pipeline.imaging import previews, renditions
from pipeline.imaging.decode import DecodeError, DecodeLimits, decode
from pipeline.imaging.doubts import find_doubts
from pipeline.imaging.score import weakest
from pipeline.imaging.types import RGB, Alpha, Alternative, Score
from pipeline.models import Frame
from pipeline.states import ANSWERED, State
from pipeline.transitions import advance

log = logging.getLogger(__name__)
PREVIEW_SIDE, THUMB_SIDE = 1600, 320
ENHANCED = "enhanced.jpg"
"""The photo as Gemini's picture had it relit: kept, since only a worker could make it again."""


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


def warm_up() -> None:
    """Make this process ready to take photo after photo."""
    keep_freed_memory()
    matter()


def decode_photo(data: bytes) -> RGB:
    return decode(data, DecodeLimits(max_bytes=settings.MAX_PHOTO_BYTES, max_pixels=settings.MAX_PHOTO_PIXELS))


def original_photo(frame: Frame) -> RGB:
    return decode_photo(object_store.load_work(naming.original_key(frame.pk)))


def enhanced_photo(frame: Frame) -> RGB:
    """The photo that the frame's last matte was made of."""
    card = frame.machine_card
    if card and card.enhancer in GEMINI.values():
        data = object_store.load_work(naming.work_key(frame.pk, card.attempt, ENHANCED))
        return decode(data, DecodeLimits(max_bytes=len(data), max_pixels=settings.MAX_PHOTO_PIXELS))
    original = original_photo(frame)
    return original if card and card.enhancer == IDENTITY else locally(original).rgb


def run(frame_id: int) -> Frame | None:
    """Process a RECEIVED frame up to the gate, or send it to Gemini first, if its batch is for that.

    None when there was nothing to do; it may run twice.
    """
    frame = Frame.objects.select_related("batch").filter(leases.is_due(), pk=frame_id, state=State.RECEIVED).first()
    if frame is None:
        return None
    lease = settings.PROCESS_LEASE_SECONDS
    with gate.left_to_others(frame):
        if frame.wants_gemini:
            _send_to_gemini(frame)
            return frame
        advance(frame, State.PROCESSING, actor="worker", lease=lease, attempt=frame.attempt + 1, not_before=None)
        with leases.kept(frame, lease):
            _process(frame)
        return frame
    return None


def _send_to_gemini(frame: Frame) -> None:
    """Urgent frames are asked for at once; the others wait for a Batch job."""
    is_urgent = frame.batch.lane == "urgent"
    fields = {"ask_until": ask_until() if is_urgent else None, "not_before": None, "gemini": ""}
    why = "to be asked for at once" if is_urgent else "for the next Batch job"
    advance(frame, State.ENHANCING, actor="worker", why=why, **fields)


def ask_until() -> datetime:
    """So long a frame that Gemini is to be asked for by itself may be kept waiting."""
    return timezone.now() + timedelta(minutes=settings.GEMINI_URGENT_DEADLINE_MINUTES)


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
    with timed(seconds, "decode"):
        original = original_photo(frame)
    with timed(seconds, "enhance"):
        enhanced = _enhanced(frame, original)
        rgb = enhanced.rgb
    with timed(seconds, "previews"):
        save_photo(frame, rgb)
    is_marked = gate.is_marked(frame, policy)
    product_class, view = frame.batch.product_class, frame.view
    examined = examine(rgb, matter(), product_class, view, policy.document, second_matter, with_others=is_marked)
    with timed(seconds, "store"):
        best = examined.best
        save_matte(frame, rgb, best.alpha)
    places = {}
    # What is audited looks like what is doubted: nobody is to tell one from the other by what is missing.
    if is_marked or not best.verdict.publish:
        with timed(seconds, "for people"):
            _save_alternatives(frame, rgb, examined.others)
            places = save_doubts(frame, rgb, best.alpha, best.score, examined.second_look)
    examined = replace(examined, seconds=seconds | examined.seconds)
    gate.record(frame, policy, examined, enhanced, places=places)


def _enhanced(frame: Frame, original: RGB) -> Enhanced:
    """Relit after Gemini's picture, if that is there to be used; else locally."""
    if frame.gemini != ANSWERED:
        return locally(original)
    try:
        answer = decode_photo(object_store.load_work(naming.answer_key(frame.pk)))
    except object_store.MissingObjectError:
        return replace(locally(original), why_not="lost")
    except DecodeError:  # the limits were other ones when it came
        return replace(locally(original), why_not="unreadable")
    enhanced = after_gemini(original, answer, frame.batch.product_class, matter(), settings.GEMINI_MODE)
    save(frame, "original.webp", previews.preview(original, PREVIEW_SIDE))
    save(frame, "gemini.webp", previews.preview(answer, PREVIEW_SIDE))
    if not enhanced.why_not:
        save(frame, ENHANCED, renditions.save(enhanced.rgb, format="JPEG", quality=98, subsampling="4:4:4"))
    return enhanced


def save_photo(frame: Frame, rgb: RGB) -> None:
    save(frame, "preview.webp", previews.preview(rgb, PREVIEW_SIDE))
    save(frame, "thumb.webp", previews.preview(rgb, THUMB_SIDE))


def save_matte(frame: Frame, rgb: RGB, alpha: Alpha) -> None:
    save(frame, "alpha.png", renditions.encode_alpha(alpha))
    save(frame, "cutout.webp", previews.cutout_preview(rgb, alpha, PREVIEW_SIDE))
    save(frame, "cutout_thumb.webp", previews.cutout_preview(rgb, alpha, THUMB_SIDE))


def _save_alternatives(frame: Frame, rgb: RGB, alternatives: tuple[Alternative, ...]) -> None:
    """For whoever reviews the frame: the mattes that the ladder made and the score ranked lower."""
    for other in alternatives:
        cutout = previews.cutout_preview(rgb, renditions.decode_alpha(other.alpha_png), PREVIEW_SIDE)
        save(frame, naming.alternative_name(other.rung, "png"), other.alpha_png)
        save(frame, naming.alternative_name(other.rung, "webp"), cutout)


def save_doubts(
    frame: Frame, rgb: RGB, alpha: Alpha, score: Score, second_look: Alpha | None = None
) -> dict[str, list[int]]:
    """Draw where the score's doubts come from; returns the worst place of each, as the scorecard keeps it."""
    doubts = find_doubts(rgb, alpha, score.reasons or weakest(score.components), second_look)
    save(frame, "doubt.webp", previews.heat_preview(doubts.heat))
    return {code: [box.x0, box.y0, box.x1, box.y1] for code, box in doubts.places.items()}


def save(frame: Frame, name: str, data: bytes) -> None:
    """One picture of the frame's attempt, into the private bucket."""
    object_store.save_work(naming.work_key(frame.pk, frame.attempt, name), data)
