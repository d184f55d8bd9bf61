"""The log says who did what to whom, when, from where, and what it was before."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.utils import timezone

from accounts import roles
from accounts.models import AccessEvent
from tests.accounts.conftest import PASSWORD


@pytest.fixture
def log(db):
    """What was noted since, the latest first."""
    last = AccessEvent.objects.first()

    def noted(*fields: str) -> list[tuple[str, ...]]:
        return list(AccessEvent.objects.filter(pk__gt=last.pk if last else 0).values_list(*fields))

    return noted


def test_sign_ins_failures_lock_outs_and_sign_outs_are_noted_with_their_address(olga, log, try_in, client):
    for _ in range(5):
        try_in("nobody", "wrong")
    try_in("olga")
    client.post("/admin/logout/", REMOTE_ADDR="10.0.0.7")
    assert log("kind", "by", "about", "address") == [
        ("signed-out", "olga", "olga", "10.0.0.7"),
        ("signed-in", "olga", "olga", "10.0.0.7"),
        ("locked-out", "nobody", "nobody", "10.0.0.7"),
        *[("failed", "nobody", "nobody", "10.0.0.7")] * 4,
    ]


def test_a_role_changed_on_the_page_is_one_row_with_before_and_after(olga, sign_in, log):
    olga.groups.add(Group.objects.get(name="operator"))
    admin = sign_in("admin")
    fields = {"username": "olga", "email": "olga@example.com", "groups": [Group.objects.get(name="manager").pk]}
    answer = admin.post(f"/admin/auth/user/{olga.pk}/change/", fields | {"is_active": "on"}, REMOTE_ADDR="10.0.0.9")
    assert answer.status_code == 302
    account, was = log("kind", "by", "address", "before", "after")[:2][::-1]
    assert account[:3] == ("changed", "admin", "10.0.0.9") and account[3:] == (
        "olga, no e-mail, active, staff, not superuser",
        "olga, olga@example.com, active, staff, not superuser",
    )
    assert was == ("roles", "admin", "10.0.0.9", "operator", "manager")


def test_a_new_password_is_noted_but_never_shown(olga, sign_in, log):
    fields = {"password1": "three-lenses", "password2": "three-lenses", "usable_password": "true"}
    assert sign_in("admin").post(f"/admin/auth/user/{olga.pk}/password/", fields).status_code == 302
    assert log("kind", "by", "about")[0] == ("password", "admin", "olga")
    assert "three-lenses" not in str(list(AccessEvent.objects.values()))


def test_django_hashing_a_password_anew_at_sign_in_is_no_new_password(olga, log, try_in):
    User.objects.filter(pk=olga.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha1"))
    try_in("olga")
    assert log("kind")[:1] == [("signed-in",)] and ("password",) not in log("kind")


def test_accounts_made_and_deleted_are_noted_with_their_roles(log):
    user = User.objects.create_user("anna")
    Group.objects.get(name="operator").user_set.add(user)
    user.delete()
    assert log("kind", "by", "about", "before") == [
        ("deleted", "a command", "anna", "operator"),
        ("roles", "a command", "anna", ""),
        ("added", "a command", "anna", ""),
    ]


def test_permissions_given_to_a_person_or_taken_from_a_role_are_noted(olga, log):
    decide = Permission.objects.get(codename="decide")
    olga.user_permissions.add(decide)
    decide.group_set.remove(Group.objects.get(name="operator"))
    (role, before, after), person = log("about", "before", "after")[:2]
    assert person == ("olga", "", "pipeline.decide")
    assert role == "operator" and "pipeline.decide" in before and "pipeline.decide" not in after


def test_writing_the_groups_anew_is_noted_only_where_it_changes_something(db, log):
    roles.sync()
    assert log("kind") == []
    Group.objects.get(name="operator").permissions.clear()
    roles.sync()
    assert log("before", "after") == [
        ("", "pipeline.decide, pipeline.see_picture, review.view_queueitem"),
        ("pipeline.decide, pipeline.see_picture, review.view_queueitem", ""),
    ]


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("manager", 403), ("operator", 403), ("uploader", 403)])
def test_only_admins_may_read_the_log(sign_in, role, status):
    assert sign_in(role).get("/admin/accounts/accessevent/").status_code == status


def test_nobody_may_change_the_log(db, client):
    client.force_login(User.objects.create_superuser("root"))
    event = AccessEvent.objects.first()
    pages = [
        client.post("/admin/accounts/accessevent/add/"),
        client.post(f"/admin/accounts/accessevent/{event.pk}/delete/"),
    ]
    pages.append(client.post(f"/admin/accounts/accessevent/{event.pk}/change/", {"about": "other"}))
    assert [page.status_code for page in pages] == [403] * 3


def test_the_page_shows_who_when_and_from_where(olga, try_in, sign_in):
    try_in("olga", "wrong")
    text = sign_in("admin").get("/admin/accounts/accessevent/").content.decode()
    assert "Sign-in failed" in text and "10.0.0.7" in text and "olga" in text


def test_nightly_removes_what_is_older_than_the_days_that_the_log_is_kept(log, try_in, settings, capsys):
    settings.ACCESS_LOG_DAYS = 30
    AccessEvent.objects.all().delete()
    for name, days in (("old", 31), ("kept", 29)):
        try_in(name, "wrong")
        at = timezone.now() - timedelta(days=days)
        AccessEvent.objects.filter(about=name).update(at=at)
        AccessAttempt.objects.filter(username=name).update(attempt_time=at)
    call_command("nightly")
    assert log("about") == [("kept",)]
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["kept"]
    assert "Removed from the sign-ins: 1, older than 30 days" in capsys.readouterr().out
