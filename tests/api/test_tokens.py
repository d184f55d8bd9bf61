"""The life of a token: given, renewed, used twice, revoked, expired, and seen by a clock that is off."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import service
from accounts.api import tokens
from accounts.models import AccessEvent, TokenFamily
from tests.api.conftest import V1, problem


def ask(path: str, **said: str):
    return Client(raise_request_exception=False).post(f"{V1}/token{path}", said, "application/json")


def me(access: str) -> int:
    return Client().get(f"{V1}/me", headers={"authorization": f"Bearer {access}"}).status_code


def aged(access: str, **moved: timedelta) -> str:
    """The token as another clock would have made it."""
    said = jwt.decode(access, options={"verify_signature": False})
    said |= {name: said[name] + int(by.total_seconds()) for name, by in moved.items()}
    return jwt.encode(said, configured.SECRET_KEY, "HS256")


def test_a_name_and_its_secret_give_a_pair_that_lets_in_for_five_minutes(program):
    erp = program("uploader", "erp")
    answer = ask("", username="erp", password=erp.secret)
    pair = answer.json()
    assert (answer.status_code, pair["expires_in"], me(pair["access"])) == (200, 300, 200)
    said = Client().get(f"{V1}/me", headers={"authorization": f"Bearer {pair['access']}"}).json()
    assert (said["username"], said["role"]) == ("erp", "uploader")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("said", [{"username": "erp", "password": "guessed"}, {"username": "nobody", "password": "x"}])
def test_a_wrong_secret_is_refused_and_noted(program, said):
    program("uploader", "erp")
    answer = ask("", **said)
    assert problem(answer)[0] == 401 and answer["WWW-Authenticate"].startswith("Bearer")
    assert AccessEvent.objects.filter(kind="failed", about=said["username"]).exists()


def test_who_guesses_too_often_is_locked_out_and_told_for_how_long(program):
    erp = program("uploader", "erp")
    for _ in range(5):
        last = ask("", username="erp", password="guessed")
    assert problem(last)[0] == 429 and last["Retry-After"] == "900"
    assert problem(ask("", username="erp", password=erp.secret))[0] == 429


def test_each_renewal_gives_another_pair_of_the_same_family(program):
    first = program("uploader").pair
    second = ask("/refresh", refresh=first["refresh"]).json()
    third = ask("/refresh", refresh=second["refresh"]).json()
    assert len({pair["refresh"] for pair in (first, second, third)}) == 3
    assert [me(pair["access"]) for pair in (first, second, third)] == [200, 200, 200]


def test_a_refresh_token_used_again_ends_the_whole_family_and_no_other(program):
    erp = program("uploader", "erp")
    other = ask("", username="erp", password=erp.secret).json()
    second = ask("/refresh", refresh=erp.pair["refresh"]).json()

    status, words = problem(ask("/refresh", refresh=erp.pair["refresh"]))

    assert status == 401 and "was used before" in words
    assert [me(pair["access"]) for pair in (erp.pair, second, other)] == [401, 401, 200]
    assert problem(ask("/refresh", refresh=second["refresh"]))[0] == 401
    assert ask("/refresh", refresh=other["refresh"]).status_code == 200
    assert AccessEvent.objects.filter(kind="token-reused", about="erp").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_renewals_at_once_no_more_than_one_succeeds(program):
    Group.objects.get_or_create(name="uploader")
    refresh = program("uploader").pair["refresh"]

    def renew(_: int) -> int:
        try:
            return ask("/refresh", refresh=refresh).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as at_once:
        assert sorted(at_once.map(renew, range(4))) in ([200, 401, 401, 401], [401] * 4)


def test_a_revoked_token_is_worth_nothing(program):
    pair = program("uploader").pair
    assert ask("/revoke", refresh=pair["refresh"]).status_code == 204
    assert me(pair["access"]) == problem(ask("/refresh", refresh=pair["refresh"]))[0] == 401


@pytest.mark.parametrize("end", [service.revoke, service.new_secret])
def test_a_revoked_account_or_a_new_secret_ends_all_tokens_at_once(program, end):
    erp = program("uploader", "erp")
    end(erp.user.service_account)
    assert me(erp.pair["access"]) == problem(ask("/refresh", refresh=erp.pair["refresh"]))[0] == 401
    assert problem(ask("", username="erp", password=erp.secret))[0] == 401


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(program, db):
    erp = program("uploader")
    assert erp.get("/batches").status_code == 200
    erp.user.groups.clear()
    assert problem(erp.get("/batches"))[0] == 403


@pytest.mark.parametrize(
    ("moved", "status"),
    [
        ({"exp": timedelta(minutes=-5, seconds=-55)}, 200),  # expired 55 seconds ago, by our clock
        ({"exp": timedelta(minutes=-6, seconds=-5)}, 401),
        ({"iat": timedelta(seconds=55)}, 200),  # made by a clock that is ahead
        ({"iat": timedelta(seconds=90)}, 401),
    ],
)
def test_clocks_may_be_off_by_a_minute_and_no_more(program, moved, status):
    assert me(aged(program("uploader").pair["access"], **moved)) == status


@pytest.mark.parametrize("kind", ["refresh", "unsigned", "of another key", "garbage", "no token"])
def test_what_is_no_access_token_of_ours_lets_nobody_in(program, kind):
    pair = program("admin").pair
    said = jwt.decode(pair["access"], options={"verify_signature": False})
    sent = {
        "refresh": pair["refresh"],
        "unsigned": jwt.encode(said, "", "none"),
        "of another key": jwt.encode(said, "k" * 40, "HS256"),
        "garbage": "a.b.c",
        "no token": "",
    }[kind]
    answer = Client().get(f"{V1}/me", headers={"authorization": f"Bearer {sent}".strip()})
    assert problem(answer)[0] == 401 and answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_an_access_token_renews_nothing(program):
    assert problem(ask("/refresh", refresh=program("uploader").pair["access"]))[0] == 401


def test_a_session_lets_nobody_in(sign_in):
    assert problem(sign_in("admin").get(f"{V1}/batches"))[0] == 401


def test_what_the_database_keeps_of_a_refresh_token_is_worth_nothing(program):
    from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

    program("uploader")
    assert problem(ask("/refresh", refresh=OutstandingToken.objects.get().token))[0] == 401


def test_the_use_of_a_service_account_is_noted_once_a_minute(program):
    erp = program("uploader")
    erp.get("/me")
    account = erp.user.service_account
    account.refresh_from_db()
    noted = account.last_used_at
    assert timezone.now() - noted < timedelta(seconds=30)
    erp.get("/me")
    account.refresh_from_db()
    assert account.last_used_at == noted


def test_what_has_expired_is_forgotten_and_what_lives_is_not(program):
    from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

    pair = program("uploader").pair
    program("operator")
    long_ago = timezone.now() - timedelta(days=8)
    TokenFamily.objects.filter(user__username="operator-program").update(renewed_at=long_ago)
    OutstandingToken.objects.filter(user__username="operator-program").update(expires_at=long_ago)
    tokens.forget_old()
    assert (TokenFamily.objects.count(), OutstandingToken.objects.count()) == (1, 1)
    assert ask("/refresh", refresh=pair["refresh"]).status_code == 200
