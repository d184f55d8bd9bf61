"""The database copied whole by its own tool, while it is used: SQLite's online backup, or pg_dump and pg_restore."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient


class ToolError(RuntimeError):
    """The tool is missing or failed; the text says what it said."""


def dump(folder: Path) -> None:
    """Into a file of that folder, as it was at one moment."""
    if connection.vendor == "sqlite":
        _copy(_sqlite(), _in(folder))
    else:
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={_in(folder)}"]
        _run("pg_dump", options)


def load(folder: Path) -> None:
    """The other way round, into a database without tables."""
    if not _in(folder).exists():
        raise ToolError(f"{_in(folder)} is missing: the backup is of another kind of database than DATABASE_URL names")
    connection.close()
    if connection.vendor == "sqlite":
        _copy(_in(folder), _sqlite())
    else:
        _run("pg_restore", ["--no-owner", "--exit-on-error", "--single-transaction", str(_in(folder))])


def is_empty() -> bool:
    return not connection.introspection.table_names()


def _in(folder: Path) -> Path:
    return folder / ("database.sqlite3" if connection.vendor == "sqlite" else "database.dump")


def _sqlite() -> Path:
    return Path(connection.settings_dict["NAME"])


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _run(program: str, options: list[str]) -> None:
    """Where the database is, as Django tells psql; the password never stands among arguments."""
    (_, *place, name), environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    command = [program, *place, f"--dbname={name}", *options]
    try:
        done = subprocess.run(
            command, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolError(
            f"{program} isn't installed: on Debian and Ubuntu, apt-get install postgresql-client"
        ) from error
    if done.returncode:
        raise ToolError(f"{program} failed: {done.stderr.strip()}")
