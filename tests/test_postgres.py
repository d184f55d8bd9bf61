"""`make test-postgres`, small."""

import re
import shutil
import subprocess

import pytest

from tests import postgres
from tests.services import ROOT

PURE, WITH_ROWS = "tests/pipeline/test_states.py", "tests/pipeline/test_transitions.py"


@pytest.mark.slow
@pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL isn't installed")
def test_what_touches_rows_runs_on_postgresql_and_nothing_else():
    command = [shutil.which("make") or "make", "--silent", "--old-file=setup", "test-postgres"]
    command.append(f"TESTS={PURE} {WITH_ROWS}")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rows are in PostgreSQL" in done.stdout
    assert f"\n{WITH_ROWS} " in done.stdout and f"\n{PURE} " not in done.stdout
    assert re.search(r"\d+ passed, \d+ deselected", done.stdout)


def test_ci_runs_everything_on_sqlite_and_what_touches_rows_on_postgresql_too():
    said = (ROOT / ".ci" / "run").read_text()
    assert re.search(r"missing\+=\(postgresql\)", said) and "\nmake test test-postgres " in said
    command = ["make", "--dry-run", "--old-file=setup", "test-postgres"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    everything, faults = (line for line in told.splitlines() if "pytest" in line)
    assert "--ignore tests/faults" in everything
    assert all(f"tests/faults/test_{of}.py" in faults for of in ("workers", "servers", "whole"))
