"""Every action on what is ticked × everybody: who may not run it changes nothing, also when it is posted by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from pipeline.models import Frame
from review.queue import stamps
from tests.hostile.requests import of_list
from tests.hostile.rules import ACTIONS, EVERYBODY

CASES = [(model, action) for model, actions in ACTIONS.items() for action in actions]


def offered() -> Iterator[tuple[str, str]]:
    """Every action of every list, those too that Django offers nobody."""
    of_all = [name for name, _ in admin.site.actions]
    for model, its_admin in admin.site._registry.items():
        for action in {*of_all, *(its_admin.actions or ())}:
            name = action if isinstance(action, str) else action.__name__
            yield f"{model._meta.app_label}_{model._meta.model_name}", name


def everything() -> dict[str, list[Any]]:
    """All rows but those of sessions, which keep what pages tell people."""
    models = [model for model in apps.get_models() if model._meta.managed and model is not Session]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def changes(browser: Client, model: str, action: str, row: int) -> bool:
    """Whether anything is otherwise once it was posted; then all is as before."""
    form = {"action": action, "index": 0, "_selected_action": [row], "post": "yes"}
    if model == "review_queueitem":
        form[f"version-{row}"] = stamps.of(Frame.objects.get(pk=row))
    before = everything()
    with transaction.atomic():
        answer = browser.post(f"/{of_list(model)}", form)
        after = everything()
        transaction.set_rollback(True)
    assert answer.status_code < 500
    return before != after


def test_every_action_has_a_rule_and_every_rule_an_action():
    without = sorted(set(offered()) - set(CASES))
    assert not without, f"tests/hostile/rules.py doesn't say who may run {without}"
    assert not set(CASES) - set(offered())


@pytest.fixture
def onlooker(sign_in: Callable[[str], Client]) -> Client:
    """Somebody who may open every list and do nothing there. No role is like that, so lists alone stop nobody here."""
    browser = sign_in("onlooker")
    user = User.objects.get(username="onlooker")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return browser


def test_who_may_only_look_at_a_list_runs_none_of_its_actions(held, ticked, onlooker):
    opened = {model: onlooker.get(f"/{of_list(model)}").status_code for model in ACTIONS}
    assert set(opened.values()) == {200}
    assert not [case for case in CASES if changes(onlooker, *case, ticked[case[0]])]


@pytest.mark.slow
@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_an_action_changes_something_for_those_alone_who_may_run_it(who, held, ticked, browsers):
    changed = {case for case in CASES if changes(browsers[who], *case, ticked[case[0]])}
    assert changed == {(model, action) for model, action in CASES if who in ACTIONS[model][action]}
