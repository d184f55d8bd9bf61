"""Copies of policies whose thresholds may be changed, until they are put in shadow or activated."""

from django.db import transaction
from django.db.models import ProtectedError

from pipeline.models import GatePolicy
from review.policy.activation import PolicyError, new_version
from review.policy.stored import Group

EDITED = "edited"
Thresholds = dict[str, dict[str, float]]


def copy(policy: GatePolicy) -> GatePolicy:
    """A draft of the same document. A name of its own: the versions of a shipped policy are the shipper's to number."""
    return new_version(EDITED, policy.document, is_draft=True, copied_from=policy)


@transaction.atomic
def with_threshold(policy: GatePolicy, group: Group | None, threshold: float) -> GatePolicy:
    """A draft with that threshold for one class and view, or for all: the policy itself, or a copy of what is none."""
    draft = policy if policy.is_draft else copy(policy)
    held = GatePolicy.objects.select_for_update().get(pk=draft.pk)
    document = {**held.document, "thresholds": _changed(held.document["thresholds"], group, threshold)}
    # By condition: where rows aren't locked, somebody may have put it in shadow meanwhile.
    if not GatePolicy.objects.filter(pk=draft.pk, is_draft=True).update(document=document):
        raise PolicyError(f"{held} is no draft any more; copy it to change its thresholds.")
    return draft


def delete(draft: GatePolicy) -> None:
    """Only a draft: any other policy has judged frames, or may have, and stays for the record."""
    try:
        deleted, _ = GatePolicy.objects.filter(pk=draft.pk, is_draft=True).delete()
    except ProtectedError as error:
        others = ", ".join(map(str, draft.copies.order_by("pk")))
        raise PolicyError(f"{draft} is kept: {others} came of it, and names it.") from error
    if not deleted:
        raise PolicyError(f"{draft} is no draft, so it stays for the record.")


def _changed(thresholds: Thresholds, group: Group | None, threshold: float) -> Thresholds:
    return {
        name: {view: threshold if group in (None, (name, view)) else old for view, old in views.items()}
        for name, views in thresholds.items()
    }
