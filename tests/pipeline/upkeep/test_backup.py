"""A backup is restored by the commands into a new database and new buckets, where nothing disagrees."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from pipeline.engines import object_store
from pipeline.upkeep import backup
from tests.pipeline.upkeep.test_verify import keys
from tests.services import database_url, make_database

Manage = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def new_home(tmp_path: Path) -> Manage:
    """Manages a product with nothing in it yet."""
    var_dir = tmp_path / "new"
    var_dir.mkdir()
    make_database(var_dir)
    names = {"VAR_DIR": str(var_dir), "DATABASE_URL": database_url(var_dir)}
    names |= {f"S3_{kind.upper()}_BUCKET": f"restored-{kind}-{os.getpid()}" for kind in backup.BUCKETS}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        environment = os.environ | names
        return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)

    return run


def test_a_backup_is_restored_to_a_verify_without_findings(published, received, tmp_path, new_home, capsys):
    published()
    received("AURA2_1.png")
    files = len(keys("work")) + len(keys("published"))
    saved = tmp_path / "saved"
    call_command("backup", str(saved))
    assert f"the database and {files} files" in capsys.readouterr().out
    assert (saved.stat().st_mode & 0o777, (saved / "audit_key").read_text()) == (0o700, settings.AUDIT_KEY)
    assert subprocess.run(["sha256sum", "--check", "--quiet", backup.LIST], cwd=saved).returncode == 0
    restored = new_home("restore", str(saved))
    assert restored.returncode == 0, restored.stderr
    assert f"the database and {files} files" in restored.stdout
    assert new_home("migrate", "--check").returncode == 0
    verified = new_home("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert f"Verified 2 photos, 1 names in the shop and {files} files" in verified.stdout
    assert (tmp_path / "new" / "audit_key").read_text() == settings.AUDIT_KEY
    again = new_home("restore", str(saved))
    assert again.returncode == 1
    assert "the bucket work and the bucket published and the database holds something already" in again.stderr


def test_what_is_no_backup_or_is_spoilt_is_not_restored(published, tmp_path, monkeypatch):
    published()
    saved = tmp_path / "saved"
    backup.make(saved)
    with pytest.raises(CommandError, match="isn't empty"):
        call_command("backup", str(saved))
    with pytest.raises(CommandError, match="the database holds something already"):
        call_command("restore", str(saved))
    monkeypatch.setattr(backup, "_require_emptiness", lambda: None)
    name = (saved / backup.LIST).read_text().split()[1]
    (saved / name).write_bytes(b"something")
    with pytest.raises(CommandError, match="its SHA-256 differs"):
        call_command("restore", str(saved))
    (saved / "audit_key").write_text("another")
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path)
    with pytest.raises(CommandError, match="AUDIT_KEY is another than the backup's"):
        call_command("restore", str(saved))
    (saved / backup.LIST).unlink()
    with pytest.raises(CommandError, match="is no whole backup"):
        call_command("restore", str(saved))


def test_a_bucket_that_breaks_off_leaves_no_backup_that_looks_whole(published, tmp_path, monkeypatch):
    published()

    def fails(*_):
        raise object_store.ObjectStoreError("the bucket is away")

    monkeypatch.setattr(object_store, "load", fails)
    with pytest.raises(CommandError, match="No backup was made: the bucket is away"):
        call_command("backup", str(tmp_path / "saved"))
    assert not (tmp_path / "saved" / backup.LIST).exists()


def test_a_backup_of_another_kind_of_database_is_refused_in_words(tmp_path):
    backup.make(tmp_path / "saved")
    file = "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"
    (tmp_path / "saved" / file).rename(tmp_path / "saved" / "database.other")
    with pytest.raises(backup.database_tools.ToolError, match="another kind of database"):
        backup.database_tools.load(tmp_path / "saved")
