"""What people changed on a frame: rows that are kept as labels."""

from django.db import models
from django.utils import timezone

from pipeline.models.base import Immutable
from pipeline.models.frames import Frame
from pipeline.models.scorecards import Scorecard


class BridgeLabel(Immutable):
    """Where a person put the bridge of a photo: it holds for every later run, and teaches us how far off we were."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="bridge_labels")
    attempt = models.PositiveIntegerField()
    bridge_x = models.FloatField(help_text="in pixels of the upright photo")
    found_x = models.FloatField(null=True, help_text="where the machine had it, if it found one")
    by = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class Override(Immutable):
    """A matte that a person chose or painted: on which one, with which strokes, and what it came to."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="overrides")
    scorecard = models.OneToOneField(Scorecard, on_delete=models.CASCADE, related_name="override")
    base_attempt = models.PositiveIntegerField()
    base_rung = models.CharField(max_length=20, blank=True, help_text="an alternative of that attempt; else its own")
    strokes = models.JSONField(default=list, help_text="in pixels of the upright photo, as painting.Stroke")
    difference = models.CharField(max_length=255, help_text="work key: 0 taken away, 128 untouched, 255 added")
    by = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class Rejection(models.Model):
    """What an operator told of a photo that they rejected, for who took it; it is gone when that is taken back."""

    frame = models.OneToOneField(Frame, on_delete=models.CASCADE, related_name="rejection")
    needs_photo = models.BooleanField(help_text="the photo is to be taken anew; else only its cut-out was no good")
    why = models.CharField(max_length=200, blank=True, help_text="one of the reasons that the workbench offers")
    remark = models.TextField(blank=True, help_text="in the operator's own words")
    mark = models.JSONField(
        default=list, blank=True, help_text="a pin [x, y] or a box [x0, y0, x1, y1], in shares of the photo's size"
    )
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["at"], condition=models.Q(needs_photo=True), name="photos_to_be_taken_anew")]

    def __str__(self) -> str:
        return f"{self.frame} rejected"
