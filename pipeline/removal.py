"""Frames that who sent them takes back: junk, and photos that belong to another product. Their history stays."""

from django.contrib.auth.models import User

from pipeline import sharing
from pipeline.models import Frame
from pipeline.states import State, is_allowed
from pipeline.transitions import StaleTransition, advance


class RemovalError(ValueError):
    """The frame can't be removed; the text says why and what to do instead."""


def can_remove(frame: Frame) -> bool:
    """Not what is in the shop, or on its way there."""
    return is_allowed(State(frame.state), State.REMOVED)


def remove(frame: Frame, user: User | None, why: str = "not wanted") -> None:
    """Take a frame back; without a user it is a command that does so.

    Raises
    ------
    RemovalError
        It isn't theirs, is in the shop or on its way there, or was moved on just now.
    """
    if user and not sharing.may_remove(user, frame):
        raise RemovalError(f"{frame} was not sent by you, so who sent it or a manager can remove it.")
    if not can_remove(frame):
        raise RemovalError(f"{frame} is {frame.state_words}; a manager can withdraw what is in the shop.")
    try:
        advance(frame, State.REMOVED, actor=user.get_username() if user else "a command", why=why)
    except StaleTransition as error:
        raise RemovalError(f"{frame} has just moved on; nothing was changed. Look again.") from error
