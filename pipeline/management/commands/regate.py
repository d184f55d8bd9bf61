"""manage.py regate: what another policy would have done, from stored scorecards."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from pipeline import replay
from pipeline.models import GatePolicy, ShadowVerdict

LINES = 20


class Command(BaseCommand):
    help = "Say what a policy would have done with every frame so far, from the stored metrics alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--policy", type=int, required=True, help="number of the policy, as the policies page says")

    def handle(self, *args: Any, policy: int, **options: Any) -> None:
        chosen = GatePolicy.objects.filter(pk=policy).first()
        if chosen is None:
            known = ", ".join(f"{row.pk} ({row})" for row in GatePolicy.objects.order_by("pk"))
            raise CommandError(f"There is no policy {policy}; there are {known}.")
        if chosen.is_draft:
            raise CommandError(f"{chosen} is a draft, whose thresholds may still change; put it in shadow first.")
        replayed, skipped = replay.regate(chosen)
        found = replay.comparison(chosen)
        self.stdout.write(f"{chosen}: {replayed} frames replayed, {skipped} not (measured by an older scorer).")
        share = f"{100 * found.review_rate:.1f} %"
        self.stdout.write(f"It would publish {found.published} and send {found.held} to review ({share}).")
        self._list("Published now, sent to review before", found.newly_published)
        self._list("Sent to review now, published before", found.newly_held)

    def _list(self, title: str, verdicts: QuerySet[ShadowVerdict]) -> None:
        count = verdicts.count()
        self.stdout.write(f"{title}: {count}")
        for verdict in verdicts[:LINES]:
            card = verdict.scorecard
            self.stdout.write(f"  {card.frame}  {card.confidence:.3f} → {verdict.confidence:.3f}")
        if count > LINES:
            self.stdout.write(f"  and {count - LINES} more")
