"""manage.py nightly: drift, and what the labels teach or certify."""

from typing import Any

from django.core.management.base import BaseCommand

from pipeline.models import active_policy
from review.evidence import drift
from review.policy import challenger


class Command(BaseCommand):
    help = "Look for drift, and for what the labels teach or certify. Only proposes; cron runs it daily."

    def handle(self, *args: Any, **options: Any) -> None:
        policy = active_policy()
        for alarm in drift.watch(policy):
            self.stdout.write(f"Drift: {alarm.scope} {alarm.name}, {alarm.n} frames, distance {alarm.statistic:.2f}")
        for proposal in (challenger.challenge(policy), challenger.propose_threshold(policy)):
            if proposal:
                self.stdout.write(f"Proposed: {proposal.get_kind_display()}, {proposal.policy}: {proposal.figures}")
