"""The table at the end of `make faults`."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.faults import table
from tests.services import ROOT


def report(outcome: Any, **told: Any) -> pytest.TestReport:
    return pytest.TestReport("x", ("x", 0, "x"), {}, outcome, None, "call", user_properties=list(told.items()))


def test_it_counts_what_was_survived_and_what_was_lost():
    lines = table.lines(
        {
            "passed": [report("passed", fault="A", seconds=1.23, lost=0), report("passed", bad=5, answered=5)],
            "failed": [report("failed", fault="B", lost=2, differently=1)],
        }
    )
    assert [line.split()[0:3] for line in lines[1:3]] == [["A", "survived", "1.2"], ["B", "FAILED"]]
    assert [line.rsplit(maxsplit=1)[-1] for line in lines[-4:]] == ["1/2", "5/5", "2", "1"]


def test_there_is_none_where_no_fault_was_tried():
    assert table.lines({"passed": [report("passed")]}) == []


def test_the_command_runs_every_test_that_adds_a_line():
    said = subprocess.run(["make", "--dry-run", "faults"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    others = set((ROOT / "tests" / "faults").glob("test_*.py")) - {Path(__file__)}
    adding = {path.name for path in others if ", fault" in path.read_text()}
    assert len(adding) == 4 and all(f"tests/faults/{name}" in said for name in adding)
