"""What Google would bill."""

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

BATCH_SHARE = Decimal("0.5")


@dataclass(frozen=True)
class Charge:
    """One answer with images in it, readable or not."""

    sha256: str  # of the photo that was sent
    is_batch: bool
    images: int
    amount: Decimal


class Ledger:
    """Every charge, in its order."""

    def __init__(self, price: Decimal) -> None:
        self._price = price
        self._charges: list[Charge] = []
        self._lock = threading.Lock()

    def charge(self, photo: bytes, images: int, *, is_batch: bool) -> None:
        if images:
            amount = images * self._price * (BATCH_SHARE if is_batch else 1)
            with self._lock:
                self._charges.append(Charge(hashlib.sha256(photo).hexdigest(), is_batch, images, amount))

    @property
    def charges(self) -> list[Charge]:
        with self._lock:
            return list(self._charges)

    @property
    def images(self) -> int:
        return sum(charge.images for charge in self.charges)

    @property
    def total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), Decimal(0))

    @property
    def paid_twice(self) -> set[str]:
        """The photos that more than one answer was billed for."""
        times = Counter(charge.sha256 for charge in self.charges)
        return {sha256 for sha256, count in times.items() if count > 1}
