"""What finished files are called where they are handed on, as their listing specs say; their keys stay the same."""

import csv
import io
import json
import zipfile
from http import HTTPStatus

import pytest
from django.urls import reverse

from pipeline.models import Batch, Spec
from pipeline.shop import files
from tests import factories
from tests.pipeline.shop.test_products import exported, in_shop

pytestmark = pytest.mark.django_db
SHOPS = "{code}-{view}.{variant}.{ext}"


def batch_named(template, **changed):
    """A batch whose files are called so."""
    name = f"Spec {Spec.objects.count()}"
    about = {"name": name, "version": 1, "file_name": template, **changed}
    document = Spec.objects.get(name="House").document | about
    return Batch.objects.create(name=name, spec=Spec.objects.create(name=name, version=1, document=document))


def called(*frames):
    """Key in the bucket, and name, of those that are handed on together."""
    rows = [file for frame in frames for file in frame.renditions.all()]
    names = files.names(rows)
    return {file.name: names[file.pk] for file in rows}


@pytest.fixture
def manager(sign_in):
    return sign_in("manager")


def test_zips_downloads_and_links_call_files_as_their_spec_says(services, manager, client):
    frame = factories.sold(batch_named(SHOPS), "AURA1")
    expected = {f"AURA1-front.{file.variant}.{file.extension}" for file in frame.renditions.all()}
    for address in (reverse("download-all", args=[frame.pk]), reverse("product-zip", args=["AURA1"])):
        with zipfile.ZipFile(io.BytesIO(manager.get(address).getvalue())) as archive:
            assert set(archive.namelist()) == expected and len(archive.namelist()) == 5
    file = frame.renditions.get(variant="white", extension="jpg")
    address = reverse("published-file", args=[frame.pk, "AURA1_1_white.jpg"])
    for answer in (manager.get(address), client.get(reverse("passed-on", args=[files.sign(file)]))):
        assert answer["Content-Disposition"] == 'inline; filename="AURA1-front.white.jpg"'
    assert file.key == "AURA1/AURA1_1_white.jpg"
    assert 'aria-label="Download AURA1-front.white.jpg"' in manager.get("/products/AURA1/").content.decode()


def test_a_browser_that_has_a_file_is_told_when_only_its_name_is_another(services, manager):
    frame = factories.sold(batch_named(SHOPS), "AURA1")
    address = reverse("published-file", args=[frame.pk, "AURA1_1_white.jpg"])
    tag = {"if-none-match": manager.get(address)["ETag"]}
    assert manager.get(address, headers=tag).status_code == HTTPStatus.NOT_MODIFIED
    other = batch_named("{code}.{view}.{variant}.{ext}").spec
    frame.renderings.create(spec=other, by="maria", state="done")
    answer = manager.get(address, headers=tag)
    assert (answer.status_code, answer["Content-Disposition"]) == (200, 'inline; filename="AURA1.front.white.jpg"')


def test_feeds_say_what_each_linked_file_is_called(manager):
    batch = batch_named(SHOPS)
    in_shop(batch, "AURA1")
    in_shop(batch, "AURA1", "angle")
    [row] = csv.DictReader(io.StringIO(manager.get("/products/catalogue.csv").getvalue().decode()))
    assert row["file_name"] == "AURA1-front.white.jpg"
    assert row["additional_file_name"] == "AURA1-angle.white.jpg,AURA1-angle.half-glass.jpg"
    assert row["additional_image_link"].count(",") == 1
    [told] = exported(manager)
    names = {file["name"]: file["file_name"] for file in told["files"]}
    assert len(names) == 13 and names["AURA1_2_half-glass.webp"] == "AURA1-angle.half-glass.webp"


def test_where_files_of_two_specs_would_have_one_name_they_are_called_as_in_the_bucket(services, manager):
    front = factories.sold(batch_named("{code}_{number}2_{variant}.{ext}"), "AURA1")
    angle = in_shop(batch_named("{code}_1{number}_{variant}.{ext}"), "AURA1", "angle")
    angle.renditions.exclude(variant="half-glass", extension="jpg").exclude(variant="white", extension="jpg").delete()
    side = in_shop(batch_named(SHOPS), "AURA1", "side")
    names = called(front, angle, side)
    assert names["AURA1_1_white.jpg"] == "AURA1_1_white.jpg" and names["AURA1_2_white.jpg"] == "AURA1_2_white.jpg"
    assert names["AURA1_1_white.png"] == "AURA1_12_white.png"
    assert names["AURA1_2_half-glass.jpg"] == "AURA1_12_half-glass.jpg"
    assert names["AURA1_3_white.jpg"] == "AURA1-side.white.jpg"
    assert len({name.lower() for name in names.values()}) == len(names) == 12
    assert called(front)["AURA1_1_white.jpg"] == "AURA1_12_white.jpg"
    told = json.loads(manager.get("/products/catalogue.json").getvalue())["products"][0]["files"]
    assert {file["name"]: file["file_name"] for file in told} == names


def test_a_zip_holds_no_name_twice_also_on_disks_that_tell_no_small_letters_from_capitals(services, manager):
    front = factories.sold(batch_named("{code}_{number}2x_{variant}.{ext}"), "AURA1")
    angle = in_shop(batch_named("{code}_1{number}X_{variant}.{ext}"), "AURA1", "angle")
    angle.renditions.exclude(variant="white", extension="jpg").delete()
    file = front.renditions.get(variant="white", extension="jpg")
    angle.renditions.update(sha256=file.sha256)
    factories.object_store.put_published("AURA1/AURA1_2_white.jpg", files.load(file))
    with zipfile.ZipFile(io.BytesIO(manager.get("/products/AURA1/files.zip").getvalue())) as archive:
        names = archive.namelist()
    assert {"AURA1_1_white.jpg", "AURA1_2_white.jpg", "AURA1_12x_white.png"} < set(names) and len(names) == 6


def test_a_name_that_is_another_files_in_the_bucket_gives_way_to_it():
    front = in_shop(Batch.objects.create(name="Spring"), "AURA1")
    only = {"half-glass": ["jpg"]}
    angle = in_shop(
        batch_named("{code}_1_white.{ext}", formats=only), "AURA1", "angle", without=("white", "transparent")
    )
    angle.renditions.exclude(extension="jpg").delete()
    names = called(front, angle)
    assert names["AURA1_2_half-glass.jpg"] == "AURA1_2_half-glass.jpg"
    assert len(set(names.values())) == len(names) == 6
