"""Who signed in, who could not, and what was changed about who may do what: rows that nobody edits. Beside them, what
programs sign in by."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone


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
        TOKEN = "token", "Token given"
        TOKEN_REUSED = "token-reused", "Token used twice"
        SECRET = "secret", "Secret given"
        REVOKED = "revoked", "Access revoked"

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


class ServiceAccount(models.Model):
    """What makes an account a program's: its password is a secret that we made, and no page lets it in.

    Its role is the account's one group, as people's is; it is revoked by taking "active" from the account.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="service_account")
    purpose = models.CharField(max_length=200, blank=True, help_text="what uses it, and whom to ask about it")
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("add", "change", "view")
        ordering = ["user__username"]

    def __str__(self) -> str:
        return str(self.user)


class TokenFamily(models.Model):
    """All tokens that came of one sign-in by the API: each refresh token is the next one's parent."""

    CLAIM = "family"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    renewed_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()


class IdempotencyKey(models.Model):
    """A request that an account named, and how it was answered, once it was."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64, help_text="of what was asked")
    began_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="none: still under way")
    answer = models.JSONField(null=True)
    headers = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_request_per_key")]
