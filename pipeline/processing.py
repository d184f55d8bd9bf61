"""One frame from its original to the gate: decode, enhance, examine, record."""

import logging
from dataclasses import replace

from django.conf import settings
from structlog.contextvars import bound_contextvars

from pipeline import gate, leases, naming, work_files
from pipeline.cutout import matte_models
from pipeline.cutout.examine import examine, timed
from pipeline.cutout.relight import Enhanced, after_gemini, locally
from pipeline.engines import object_store
from pipeline.faults import faults_answered, run_step
from pipeline.gemini import lanes
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.imaging.types import RGB
from pipeline.models import Frame, active_policy
from pipeline.states import ANSWERED, State, sent_back
from pipeline.transitions import advance, send_back, take_again

log = logging.getLogger(__name__)


def run(frame_id: int) -> Frame | None:
    """Process a RECEIVED frame up to the gate, or send it to Gemini first, if its batch is for that."""
    return run_step(Frame.objects.filter(pk=frame_id, state=State.RECEIVED), _begin)


def _begin(frame: Frame) -> None:
    if frame.wants_gemini:
        lanes.send(frame)
        return
    lease = settings.PROCESS_LEASE_SECONDS
    advance(frame, State.PROCESSING, actor="worker", lease=lease, attempt=frame.attempt + 1, not_before=None)
    with leases.kept(frame, lease), bound_contextvars(attempt=frame.attempt):
        _process(frame)


def _process(frame: Frame) -> None:
    with faults_answered(frame, "Processing", back_to=State.RECEIVED):
        try:
            _run_stages(frame)
        except DecodeError as error:
            send_back(frame, "not-decodable", f"{frame.filename}: {error}", actor="worker")
        except object_store.MissingObjectError:
            _without_original(frame)


def _without_original(frame: Frame) -> None:
    """One that came meanwhile is seen here; one that comes later, by who takes it in: they store it, then look."""
    cause = "The upload broke off before it was stored; send the photo again."
    send_back(frame, "original-missing", cause, actor="worker")
    if object_store.is_there("work", naming.original_key(frame.pk)):
        take_again(frame, actor="worker")


def _run_stages(frame: Frame) -> None:
    policy = active_policy()
    seconds: dict[str, float] = {}
    with timed(seconds, "decode"):
        original = work_files.original(frame)
    with timed(seconds, "enhance"):
        enhanced = _enhanced(frame, original.rgb)
        rgb = enhanced.rgb
    with timed(seconds, "previews"):
        work_files.save_photo(frame, rgb)
    is_marked = gate.is_marked(frame, policy)
    about = frame.product_class, frame.view, policy.document
    examined = examine(rgb, matte_models.matter(), *about, own=original.alpha, spec=frame.listing_spec)
    with timed(seconds, "store"):
        best = examined.best
        work_files.save_matte(frame, rgb, best.alpha)
    places = {}
    # What is audited looks like what is doubted: nobody is to tell one from the other by what is missing.
    if is_marked or not best.verdict.publish or sent_back(frame.reasons):
        with timed(seconds, "for people"):
            work_files.save_alternatives(frame, rgb, examined.others)
            places = work_files.save_doubts(frame, rgb, examined)
    examined = replace(examined, seconds=seconds | dict(examined.seconds))
    gate.record(frame, policy, examined, enhanced, places=places, colours=original.colours)


def _enhanced(frame: Frame, original: RGB) -> Enhanced:
    """Relit after Gemini's picture, if that is there to be used; else locally."""
    if frame.gemini != ANSWERED:
        return locally(original)
    try:
        answer = work_files.decode_photo(object_store.load_work(naming.answer_key(frame.pk)))
    except object_store.MissingObjectError:
        return replace(locally(original), why_not="lost")
    except DecodeError:  # the limits were other ones when it came
        return replace(locally(original), why_not="unreadable")
    how = matte_models.matter(), settings.GEMINI_MODE, frame.listing_spec.lens
    enhanced = after_gemini(original, answer, frame.product_class, *how)
    work_files.save_compared(frame, original, answer)
    if not enhanced.why_not:
        work_files.save_enhanced(frame, enhanced.rgb)
    return enhanced
