"""Drops of photos, each photo on its way, and every step of the way."""

from collections.abc import Mapping
from typing import Any, Literal

from django.conf import settings
from django.db import models

from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.types import ProductClass, View
from pipeline.imaging.verdict.score import weakest
from pipeline.listing_spec import HOUSE, has_half_glass, listing_spec
from pipeline.models.base import Immutable, OneOf, choices_of
from pipeline.models.scorecards import Scorecard
from pipeline.models.specs import Spec
from pipeline.states import ASK_AGAIN, GONE, NEVER_DECODED, NO_DOUBTS, Enhancement, Lane, Look, State, sent_back
from pipeline.words import ENHANCEMENT_WORDS, GEMINI_WORDS, STATE_WORDS, in_words


class Batch(models.Model):
    """One drop of photos of one product class. With `gemini` its photos leave the house: by the uploader's choice."""

    name = models.CharField(max_length=100, unique=True)
    product_class: "OneOf[ProductClass]" = models.CharField(
        max_length=20, choices=choices_of(ProductClass), default="eyewear"
    )
    enhancement: "OneOf[Enhancement]" = models.CharField(
        max_length=10, choices=list(ENHANCEMENT_WORDS.items()), default="local"
    )
    lane: "OneOf[Lane]" = models.CharField(max_length=10, choices=choices_of(Lane), default="standard")
    spec = models.ForeignKey(
        Spec,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="none: the house's, before one could choose",
    )
    # Without an owner it would be everybody's.
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
    keep_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="so long its photos' pictures stay; 0: for good; none: RETENTION_DAYS"
    )
    legal_hold = models.BooleanField(default=False, db_default=False, help_text="nothing of it is deleted")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="since then no more photos are taken in")
    archived_at = models.DateTimeField(null=True, blank=True, help_text="since then it isn't listed with the others")

    class Meta:
        verbose_name_plural = "batches"
        ordering = ["-created_at"]
        permissions = [("keep", "Can keep a batch's pictures for good, or let them expire")]

    def __str__(self) -> str:
        return self.name

    @property
    def spec_name(self) -> str:
        return self.spec.name if self.spec else HOUSE

    @property
    def listing_spec(self) -> ListingSpec:
        """How its photos are published."""
        return self.spec.listing_spec if self.spec else listing_spec()


