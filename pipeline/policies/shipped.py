"""The policy that comes with the code, kept among the policies of every database."""

import json
from pathlib import Path
from typing import Any

from django.apps import apps as current_apps
from django.db import transaction

from pipeline.imaging.types import Policy


def shipped_policy() -> Policy:
    """What assess reads, and what decides until somebody activates a policy of their own."""
    document: Policy = json.loads((Path(__file__).parent / "default.json").read_text())
    return document


def sync(using: str = "default", apps: Any = current_apps, **_: Any) -> None:
    """After every migrate: a shipped policy that is new here is kept, and decides in place of an older shipped one.

    Where one's own is active, or a person went back to an older one, it stays so.
    """
    try:
        policies = apps.get_model("pipeline", "GatePolicy").objects.using(using)
    except LookupError:  # migrated back to before there were any
        return
    document = shipped_policy()
    name, version = document["name"], document["version"]
    if policies.filter(name=name, version=version).exists():
        return
    active = policies.filter(is_active=True)
    with transaction.atomic(using=using):
        active.filter(name=name, version__lt=version).update(is_active=False)
        policies.create(name=name, version=version, document=document, is_active=not active.exists())
