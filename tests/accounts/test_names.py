import pytest
from django.contrib.auth.models import Group, User


@pytest.mark.parametrize(
    ("name", "said"),
    [("gate", "a part of the product"), ("Worker", "a part of the product"), ("аnna", "only unaccented"), ("anna", "")],
)
def test_nobody_is_called_like_a_program_or_looks_like_somebody_else(name, said, sign_in):
    """The third one begins with a Cyrillic letter."""
    secret = "a-long-enough-secret"
    form = {"username": name, "password1": secret, "password2": secret, "usable_password": "true"}
    form["groups"] = [Group.objects.get(name="operator").pk]
    page = sign_in("admin").post("/admin/auth/user/add/", form, follow=True).content.decode()
    assert User.objects.filter(username=name).exists() == (said == "")
    assert said in page


@pytest.mark.parametrize("name", ["olga", "Olga", " OLGA "])
def test_a_name_that_somebody_has_in_whatever_case_is_refused_to_another(sign_in, name):
    User.objects.create_user("olga")
    other = User.objects.create_user("omar")
    other.groups.set(Group.objects.filter(name="operator"))
    admin = sign_in("admin")
    role = Group.objects.get(name="operator").pk
    told = {"username": name, "password1": "vieleBrillen7", "password2": "vieleBrillen7", "groups": role}
    pages = [
        admin.post("/admin/auth/user/add/", told),
        admin.post(f"/admin/auth/user/{other.pk}/change/", {"username": name, "groups": role, "is_active": "on"}),
    ]
    assert ["There is an account of that name already." in page.content.decode() for page in pages] == [True, True]
    assert User.objects.filter(username__iexact=name.strip()).count() == 1


def test_an_account_keeps_its_own_name(sign_in):
    own = User.objects.create_user("Olga")
    role = Group.objects.get(name="operator").pk
    told = {"username": "Olga", "email": "o@example.com", "groups": role, "is_active": "on"}
    sign_in("admin").post(f"/admin/auth/user/{own.pk}/change/", told)
    assert User.objects.get(pk=own.pk).email == "o@example.com"
