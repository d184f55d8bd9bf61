"""Who signed in, who could not, and what was changed about who may do what: rows that nobody edits."""

from django.db import models


class AccessEvent(models.Model):
    """One thing that happened to an account or a role. Names are text: they outlive the account."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed-in", "Signed in"
        FAILED = "failed", "Sign-in failed"
        LOCKED_OUT = "locked-out", "Locked out"
        UNLOCKED = "unlocked", "Unlocked"
        SIGNED_OUT = "signed-out", "Signed out"
        ADDED = "added", "Account made"
        CHANGED = "changed", "Account changed"
        DELETED = "deleted", "Account deleted"
        PASSWORD = "password", "Password changed"
        ROLE_DELETED = "role-deleted", "Role deleted"
        ROLES = "roles", "Roles changed"
        PERMISSIONS = "permissions", "Permissions changed"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField("what", max_length=20, choices=Kind.choices)
    by = models.CharField(max_length=150, help_text="who did it; of a failed sign-in, the name that was typed")
    about = models.CharField(max_length=150, help_text="the account or role")
    address = models.GenericIPAddressField("from", null=True, help_text="none: a command on the machine")
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("operate", "Can see workers, queues and servers, and have failed jobs run again")]
        ordering = ["-at", "-pk"]
        verbose_name = "sign-in or right"
        verbose_name_plural = "sign-ins and rights"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.get_kind_display()}: {self.about}"
