"""What must hold of the project as a whole."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from config.env import env_secret, with_password

ROOT = Path(settings.BASE_DIR)


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


BAD = [
    ("DEBUG", "yes"),
    ("WEB_PORT", "eighty"),
    ("WEB_PORT", "99999"),
    ("WORKERS", "zero"),
    ("MAX_PHOTO_MB", "0"),
    ("REDIS_URL", "127.0.0.1:6379"),
    ("REDIS_URL", "redis"),
    ("LOG_LEVEL", "loud"),
    ("TIME_ZONE", "Foo/Bar"),
    ("VAR_DIR", "/proc/nowhere"),
    ("S3_ENDPOINT_URL", "ftp://somewhere"),
    ("S3_PUBLIC_ENDPOINT_URL", "here"),
    ("API_REQUESTS_PER_MINUTE", "0"),
    ("API_LINK_SECONDS", "forever"),
    ("GEMINI_BASE_URL", "somewhere"),
    ("GEMINI_MODE", "repaint"),
    ("GEMINI_PRICE_PER_IMAGE", "free"),
    ("GEMINI_MONTHLY_BUDGET", "-1"),
    ("GEMINI_CONCURRENCY", "0"),
    ("TARGET_REVIEW_SHARE", "3 %"),
    ("COMPUTE_PRICE_PER_HOUR", "cheap"),
    ("ACCESS_LOG_DAYS", "0"),
    ("ACCESS_LOG_DAYS", "800000"),
]
ASK_EACH = """
import json, os, runpy, sys, tempfile
import botocore.config, django.core.management, django.urls, config.env  # once for all of them

def told(name, value):
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if not child:
            os.environ[name], sys.argv = value, ["manage.py", "check"]
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(said.fileno(), 2)
            runpy.run_path("manage.py", run_name="__main__")
            sys.exit()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        return status, said.read()

print(json.dumps([told(*bad) for bad in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], tuple[int, str]]:
    """What `manage.py check` says of each, in a process of its own."""
    command = [sys.executable, "-c", ASK_EACH]
    done = subprocess.run(command, input=json.dumps(BAD), cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(zip(BAD, map(tuple, json.loads(done.stdout)), strict=True))


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_is_named_loudly(name, value, answers):
    status, said = answers[name, value]
    assert status != 0
    assert said.startswith(f"Bad setting: {name}={value!r}: expected")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("redis://127.0.0.1:6390/0", "redis://:kept@127.0.0.1:6390/0"),
        ("redis://worker@localhost:6390/0", "redis://worker:kept@localhost:6390/0"),
        ("redis://:own@127.0.0.1:6390/0", "redis://:own@127.0.0.1:6390/0"),
        ("redis://:@127.0.0.1:6379/0", "redis://:@127.0.0.1:6379/0"),
        ("redis://valkey:6379/0", "redis://valkey:6379/0"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
    ],
)
def test_only_a_server_on_this_machine_gets_the_kept_password(url, used):
    assert with_password(url, "kept") == used


def test_an_unknown_model_and_a_shared_bucket_are_found_at_start(settings):
    settings.MATTE_MODEL = "bria-rmbg"
    settings.S3_PUBLISHED_BUCKET = settings.S3_WORK_BUCKET
    from pipeline import checks

    found = [*checks.models_are_known(), *checks.buckets_differ()]
    assert [error.id for error in found] == ["mattegate.E001", "mattegate.E002"]


def test_an_unknown_second_model_is_found_at_start_and_an_empty_one_means_none(settings):
    from pipeline import checks

    settings.SECOND_MATTE_MODEL = "sam"
    assert [error.hint for error in checks.models_are_known()] == ["Set SECOND_MATTE_MODEL to one of them."]
    settings.SECOND_MATTE_MODEL = ""
    assert checks.models_are_known() == []


def test_a_prompt_that_is_not_there_is_found_at_start(settings):
    from pipeline import checks

    assert checks.the_prompt_is_there() == []
    settings.GEMINI_PROMPT = "studio-0"
    assert [error.id for error in checks.the_prompt_is_there()] == ["mattegate.E003"]


def test_every_setting_that_the_docs_name_exists_and_the_other_way_round():
    table = re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    source = (ROOT / "config" / "settings.py").read_text() + (ROOT / "Procfile").read_text()
    read = set(re.findall(r'env_\w+\(\s*"([A-Z0-9_]+)"', source))
    read |= set(re.findall(r'environ\.get\("([A-Z0-9_]+)"', source)) | set(re.findall(r"\$\{([A-Z_]+)", source))
    assert set(table) == read


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("kept in a file\n")
    monkeypatch.delenv("SOME_KEY", raising=False)
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert env_secret("SOME_KEY") == "kept in a file"
    (tmp_path / "key").write_text("\n")
    assert env_secret("SOME_KEY", "the default") == "the default"
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ImproperlyConfigured, match=r"SOME_KEY_FILE=.*nowhere"):
        env_secret("SOME_KEY")
    monkeypatch.setenv("SOME_KEY", "another")
    with pytest.raises(ImproperlyConfigured, match="both set"):
        env_secret("SOME_KEY")


@pytest.mark.parametrize(
    ("said", "status", "is_audited"),
    [
        ("No known vulnerabilities found", 0, True),
        ("Found 2 known vulnerabilities in 1 package", 1, True),
        ("ERROR:pip_audit._cli:Dependency not found on PyPI and could not be audited: django (5.2.19)", 1, False),
        ("", None, False),
    ],
    ids=["clean", "vulnerable", "unreachable", "not installed"],
)
def test_an_audit_fails_for_what_was_found_only(said, status, is_audited, tmp_path):
    if status is not None:
        fake = tmp_path / "pip-audit"
        fake.write_text(f"#!/bin/sh\necho '{said}'\nexit {status}\n")
        fake.chmod(0o755)
    make = shutil.which("make") or "make"
    done = subprocess.run([make, "audit"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert (done.returncode != 0) == (is_audited and status == 1)
    assert said in done.stdout and ("Not audited" in done.stdout) != is_audited
