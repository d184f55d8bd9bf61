"""Every address × everybody × every method: the answer is what rules.py states, and who is refused writes nothing."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pipeline.engines import object_store
from pipeline.models import Batch, Frame, Spec
from pipeline.parts import Upload
from pipeline.views.specs import ACTIONS as ON_SPECS
from review.policy.pages import ACTIONS as ON_POLICIES
from review.queue import stamps
from tests.factories import policy
from tests.hostile.requests import HOLE, ask, of_list, patterns
from tests.hostile.rules import ANY, EVERYBODY, RULES, Answer, Rule, expected

QUESTIONS = {
    "admin:autocomplete of batches": "app_label=pipeline&model_name=frame&field_name=batch&term=",
    "admin:autocomplete of users": "app_label=pipeline&model_name=batch&field_name=created_by&term=",
    "admin:search": "s=frame",
}
CHOICES = {
    "app_label": ["auth", "accounts", "pipeline", "review"],
    "action": list(ON_POLICIES),
    "attempt": ["1"],
    "number": ["1"],
    "name": ["photo.jpg"],
    "variant": ["white"],
    "file": ["D_1_white.jpg"],
    "token": ["signed-by-nobody"],
    "code": ["D"],
    "url": ["django_rq/", "django_rq/dashboard/", "django_rq/dashboard/queues/0/empty/", "pipeline/scorecard/"],
}
"""What stands in a hole that is not for the number of a row."""
WRITES = ("INSERT", "UPDATE", "DELETE")


class Step(NamedTuple):
    rule: str
    path: str


@pytest.fixture
def rows(held: Frame, sold: Frame, ticked: dict[str, int]) -> dict[str, int | str]:
    """The row that an address is about, by a part of the address."""
    of_lists: dict[str, int | str] = {of_list(model): row for model, row in ticked.items()}
    return of_lists | {
        "admin/policies/": policy().pk,
        "/files": sold.pk,
        "/renditions": sold.pk,
        "admin/specs/": Spec.objects.get(name="Amazon").pk,
        "batches/": held.batch_id,
        "uploads/": started(held.batch),
        "": held.pk,
    }


@pytest.fixture
def bodies(held: Frame) -> dict[str, tuple[str, str]]:
    """What changes something, if it is let in."""
    stroke = {"tool": "brush", "size": 20, "points": [[60, 60]]}
    asked = {
        "workbench-decide": {"kind": "reject", "version": stamps.of(held)},
        "api-decide": {"kind": "reject", "version": stamps.of(held)},
        "api-batches": {"name": "Drop"},
        "workbench-edit": {"strokes": [stroke], "version": stamps.of(held)},
        "workbench-click": {"strokes": [stroke]},
    }
    found = {name: ("application/json", json.dumps(said)) for name, said in asked.items()}
    form = "application/x-www-form-urlencoded"
    found |= dict.fromkeys(("withdraw", "review-again"), (form, f"version={held.version}&why=haze"))
    found |= {"use-threshold": (form, "scope=all&threshold=0.7&then=shadow")}
    return found | {"admin:auth_user_delete": (form, "post=yes")}


def started(batch: Batch) -> str:
    """An upload of which no part has come."""
    return Upload("uploads/1", object_store.begin_parts("uploads/1"), batch.pk, "A_2.png", 9).signed


def names() -> Iterator[tuple[str, str]]:
    """The name of every address's rule, and the address."""
    for name, address in patterns():
        if name == "admin:autocomplete":
            yield from ((f"{name} of {what}", address) for what in ("batches", "users"))
        elif "app_label" in address:
            yield from ((f"{name} {label}", HOLE.sub(label, address)) for label in CHOICES["app_label"])
        elif name == "figures-csv":
            yield name, HOLE.sub("day", address)
        else:
            yield name or address, address


def steps(rows: dict[str, int | str]) -> Iterator[Step]:
    """Every address with its holes filled."""
    for name, address in names():
        row = next(str(number) for part, number in rows.items() if part in address)
        choices = CHOICES | ({"action": list(ON_SPECS)} if "admin/specs/" in address else {})
        holes = [choices.get(re.findall(r"(\w+)>", hole)[0], [row]) for hole in HOLE.findall(address)]
        for values in product(*holes):
            yield Step(name, "/" + filled(address, values))


def filled(address: str, values: Iterable[str]) -> str:
    for value in values:
        address = HOLE.sub(value, address, count=1)
    return address


def told(answer: Any) -> str:
    """What the answer means to who asked."""
    if answer.status_code == 302 and answer.url.startswith("/admin/login/?next="):
        return Answer.SIGN_IN
    kinds = {401: Answer.NO_TOKEN, 403: Answer.REFUSED, 404: Answer.NOT_THERE, 405: Answer.WRONG_METHOD}
    is_fault = answer.status_code >= 500
    return f"{answer.status_code}" if is_fault else kinds.get(answer.status_code, Answer.LET_IN)


def wrong(step: Step, rule: Rule, who: str, browser: Client, body: tuple[str, str]) -> Iterator[str]:
    """Each answer that the rule doesn't state, and each refusal that wrote something."""
    for method in sorted(ANY):
        with CaptureQueriesContext(connection) as asked:
            found = told(ask(browser, method, step.path, QUESTIONS.get(step.rule, ""), body))
        if found != expected(rule, who, method):
            yield f"{step.rule}: {method} {step.path} by {who}: {found}, not {expected(rule, who, method)}"
        wrote = [query["sql"] for query in asked if query["sql"].startswith(WRITES)]
        if found != Answer.LET_IN and wrote:
            yield f"{step.rule}: {method} {step.path} by {who} was refused and yet wrote {wrote}"


def test_every_address_has_a_rule_and_every_rule_an_address():
    known = {name for name, _ in names()}
    without = sorted(known - RULES.keys())
    assert not without, f"tests/hostile/rules.py doesn't say who may reach {', '.join(without)}"
    assert not RULES.keys() - known


@pytest.mark.slow
@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_everybody_reaches_what_the_rules_say_and_nothing_else(who, rows, bodies, browsers):
    found = [
        fault
        for step in steps(rows)
        if step.rule in RULES
        for fault in wrong(step, RULES[step.rule], who, browsers[who], bodies.get(step.rule, ("", "")))
    ]
    assert not found, "\n".join(found)
