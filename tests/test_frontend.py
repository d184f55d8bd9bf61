"""What must hold of templates, styles and scripts."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FILES = ["*.js", "*.css", "templates/**/*.html", "templates/**/*.svg"]
LONGEST = 120


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *FILES], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split("\0")[:-1]


@pytest.mark.parametrize("name", tracked())
def test_no_line_is_too_long(name):
    lines = (ROOT / name).read_text().splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > LONGEST] == []


def test_the_lock_file_names_no_registry():
    lock = (ROOT / "package-lock.json").read_text()
    assert '"integrity": "sha512-' in lock
    assert '"resolved"' not in lock
