"""Five failures lock a name, from where it was guessed, for a quarter of an hour."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import AccessEvent
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def locked(olga, try_in):
    answers = [try_in("olga", "wrong") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    return answers[-1]


def test_the_sixth_try_is_refused_even_with_the_right_password(locked, try_in):
    assert try_in("olga").status_code == 429


def test_the_page_says_what_happened_and_when_to_try_again(locked, try_in):
    text = " ".join(try_in("olga").content.decode().split())
    until = AccessAttempt.objects.get().attempt_time + timedelta(minutes=15)
    assert "Signing in as <b>olga</b> failed 5 times in a row" in text
    assert f"until {until:%H:%M} (UTC), 15 minutes from now" in text
    assert "ask an admin for a new one" in text


def test_another_user_and_the_same_one_elsewhere_are_not_locked(locked, try_in, client):
    User.objects.create_user("otto", password=PASSWORD, is_staff=True)
    assert try_in("otto").status_code == 302
    client.logout()
    assert try_in("olga", address="10.0.0.8").status_code == 302


def test_tries_while_locked_do_not_put_the_end_off_and_then_the_right_password_works(locked, try_in):
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert "1 minute from now" in " ".join(try_in("olga", "wrong").content.decode().split())
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert try_in("olga").status_code == 302


def test_a_sign_in_that_works_forgets_the_failures_before(olga, try_in, client):
    for _ in range(2):
        assert [try_in("olga", "wrong").status_code for _ in range(4)] == [200] * 4
        assert try_in("olga").status_code == 302
        client.logout()


def test_no_header_of_a_client_gets_around_the_lock(locked, try_in, settings):
    assert try_in("olga", HTTP_X_FORWARDED_FOR="10.9.9.9").status_code == 429
    settings.HTTPS = True  # then our proxy adds the true address as the last
    assert try_in("olga", HTTP_X_FORWARDED_FOR="10.9.9.9, 10.0.0.7", address="127.0.0.1").status_code == 429


def test_the_password_is_nowhere_in_the_rows(locked):
    assert "wrong" not in str(AccessAttempt.objects.values())


@pytest.mark.parametrize("password", ["short-one", "1029384756473", "password123", "olga-schmidt"])
def test_a_password_that_is_easily_guessed_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(username="olga-schmid"))


def test_a_longer_one_of_ones_own_is_taken():
    validate_password("three-lenses", User(username="olga"))


def test_an_admin_unlocks_an_account_on_its_page(locked, try_in, sign_in):
    admin, page = sign_in("admin"), f"/admin/auth/user/{User.objects.get(username='olga').pk}/change/"
    assert "Locked after 5 failed sign-ins in a row" in admin.get(page).content.decode()
    form = {"username": "olga", "email": "", "groups": [Group.objects.get(name="operator").pk], "is_active": "on"}
    assert admin.post(page, form).status_code == 302
    assert try_in("olga").status_code == 429
    assert admin.post(page, form | {"unlock": "on"}).status_code == 302
    assert try_in("olga").status_code == 302
    event = AccessEvent.objects.get(kind="unlocked")
    assert (event.about, event.by) == ("olga", "admin")


def test_the_page_of_an_account_that_is_not_locked_offers_no_unlocking(olga, try_in, sign_in):
    try_in("olga", "wrong")
    assert 'name="unlock"' not in sign_in("admin").get(f"/admin/auth/user/{olga.pk}/change/").content.decode()


def test_pages_of_users_are_named_in_our_words(olga, sign_in):
    admin = sign_in("admin")
    titles = {"": "Users", "add/": "New user", f"{olga.pk}/change/": "olga"}
    for page, title in titles.items():
        text = admin.get(f"/admin/auth/user/{page}").content.decode()
        assert title in text.split("</title>")[0]
        assert "Select user" not in text and "Designates whether" not in text
