"""Batches that are done with: closed to more photos, put away, or deleted. What happened to their photos stays."""

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from pipeline import progress
from pipeline.models import Batch
from pipeline.transitions import lock_batches


class ShelvingError(ValueError):
    """It can't be done; the text says why and what to do instead."""


def close(batch: Batch) -> None:
    """No more photos are taken in; those that are there go on."""
    Batch.objects.filter(pk=batch.pk, closed_at=None).update(closed_at=timezone.now())


def reopen(batch: Batch) -> None:
    """Out of the archive too: what takes photos in has to be seen."""
    Batch.objects.filter(pk=batch.pk).update(closed_at=None, archived_at=None)


def archive(batch: Batch) -> None:
    """Closed, and out of the list of those that somebody still has to do with.

    Raises
    ------
    ShelvingError
        Photos are on their way, or wait for somebody.
    """
    with transaction.atomic():
        lock_batches([batch.pk])  # a photo is taken in before, or not at all
        tally = progress.tallies([batch.pk]).get(batch.pk, progress.EMPTY)
        if tally.is_moving or tally.for_review:
            raise ShelvingError(f"{batch} is not through: photos are worked on, or wait for review. Archive it then.")
        close(batch)
        Batch.objects.filter(pk=batch.pk).update(archived_at=timezone.now())


def delete(batch: Batch) -> None:
    """Only one that never had a photo: what happened to a photo is kept, also of those that were removed.

    Raises
    ------
    ShelvingError
        It has, or had, photos.
    """
    try:
        with transaction.atomic():
            lock_batches([batch.pk])  # a photo is taken in before, or not at all
            batch.delete()
    except ProtectedError as error:
        raise ShelvingError(f"{batch} has photos, whose history stays. Archive it instead.") from error
