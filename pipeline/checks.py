"""Misconfiguration found at start, said in words."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from pipeline.engines import weights

OUR_APPS = ("pipeline", "review")


@register()
def models_are_known(**_: Any) -> list[Error]:
    found = []
    named = {"MATTE_MODEL": settings.MATTE_MODEL}
    if settings.SECOND_MATTE_MODEL:
        named["SECOND_MATTE_MODEL"] = settings.SECOND_MATTE_MODEL
    for setting, name in named.items():
        try:
            weights.lookup(name)
        except weights.WeightsError as error:
            found.append(Error(str(error), hint=f"Set {setting} to one of them.", id="mattegate.E001"))
    return found


@register()
def the_prompt_is_there(**_: Any) -> list[Error]:
    try:
        get_template(f"gemini/{settings.GEMINI_PROMPT}.txt")
    except TemplateDoesNotExist:
        hint = "Set GEMINI_PROMPT to the name of a file in templates/gemini, without its ending."
        return [Error(f"There is no prompt {settings.GEMINI_PROMPT!r}", hint=hint, id="mattegate.E003")]
    return []


@register()
def buckets_differ(**_: Any) -> list[Error]:
    if settings.S3_WORK_BUCKET != settings.S3_PUBLISHED_BUCKET:
        return []
    hint = "Originals are private, published files are not: give S3_WORK_BUCKET and S3_PUBLISHED_BUCKET two names."
    return [Error("Both buckets have the same name", hint=hint, id="mattegate.E002")]


@register(Tags.database)
def the_database_is_new_enough(databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Our squashed migrations go on from all of version 0.1.0, or from nothing. `migrate` asks before it begins."""
    hint = "Check out commit d2f6a0f (version 0.1.0), run `make setup` and `manage.py migrate` there, then come back."
    words = "This database is of a version before 0.1.0, and this one can't bring it up to date"
    return [Error(words, hint=hint, id="mattegate.E004") for alias in databases or () if _is_partly_migrated(alias)]


def _is_partly_migrated(alias: str) -> bool:
    """Whether some of the migrations that one of ours replaces were applied, but not all of them."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    applied = set(MigrationRecorder(connections[alias]).applied_migrations())
    ours = [set(migration.replaces) for (app, _), migration in loader.disk_migrations.items() if app in OUR_APPS]
    return any(replaced & applied and replaced - applied for replaced in ours)
