"""Figures and certificates count what was seen of pictures that are gone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from pipeline.models import Frame, Scorecard, active_policy
from pipeline.states import State
from pipeline.upkeep import purging
from review.insights import rollups
from review.insights.whole import Reader
from review.policy.certificates import evidence
from tests.review.insights.conftest import ALL


def told() -> tuple[Any, ...]:
    whole = Reader(ALL).whole()
    counting = replace(evidence(active_policy()), until=timezone.now().min)
    return whole.count, whole.headlines, whole.tables, whole.promise, counting, list(Scorecard.objects.values())


def test_a_purge_changes_no_figure_and_no_certificate(seeded, buckets):
    """Of what waits for review nobody has said anything yet: that is told to wait no more."""
    Frame.objects.exclude(state=State.EXCEPTION).update(state_since=timezone.now() - timedelta(days=61))
    before = told()
    gone: list[purging.Deletion] = []
    assert purging.purge(gone.append)
    assert gone and Frame.objects.filter(state=State.PURGED).exists()
    rollups.forget()
    assert told() == before
