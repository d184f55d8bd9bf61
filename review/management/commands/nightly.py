"""manage.py nightly: old rows removed, drift, and what the labels teach or certify."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import record
from accounts.api import idempotency, tokens
from pipeline import naming, parts
from pipeline.engines import object_store
from pipeline.models import active_policy
from pipeline.webhooks import outbox
from review.evidence import drift
from review.policy import challenger


class Command(BaseCommand):
    help = "Remove old rows, look for drift, propose what the labels teach or certify. Cron runs it daily."

    def handle(self, *args: Any, **options: Any) -> None:
        if removed := record.remove_old():
            self.stdout.write(f"Removed from the sign-ins: {removed}, older than {settings.ACCESS_LOG_DAYS} days")
        tokens.forget_old()
        idempotency.forget_old()
        try:
            self._tidy_buckets()
        except object_store.ObjectStoreError as error:
            self.stderr.write(f"The buckets are tidied tomorrow: {error}")
        if removed := outbox.remove_old():
            self.stdout.write(f"Removed from the webhook deliveries: {removed}, older than {outbox.KEPT_DAYS} days")
        policy = active_policy()
        for alarm in drift.watch(policy):
            self.stdout.write(f"Drift: {alarm.scope} {alarm.name}, {alarm.n} frames, distance {alarm.statistic:.2f}")
        for proposal in (challenger.challenge(policy), challenger.propose_threshold(policy)):
            if proposal:
                self.stdout.write(f"Proposed: {proposal.get_kind_display()}, {proposal.policy}: {proposal.figures}")

    def _tidy_buckets(self) -> None:
        if removed := parts.forget_old():
            self.stdout.write(f"Removed from the uploads in parts: {removed} that nobody completed in time")
        if removed := object_store.remove_old("published", naming.STAGING, timezone.now() - timedelta(days=1)):
            self.stdout.write(f"Removed from the published bucket: {removed} files that were never put in place")
