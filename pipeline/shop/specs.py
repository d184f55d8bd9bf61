"""Listing specs of one's own: a copy is a draft, which may be changed; saved, it is a version that stays as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.models import Spec
from pipeline.policies.shipped import shipped_specs

MAX_NAME = 100


class SpecError(ValueError):
    """It can't be done; the text says why and what to do instead."""


def copy(spec: Spec) -> Spec:
    """A draft of the same document. A name of its own: the versions of a shipped spec are the shipper's to number."""
    name = spec.name if spec.name not in _shipped() else f"{spec.name}, edited"
    with _alone(), transaction.atomic():
        version = _next_version(name)
        document = {**spec.document, "name": name, "version": version}
        return Spec.objects.create(name=name, version=version, document=document, is_draft=True)


def change(draft: Spec, name: str, values: dict[str, Any]) -> None:
    """Write other values into a draft.

    Raises
    ------
    SpecError
        It is no draft any more, the name is a shipped spec's, or the values make no listing spec.
    """
    if name in _shipped():
        raise SpecError(f"{name} comes with Mattegate, which numbers its versions; choose another name.")
    with _alone(), transaction.atomic():
        version = draft.version if name == draft.name else _next_version(name)
        document = {**draft.document, **values, "name": name, "version": version}
        try:
            ListingSpec.from_mapping(document)
        except ValueError as error:
            raise SpecError(f"Not saved: {error}.") from error
        mine = Spec.objects.filter(pk=draft.pk, is_draft=True)
        if not mine.update(name=name, version=version, document=document):
            raise SpecError(f"{draft} is saved as a version and stays as it is; copy it to change it.")


def publish_version(draft: Spec) -> None:
    """From now on it stays as it is, and new batches may choose it in place of its older versions.

    Raises
    ------
    SpecError
        It is a version already, or a newer one was saved meanwhile.
    """
    with transaction.atomic():
        row = Spec.objects.get(pk=draft.pk)
        if Spec.objects.filter(name=row.name, is_draft=False, version__gt=row.version).exists():
            raise SpecError(f"A newer version of {row.name} was saved meanwhile. Copy that one, and change the copy.")
        Spec.objects.filter(name=row.name, is_offered=True).update(is_offered=False)
        if not Spec.objects.filter(pk=draft.pk, is_draft=True).update(is_draft=False, is_offered=True):
            raise SpecError(f"{draft} is a version already, which stays as it is.")


def delete(draft: Spec) -> None:
    """Only a draft: photos may have been published by any other."""
    if not Spec.objects.filter(pk=draft.pk, is_draft=True).delete()[0]:
        raise SpecError(f"{draft} is no draft, so it stays for the record.")


def stop_offering(spec: Spec) -> None:
    """Batches that have it keep it."""
    if spec.name in _shipped():
        raise SpecError(f"{spec} comes with Mattegate and stays on offer.")
    Spec.objects.filter(pk=spec.pk).update(is_offered=False)


@contextmanager
def _alone() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise SpecError("Somebody else did the same just now. Look again before you go on.") from error


def _shipped() -> set[str]:
    return {document["name"] for document in shipped_specs()}


def _next_version(name: str) -> int:
    return (Spec.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0) + 1
