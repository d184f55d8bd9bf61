"""What can become of a frame: each a way that the product itself could have gone."""

import json
from collections.abc import Callable

from pipeline.states import State
from review.management.history.proportions import ESCAPES, IN_LINE, MANAGER, OPERATORS, WAITING
from review.management.history.story import Story

GRACE, TO_DECIDE = 31, 5400
"""Seconds: until a worker acts on a decision, and about how long frames wait for a person."""

PHOTO_REASONS = ("blurred", "badly lit", "product cut off")
FAULT = "A fault in the program stopped this photo (ZeroDivisionError). Reprocess it, or ask for a new photo."
UNREADABLE = "The file could not be read: it is cut off."


def passed(story: Story) -> None:
    """Published unseen; looked at afterwards if it was drawn."""
    story.process(passes=True)
    story.publish()
    if story.frame["audit_due"]:
        _audit(story)


def withdrawn(story: Story) -> None:
    passed(story)
    if story.frame["state"] != State.PUBLISHED:
        return
    story.wait(86_400)
    story.move(State.WITHDRAWING, MANAGER, "no longer sold")
    story.wait(3)
    story.move(State.WITHDRAWN, "worker", "its files are withdrawn")


def approved(story: Story) -> None:
    _approve(story, _held(story))


def reshot(story: Story) -> None:
    _reject(story, _held(story))


def discarded(story: Story) -> None:
    by = _held(story)
    story.decide("discard", by, State.REJECTED, "the cut-out isn't good enough")
    story.tell_rejected(by, "", needs_photo=False)


def reprocessed(story: Story) -> None:
    _reprocess(story, _held(story))


def renamed(story: Story) -> None:
    """To a code that nobody else has."""
    by, was = _held(story), {"code": story.code, "view": story.view, "product_class": story.product_class}
    story.code += "-R"
    words = f"renamed: was {was['code']} {story.view}; is {story.code} {story.view}"
    story.decide("rename", by, State.RECEIVED, words, was=json.dumps(was))
    _once_more(story)


def undone(story: Story) -> None:
    """Approved, taken back in time, and then rejected."""
    by = _held(story)
    taken_back = story.decide("approve", by, State.APPROVED, "good as it is")
    story.wait(6)
    story.decide("undo", by, State.EXCEPTION, "taken back: good as it is", label="", undoes_id=taken_back)
    story.shown_again = {}
    story.wait(4)
    _reject(story, by)


def skipped(story: Story) -> None:
    by = _held(story)
    story.say("skip", by, label="")
    story.wait(600)
    _approve(story, story.source.dice.choice([name for name in OPERATORS if name != by]))


def failed(story: Story) -> None:
    _fail(story)
    story.wait(TO_DECIDE)
    _reprocess(story, story.source.dice.choice(OPERATORS))


def unreadable(story: Story) -> None:
    story.begin()
    story.move(State.UNREADABLE, "worker", UNREADABLE, reasons='["not-decodable"]', cause=UNREADABLE)


def removed(story: Story) -> None:
    story.wait(20)
    story.move(State.REMOVED, "a command", "not wanted")


FATES: dict[str, Callable[[Story], None]] = {
    "passed": passed,
    "replaced": passed,
    "withdrawn": withdrawn,
    "approved": approved,
    "reshot": reshot,
    "discarded": discarded,
    "reprocessed": reprocessed,
    "renamed": renamed,
    "undone": undone,
    "skipped": skipped,
    "failed": failed,
    "unreadable": unreadable,
    "removed": removed,
}


def _wait_for_audit(story: Story) -> None:
    story.process(passes=True)
    story.publish()


def _wait_for_person(story: Story) -> None:
    story.process(passes=False)


def _fail(story: Story) -> None:
    story.begin()
    story.hold(["program-fault"], "worker", FAULT, processed_at=story.at)


UNDER_WAY: dict[str, Callable[[Story], None]] = {
    "passed": _wait_for_audit,
    WAITING: _wait_for_person,
    "failed": _fail,
    "unreadable": unreadable,
    IN_LINE: lambda story: None,
}
"""The same for the latest frames, of which people have seen none yet."""


def _held(story: Story) -> str:
    """Held, and in somebody's hands after a while; returns whose."""
    story.process(passes=False)
    story.wait(TO_DECIDE)
    return story.source.dice.choice(OPERATORS)


def _approve(story: Story, by: str) -> None:
    story.decide("approve", by, State.APPROVED, "good as it is")
    story.wait(5, least=GRACE)
    story.publish()


def _reject(story: Story, by: str) -> None:
    why = story.source.dice.choice(PHOTO_REASONS)
    story.decide("reject", by, State.REJECTED, f"needs a new photo: {why}", why=why)
    story.tell_rejected(by, why, needs_photo=True)


def _reprocess(story: Story, by: str) -> None:
    story.decide("reprocess", by, State.RECEIVED, "once more through the pipeline")
    _once_more(story)


def _once_more(story: Story) -> None:
    story.wait(5, least=GRACE)
    story.process(passes=True)
    story.publish()


def _audit(story: Story) -> None:
    """Good, and so it stays; or one that escaped, which comes out of the shop and is rejected."""
    story.wait(TO_DECIDE)
    by, looked = story.source.dice.choice(OPERATORS), "looked at after publication"
    story.frame["audit_due"] = ""
    if story.source.dice.random() >= ESCAPES:
        story.decide("approve", by, State.PUBLISHED, f"{looked}: good as it is", occasion="drawn")
        return
    story.decide("discard", by, State.WITHDRAWING, f"{looked}: the cut-out isn't good enough", occasion="drawn")
    story.tell_rejected(by, "", needs_photo=False)
    story.wait(5, least=GRACE)
    story.move(State.REJECTED, "worker", "its files are withdrawn")
