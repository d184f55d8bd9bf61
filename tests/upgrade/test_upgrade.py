"""A database of the version before this one goes on; an older one is told which version to pass through."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline.policies.shipped import shipped_policy
from tests.services import ON_POSTGRESQL, ROOT, connect, database_url, make_database

DUMP = Path(__file__).with_name("version-0.1.0.postgresql.sql" if ON_POSTGRESQL else "version-0.1.0.sql")
TABLES = (
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    if ON_POSTGRESQL
    else "SELECT name FROM sqlite_master WHERE type = 'table'"
)
OURS = ("pipeline_", "review_", "auth_user_groups")
DROPPED = {"labels_since"}
ADDED = [
    ("pipeline_frame", "product_class"),
    ("review_decision", "was"),
    ("review_decision", "is_drawn_again"),
    ("review_decision", "second_of_id"),
    ("pipeline_rendition", "width"),
    ("pipeline_rendition", "height"),
    ("review_certificate", "lapsed_at"),
    ("pipeline_scorecard", "colours"),
    ("review_claim", "page"),
    ("review_claim", "is_ahead"),
    ("pipeline_batch", "spec_id"),
    ("pipeline_batch", "keep_days"),
    ("pipeline_batch", "legal_hold"),
    ("pipeline_batch", "closed_at"),
    ("pipeline_batch", "archived_at"),
    ("pipeline_frame", "pictures"),
    ("pipeline_scorecard", "palette"),
    ("pipeline_scorecard", "look"),
]
COLUMNS = "name, version, document, is_active, in_shadow, created_at"


@pytest.fixture
def old(tmp_path: Path, database_server: None) -> Iterator[Any]:
    make_database(tmp_path)
    url = database_url(tmp_path)
    with closing(connect(url)) as database:
        load(database, DUMP.read_text())
    with closing(connect(url)) as database:  # PostgreSQL's dumps leave a connection without its tables' schema
        yield database


@pytest.fixture
def manage(tmp_path: Path, old: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DATABASE_URL": database_url(tmp_path)}
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    return run


def load(database: Any, dump: str) -> None:
    if ON_POSTGRESQL:
        database.execute(re.sub(r"^\\.*", "", dump, flags=re.MULTILINE))  # what only psql understands
    else:
        database.executescript(dump)


def ask(database: Any, query: str) -> list[dict[str, Any]]:
    found = database.execute(query)
    return [dict(zip([column[0] for column in found.description], row, strict=True)) for row in found]


def rows(database: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows of our tables, in the columns that stayed."""
    names = [row["name"] for row in ask(database, TABLES) if row["name"].startswith(OURS)]
    return {
        name: [
            {column: value for column, value in row.items() if column not in DROPPED}
            for row in ask(database, f'SELECT * FROM "{name}" ORDER BY id')
        ]
        for name in names
    }


def as_json(value: Any) -> Any:
    """SQLite gives the text."""
    return json.loads(value) if isinstance(value, str) else value


