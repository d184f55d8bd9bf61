"""What people look at. The queue is a view on frames, not a copy of them."""

from django.db import models

from pipeline.models import Frame
from pipeline.states import State


class QueueManager(models.Manager["QueueItem"]):
    def get_queryset(self) -> models.QuerySet["QueueItem"]:
        return super().get_queryset().filter(state=State.EXCEPTION)


class QueueItem(Frame):
    """A frame that waits for a person."""

    objects = QueueManager()

    class Meta:
        proxy = True
        verbose_name = "frame to review"
        verbose_name_plural = "exception queue"
        ordering = ["state_since"]
        default_permissions = ("view",)
