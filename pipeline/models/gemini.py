"""What was asked of Gemini, and what it cost: each row is written before the call, so that nothing is paid twice."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from pipeline.models.frames import Frame

UNDER_WAY = ""
"""A call whose outcome nobody has written down yet."""

NOTHING = Decimal(0)
"""What a call costs that brought no image."""


class GeminiJob(models.Model):
    """A Batch job at Gemini.

    collected → submitted → ended
                    ↓ late
                cancelled → ended

    Who collects writes the row, and who submits writes `submitted_at`, before Gemini hears of it. A job without a name
    whose worker died is looked for at Gemini by its display name before it is submitted again.
    """

    display_name = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200, blank=True, help_text="Gemini's own, once it is known")
    model_name = models.CharField(max_length=100)
    prompt = models.CharField(max_length=40)
    collected_at = models.DateTimeField(auto_now_add=True)
    deadline = models.DateTimeField(help_text="cancelled then; its frames are asked for one by one")
    submitted_at = models.DateTimeField(null=True, help_text="written before the call")
    cancelled_at = models.DateTimeField(null=True, help_text="when it was first late")
    ended_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(help_text="no worker touches it before; also the lease of who does")
    tries = models.PositiveIntegerField(default=0, help_text="that Gemini answered with an error")
    version = models.PositiveIntegerField(default=0)
    words = models.TextField(blank=True, help_text="what happened last")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.display_name


class GeminiCall(models.Model):
    """One photo sent to Gemini, by itself or within a Batch job."""

    frame = models.ForeignKey(Frame, null=True, on_delete=models.CASCADE, related_name="calls")
    job = models.ForeignKey(GeminiJob, null=True, on_delete=models.CASCADE, related_name="calls")
    outcome = models.CharField(max_length=20, blank=True, default=UNDER_WAY)
    words = models.TextField(blank=True, help_text="what happened, if no usable image came")
    cost = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, default=None, help_text="in US dollars; unknown without an answer"
    )
    price = models.DecimalField(max_digits=12, decimal_places=6, help_text="of one image, when it was asked for")
    usage = models.JSONField(default=dict, help_text="tokens, as Gemini counts them")
    model_name = models.CharField(max_length=100)
    prompt = models.CharField(max_length=40)
    asked_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["frame"], condition=Q(outcome=UNDER_WAY, frame__isnull=False), name="one_open_call_per_frame"
            ),
        ]
        indexes = [models.Index(fields=["asked_at"])]

    @property
    def key(self) -> str:
        """What names the photo in a Batch job."""
        return str(self.pk)

    @property
    def lane(self) -> str:
        return "Batch job" if self.job_id else "by itself"

    def __str__(self) -> str:
        return f"{self.frame} {self.lane}"
