"""What each class of answer allows a browser, and what production is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.headers import ADMIN_PAGE, HEADER, NOTHING, OWN_PAGE, PICTURE

ROOT = Path(__file__).resolve().parents[2]


def test_the_policies_say_this():
    closing = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    assert f"default-src 'none'; {closing}" == NOTHING
    assert f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; {closing}" == PICTURE
    own = "script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' blob:"
    assert f"default-src 'none'; {own}; {closing}" == OWN_PAGE
    admin = own.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'").replace(
        "style-src 'self'", "style-src 'self' 'unsafe-inline'"
    )
    assert f"default-src 'none'; {admin} data:; {closing}" == ADMIN_PAGE


@pytest.mark.parametrize(
    ("address", "policy"),
    [
        ("/admin/review/queueitem/", ADMIN_PAGE),
        ("/workbench/", OWN_PAGE),
        ("/admin/jsi18n/", NOTHING),
        ("/nowhere", ADMIN_PAGE),
    ],
)
def test_each_answer_carries_its_policy(address, policy, sign_in, db):
    answer = sign_in("operator").get(address)
    assert answer.headers[HEADER] == policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_production_passes_djangos_own_check():
    told = {"HTTPS": "1", "ALLOWED_HOSTS": "photos.example", "SECRET_KEY": "0aB9+" * 12}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
