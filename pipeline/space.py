"""Room on the disks of this host: below a bound nothing new is begun, until there is room again."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

LEAST_SHARE, LEAST_BYTES = 0.1, 5_000_000_000


@dataclass(frozen=True)
class Disk:
    """A file system, and what of ours lies on it."""

    holds: list[str]
    free: int
    total: int

    @property
    def is_low(self) -> bool:
        return self.is_short or self.free < min(LEAST_SHARE * self.total, LEAST_BYTES)

    @property
    def is_short(self) -> bool:
        """Too little to begin anything new."""
        return self.free < settings.MIN_FREE_MB * 1_000_000

    def __str__(self) -> str:
        megabytes, bound = self.free // 1_000_000, settings.MIN_FREE_MB
        return f"{megabytes} MB are left for {' and '.join(self.holds)}, fewer than MIN_FREE_MB ({bound})"


def disks() -> list[Disk]:
    """Each once, however many of our folders lie on it."""
    holds: dict[int, tuple[Path, list[str]]] = {}
    for name, folder in _folders().items():
        if folder.exists():
            holds.setdefault(folder.stat().st_dev, (folder, []))[1].append(name)
    return [_disk(folder, names) for folder, names in holds.values()]


def shortage() -> str:
    """What is short, for admins and the log; nothing where there is room."""
    return "; ".join(str(disk) for disk in disks() if disk.is_short and disk.holds != ["model files"])


def _folders() -> dict[str, Path]:
    return {
        "data and logs": settings.VAR_DIR,
        "model files": settings.WEIGHTS_DIR,
        "uploads on their way": Path(tempfile.gettempdir()),
    }


def _disk(folder: Path, names: list[str]) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(names, usage.free, usage.total)
