"""The row that decides."""

from django.db import models
from django.db.models import Q

from pipeline.models.base import Immutable

DEFAULT_TARGET = {"escape": 0.005, "delta": 0.05}


class GatePolicy(Immutable):
    """Thresholds, vetoes, components and calibration: the document of policies/default.json, versioned, one active.

    One in shadow says of every frame what it would have done, and does nothing. A draft does neither; its thresholds
    may be changed until it is put in shadow or activated, and never again after.
    """

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    document = models.JSONField()
    is_active = models.BooleanField(default=False)
    in_shadow = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    copied_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="copies")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "gate policies"
        permissions = [("activate_policy", "Can put policies in shadow, activate and certify them")]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_row_per_policy_version"),
            models.UniqueConstraint(fields=["is_active"], condition=Q(is_active=True), name="one_active_policy"),
            models.CheckConstraint(
                condition=Q(is_draft=False) | Q(is_active=False, in_shadow=False), name="a_draft_is_not_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def audit_rate(self) -> float:
        """Share of the frames that are marked; policies from before the audits mark none."""
        return float(self.document.get("audit_rate", 0))

    @property
    def target(self) -> dict[str, float]:
        """The share of bad frames that may escape, and the risk (delta) that a certificate of it is wrong."""
        return dict(self.document.get("target", DEFAULT_TARGET))


def active_policy() -> GatePolicy:
    return GatePolicy.objects.get(is_active=True)
