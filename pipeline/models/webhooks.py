"""Who else is told what happened: programs of others, and what each is to be sent. The outbox is these rows."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

EVENTS = {
    "frame.published": "its files are in the shop",
    "frame.flagged": "it waits for review",
    "frame.withdrawn": "its files are out of the shop",
    "batch.completed": "no photo of it waits",
    "certificate.lapsed": "it holds no longer",
}


class WebhookEndpoint(models.Model):
    """A program of others: where it listens, what it is told, and the secret that signs it."""

    name = models.CharField(max_length=60, unique=True)
    url = models.CharField("address", max_length=500, help_text="Begins with https://")
    events = models.JSONField(default=list)
    is_on = models.BooleanField("on", default=True, help_text="While it is off, nothing is noted for it nor sent")
    secret = models.CharField(max_length=100, editable=False)
    old_secret = models.CharField(max_length=100, blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False, help_text="nobody answered: others have their turn")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "webhook"

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> list[str]:
        """That sign now: for a while, the one before too."""
        is_kept = self.old_secret_until is not None and self.old_secret_until > timezone.now()
        return [self.secret, self.old_secret] if is_kept else [self.secret]


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint: written with what made it, sent until it arrives or its tries are spent."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DELIVERED = "delivered", "delivered"
        DEAD = "dead", "dead letter"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField("webhook-id", max_length=40, unique=True)
    event = models.CharField(max_length=30, choices=[(name, name) for name in EVENTS])
    about = models.CharField(max_length=120, help_text="the product, batch or policy")
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING.value)
    tries = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField("next try", default=timezone.now)
    answer = models.CharField(max_length=300, blank=True, help_text="what came of the last try")
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["endpoint", "due_at"], condition=Q(state="waiting"), name="webhooks_to_be_sent"),
            # The sidebar counts them on every page of an admin's.
            models.Index(fields=["endpoint"], condition=Q(state="dead"), name="webhooks_dead_letters"),
            models.Index(fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.event}"
