"""What the logs must hold, and what not."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Raises ValueError where a line is none of JSON."""
    found = []
    for line in log.read_text().splitlines():
        if line.startswith("{"):
            found.append(json.loads(line))
    return found


def told_of(lines: Iterable[dict[str, Any]], words: str) -> dict[str, Any]:
    return next(line for line in lines if words in line.get("message", ""))


def leaks(folder: Path, secrets: Iterable[str]) -> list[str]:
    """Names of logs in which a secret stands."""
    kept = [secret for secret in secrets if len(secret) > 7]
    return [log.name for log in folder.glob("*.log") if any(secret in log.read_text() for secret in kept)]
