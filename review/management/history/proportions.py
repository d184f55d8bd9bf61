"""How often things happen in a made-up history. Tests recompute figures from these."""

from datetime import timedelta

SHARES = {
    "passed": 0.889,  # published unseen; those that were drawn are audited
    "replaced": 0.010,  # published unseen, until a newer photo of the same name came
    "withdrawn": 0.004,  # published unseen, and taken out of the shop by a manager
    "approved": 0.050,  # held, and good as it was
    "reshot": 0.014,  # held, and its photo to be taken anew
    "discarded": 0.008,  # held, and its cut-out no good
    "reprocessed": 0.008,
    "renamed": 0.003,
    "undone": 0.004,  # held, approved, taken back, and then rejected
    "skipped": 0.002,  # held, skipped by one, approved by another
    "failed": 0.003,  # a fault in the program; reprocessed
    "unreadable": 0.003,
    "removed": 0.002,
}
"""Of all frames but the latest, which are still on their way. Retakes go the way of `passed`."""

PASSED = ("passed", "replaced", "withdrawn")
NEVER_SCORED = ("unreadable", "removed", "failed")

WAITING, IN_LINE = "waiting", "in-line"
"""The ends of the latest frames: before a person, or before a worker."""

ESCAPES = 0.004
"""Of those that were published unseen, the share that is bad."""

AGREEMENT = 0.9
"""Of photos that a second person looked at too, the share of which they decided alike."""

CLASSES = {"eyewear": 0.7, "watch": 0.3}
URGENT = 0.1
"""Of all batches."""

BY_WEEKDAY = (1.0, 1.1, 1.05, 1.0, 0.9, 0.25, 0.05)
BY_HOUR = (0, 0, 0, 0, 0, 0, 0.1, 0.5, 1, 1.3, 1.4, 1.2, 0.6, 1, 1.3, 1.2, 1, 0.7, 0.3, 0.2, 0.1, 0.1, 0, 0)

LENGTH = timedelta(weeks=26)
UPLOADERS = ("uma", "ulf", "una", "udo")
OPERATORS = ("olga", "omar", "odin", "ola", "oskar")
MANAGER = "mira"


def latest(frames: int) -> int:
    """How many are still on their way: of these the doubtful wait, and the drawn are not audited yet."""
    return min(frames, max(frames // 100, 60))


def in_line(frames: int) -> int:
    """How many of those no worker has touched."""
    return latest(frames) // 10
