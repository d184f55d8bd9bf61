"""The policy and the listing specs that come with the code, kept in every database."""

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


def shipped_specs() -> list[dict[str, Any]]:
    """The house's listing spec, and each marketplace's, which says only what it has otherwise."""
    folder = Path(__file__).parent
    house = json.loads((folder / "listing.json").read_text())
    return [house, *({**house, **other} for other in json.loads((folder / "marketplaces.json").read_text()))]


def sync_specs(using: str = "default", apps: Any = current_apps, **_: Any) -> None:
    """After every migrate: a shipped spec that is new here is kept, and offered in place of its older versions."""
    try:
        specs = apps.get_model("pipeline", "Spec").objects.using(using)
    except LookupError:  # migrated back to before there were any
        return
    for document in shipped_specs():
        name, version = document["name"], document["version"]
        if not specs.filter(name=name, version=version).exists():
            with transaction.atomic(using=using):
                specs.filter(name=name).update(is_offered=False)
                specs.create(name=name, version=version, document=document, is_offered=True)


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
