"""A person's matte: chosen among the alternatives, painted on, or both. It becomes the frame's next attempt."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import transaction

from pipeline import gate, leases, naming, work_files
from pipeline.cutout.examine import examine_again
from pipeline.engines import object_store
from pipeline.imaging.matte import painting
from pipeline.imaging.metrics.look import measure_look
from pipeline.imaging.metrics.measure import TOLD
from pipeline.imaging.pictures import renditions
from pipeline.imaging.pictures.alpha_png import decode_alpha
from pipeline.imaging.types import RGB, Alpha, Candidate, Examined, Matte
from pipeline.models import Frame, Override, Scorecard, active_policy
from pipeline.states import BY_HAND, sent_back
from pipeline.transitions import StaleTransition, change

DIFFERENCE = "difference.png"
RAW_RANGE = {"raw_min": 0.0, "raw_max": 1.0}
"""What scorecards without it stand for."""


class EditError(ValueError):
    """The edit can't be made; the text says why and what to do instead."""


@dataclass(frozen=True)
class Edit:
    """Strokes over a matte: the frame's own, or the one that the machine made on that rung."""

    rung: str = ""
    strokes: tuple[painting.Stroke, ...] = ()


def override(frame: Frame, edit: Edit, *, actor: str) -> Override:
    """Make the edited matte the frame's own: pictures, score and reasons; its renditions follow when it is published.

    Raises
    ------
    EditError
        There is no such matte to edit.
    PaintError
        A stroke can't be made.
    StaleTransition
        Somebody else moved the frame first.
    ObjectStoreError
        The pictures could not be stored; the frame is as it was.
    """
    rgb, shown = work_files.enhanced_photo(frame), matte_of(frame, "")
    base = matte_of(frame, edit.rung) if edit.rung else shown
    base_attempt, _ = _source(frame, edit.rung)
    alpha = painting.paint(base, rgb, edit.strokes)
    examined = _examined(frame, rgb, alpha, edit)
    with _next_attempt(frame) as previous:
        _save_pictures(frame, previous, rgb, shown, alpha)
        places = work_files.save_doubts(frame, rgb, examined)
        with transaction.atomic():
            card = _keep(frame, examined, places, measure_look(rgb, alpha, frame.view))
            return Override.objects.create(
                frame=frame,
                scorecard=card,
                base_attempt=base_attempt,
                base_rung=edit.rung,
                strokes=[asdict(stroke) for stroke in edit.strokes],
                difference=naming.work_key(frame.pk, frame.attempt, DIFFERENCE),
                by=actor,
            )


def matte_of(frame: Frame, rung: str) -> Alpha:
    """The matte of a rung, or the frame's own one."""
    attempt, name = _source(frame, rung)
    return decode_alpha(object_store.load_work(naming.work_key(frame.pk, attempt, name)))


def _source(frame: Frame, rung: str) -> tuple[int, str]:
    """The attempt and the name of the picture that holds it."""
    machine = frame.machine_card
    if machine is None or frame.card is None:
        raise EditError(f"{frame} has no cut-out that could be edited. Reprocess it, or ask for a new photo.")
    if not rung:
        return frame.attempt, "alpha.png"
    if rung == machine.rung:
        return machine.attempt, "alpha.png"
    if rung not in {other["rung"] for other in machine.mattes}:
        raise EditError(f"{frame} has no alternative of that name; reload the page to see those that it has.")
    return machine.attempt, naming.alternative_name(rung, "png")


def _examined(frame: Frame, rgb: RGB, alpha: Alpha, edit: Edit) -> Examined:
    """Score the matte as if the machine had made it; what only a model could tell is its last word.

    Where the matte is likely wrong is told no more: a person has looked there.
    """
    machine = frame.machine_card
    assert machine is not None
    told = RAW_RANGE | {name: machine.metrics[name] for name in TOLD if name in machine.metrics}
    document = active_policy().document
    found = examine_again(rgb, Matte(alpha, **told), frame.product_class, frame.view, document, frame.listing_spec)
    rung = BY_HAND if edit.strokes else edit.rung
    return Examined(Candidate(rung, machine.model_name, machine.model_sha256, alpha, *found), (), seconds={})


@contextmanager
def _next_attempt(frame: Frame) -> Iterator[int]:
    """Hold the frame while its next attempt's pictures are written: nobody else may write them. Gives the last one."""
    if leases.is_held(frame):
        raise StaleTransition(f"frame {frame.pk} ({frame}) is being edited by somebody else")
    leases.take(frame, settings.PUBLISH_LEASE_SECONDS)
    previous = frame.attempt
    frame.attempt += 1
    try:
        yield previous
    except Exception:
        frame.attempt = previous
        leases.give_back(frame)
        raise


def _save_pictures(frame: Frame, previous: int, rgb: RGB, shown: Alpha, alpha: Alpha) -> None:
    for name in ("preview.webp", "thumb.webp"):
        work_files.save(frame, name, object_store.load_work(naming.work_key(frame.pk, previous, name)))
    work_files.save_matte(frame, rgb, alpha)
    difference = painting.difference(shown, alpha)
    work_files.save(frame, DIFFERENCE, renditions.save(difference, format="PNG", compress_level=1))


def _keep(frame: Frame, examined: Examined, places: dict[str, list[int]], look: dict[str, float]) -> Scorecard:
    reasons = [*examined.best.verdict.reasons, *sent_back(frame.reasons)]
    change(frame, attempt=frame.attempt, reasons=reasons, cause="", lease_until=None)
    assert frame.machine_card is not None
    enhancer = frame.machine_card.enhancer
    return gate.write_card(frame, active_policy(), examined, enhancer=enhancer, places=places, look=look)
