"""Readers of environment variables; a bad value fails at start, by name."""

import os
import re
import secrets
import tempfile
import zoneinfo
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import dj_database_url
from dj_database_url import DBConfig
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = ("127.0.0.1", "localhost", "::1")
Choice = TypeVar("Choice", bound=str)
# SQLite serves one host: WAL lets readers go on while one writes, IMMEDIATE takes the write lock
# at BEGIN so that a read-then-write transaction waits its turn and never fails half-way.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
}


def env_int(name: str, default: int, *, minimum: int = 0, maximum: int = 1_000_000) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or not minimum <= int(text) <= maximum:
        raise ImproperlyConfigured(f"{name}={text!r}: expected a whole number from {minimum} to {maximum}")
    return int(text)


def env_bool(name: str, default: bool) -> bool:
    text = os.environ.get(name, str(int(default)))
    if text not in ("0", "1"):
        raise ImproperlyConfigured(f"{name}={text!r}: expected 0 or 1")
    return text == "1"


def env_url(name: str, default: str, *schemes: str) -> str:
    text = env_secret(name, default)
    if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ImproperlyConfigured(f"{name}={text!r}: expected a URL that starts with {' or '.join(schemes)}://")
    return text


def with_password(url: str, password: str) -> str:
    """The address of a server on this machine, with the password that ours asks for unless it names one itself."""
    parts = urlsplit(url)
    if parts.scheme == "unix" or parts.password is not None or parts.hostname not in LOOPBACK:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:{password}@{host}").geturl()


def env_optional_url(name: str, *schemes: str) -> str:
    return env_url(name, "", *schemes) if os.environ.get(name) else ""


def env_secret(name: str, default: str = "") -> str:
    """The value, or what stands in the file that NAME_FILE names: a container is handed secrets by file."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name) or default
    if name in os.environ:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: expected one of them")
    try:
        return Path(path).read_text().strip() or default
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE={path!r}: expected a file that can be read") from error


def env_money(name: str, default: str) -> Decimal:
    text = os.environ.get(name, default)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount < 1_000_000):
        raise ImproperlyConfigured(f"{name}={text!r}: expected an amount in US dollars, such as 0.067")
    return amount


def env_share(name: str, default: str) -> float:
    text = os.environ.get(name, default)
    if not re.fullmatch(r"0(\.\d{1,6})?|1(\.0+)?", text):
        raise ImproperlyConfigured(f"{name}={text!r}: expected a share from 0 to 1, such as 0.03")
    return float(text)


def env_name(name: str, default: str) -> str:
    text = os.environ.get(name, default)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", text):
        raise ImproperlyConfigured(f"{name}={text!r}: expected at most 40 letters, digits, dots, hyphens, underscores")
    return text


def env_choice(name: str, default: Choice, *choices: Choice) -> Choice:
    text = os.environ.get(name, default)
    for choice in choices:
        if choice == text:
            return choice
    raise ImproperlyConfigured(f"{name}={text!r}: expected one of {', '.join(choices)}")


def env_database(name: str, default: str) -> DBConfig:
    text = env_secret(name, default)
    try:
        database = dj_database_url.parse(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: expected sqlite:///PATH or postgres://USER:PASSWORD@HOST/NAME") from error
    if str(database["ENGINE"]).endswith("sqlite3"):
        database["OPTIONS"] = dict(SQLITE_OPTIONS)
    else:
        # Of a million frames most pages are found by indexes in less time than it takes to compile their queries; and
        # no disk turns any more: a row far away costs hardly more than the next one.
        database.setdefault("OPTIONS", {}).setdefault("options", "-c jit=off -c random_page_cost=1.1")
    return database


def env_list(name: str, default: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def env_path(name: str, default: Path) -> Path:
    path = Path(os.environ.get(name, default)).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # photos and secrets: its owner's alone
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}={str(path)!r}: expected a folder that can be written ({error.strerror})"
        ) from error
    return path


def env_time_zone(name: str, default: str) -> str:
    text = os.environ.get(name, default)
    if text not in zoneinfo.available_timezones():
        raise ImproperlyConfigured(f"{name}={text!r}: expected a name such as Europe/Berlin")
    return text


def kept_secret(path: Path) -> str:
    """One host needs no configuration: its secret is made once and kept."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # readable by its owner only
            file.write(secrets.token_urlsafe(50))
            file.flush()
            # Whole or not at all; of several processes at once the first wins.
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()
