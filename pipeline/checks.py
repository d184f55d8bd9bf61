"""Misconfiguration found at start, said in words."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from pipeline.engines import weights


@register()
def model_is_known(**_: Any) -> list[Error]:
    try:
        weights.lookup(settings.MATTE_MODEL)
    except weights.WeightsError as error:
        return [Error(str(error), hint="Set MATTE_MODEL to one of them.", id="mattegate.E001")]
    return []


@register()
def buckets_differ(**_: Any) -> list[Error]:
    if settings.S3_WORK_BUCKET != settings.S3_PUBLISHED_BUCKET:
        return []
    hint = "Originals are private, published files are not: give S3_WORK_BUCKET and S3_PUBLISHED_BUCKET two names."
    return [Error("Both buckets have the same name", hint=hint, id="mattegate.E002")]
