"""Misconfiguration found at start, said in words."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from pipeline.engines import weights


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
