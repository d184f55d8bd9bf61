"""Old tricks: other sites' forms and hosts, ways out of a folder, pictures that are pages."""

import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pipeline.engines import object_store
from pipeline.models import Batch, Frame
from pipeline.states import State
from tests.hostile.requests import HOLE, patterns
from tests.pipeline.conftest import photo


@pytest.mark.parametrize(
    "led",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\t//evil",
    ],
)
def test_a_sign_in_leads_to_no_other_site(led, db):
    User.objects.create_user("olga", password="a-long-password", is_staff=True)
    client = Client()
    form = {"username": "olga", "password": "a-long-password", "next": led}
    answer = client.post("/admin/login/", form, query_params={"next": led})
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.FOUND, "/")
    again = client.get("/admin/login/", query_params={"next": led})
    assert again.status_code != HTTPStatus.FOUND or again["Location"].startswith("/admin/")


def every_post(held: Frame) -> Iterator[str]:
    for _, address in patterns():
        yield "/" + HOLE.sub(str(held.pk), address)


def test_no_form_of_another_site_is_taken(held, browsers):
    """No address changes anything by a POST without our token; programs get theirs by a secret, not by a cookie."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="owner"))
    answers = {address: browser.post(address).status_code for address in every_post(held) if "/token" not in address}
    harmless = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
    assert {address: status for address, status in answers.items() if status not in harmless} == {}


@pytest.mark.parametrize("header", [{"host": "evil.example"}, {"host": "localhost:1@evil.example"}])
def test_another_host_is_refused(header, client):
    assert client.get("/admin/login/", headers=header).status_code == HTTPStatus.BAD_REQUEST


def test_a_forwarded_host_is_not_believed(client):
    answer = client.get("/admin/", headers={"x-forwarded-host": "evil.example"}, follow=True)
    assert "evil.example" not in answer.content.decode()


def test_a_session_is_a_new_one_after_the_sign_in_and_scripts_can_not_read_it(db):
    User.objects.create_user("olga", password="a-long-password", is_staff=True)
    client = Client()
    client.cookies["sessionid"] = given = "a" * 32
    client.post("/admin/login/", {"username": "olga", "password": "a-long-password"})
    cookie = client.cookies["sessionid"]
    assert cookie.value != given and (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_changed_password_ends_all_other_sessions(sign_in):
    client = sign_in("operator")
    user = User.objects.get(username="operator")
    user.set_password("another-long-one")
    user.save()
    assert client.get("/workbench/").status_code == HTTPStatus.FOUND


def test_who_is_deactivated_or_loses_the_role_is_out_at_once(sign_in):
    client = sign_in("operator")
    user = User.objects.get(username="operator")
    user.groups.remove(Group.objects.get(name="operator"))
    assert client.get("/workbench/").status_code == HTTPStatus.FORBIDDEN
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/workbench/").status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/mattegate/", "/static/../config/settings.py", "/static/%2e%2e/manage.py", "/var/secret_key"],
)
def test_no_folder_is_listed_and_none_left(path, client, db):
    assert client.get(path).status_code == HTTPStatus.NOT_FOUND


NAMES = (
    "../../../A_1.png",
    "..\\..\\A_1.png",
    "/etc/A_1.png",
    'A_1.png"; x="',
    "A_1.png\r\nX-Evil: 1",
    "A_1.svg",
    "A_1.html",
)
PAGE = b'<svg xmlns="http://www.w3.org/2000/svg"><script>mischief()</script></svg>'


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_file_names_nothing_outside_its_frame(name, sign_in, services):
    form = {"name": "Drop", "product_class": "watch", "photos": SimpleUploadedFile("A_1.png", photo())}
    form["photos"]._name = name
    answer = sign_in("manager").post("/admin/pipeline/batch/add/", form, headers={"accept": "application/json"})
    assert answer.status_code == HTTPStatus.OK and "X-Evil" not in answer.headers
    keys = object_store.list_work("")
    assert keys == [f"{frame.pk}/original" for frame in Frame.objects.all()]
    assert {frame.code for frame in Frame.objects.all()} <= {"A"}


@pytest.mark.parametrize("data", [PAGE, b"PK\x03\x04" + PAGE, b"GIF89a/*" + PAGE, photo() + PAGE])
def test_a_picture_that_is_a_page_is_served_as_none(data, held, browsers):
    object_store.save_work(f"{held.pk}/original", data)
    Frame.objects.filter(pk=held.pk).update(state=State.EXCEPTION)
    for name in ("original", "photo.jpg", "original.webp", "original.svg", "../original"):
        answer = browsers["owner"].get(f"/frames/{held.pk}/1/{name}")
        if answer.status_code == HTTPStatus.OK:
            assert answer["Content-Type"].startswith("image/") and "svg" not in answer["Content-Type"]
            assert b"mischief" not in answer.content
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_failed_sign_in_does_not_tell_who_has_an_account(client, db):
    known = User.objects.create_user("known", password="a-long-password", is_staff=True)
    User.objects.create_user("closed", password="a-long-password", is_active=False)
    pages = set()
    for name, password in (("known", "wrong"), ("other", "wrong"), ("closed", "a-long-password")):
        page = client.post("/admin/login/", {"username": name, "password": password}).content.decode()
        pages.add(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(name, known.username))
    assert len(pages) == 1


@pytest.mark.parametrize("asked", ["", "Spr", "A"])
def test_what_completes_names_completes_ones_own_alone(asked, held, sign_in):
    Batch.objects.filter(pk=held.batch_id).update(created_by=User.objects.create_user("ute"))
    client = sign_in("uploader")
    told = {"app_label": "pipeline", "model_name": "frame", "field_name": "batch", "term": asked}
    assert "Spring" not in client.get("/admin/autocomplete/", told).content.decode()
    assert "Spring" not in client.get("/admin/search/", {"s": asked}).content.decode()
    assert "Spring" not in client.get("/admin/pipeline/batch/", {"q": asked}).content.decode()
