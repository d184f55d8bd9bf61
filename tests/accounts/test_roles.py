import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.http import HttpRequest
from django.utils.html import escape

from accounts import roles


def test_every_permission_in_the_table_exists(db):
    existing = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    named = {name for names in roles.ROLES.values() for name in names}
    assert named <= existing


@pytest.mark.parametrize("role", roles.ROLES)
def test_a_group_holds_exactly_what_the_table_says_even_after_somebody_changed_it(db, role):
    group = Group.objects.get(name=role)
    group.permissions.set(Permission.objects.all()[:3])
    roles.sync()
    held = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}
    assert held == set(roles.ROLES[role])


def test_members_of_a_role_can_sign_in_and_others_can_not(db):
    member, stranger = User.objects.create_user("member"), User.objects.create_user("stranger")
    member.groups.add(Group.objects.get(name="operator"))
    stranger.groups.add(Group.objects.create(name="friends"))
    member.refresh_from_db()
    stranger.refresh_from_db()
    assert (member.is_staff, stranger.is_staff) == (True, False)


def test_the_readme_says_of_every_role_what_the_table_says():
    section = (settings.BASE_DIR / "README.md").read_text().split("## Who may do what\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    assert rows[1:] == [[role, roles.WORDS[role]] for role in roles.ROLES]


@pytest.mark.parametrize("page", ["add/", "{}/change/"])
def test_where_roles_are_given_an_admin_reads_what_each_may_do(page, sign_in):
    admin, olga = sign_in("admin"), User.objects.create_user("olga")
    text = admin.get(f"/admin/auth/user/{page.format(olga.pk)}").content.decode()
    assert all(f"<b>{role}</b>: {escape(roles.WORDS[role])}" in text for role in roles.ROLES)


def test_no_account_is_made_without_a_role(sign_in):
    """Its owner would be told that name and password do not belong together."""
    told = {"username": "olga", "password1": "Sunny-lane-77", "password2": "Sunny-lane-77"}
    answer = sign_in("admin").post("/admin/auth/user/add/", told)
    assert answer.context["adminform"].form.errors == {"groups": ["This field is required."]}
    assert not User.objects.filter(username="olga").exists()


def test_demo_accounts_are_made_once_and_their_passwords_work(db, tmp_path, settings, capsys, client):
    settings.VAR_DIR = tmp_path
    call_command("demo_accounts")
    first = capsys.readouterr().out
    call_command("demo_accounts")
    assert capsys.readouterr().out == first
    printed = dict(line.split() for line in first.splitlines())
    assert printed.keys() == roles.ROLES.keys()
    assert all(
        client.login(request=HttpRequest(), username=name, password=password) for name, password in printed.items()
    )


def test_signing_out_leads_back_to_the_sign_in_page(sign_in):
    assert sign_in("operator").post("/admin/logout/").url == "/admin/login/"
