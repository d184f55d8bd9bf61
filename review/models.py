"""What people look at, and what they said. The queue is a view on frames, not a copy of them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from pipeline.models import Batch, Frame, GatePolicy, Immutable, Scorecard
from pipeline.progress import with_components
from pipeline.states import State

# An audit waits among the exceptions, and nobody is to see which is which.
IS_WAITING = Q(state=State.EXCEPTION) | (Q(state=State.PUBLISHED) & ~Q(audit_due=""))


class QueueManager(models.Manager["QueueItem"]):
    def get_queryset(self) -> models.QuerySet["QueueItem"]:
        return super().get_queryset().filter(IS_WAITING)

    def with_components(self) -> models.QuerySet[Any]:
        """Each with what its last scorecard says, so that the doubts of many are told by one question."""
        return with_components(self.get_queryset())


class QueueItem(Frame):
    """A frame that waits for a person."""

    objects: ClassVar[QueueManager] = QueueManager()
    holder: str | None
    """Who has it in hand, where the list asked for it."""

    class Meta:
        proxy = True
        verbose_name = "frame to review"
        verbose_name_plural = "review queue"
        ordering = ["state_since"]
        default_permissions = ("view",)


class Claim(models.Model):
    """Who looks at a frame now. A lease that spares two people the same work; what guards a decision is the version."""

    frame = models.OneToOneField(Frame, on_delete=models.CASCADE, related_name="claim")
    by = models.CharField(max_length=150)
    page = models.CharField(max_length=40, blank=True, db_default="", help_text="which of that person's open pages")
    is_ahead = models.BooleanField(db_default=False, help_text="fetched ahead, not looked at: anybody may take it")
    until = models.DateTimeField()


class Decision(Immutable):
    """What a person said of a frame, and what that says of the matte and the crop it was shown with.

    A decision that was taken back stays, and another row says so. Those of one `group` are taken back together. What a
    second person said is only compared.
    """

    class Occasion(models.TextChoices):
        EXCEPTION = "exception"
        DRAWN = "drawn", "blind audit"
        SIBLING = "sibling", "look at a sibling"
        ASKED = "asked", "asked for by a manager"
        SECOND = "second", "blind second look"

    class Label(models.TextChoices):
        GOOD = "good"
        BAD = "bad"
        NONE = "", "says nothing"

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="decisions")
    scorecard = models.ForeignKey(Scorecard, null=True, on_delete=models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=20, help_text="a key of decisions.DECISIONS, or rename, edit, skip or undo")
    why = models.CharField(max_length=200, blank=True, help_text="what is wrong with a photo that is to be retaken")
    was = models.JSONField(default=dict, help_text="code, view and class that the frame had before it was renamed")
    version = models.PositiveIntegerField(default=0, help_text="the frame's, once this was carried out")
    group = models.UUIDField(null=True)
    undoes = models.OneToOneField("self", null=True, on_delete=models.CASCADE, related_name="undone_by")
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    label = models.CharField(max_length=4, blank=True, choices=Label.choices)
    is_drawn_again = models.BooleanField(default=False, help_text="shown to a second person too, who isn't told of it")
    second_of = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.CASCADE,
        related_name="seconds",
        help_text="the decision that this one is only compared with: it moves no frame",
    )
    by = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["at"]),
            models.Index(fields=["at"], condition=models.Q(is_drawn_again=True), name="decisions_shown_again"),
        ]


class Certificate(Immutable):
    """Among frames that the policy publishes unseen, at most `escape` are bad, at confidence 1 − `delta`.

    Valid for the one model, scorer and calibration that the policy's document names.
    """

    policy = models.OneToOneField(GatePolicy, on_delete=models.PROTECT)
    escape = models.FloatField()
    delta = models.FloatField()
    threshold = models.FloatField()
    n = models.PositiveIntegerField(help_text="marked, labelled frames that pass, one per product")
    k = models.PositiveIntegerField(help_text="of them bad")
    bound = models.FloatField(help_text="exact upper bound of the escape rate")
    labels_until = models.DateTimeField()
    model_sha256 = models.CharField(max_length=64)
    scorer_version = models.CharField(max_length=40)
    calibration = models.CharField(max_length=64, help_text="sha256 of what turns metrics to a confidence")
    made_at = models.DateTimeField(auto_now_add=True)
    lapsed_at = models.DateTimeField(null=True, help_text="when what runs was first another")

    @property
    def sureness(self) -> float:
        return 1 - self.delta


class Activation(Immutable):
    """Who made a policy the active one, and why. The shipped policy needs none."""

    policy = models.ForeignKey(GatePolicy, on_delete=models.PROTECT, related_name="activations")
    previous = models.ForeignKey(GatePolicy, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=150)
    why = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class Proposal(Immutable):
    """What the nightly job found worth a manager's decision; the newest of each kind counts."""

    class Kind(models.TextChoices):
        THRESHOLD = "threshold", "a certified threshold"
        CHALLENGER = "challenger", "a better calibration"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    policy = models.ForeignKey(GatePolicy, on_delete=models.CASCADE, related_name="proposals")
    figures = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class DriftAlarm(Immutable):
    """The confidences of a batch or of a day are not distributed as those that the policy was calibrated on."""

    policy = models.ForeignKey(GatePolicy, on_delete=models.CASCADE, related_name="drift_alarms")
    scope = models.CharField(max_length=5, choices=[("batch", "batch"), ("day", "day")])
    name = models.CharField(max_length=100, help_text="of the batch, or the date")
    n = models.PositiveIntegerField()
    statistic = models.FloatField(help_text="Kolmogorov–Smirnov distance")
    p_value = models.FloatField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["policy", "scope", "name"], name="one_drift_alarm_per_group")]


class DayFigures(models.Model):
    """What the figures count of the photos of one batch, class and view that were processed on one day of the site.

    A copy of what frames, scorecards and decisions say, so that nothing is lost with it: review/insights/rollups.py
    makes it, keeps it in step and says for which batches it holds.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    product_class = models.CharField(max_length=20)
    view = models.CharField(max_length=10)
    facts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "batch", "product_class", "view"], name="one_row_of_figures_a_day_batch_class_and_view"
            )
        ]


class FiguresKept(models.Model):
    """The one row that says until when all changes are in DayFigures, whose days those are, and in which format."""

    until = models.DateTimeField()
    time_zone = models.CharField(max_length=100)
