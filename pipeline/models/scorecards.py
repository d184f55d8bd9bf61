"""What one run of the pipeline measured, and what policies in shadow would have said of it."""

from typing import Any, Literal

from django.db import models

from pipeline import naming
from pipeline.imaging.types import Crop, CropBox, Side
from pipeline.imaging.verdict.score import LOST_PARTS, costs_of, weights_of
from pipeline.models.base import Immutable, OneOf, choices_of
from pipeline.models.policies import GatePolicy
from pipeline.states import FIRST_LOOK
from pipeline.words import BRIDGE_DOUBT_WORDS, RUNG_WORDS, in_words

NO_SIGN = 0.8
"""From this on a component is called good."""


class Scorecard(Immutable):
    """What one run of the pipeline measured, and what it was measured with."""

    frame = models.ForeignKey("pipeline.Frame", on_delete=models.CASCADE, related_name="scorecards")
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
    near: 'OneOf[Side | Literal[""]]' = models.CharField(
        max_length=5, blank=True, choices=choices_of(Side), help_text="side of the bridge"
    )
    bridge_doubt = models.CharField(max_length=40, blank=True)
    bridge_evidence = models.JSONField(null=True)
    places = models.JSONField(default=dict, help_text="where each doubt is worst: [x0, y0, x1, y1] by reason code")
    palette = models.JSONField(default=list, help_text="the product's colours: rows of a*, b* and share")
    look = models.JSONField(
        default=dict,
        db_default={},
        help_text="backdrop (lightness, a, b), contrast and tilt, as far as they can be told",
    )
    seconds = models.JSONField()
    model_name = models.CharField(max_length=100)
    model_sha256 = models.CharField(max_length=64)
    colours = models.CharField(max_length=100, blank=True, help_text="how the file's numbers were read")
    enhancer = models.CharField(max_length=100)
    fidelity = models.JSONField(null=True, help_text="how far Gemini's picture was from the photo's product")
    scorer_version = models.CharField(max_length=40)
    policy = models.ForeignKey(GatePolicy, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["frame", "attempt"], name="one_scorecard_per_attempt")]
        indexes = [models.Index(fields=["id"], condition=models.Q(is_marked=True), name="marked_scorecards")]

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
            for other in self.mattes
        ]

    @property
    def mattes(self) -> list[dict[str, Any]]:
        """The rungs of the mattes beside its own, with the confidence of each: the ladder's, and those made later."""
        return [*self.others, *(later.told for later in self.made_later.all())]

    @property
    def is_partial(self) -> bool:
        """Whether a part of the product may be lost in its own matte."""
        return not LOST_PARTS.isdisjoint(self.reasons)

    @property
    def has_product(self) -> bool:
        """Whether there is something in the matte."""
        return "empty" not in self.reasons

    @property
    def crop(self) -> Crop | None:
        if self.bridge_x is None or not self.near:
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
    def found(self) -> list[dict[str, Any]]:
        """What was looked for and how it was found to be, what cost the most confidence first."""
        policy = self.policy.document
        costs, weights = costs_of(self.components, policy), weights_of(self.components, policy)
        return [
            {"code": code, "value": value, "weight": weights.get(code, 0), "how": _how(value, policy["doubt_below"])}
            for code, value in sorted(self.components.items(), key=lambda one: (-costs.get(one[0], 0), one[1]))
        ]

    @property
    def reason_words(self) -> list[str]:
        return [in_words(reason) for reason in self.reasons]


def _how(value: float, doubt_below: float) -> str:
    if value < doubt_below:
        return "doubtful"
    return "good" if value >= NO_SIGN else "so-so"


class LaterMatte(Immutable):
    """A matte that was made for people to choose, after the gate had judged."""

    scorecard = models.ForeignKey(Scorecard, on_delete=models.CASCADE, related_name="made_later")
    rung = models.CharField(max_length=20)
    confidence = models.FloatField()
    is_partial = models.BooleanField(default=False, db_default=False, help_text="a part of the product may be lost")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["scorecard", "rung"], name="one_matte_a_rung")]

    @property
    def told(self) -> dict[str, Any]:
        return {"rung": self.rung, "confidence": self.confidence, "is_partial": self.is_partial}


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
