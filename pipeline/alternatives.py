"""Other mattes of a frame that waits for people, for them to choose from: made once nothing more urgent waits."""

import logging

from pipeline import naming, work_files
from pipeline.cutout import ladder, matte_models
from pipeline.cutout.examine import Known, more_mattes
from pipeline.engines import object_store
from pipeline.imaging.pictures.alpha_png import decode_alpha
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.models import Frame, LaterMatte, Scorecard
from pipeline.states import State

log = logging.getLogger(__name__)


def are_wanted(frame: Frame) -> bool:
    """Whether somebody is to look at what the machine left, and none of these was made yet.

    What is audited looks like what is doubted: nobody is to tell one from the other by what is missing.
    """
    card = frame.card
    if card is None or not (frame.state == State.EXCEPTION or frame.audit_due) or card != frame.machine_card:
        return False
    return len(card.others) < ladder.ENOUGH and not card.made_later.exists()


def make(frame_id: int) -> None:
    """Make them, if they are wanted still."""
    frame = Frame.objects.filter(pk=frame_id).first()
    if frame is None or not are_wanted(frame):
        return
    assert frame.card is not None
    try:
        _make(frame, frame.card)
    except (object_store.ObjectStoreError, DecodeError) as error:
        log.warning("%s has no alternatives: %s", frame, error)


def _make(frame: Frame, card: Scorecard) -> None:
    rgb = work_files.enhanced_photo(frame)
    alpha = decode_alpha(object_store.load_work(naming.work_key(frame.pk, card.attempt, "alpha.png")))
    known = Known(alpha, card.metrics, {card.rung, *(other["rung"] for other in card.others)})
    models = matte_models.matter(), matte_models.second_matter
    judged_by, spec = card.policy.document, frame.listing_spec
    for other in more_mattes(rgb, known, *models, frame.product_class, frame.view, judged_by, spec):
        work_files.save_alternatives(frame, rgb, (other,))
        found = {"confidence": other.confidence, "is_partial": other.is_partial}
        LaterMatte.objects.get_or_create(scorecard=card, rung=other.rung, defaults=found)
