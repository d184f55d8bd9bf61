"""What the figures are about: a span of days and, if asked for, one class, view, batch or uploader."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from config.asked import LARGEST, read
from pipeline.imaging.types import ProductClass, View
from pipeline.models import Frame, Scorecard
from pipeline.models.base import choices_of
from review.evidence.labels import firsts_of

PERIODS = {"7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "week": "This week", "custom": "From … to …"}
USUAL = "30"
KEPT_AS = "figures"
EARLIEST, MOST_DAYS = date(2000, 1, 1), 366
COMMAND = 0
"""In the uploader's place: what a command took in, which nobody opened."""


class Asked(forms.Form):
    """The page's query; what isn't asked for is as it was the last time, or usual."""

    period = forms.ChoiceField(choices=list(PERIODS.items()), required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    product_class = forms.ChoiceField(choices=choices_of(ProductClass), required=False)
    view = forms.ChoiceField(choices=choices_of(View), required=False)
    batch = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)
    uploader = forms.IntegerField(min_value=COMMAND, max_value=LARGEST, required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        since, until = said.get("since"), said.get("until")
        if said.get("period") == "custom" and not (since and until):
            raise ValidationError("a span of your own needs its first and its last day")
        if since and until:
            since, until = sorted((since, until))
            if since < EARLIEST or until - since >= timedelta(days=MOST_DAYS):
                raise ValidationError(f"expected at most {MOST_DAYS} days, none before {EARLIEST.year}")
        return said | {"since": since, "until": until}


@dataclass(frozen=True)
class Scope:
    """Days are the site's own, both ends among them."""

    first: date
    last: date
    period: str = "custom"
    product_class: str = ""
    view: str = ""
    batch: int | None = None
    uploader: int | None = None

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The midnight after the last day."""
        return midnight(self.last + timedelta(days=1))

    @property
    def is_now(self) -> bool:
        """Whether today is the last day."""
        return self.last == timezone.localdate()

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def of(self, frame: str = "") -> Q:
        """The class, view, batch and uploader asked for; `frame` is how the frame is reached, as `frame__`."""
        asked = {
            f"{frame}product_class": self.product_class,
            f"{frame}view": self.view,
            f"{frame}batch": self.batch,
        }
        found = Q(**{name: value for name, value in asked.items() if value})
        if self.uploader is None:
            return found
        return found & Q(**{f"{frame}batch__created_by": self.uploader or None})

    def during(self, moment: str) -> Q:
        return Q(**{f"{moment}__gte": self.since, f"{moment}__lt": self.until})

    def frames(self) -> QuerySet[Frame]:
        """That were processed in these days."""
        return Frame.objects.filter(self.during("processed_at"), self.of()).order_by()

    def firsts(self) -> QuerySet[Scorecard]:
        """What was measured of them before anybody had seen them."""
        return firsts_of(Scorecard.objects.filter(self.during("frame__processed_at"), self.of("frame__")))

    @property
    def asked(self) -> dict[str, Any]:
        """As the page's address says it."""
        said: dict[str, Any] = {"period": self.period}
        if self.period == "custom":
            said |= {"since": self.first.isoformat(), "until": self.last.isoformat()}
        narrow = {name: getattr(self, name) for name in ("product_class", "view", "batch", "uploader")}
        return said | {name: value for name, value in narrow.items() if value not in (None, "")}

    def address(self, name: str = "figures", *args: str, **changed: Any) -> str:
        said = {key: value for key, value in (self.asked | changed).items() if value not in (None, "")}
        return f"{reverse(name, args=args)}?{urlencode(said)}"

    def frames_address(self, **narrower: Any) -> str:
        """The list of these frames, narrowed by filters of that list."""
        said = self._frames_asked | narrower
        said = {key: value for key, value in said.items() if value not in (None, "")}
        return f"{self._frames_list}?{urlencode(said)}"

    @cached_property
    def _frames_list(self) -> str:
        return reverse("admin:pipeline_frame_changelist")

    @cached_property
    def _frames_asked(self) -> dict[str, Any]:
        return {
            "processed": f"{self.first}..{self.last}",
            "product_class__exact": self.product_class,
            "view__exact": self.view,
            "batch__id__exact": self.batch,
            "uploader": self.uploader,
        }

    @property
    def words(self) -> str:
        """Of the days."""
        first, last = f"{self.first:%-d %B %Y}", f"{self.last:%-d %B %Y}"
        return first if first == last else f"{first} to {last}"


def midnight(day: date) -> datetime:
    """The moment that a day of the site begins."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def week_of(day: date) -> date:
    """Its Monday."""
    return day - timedelta(days=day.weekday())


def asked_scope(query: QueryDict, session: SessionBase) -> Scope:
    """What is asked for; the period is that of the last time where none is."""
    said = read(Asked, query)
    kept = {"period": said["period"], "since": _text(said["since"]), "until": _text(said["until"])}
    if not said["period"]:
        kept = session.get(KEPT_AS) or {"period": USUAL}
    elif session.get(KEPT_AS) != kept:
        session[KEPT_AS] = kept
    return _scope(said, kept)


def scope_of(said: dict[str, Any]) -> Scope:
    """What is asked for, and the usual period where none is."""
    return _scope(
        said, {"period": said["period"] or USUAL, "since": _text(said["since"]), "until": _text(said["until"])}
    )


def _scope(said: dict[str, Any], kept: dict[str, str]) -> Scope:
    first, last = _span(kept)
    narrow = {name: said[name] for name in ("product_class", "view", "batch", "uploader")}
    return Scope(first, last, kept["period"], **narrow)


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _span(kept: dict[str, str]) -> tuple[date, date]:
    today = timezone.localdate()
    if kept["period"] == "custom":
        return date.fromisoformat(kept["since"]), date.fromisoformat(kept["until"])
    if kept["period"] == "week":
        return week_of(today), today
    return today - timedelta(days=int(kept["period"]) - 1), today
