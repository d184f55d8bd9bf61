"""How finished files look: what a batch's photos are published as."""

from django.db import models
from django.db.models import Q

from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.models.base import Immutable


class Spec(Immutable):
    """A listing spec, versioned: the document of policies/listing.json. Of each name one version is
    offered. A draft may be changed until it is saved as a version, and never again after."""

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    document = models.JSONField()
    is_offered = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False, db_default=False, help_text="may be changed; nobody can choose it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        permissions = [("edit_spec", "Can edit listing specs")]
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_row_per_spec_version"),
            models.UniqueConstraint(fields=["name"], condition=Q(is_offered=True), name="one_offered_version_per_spec"),
            models.CheckConstraint(condition=Q(is_draft=False) | Q(is_offered=False), name="a_draft_is_not_offered"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    @property
    def words(self) -> str:
        return f"{self.name}, version {self.version}"

    @property
    def listing_spec(self) -> ListingSpec:
        return ListingSpec.from_mapping(self.document)
