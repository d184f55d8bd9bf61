"""What a manager may do about a frame that was published or rejected: withdraw it, or have it reviewed again."""

from django.db import transaction

from pipeline.models import Frame, Rejection
from pipeline.shop.withdraw import withdraw
from pipeline.states import SENT_BACK, State
from pipeline.transitions import StaleTransition, advance

RECALLABLE = {"withdraw": (State.PUBLISHED,), "review": (State.PUBLISHED, State.WITHDRAWN, State.REJECTED)}


class RecallError(ValueError):
    """It can't be done; the text says why and what to do instead."""


def recall(kind: str, frame: Frame, version: int, *, actor: str, why: str) -> None:
    """Withdraw the frame, or have a person look at it again, on the version that the manager looked at.

    Parameters
    ----------
    kind : str
        A key of RECALLABLE.

    Raises
    ------
    RecallError
        No reason was given, the frame has moved on, or its withdrawal would spoil what is known of all frames.
    """
    if not why:
        raise RecallError(f"Say why, so that {frame}'s history tells it. Nothing was changed.")
    if frame.state not in RECALLABLE[kind] or frame.version != version:
        raise RecallError(f"{frame} has moved on while you looked at it; nothing was changed. Look at it again.")
    if kind == "review" and frame.pictures:
        raise RecallError(
            f"{frame} can't be reviewed again: its pictures are deleted, as their days were over. Withdraw it if it "
            "must leave the shop, or have a new photo sent."
        )
    if kind == "withdraw" and frame.audit_due == "drawn":
        raise RecallError(
            f"{frame} was drawn by chance to be looked at: taken out unseen, it would make all others look better than "
            "they are. Reject it in the workbench, which takes it out of the shop as well."
        )
    try:
        if kind == "withdraw":
            withdraw(frame, actor=actor, why=why)
        else:
            _review_again(frame, actor, why)
    except StaleTransition as error:
        raise RecallError(f"{frame} was moved on by somebody else just now; nothing was changed.") from error


def _review_again(frame: Frame, actor: str, why: str) -> None:
    """Into the queue: a published frame stays in the shop, and whoever decides sees it like any exception.

    One that was drawn by chance stays drawn. If it counted no longer, because somebody thought it bad, the frames
    that are left would look better than they are.
    """
    why = f"to be looked at again: {why}"
    if frame.state == State.PUBLISHED:
        advance(frame, State.PUBLISHED, actor=actor, why=why, audit_due=frame.audit_due or "asked")
    else:
        reasons = frame.reasons if frame.state == State.REJECTED and frame.reasons else [SENT_BACK]
        with transaction.atomic():
            advance(frame, State.EXCEPTION, actor=actor, why=why, reasons=reasons, cause="")
            Rejection.objects.filter(frame=frame).delete()  # it is asked for no more
