"""What the product's processes hold and use, looked at every second."""

import os
import threading
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import monotonic

from tests.faults.product import Product

ROLES = {"rqworker-pool": "workers", "web": "web", "cron": "cron"}
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
TICKS = os.sysconf("SC_CLK_TCK")


class Watch(threading.Thread):
    def __init__(self, product: Product) -> None:
        super().__init__(daemon=True)
        self.product = product
        self.held: list[tuple[int, dict[str, float]]] = []
        """How many photos were through, and how many megabytes each role held then."""
        self.seconds: dict[str, dict[int, float]] = defaultdict(dict)
        """CPU, by role and process; of one that has gone, what it had used."""
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(1):
            megabytes: dict[str, float] = defaultdict(float)
            for pid in self.product.descendants():
                if role := _role(pid):
                    megabytes[role] += _held(pid)
                    self.seconds[role][pid] = _used(pid)
            self.held.append((through(self.product), megabytes))

    def held_around(self, role: str, first: int, last: int) -> float:
        """Megabytes while so many photos came through: the middle, for some are larger than others."""
        found = [held[role] for count, held in self.held if first <= count <= last and role in held]
        return median(found) if found else 0.0

    def used(self, role: str) -> float:
        return sum(self.seconds[role].values())


def through(product: Product) -> int:
    return int(product.rows("SELECT count(*) FROM pipeline_frame WHERE processed_at IS NOT NULL")[0][0])


def settle(product: Product, seconds: float) -> bool:
    """Whether nothing is on its way any more, within that time."""
    states = "('received', 'enhancing', 'processing', 'approved', 'publishing', 'withdrawing')"
    end = monotonic() + seconds
    while monotonic() < end:
        if not product.rows(f"SELECT count(*) FROM pipeline_frame WHERE state IN {states}")[0][0]:
            return True
        threading.Event().wait(1)
    return False


def _role(pid: int) -> str | None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return None
    return next((ROLES[word] for word in words if word in ROLES), None)


def _held(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except OSError:
        return 0.0


def _used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
