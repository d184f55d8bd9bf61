"""Rows. State is moved by transitions.advance() only; scorecards, policies and transitions are never rewritten."""

from typing import Any, get_args

from django.conf import settings
from django.db import models

from pipeline import naming
from pipeline.calls import GeminiCall, GeminiJob  # noqa: F401 - Django looks for rows here
from pipeline.handwork import BridgeLabel, Override  # noqa: F401 - Django looks for rows here
from pipeline.imaging.score import weakest
from pipeline.imaging.types import Crop, CropBox, ProductClass, Side, View
from pipeline.policy import GatePolicy, Immutable, active_policy  # noqa: F401
from pipeline.states import (
    ASK_AGAIN,
    BRIDGE_DOUBT_WORDS,
    FIRST_LOOK,
    GEMINI_WORDS,
    NEVER_DECODED,
    RUNG_WORDS,
    VERDICT_REASONS,
    Enhancement,
    Lane,
    Look,
    State,
    in_words,
)


def _choices(literal: Any) -> list[tuple[str, str]]:
    return [(value, value.title()) for value in get_args(literal)]


class Batch(models.Model):
    """One drop of photos of one product class. With `gemini` its photos leave the house: by the uploader's choice."""

    name = models.CharField(max_length=100, unique=True)
    product_class = models.CharField(max_length=20, choices=_choices(ProductClass), default="eyewear")
    enhancement = models.CharField(max_length=10, choices=_choices(Enhancement), default="local")
    lane = models.CharField(max_length=10, choices=_choices(Lane), default="standard")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "batches"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class Frame(models.Model):
    """One photo on its way.

    RECEIVED → PROCESSING → APPROVED → PUBLISHING → PUBLISHED
      ↓  ↑         ↓ unsure      ↑
    ENHANCING  EXCEPTION ──operator──→ REJECTED, or RECEIVED again
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="frames")
    filename = models.CharField(max_length=255)
    code = models.CharField(max_length=64, db_index=True)
    view = models.CharField(max_length=10, choices=_choices(View))
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
    audit_due = models.CharField(
        max_length=10, blank=True, choices=_choices(Look), help_text="a published frame that a person is to look at"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["batch", "sha256"], name="same_bytes_once_in_a_batch")]
        indexes = [models.Index(fields=["state", "state_since"])]
        permissions = [
            ("see_picture", "Can see photos and mattes"),
            ("decide", "Can approve, reject or reprocess exceptions"),
            ("see_verdict", "Can see state, confidence and verdict"),
            ("see_figures", "Can see the review rate and other figures"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.view}"

    @property
    def wants_gemini(self) -> bool:
        """Whether Gemini is yet to be asked, or again: a person had it reprocessed, and nothing was paid before."""
        if self.batch.enhancement != "gemini" or self.gemini not in {"", *ASK_AGAIN}:
            return False
        last = self.transitions.last() if self.gemini else None
        return last is None or last.source == State.EXCEPTION

    @property
    def gemini_words(self) -> str:
        return GEMINI_WORDS.get(self.gemini, self.gemini)

    @property
    def card(self) -> "Scorecard | None":
        """The last attempt's scorecard, if it came that far."""
        return self.scorecards.filter(attempt=self.attempt).first()

    @property
    def machine_card(self) -> "Scorecard | None":
        """The last scorecard that no person had a hand in."""
        return self.scorecards.filter(override=None).last()

    @property
    def has_pictures(self) -> bool:
        """Whether the last attempt came as far as previews."""
        return self.attempt > 0 and not NEVER_DECODED.intersection(self.reasons)

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
        codes = [code for code in self.reasons if code not in VERDICT_REASONS]
        card = None if codes else self.card
        return card.weakest if card else codes


