"""A database of the version before this one goes on; an older one is told which version to pass through."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.policies.shipped import shipped_policy
from tests.services import ROOT

DUMP = Path(__file__).with_name("version-0.1.0.sql")
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
]
COLUMNS = "name, version, document, is_active, in_shadow, created_at"


@pytest.fixture
def old(tmp_path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(tmp_path / "old.sqlite3", isolation_level=None)
    database.row_factory = sqlite3.Row
    database.executescript(DUMP.read_text())
    return database


@pytest.fixture
def manage(tmp_path: Path, old: sqlite3.Connection) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path / 'old.sqlite3'}"}
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    return run


def rows(database: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of our tables, in the columns that stayed."""
    names = [row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: [
            {column: row[column] for column in dict(row) if column not in DROPPED}
            for row in database.execute(f'SELECT * FROM "{name}" ORDER BY id')
        ]
        for name in names
        if name.startswith(OURS)
    }


def test_a_database_of_the_version_before_goes_on_with_all_its_rows(old, manage):
    before = rows(old)
    assert len(before["pipeline_frame"]) == 11 and all(before.values())
    done = manage("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    after = rows(old)
    policies, kept = (part.pop("pipeline_gatepolicy") for part in (after, before))
    new = (
        *("pipeline_takeover", "pipeline_rejection", "pipeline_webhookendpoint", "pipeline_webhookdelivery"),
        *("review_dayfigures", "review_figureskept"),
    )
    assert all(after.pop(name) == [] for name in new)
    added = {(name, column): [row.pop(column) for row in after[name]] for name, column in ADDED}
    classes = {batch["id"]: batch["product_class"] for batch in before["pipeline_batch"]}
    assert added["pipeline_frame", "product_class"] == [
        classes[frame["batch_id"]] for frame in before["pipeline_frame"]
    ]
    assert set(added["review_decision", "was"]) == {"{}"}
    assert set(added["review_decision", "is_drawn_again"]) == {0}
    assert set(added["review_decision", "second_of_id"]) == {None}
    assert set(added["pipeline_rendition", "width"]) == set(added["pipeline_rendition", "height"]) == {None}
    assert after == before
    documents = {(row["name"], row["version"]): row["document"] for row in policies}
    assert documents.items() >= {((row["name"], row["version"]), row["document"]) for row in kept}
    assert manage("makemigrations", "--check", "--dry-run").returncode == 0
    assert manage("migrate", "--check").returncode == 0


def test_a_frame_that_was_recalled_is_called_withdrawn(old, manage):
    old.execute('UPDATE pipeline_frame SET reasons = \'["haze", "recalled"]\' WHERE id = 3')
    assert manage("migrate", "--verbosity", "0").returncode == 0
    reasons = [
        row["reasons"] for row in old.execute("SELECT reasons FROM pipeline_frame WHERE id IN (2, 3) ORDER BY id")
    ]
    assert reasons == ['["haze"]', '["haze", "withdrawn"]']


def test_a_photo_that_could_not_be_read_waits_for_who_sent_it_and_no_more_for_operators(old, manage):
    columns = "reasons = '[\"not-decodable\"]', cause = 'x.jpg: cut off', was_exception = 1, has_failed = 1"
    old.execute(f"UPDATE pipeline_frame SET {columns} WHERE state IN ('exception', 'rejected')")
    assert manage("migrate", "--verbosity", "0").returncode == 0
    found = "SELECT state, was_exception, has_failed, processed_at FROM pipeline_frame WHERE cause != '' ORDER BY state"
    rejected, unreadable = map(tuple, old.execute(found))
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
    old.execute("UPDATE pipeline_gatepolicy SET version = ? WHERE name = 'default'", [older])
    assert manage("migrate", "--verbosity", "0").returncode == 0
    assert active(old) == ("default", older + 1)


def test_a_policy_of_ones_own_stays_active_and_the_new_shipped_one_stands_beside_it(old, manage):
    old.execute("UPDATE pipeline_gatepolicy SET version = 1 WHERE name = 'default'")
    old.execute("UPDATE pipeline_gatepolicy SET is_active = (name = 'learned'), in_shadow = 0")
    for _ in range(2):
        assert manage("migrate", "--verbosity", "0").returncode == 0
    assert active(old) == ("learned", 1)
    shipped = old.execute("SELECT version FROM pipeline_gatepolicy WHERE name = 'default' ORDER BY version").fetchall()
    assert [row["version"] for row in shipped] == [1, shipped_policy()["version"]]


def test_who_went_back_to_an_older_shipped_policy_keeps_it(old, manage):
    document = "SELECT 'default', 1, document, 1, 0, created_at FROM pipeline_gatepolicy WHERE name = 'default'"
    shipped = shipped_policy()["version"]
    old.execute("UPDATE pipeline_gatepolicy SET is_active = 0, version = ? WHERE name = 'default'", [shipped])
    old.execute(
        f"INSERT INTO pipeline_gatepolicy (name, version, document, is_active, in_shadow, created_at) {document}"
    )
    assert manage("migrate", "--verbosity", "0").returncode == 0
    assert active(old) == ("default", 1)


def active(database: sqlite3.Connection) -> tuple[str, int]:
    (row,) = database.execute("SELECT name, version FROM pipeline_gatepolicy WHERE is_active").fetchall()
    return row["name"], row["version"]
