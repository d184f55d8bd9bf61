"""The command that puts the product under load runs to its end: small, so that its times tell nothing."""

import os
import subprocess
import sys

import pytest

from tests.browser.looking import CHROMIUM
from tests.services import ROOT
from tests.soak.figures import Line, at_share

pytestmark = pytest.mark.slow


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH")
def test_every_photo_is_taken_and_none_is_lost():
    make = ["make", "--dry-run", "soak", "PHOTOS=3", "MINUTES=0.05"]
    told = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    said = next(line for line in told if "tests.soak" in line)  # under make, a last line says which folder is left
    module = said[said.index("-m ") :].split()
    small = os.environ | {"SOAK": "small"}
    done = subprocess.run([sys.executable, *module], cwd=ROOT, env=small, capture_output=True, text=True)
    found = {line[:58].strip(): line[58:].split() for line in done.stdout.splitlines() if len(line) > 58}
    assert "5 photos taken in" in found and found["photos lost"] == ["0", "0", "ok"], done.stdout + done.stderr
    for nothing in ("faults", "still on its way", "what verify finds"):
        assert found[nothing][0] == "0", done.stdout
    asked = {name.partition(" (")[0] for name, _ in found.items() if " (" in name and not name.endswith("(0)")}
    assert asked >= {"of them: uploads", "of them: the API", "pages"}


def test_a_limit_that_does_not_hold_is_told():
    assert str(Line("pages", "400 ms", "p95 < 300 ms", is_kept=False)).endswith("p95 < 300 ms          TOO MUCH")
    assert str(Line("pages", "4 ms", "p95 < 300 ms")).endswith("ok") and str(Line("refusals", "none")).endswith("none")
    assert (at_share([5.0], 95), at_share([], 50), at_share([0.0, 1.0, 2.0], 50)) == (5.0, 0.0, 1.0)
