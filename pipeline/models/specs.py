"""How finished files look: what a batch's photos are published as."""

from django.db import models
from django.db.models import Q

from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.models.base import Immutable


class Spec(Immutable):
    """A listing spec, versioned: the document of policies/listing.json. Of each name one version is offered."""

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    document = models.JSONField()
    is_offered = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_row_per_spec_version"),
            models.UniqueConstraint(fields=["name"], condition=Q(is_offered=True), name="one_offered_version_per_spec"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def words(self) -> str:
        return f"{self.name}, version {self.version}"

    @property
    def listing_spec(self) -> ListingSpec:
        return ListingSpec.from_mapping(self.document)
