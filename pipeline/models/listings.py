"""What a shop shows: the names that a frame publishes under, and its finished files."""

from django.db import models

from pipeline.imaging.types import View
from pipeline.models.base import OneOf, choices_of
from pipeline.models.frames import Frame


class Rendition(models.Model):
    """One finished file as it lies in the published bucket."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="renditions")
    variant = models.CharField(max_length=20)
    extension = models.CharField(max_length=5)
    key = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, help_text="in pixels; none: published before it was noted")
    height = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64)

    @property
    def name(self) -> str:
        """Of the file in the bucket, without its folder."""
        return self.key.rpartition("/")[2]

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["frame", "key"], name="one_rendition_per_key")]


class Listing(models.Model):
    """What a shop shows for one code and view. Taken by compare-and-set, so one frame writes its keys at a time."""

    code = models.CharField(max_length=64)
    view: "OneOf[View]" = models.CharField(max_length=10, choices=choices_of(View))
    frame = models.ForeignKey(Frame, null=True, on_delete=models.SET_NULL, related_name="+")
    holder = models.ForeignKey(Frame, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "view"], name="one_listing_per_code_and_view")]
        permissions = [
            ("download", "Can open, download and pass on published files"),
            ("recall", "Can withdraw what is published, or have it reviewed again"),
        ]
