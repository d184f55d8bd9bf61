"""What the last comparison of database and buckets found."""

from django.db import models


class Verification(models.Model):
    """The one row of the last time that `manage.py verify`, or the clock by night, looked at everything."""

    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    error = models.TextField(blank=True, help_text="why it broke off, if it did")
    found = models.PositiveIntegerField(default=0, help_text="disagreements, without those that were mended")
    mended = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list, help_text="the first of them, in words")
    counts = models.JSONField(default=dict, help_text="what was looked at")
    read_up_to = models.JSONField(default=dict, help_text="by kind, the last row whose files were read")

    def __str__(self) -> str:
        return f"verified {self.ended_at:%Y-%m-%d %H:%M}"