def test_a_database_of_the_version_before_goes_on_with_all_its_rows(old, manage):
    before = rows(old)
    assert len(before["pipeline_frame"]) == 11 and all(before.values())
    done = manage("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    after = rows(old)
    policies, kept = (part.pop("pipeline_gatepolicy") for part in (after, before))
    new = (
        *("pipeline_takeover", "pipeline_rejection", "pipeline_webhookendpoint", "pipeline_webhookdelivery"),
        *("pipeline_verification", "pipeline_latermatte", "pipeline_rendering"),
        *("review_dayfigures", "review_figureskept"),
    )
    assert all(after.pop(name) == [] for name in new)
    added = {(name, column): [row.pop(column) for row in after[name]] for name, column in ADDED}
    classes = {batch["id"]: batch["product_class"] for batch in before["pipeline_batch"]}
    assert added["pipeline_frame", "product_class"] == [
        classes[frame["batch_id"]] for frame in before["pipeline_frame"]
    ]
    assert all(as_json(was) == {} for was in added["review_decision", "was"])
    assert set(added["review_decision", "is_drawn_again"]) == {0}
    assert set(added["review_decision", "second_of_id"]) == {None}
    assert set(added["pipeline_rendition", "width"]) == set(added["pipeline_rendition", "height"]) == {None}
    assert set(added["pipeline_batch", "spec_id"]) == {None}
    assert len(after.pop("pipeline_spec")) == 5
    assert after == before
    now, then = ({(row["name"], row["version"]): row["document"] for row in part} for part in (policies, kept))
    assert now.items() >= then.items()
    assert manage("makemigrations", "--check", "--dry-run").returncode == 0
    assert manage("migrate", "--check").returncode == 0


def test_a_frame_that_was_recalled_is_called_withdrawn(old, manage):
    old.execute('UPDATE pipeline_frame SET reasons = \'["haze", "recalled"]\' WHERE id = 3')
    assert manage("migrate", "--verbosity", "0").returncode == 0
    found = ask(old, "SELECT reasons FROM pipeline_frame WHERE id IN (2, 3) ORDER BY id")
    assert [as_json(row["reasons"]) for row in found] == [["haze"], ["haze", "withdrawn"]]


def test_a_photo_that_could_not_be_read_waits_for_who_sent_it_and_no_more_for_operators(old, manage):
    columns = "reasons = '[\"not-decodable\"]', cause = 'x.jpg: cut off', was_exception = true, has_failed = true"
    old.execute(f"UPDATE pipeline_frame SET {columns} WHERE state IN ('exception', 'rejected')")
    assert manage("migrate", "--verbosity", "0").returncode == 0
    found = "SELECT state, was_exception, has_failed, processed_at FROM pipeline_frame WHERE cause != '' ORDER BY state"
    rejected, unreadable = map(tuple, old.execute(found).fetchall())
    assert rejected[:3] == ("rejected", 1, 1) and unreadable == ("unreadable", 0, 0, None)
    step = old.execute("SELECT source, target, why FROM pipeline_transition WHERE actor = 'migration'").fetchone()
    assert tuple(step) == ("exception", "unreadable", "x.jpg: cut off")


def test_an_older_database_is_told_which_version_to_pass_through(old, manage):
    old.execute("DELETE FROM django_migrations WHERE name = '0011_gemini'")
    before = rows(old)
    done = manage("migrate")
    assert done.returncode != 0
    assert "Check out commit d2f6a0f (version 0.1.0)" in done.stderr and "Traceback" not in done.stderr
    assert rows(old) == before


def test_the_shipped_policy_takes_the_place_of_an_older_shipped_one(old, manage):
    older = shipped_policy()["version"] - 1
    old.execute(f"UPDATE pipeline_gatepolicy SET version = {older} WHERE name = 'default'")
    assert manage("migrate", "--verbosity", "0").returncode == 0
    assert active(old) == ("default", older + 1)


def test_a_policy_of_ones_own_stays_active_and_the_new_shipped_one_stands_beside_it(old, manage):
    old.execute("UPDATE pipeline_gatepolicy SET version = 1 WHERE name = 'default'")
    old.execute("UPDATE pipeline_gatepolicy SET is_active = false, in_shadow = false")
    old.execute("UPDATE pipeline_gatepolicy SET is_active = true WHERE name = 'learned'")
    for _ in range(2):
        assert manage("migrate", "--verbosity", "0").returncode == 0
    assert active(old) == ("learned", 1)
    shipped = ask(old, "SELECT version FROM pipeline_gatepolicy WHERE name = 'default' ORDER BY version")
    assert [row["version"] for row in shipped] == [1, shipped_policy()["version"]]


def test_who_went_back_to_an_older_shipped_policy_keeps_it(old, manage):
    document = "SELECT 'default', 1, document, true, false, created_at FROM pipeline_gatepolicy WHERE name = 'default'"
    shipped = shipped_policy()["version"]
    old.execute(f"UPDATE pipeline_gatepolicy SET is_active = false, version = {shipped} WHERE name = 'default'")
    old.execute(
        f"INSERT INTO pipeline_gatepolicy (name, version, document, is_active, in_shadow, created_at) {document}"
    )
    assert manage("migrate", "--verbosity", "0").returncode == 0
    assert active(old) == ("default", 1)


def active(database: Any) -> tuple[str, int]:
    (row,) = ask(database, "SELECT name, version FROM pipeline_gatepolicy WHERE is_active")
    return row["name"], row["version"]
