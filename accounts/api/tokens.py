"""Tokens given, renewed and revoked. All that come of one sign-in are a family: when an old one is used again,
somebody has stolen it, or its successor, and the whole family ends."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts import record
from accounts.api.views import ApiView, OpenView
from accounts.models import AccessEvent, TokenFamily

NOT_VALID = "This refresh token is not valid, or not any more: ask for a new one with name and password."
USED_TWICE = (
    "This refresh token was used before, so somebody else may have it: every token that came of the same sign-in is "
    "revoked. Ask for a new one with name and password."
)


class Refresh(RefreshToken):
    """A refresh token whose second use is told apart from one that was never valid."""

    def check_blacklist(self) -> None:
        """Told by `renew`."""


class Credentials(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)


class RefreshGiven(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=2000)


class Pair(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Sent as `Authorization: Bearer …` with every request.")
    refresh = serializers.CharField(help_text="Good for one renewal.")
    expires_in = serializers.IntegerField(help_text="Seconds that `access` is good for.")


def give(user: User) -> dict[str, Any]:
    """A new family's first pair."""
    return _pair(user, TokenFamily.objects.create(user=user))


def renew(raw: str) -> dict[str, Any]:
    """The next pair of the family.

    Raises
    ------
    AuthenticationFailed
        The token is not valid, or was used before; then the family is revoked.
    """
    token = _read(raw)
    family = TokenFamily.objects.filter(pk=token.get(TokenFamily.CLAIM), revoked_at=None).select_related("user").first()
    if family is None or not _is_still(token, family.user):
        raise AuthenticationFailed(NOT_VALID)
    with transaction.atomic():
        used: Any = token.blacklist()  # a row and whether it is new, whatever its type says
        is_first = used[1]
        pair = _pair(family.user, family) if is_first else None
        TokenFamily.objects.filter(pk=family.pk).update(renewed_at=timezone.now())
    if pair is None:
        revoke(family)
        record.write(AccessEvent.Kind.TOKEN_REUSED, family.user.get_username(), by=family.user.get_username())
        raise AuthenticationFailed(USED_TWICE)
    return pair


def revoke(family: TokenFamily) -> None:
    TokenFamily.objects.filter(pk=family.pk, revoked_at=None).update(revoked_at=timezone.now())


def revoke_all(user: User) -> None:
    TokenFamily.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())


def forget_old() -> None:
    """What has expired is refused for that alone, so nothing of it needs to be kept."""
    now = timezone.now()
    OutstandingToken.objects.filter(expires_at__lt=now - api_settings.LEEWAY).delete()
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME + api_settings.LEEWAY
    TokenFamily.objects.filter(renewed_at__lt=now - lifetime).delete()


def _read(raw: str) -> Refresh:
    try:
        return Refresh(raw)  # type: ignore[arg-type]  # it takes what was sent
    except TokenError as error:
        raise AuthenticationFailed(NOT_VALID) from error


def _is_still(token: Refresh, user: User) -> bool:
    """Whether the account is active, and its password the same."""
    return user.is_active and token.get(api_settings.REVOKE_TOKEN_CLAIM) == get_md5_hash_password(user.password)


def _pair(user: User, family: TokenFamily) -> dict[str, Any]:
    refresh = Refresh.for_user(user)  # what is stored of it has no family, so nobody can use what they read there
    refresh[TokenFamily.CLAIM] = str(family.pk)
    seconds = int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds())
    return {"access": str(refresh.access_token), "refresh": str(refresh), "expires_in": seconds}


class _TokenView(OpenView):
    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


class ObtainToken(_TokenView):
    @extend_schema(operation_id="obtain_token", request=Credentials, responses={200: Pair}, tags=["tokens"])
    def post(self, request: Request) -> Response:
        """A pair of tokens for a name and a password (of a service account: its secret)."""
        said = self.read(Credentials)
        user = authenticate(request._request, **said)  # axes locks the name out through Django's own request
        if not isinstance(user, User):
            raise AuthenticationFailed("That name and password are not known here, or the account is not active.")
        record.write(AccessEvent.Kind.TOKEN, user.get_username(), by=user.get_username())
        return Response(give(user))


class RefreshTokens(_TokenView):
    @extend_schema(operation_id="refresh_token", request=RefreshGiven, responses={200: Pair}, tags=["tokens"])
    def post(self, request: Request) -> Response:
        """The next pair. The refresh token that is sent is used up: to send it again revokes them all."""
        return Response(renew(self.read(RefreshGiven)["refresh"]))


class RevokeTokens(_TokenView):
    @extend_schema(operation_id="revoke_token", request=RefreshGiven, responses={204: None}, tags=["tokens"])
    def post(self, request: Request) -> Response:
        """Ends the family of a refresh token, its access tokens too."""
        family = TokenFamily.objects.filter(pk=_read(self.read(RefreshGiven)["refresh"]).get(TokenFamily.CLAIM)).first()
        if family:
            revoke(family)
        return Response(status=204)


class Me(serializers.Serializer[Any]):
    username = serializers.CharField()
    role = serializers.CharField(allow_blank=True)
    permissions = serializers.ListField(child=serializers.CharField())


class WhoAmI(ApiView):
    may = {"GET": None}

    @extend_schema(operation_id="get_me", responses={200: Me}, tags=["tokens"])
    def get(self, request: Request) -> Response:
        """Who the token's account is, and what it may do."""
        user = request.user
        roles = ", ".join(user.groups.order_by("name").values_list("name", flat=True))
        told = {"username": user.get_username(), "role": roles, "permissions": sorted(user.get_all_permissions())}
        return Response(told)