class Scorecard(Immutable):
    """What one run of the pipeline measured, and what it was measured with."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="scorecards")
    attempt = models.PositiveIntegerField()
    width = models.PositiveIntegerField(help_text="of the upright photo, in pixels")
    height = models.PositiveIntegerField()
    rung = models.CharField(max_length=20, default=FIRST_LOOK, help_text="which look, or rung of the repair ladder")
    others = models.JSONField(default=list, help_text="what else the ladder tried, with the confidence of each")
    confidence = models.FloatField()
    publish = models.BooleanField()
    threshold = models.FloatField()
    is_marked = models.BooleanField(default=False, help_text="drawn for the estimates before the gate judged it")
    audit_rate = models.FloatField(default=0, help_text="with what probability")
    components = models.JSONField()
    metrics = models.JSONField()
    reasons = models.JSONField()
    bridge_x = models.FloatField(null=True)
    product_box = models.JSONField(null=True, help_text="what a half-glass crop is taken from")
    near = models.CharField(max_length=5, blank=True, choices=_choices(Side), help_text="side of the bridge")
    bridge_doubt = models.CharField(max_length=40, blank=True)
    bridge_evidence = models.JSONField(null=True)
    places = models.JSONField(default=dict, help_text="where each doubt is worst: [x0, y0, x1, y1] by reason code")
    seconds = models.JSONField()
    model_name = models.CharField(max_length=100)
    model_sha256 = models.CharField(max_length=64)
    enhancer = models.CharField(max_length=100)
    fidelity = models.JSONField(null=True, help_text="how far Gemini's picture was from the photo's product")
    scorer_version = models.CharField(max_length=40)
    policy = models.ForeignKey(GatePolicy, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["frame", "attempt"], name="one_scorecard_per_attempt")]

    @property
    def weakest(self) -> list[str]:
        """The codes of the two components that are the least good."""
        return weakest(self.components)

    @property
    def rung_words(self) -> str:
        return RUNG_WORDS.get(self.rung, self.rung)

    @property
    def alternatives(self) -> list[dict[str, Any]]:
        """What else was tried: in words, with its confidence and the name of its picture, kept for held frames only."""
        return [
            other
            | {
                "words": RUNG_WORDS.get(other["rung"], other["rung"]),
                "picture": naming.alternative_name(other["rung"], "webp"),
            }
            for other in self.others
        ]

    @property
    def has_product(self) -> bool:
        """Whether there is something in the matte."""
        return "empty" not in self.reasons

    @property
    def crop(self) -> Crop | None:
        if self.bridge_x is None:
            return None
        return Crop(self.bridge_x, self.product, self.near, self.bridge_doubt or None)

    @property
    def product(self) -> CropBox:
        """Its box; all of the photo on cards from before boxes were kept of every product."""
        return CropBox(**self.product_box) if self.product_box else CropBox(0, 0, self.height, self.width)

    @property
    def bridge_doubt_words(self) -> str:
        return BRIDGE_DOUBT_WORDS.get(self.bridge_doubt, self.bridge_doubt)

    @property
    def is_calibrated(self) -> bool:
        """Whether the policy's thresholds were fitted on this very model."""
        return self.policy.document["model_sha256"] == self.model_sha256

    @property
    def reason_words(self) -> list[str]:
        return [in_words(reason) for reason in self.reasons]


class ShadowVerdict(Immutable):
    """What a policy that was not active would have said of a scorecard."""

    policy = models.ForeignKey(GatePolicy, on_delete=models.CASCADE, related_name="shadow_verdicts")
    scorecard = models.ForeignKey(Scorecard, on_delete=models.CASCADE, related_name="shadow_verdicts")
    confidence = models.FloatField()
    threshold = models.FloatField()
    publish = models.BooleanField()
    reasons = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["policy", "scorecard"], name="one_shadow_verdict_per_scorecard")]


class Rendition(models.Model):
    """One finished file as it lies in the published bucket."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="renditions")
    variant = models.CharField(max_length=20)
    extension = models.CharField(max_length=5)
    key = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["frame", "key"], name="one_rendition_per_key")]


class Listing(models.Model):
    """What a shop shows for one code and view. Taken by compare-and-set, so one frame writes its keys at a time."""

    code = models.CharField(max_length=64)
    view = models.CharField(max_length=10, choices=_choices(View))
    frame = models.ForeignKey(Frame, null=True, on_delete=models.SET_NULL, related_name="+")
    holder = models.ForeignKey(Frame, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "view"], name="one_listing_per_code_and_view")]


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
