"""Which files are read whole and hashed, of all those whose sizes are compared."""

from datetime import datetime
from time import monotonic


class Reading:
    """By hand, all. By night, what is new since the last time, and of the rest as many as there is time for: the next
    night goes on behind them."""

    def __init__(self, seconds: float | None = None, since: datetime | None = None, behind: int = 0) -> None:
        self._seconds, self._end = seconds, float("inf")
        self._since, self._behind = since, behind
        self._reached, self._is_cut_off = behind, False
        self.count = 0

    def wants(self, pk: int, changed_at: datetime | None) -> bool:
        """Whether this row's files are to be read; rows come in their order."""
        if self._seconds is not None and self._end == float("inf"):
            self._end = monotonic() + self._seconds
        is_wanted = self._seconds is None or self._is_new(changed_at) or self._is_next(pk)
        self.count += is_wanted
        return is_wanted

    @property
    def up_to(self) -> int:
        """Behind which row the next time goes on."""
        return self._reached if self._is_cut_off else 0

    def _is_new(self, changed_at: datetime | None) -> bool:
        return bool(self._since and changed_at and changed_at >= self._since)

    def _is_next(self, pk: int) -> bool:
        if pk <= self._behind or self._is_cut_off:
            return False
        self._is_cut_off = monotonic() > self._end
        if not self._is_cut_off:
            self._reached = pk
        return not self._is_cut_off
