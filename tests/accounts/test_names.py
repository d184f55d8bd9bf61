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
