"""Mattes that operators choose and paint. What was painted on is labelled: it wasn't good as it was."""

import base64
from typing import Any

from django.contrib.auth.models import User

from pipeline import override, work_files
from pipeline.imaging.framing import part_of
from pipeline.imaging.matte import painting
from pipeline.imaging.matte.painting import PaintError
from pipeline.imaging.pictures import previews
from pipeline.models import Frame
from pipeline.override import Edit, EditError
from pipeline.transitions import StaleTransition
from review.evidence.labels import EDIT
from review.models import Decision
from review.queue.decisions import DecisionError, Said, note, occasion_of, require_at_hand


def save(frame: Frame, version: int, user: User, edit: Edit) -> None:
    """Make the edited matte the frame's own.

    Raises
    ------
    DecisionError
        Somebody else was first, or the edit can't be made; nothing was changed.
    """
    require_at_hand(frame, version, user)
    if not (edit.rung or edit.strokes):
        raise DecisionError(f"There is nothing to save: nothing was chosen for {frame}, and nothing painted.")
    card, occasion = frame.card, occasion_of(frame)
    try:
        override.override(frame, edit, actor=user.get_username())
    except StaleTransition as error:
        raise DecisionError(f"{frame} was decided meanwhile; your edit was not saved.") from error
    except (EditError, PaintError) as error:
        raise DecisionError(str(error)) from error
    note(frame, Said(EDIT, user), card=card, occasion=occasion, label=Decision.Label.BAD)


def try_click(frame: Frame, edit: Edit) -> dict[str, Any]:
    """What the last stroke would make of the matte: the box that changes, and the alpha in it as a mask."""
    try:
        alpha, rgb = override.matte_of(frame, edit.rung), work_files.enhanced_photo(frame)
        alpha = painting.paint(alpha, rgb, edit.strokes[:-1])
        box = painting.apply(alpha, rgb, edit.strokes[-1])
    except (EditError, PaintError) as error:
        raise DecisionError(str(error)) from error
    mask = base64.b64encode(previews.full_mask(part_of(alpha, box))).decode()
    return {"box": {"x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1}, "mask": mask}
