"""What people changed on a frame: rows that are kept as labels."""

from django.db import models

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