class Frame(models.Model):
    """One photo on its way.

    RECEIVED → PROCESSING → APPROVED → PUBLISHING → PUBLISHED
      ↓  ↑         ↓ unsure      ↑
    ENHANCING  EXCEPTION ──operator──→ REJECTED, or RECEIVED again

    What can't be read goes from PROCESSING to UNREADABLE, back to who sent it.
    """

    class Pictures(models.TextChoices):
        """What becomes of them when their days are over; finished files in the shop are no part of them."""

        KEPT = ""
        GOING = "going"
        GONE = "gone"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="frames")
    filename = models.CharField(max_length=255)
    code = models.CharField(max_length=64, db_index=True)
    view: "OneOf[View]" = models.CharField(max_length=10, choices=choices_of(View))
    product_class: "OneOf[ProductClass]" = models.CharField(
        max_length=20, choices=choices_of(ProductClass), help_text="the batch's, unless a person said otherwise"
    )
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=20, choices=[(s.value, s.value.title()) for s in State], default=State.RECEIVED.value
    )
    version = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0, help_text="counts runs of the pipeline; part of the work keys")
    faults = models.PositiveIntegerField(default=0, help_text="passing faults since the last success or decision")
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="no worker acts on it before: a decision can be taken back, or Gemini is busy"
    )
    gemini = models.CharField(
        max_length=20, blank=True, help_text="what came of asking Gemini: used, or why it was enhanced here"
    )
    ask_until = models.DateTimeField(
        null=True, blank=True, help_text="so long Gemini may be asked for this photo by itself; none: by a Batch job"
    )
    reasons = models.JSONField(default=list)
    cause = models.TextField(blank=True, help_text="what went wrong, in words, when something did")
    received_at = models.DateTimeField(auto_now_add=True)
    state_since = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True, blank=True, help_text="first verdict, or first failure")
    was_exception = models.BooleanField(default=False, help_text="a person had to look: the review rate counts these")
    has_failed = models.BooleanField(default=False, help_text="…because something failed, not because of a doubt")
    published_at = models.DateTimeField(null=True, blank=True)
    draw = models.FloatField(default=1, help_text="keyed hash of the file, 0–1: below the audit rate it is marked")
    audit_due: 'OneOf[Look | Literal[""]]' = models.CharField(
        max_length=10, blank=True, choices=choices_of(Look), help_text="a published frame that a person is to look at"
    )

    pictures = models.CharField(
        max_length=5, blank=True, choices=Pictures.choices, default=Pictures.KEPT, db_default=""
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "sha256", "code", "view"],
                condition=~models.Q(state__in=sorted(state.value for state in GONE)),
                name="same_bytes_once_under_a_name",
            )
        ]
        indexes = [
            models.Index(fields=["state", "state_since"]),
            models.Index(fields=["sha256"]),
            # Beside the first of these, what waits in the queue is found without a look at all that is published.
            models.Index(fields=["state_since"], condition=~models.Q(audit_due=""), name="frames_to_look_at_again"),
            models.Index(fields=["batch", "state"]),
            models.Index(fields=["received_at"]),
            models.Index(fields=["processed_at"]),
            models.Index(fields=["published_at"]),
            models.Index(fields=["filename"], opclasses=["varchar_pattern_ops"], name="frames_by_start_of_filename"),
        ]
        permissions = [
            ("see_picture", "Can see photos and mattes"),
            ("decide", "Can approve, reject or reprocess exceptions"),
            ("see_verdict", "Can see state, confidence and verdict"),
            ("see_figures", "Can see the review rate and other figures"),
            ("take_over", "Can take a frame that somebody else looks at"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.view}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.product_class = self.product_class or self.batch.product_class
        super().save(*args, **kwargs)

    @property
    def spec(self) -> Spec | None:
        """The one that it was last rendered again by, or else its batch's."""
        done = [rendering for rendering in self.renderings.all() if rendering.state == Rendering.State.DONE]
        return done[-1].spec if done else self.batch.spec

    @property
    def listing_spec(self) -> ListingSpec:
        """How its files are made."""
        spec = self.spec
        return spec.listing_spec if spec else listing_spec()

    @property
    def has_half_glass(self) -> bool:
        return has_half_glass(self.product_class, self.view, self.listing_spec)

    @property
    def wants_gemini(self) -> bool:
        """Whether Gemini is yet to be asked, or again: a person had it reprocessed, and nothing was paid before."""
        if self.batch.enhancement != "gemini" or self.gemini not in {"", *ASK_AGAIN}:
            return False
        last = self.transitions.last() if self.gemini else None
        return last is None or last.source in {State.EXCEPTION, State.WITHDRAWING, State.UNREADABLE}

    @property
    def gemini_words(self) -> str:
        return GEMINI_WORDS.get(self.gemini, self.gemini)

    @property
    def card(self) -> Scorecard | None:
        """The last attempt's scorecard, if it came that far."""
        return self.scorecards.filter(attempt=self.attempt).first()

    @property
    def machine_card(self) -> Scorecard | None:
        """The last scorecard that no person had a hand in."""
        return self.scorecards.filter(override=None).last()

    def made_of(self, attempt: int) -> Scorecard | None:
        """The machine's scorecard that an attempt rests on: its own, or of the one that a person went on from."""
        return self.scorecards.filter(override=None, attempt__lte=attempt).last()

    @property
    def has_pictures(self) -> bool:
        """Whether the last attempt came as far as previews, and they are kept still."""
        return self.attempt > 0 and not self.pictures and not NEVER_DECODED.intersection(self.reasons)

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def reason_words(self) -> list[str]:
        """What is wrong, for whoever decides: the cause of a failure, or the doubts, but never the verdict.

        Where nothing is doubted there is a weakest spot: a frame that is only audited looks like any other.
        """
        if self.cause:
            return [self.cause]
        return [in_words(code) for code in self.doubts]

    @property
    def doubts(self) -> list[str]:
        """Their codes: never what the gate decided, and the weakest spots where nothing is doubted."""
        if hasattr(self, "components"):  # of one that came `with_components`, without another question
            return self.doubts_by(self.components)
        card = None if self._own_doubts else self.card
        return self.doubts_by(card.components if card else None)

    def doubts_by(self, components: Mapping[str, float] | None) -> list[str]:
        """The same, by what its scorecard says."""
        found = self._own_doubts or (weakest(components) if components else [])
        return [*found, *sent_back(self.reasons)]

    @property
    def _own_doubts(self) -> list[str]:
        return [code for code in self.reasons if code not in NO_DOUBTS]


IN_OR_OUT_OF_REVIEW = models.Q(source=State.EXCEPTION.value) | models.Q(target=State.EXCEPTION.value)


class Transition(Immutable):
    """Who moved a frame, from where to where, when and why."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="transitions")
    source = models.CharField(max_length=20)
    target = models.CharField(max_length=20)
    actor = models.CharField(max_length=150)
    why = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["at"]),
            # Few of all moves: how many photos waited for people at a time is told by these alone.
            models.Index(fields=["at"], condition=IN_OR_OUT_OF_REVIEW, name="moves_in_or_out_of_review"),
        ]


class Rendering(models.Model):
    """A published frame whose files are, or were, to be made again by another listing spec; by no new matte."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="renderings")
    spec = models.ForeignKey(Spec, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    is_swapping = models.BooleanField(default=False, help_text="half of the new files may lie in the shop: no way back")
    faults = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, help_text="a passing fault is sat out until then")
    why = models.TextField(blank=True, help_text="of one that failed: why, in words")

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["frame"], condition=models.Q(state="waiting"), name="one_rendering_waits_per_frame"
            )
        ]

    def __str__(self) -> str:
        return f"{self.frame} as {self.spec}"


class TakeOver(Immutable):
    """Who took a frame out of whose hands, and when."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="take_overs")
    by = models.CharField(max_length=150)
    taken_from = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
