"""Whose request it is, by the access token that it carries; cookies let nobody in here."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import AccessToken, Token

from accounts.models import ServiceAccount, TokenFamily

USE_NOTED_EVERY = timedelta(minutes=1)
NOT_VALID = "This access token is not valid, or not any more: refresh it, or ask for a new one with name and password."


class TokenAuthentication(JWTAuthentication):
    """A token of a family that lives, for an account that is active; the role is looked up each time."""

    def get_validated_token(self, raw_token: bytes) -> Token:
        try:
            return super().get_validated_token(raw_token)
        except AuthenticationFailed as error:
            raise AuthenticationFailed(NOT_VALID) from error

    def get_user(self, validated_token: Token) -> Any:
        try:
            user = super().get_user(validated_token)
        except AuthenticationFailed as error:
            raise AuthenticationFailed(NOT_VALID) from error
        of_user = TokenFamily.objects.filter(user_id=user.pk, revoked_at=None)
        if not isinstance(user, User) or not of_user.filter(pk=validated_token.get(TokenFamily.CLAIM)).exists():
            raise AuthenticationFailed(NOT_VALID)
        _note_use(user)
        return user


def carries_token(header: str) -> bool:
    """Whether a request's Authorization header is worth reading its body for: signed by us, and not expired."""
    reader = JWTAuthentication()
    try:
        raw = reader.get_raw_token(header.encode("latin-1", "replace"))
        return raw is not None and isinstance(reader.get_validated_token(raw), AccessToken)
    except AuthenticationFailed:
        return False


def _note_use(user: User) -> None:
    now = timezone.now()
    account = ServiceAccount.objects.filter(user=user).first()
    if account and (account.last_used_at is None or account.last_used_at < now - USE_NOTED_EVERY):
        ServiceAccount.objects.filter(pk=account.pk).update(last_used_at=now)
