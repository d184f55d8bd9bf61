"""What people did to a matte and its bridge before somebody approved them, in words for the frame's history."""

from pipeline.models import Frame, Override
from pipeline.words import CUTOUT_WORDS
from review.queue.bridges import bridge_line_of


def words_for_matte(frame: Frame) -> list[str]:
    """What was chosen and painted since the machine made the frame's cut-out."""
    edits = _edits(frame)
    strokes = sum(len(edit.strokes) for edit in edits)
    chosen = _chosen(frame, edits)
    words = [f"with {chosen}"] if chosen else []
    return words + ([f"after painting ({strokes} stroke{'s' if strokes > 1 else ''})"] if strokes else [])


def _edits(frame: Frame) -> list[Override]:
    """Those that the frame's last matte rests on, the last one first: where one was chosen anew, it rests on no other.

    What was painted and then left for another cut-out is no part of what is published.
    """
    made = {edit.scorecard.attempt: edit for edit in frame.overrides.select_related("scorecard")}
    edits = []
    attempt = frame.attempt
    while edit := made.get(attempt):
        edits.append(edit)
        attempt = 0 if edit.base_rung else edit.base_attempt
    return edits


def _chosen(frame: Frame, edits: list[Override]) -> str:
    """What was taken in place of the machine's own choice, or ''."""
    rung = edits[-1].base_rung if edits else ""
    machine = frame.made_of(frame.attempt)
    return "" if not rung or machine is None or rung == machine.rung else CUTOUT_WORDS[rung]


def words_for_bridge(frame: Frame, bridge_x: float | None) -> list[str]:
    """Where the bridge stands, if a person put it there: at that column now, or earlier; none where the machine did."""
    line = bridge_line_of(frame, frame.card)
    if line is None or (bridge_x is None and line.label is None):
        return []
    found, placed = line.card.bridge_x, line.x if bridge_x is None else bridge_x
    if found is None or placed is None:
        return ["with the bridge placed by hand"]
    moved = placed - found
    size = f"{abs(moved):.{0 if abs(moved) >= 1 else 1}f}"
    return [f"with the bridge moved by {'−' if moved < 0 else '+'}{size} px"] if float(size) else []
