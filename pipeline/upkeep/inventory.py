"""What a bucket held when it was listed, kept on disk: a million objects take little memory."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

from pipeline.engines.object_store import Stored
from pipeline.upkeep.findings import AT_ONCE


class Inventory:
    def __init__(self, objects: Iterable[Stored]) -> None:
        self._kept = sqlite3.connect("")  # a file without a name, which goes with the connection
        self._kept.execute(
            "CREATE TABLE object (key TEXT PRIMARY KEY, size INTEGER, modified REAL, expected INTEGER DEFAULT 0)"
        )
        rows = ((found.key, found.size, found.modified.timestamp()) for found in objects)
        self._kept.executemany("INSERT OR REPLACE INTO object (key, size, modified) VALUES (?, ?, ?)", rows)

    def __len__(self) -> int:
        (count,) = self._kept.execute("SELECT count(*) FROM object").fetchone()
        return int(count)

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        """Of those that are there; they are expected from now on."""
        found: dict[str, int] = {}
        listed = list(keys)
        for start in range(0, len(listed), AT_ONCE):
            some = listed[start : start + AT_ONCE]
            among = f"key IN ({','.join('?' * len(some))})"
            found |= dict(self._kept.execute(f"SELECT key, size FROM object WHERE {among}", some))  # noqa: S608
            self._kept.execute(f"UPDATE object SET expected = 1 WHERE {among}", some)  # noqa: S608
        return found

    def unexpected(self) -> Iterator[str]:
        return (key for (key,) in self._kept.execute("SELECT key FROM object WHERE NOT expected ORDER BY key"))

    def folders(self) -> Iterator[tuple[str, int]]:
        """Each first part of keys, and how many begin so."""
        folder = "CASE instr(key, '/') WHEN 0 THEN key ELSE substr(key, 1, instr(key, '/') - 1) END"
        yield from self._kept.execute(f"SELECT {folder}, count(*) FROM object GROUP BY 1 ORDER BY 1")  # noqa: S608

    def begun_with(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        found = self._kept.execute(
            "SELECT key, modified FROM object WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)
        )
        yield from ((key, datetime.fromtimestamp(modified, UTC)) for key, modified in found)
