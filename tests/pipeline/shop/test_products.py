"""Products across batches: what stands for a view, what is complete, who sees it, and what other programs are told."""

import csv
import hashlib
import io
import json
import zipfile
from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pipeline import naming
from pipeline.listing_spec import listing_spec
from pipeline.models import Batch, Frame, Rejection, Rendition
from pipeline.shop import files, products
from pipeline.states import State
from pipeline.transitions import advance
from pipeline.views.products import CatalogueOfMany
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    return Batch.objects.create(name="Spring")


@pytest.fixture
def manager(sign_in):
    return sign_in("manager")


def photo(batch, code, view="front", state=State.RECEIVED, **fields):
    number = naming.view_number(view)
    about = {"filename": f"{code}_{number}.png", "code": code, "view": view, "sha256": f"{Frame.objects.count()}"}
    return Frame.objects.create(batch=batch, state=state, **about, **fields)


def in_shop(batch, code, view="front", without=(), **fields):
    """With a row of every file that the House spec asks for; none lies in the bucket."""
    frame = photo(batch, code, view, State.PUBLISHED, **fields)
    for variant, extensions in listing_spec().formats.items():
        if variant not in without and (variant != "half-glass" or view == "angle"):
            for extension in extensions:
                key = naming.rendition_key(code, view, variant, extension)
                about = {"variant": variant, "extension": extension, "key": key, "size": 9, "width": 3, "height": 3}
                Rendition.objects.create(frame=frame, sha256=hashlib.sha256(key.encode()).hexdigest(), **about)
    return frame


def whole(batch, code):
    return [in_shop(batch, code, view) for view in products.VIEWS]


def reshoot(frame):
    Frame.objects.filter(pk=frame.pk).update(state=State.REJECTED)
    Rejection.objects.create(frame=frame, needs_photo=True, why="blurred", by="olga", at=timezone.now())


def names_on(client, query=""):
    return [found.code for found in client.get(f"/products/{query}").context["products"]]


def one(client, code):
    return client.get(f"/products/{code}/").context["product"]


def test_three_views_with_eighteen_files_are_complete(batch, manager):
    whole(batch, "AURA1")
    page = manager.get("/products/AURA1/").content.decode()
    assert "3 of 3 views,\n18 of 18 files" in page and ">complete<" in page


def test_a_small_photo_is_seen_to_be_small_and_an_uploader_is_told_what_helps(batch, sign_in):
    frame = in_shop(batch, "AURA1", "front")
    factories.scorecard(frame, width=639, height=640)
    page = " ".join(sign_in("uploader").get("/products/AURA1/").content.decode().split())
    assert "639 × 640 px, published since" in page
    assert "Is one of them wrong? A better photo of the same name takes its place" in page


def test_a_view_that_is_missing_counts_with_the_files_it_would_have(batch, manager):
    in_shop(batch, "AURA1", "front")
    found = one(manager, "AURA1")
    assert (found.views_in_shop, len(found.files), found.files_expected) == (1, 5, 18) and not found.is_complete
    page = manager.get("/products/AURA1/").content.decode()
    assert "AURA1_2.jpg" in page and "8 files are missing" in page and "no photo" in page


def test_what_is_expected_is_told_by_each_batchs_listing_spec_and_class(batch, manager):
    few = {"name": "Few", "version": 1, "formats": {"white": ["jpg"]}}
    row = batch._meta.get_field("spec").related_model.objects
    document = {**row.get(name="House").document, **few}
    other = Batch.objects.create(name="Few", spec=row.create(name="Few", version=1, document=document))
    photo(other, "BETA1")
    photo(batch, "CLOCK1", product_class="watch")
    assert (one(manager, "BETA1").files_expected, one(manager, "CLOCK1").files_expected) == (3, 15)


def test_a_product_without_its_half_glass_files_is_not_complete_in_the_filter_either(batch, manager):
    in_shop(batch, "AURA1", "front")
    in_shop(batch, "AURA1", "angle", without=["half-glass"])
    in_shop(batch, "AURA1", "side")
    whole(batch, "AURA2")
    assert not one(manager, "AURA1").is_complete and names_on(manager, "?only=complete") == ["AURA2"]
    assert "the others could not be made of this photo" in manager.get("/products/AURA1/").content.decode()


def test_a_code_is_one_product_across_batches_and_the_shop_comes_before_what_is_newer(batch, manager):
    shown = in_shop(batch, "AURA1")
    newer = photo(Batch.objects.create(name="Summer"), "AURA1", state=State.EXCEPTION)
    photo(batch, "AURA1", state=State.REMOVED)
    front = one(manager, "aura1").views[0]
    assert (front.frame, front.newer, len(front.files)) == (shown, newer, 5)
    advance(shown, State.WITHDRAWING, actor="mia")
    front = one(manager, "AURA1").views[0]
    assert (front.frame, front.newer, front.files) == (newer, None, [])


def test_a_product_whose_photos_are_deleted_is_shown_by_a_file_of_the_shop(batch, manager):
    frame = in_shop(batch, "AURA1", "angle", pictures=Frame.Pictures.GONE)
    Rendition.objects.filter(key__endswith="_white.webp").update(size=5)
    Rendition.objects.filter(variant="half-glass").update(size=1)
    assert f"/frames/{frame.pk}/files/AURA1_2_white.webp" in manager.get("/products/").content.decode()


def test_filters_name_what_is_in_the_shop_what_is_complete_what_waits_and_what_is_to_be_reshot(batch, manager):
    whole(batch, "A1")
    in_shop(batch, "B1")
    photo(batch, "C1", state=State.EXCEPTION)
    photo(batch, "C1", "side")
    reshoot(photo(batch, "D1"))
    photo(batch, "E1", state=State.REMOVED)
    assert names_on(manager) == ["A1", "B1", "C1", "D1"]
    assert names_on(manager, "?only=shop") == ["A1", "B1"]
    assert names_on(manager, "?only=complete") == ["A1"]
    assert names_on(manager, "?only=waiting") == ["C1"]
    assert names_on(manager, "?only=reshoot") == ["D1"]
    photo(batch, "D1")  # the retake
    assert names_on(manager, "?only=reshoot") == []
    assert manager.get("/products/?only=nothing").status_code == HTTPStatus.BAD_REQUEST


def test_a_search_finds_codes_by_their_beginning(batch, manager):
    for code in ("AURA1", "AURA10", "BAURA1"):
        photo(batch, code)
    assert names_on(manager, "?q=aura1") == ["AURA1", "AURA10"]
    assert "No code begins with “C”" in manager.get("/products/?q=C").content.decode()


def test_pages_turn_and_more_products_ask_no_more_of_the_database(batch, manager, django_assert_num_queries):
    in_shop(batch, "A000")
    manager.get("/products/")
    with django_assert_num_queries(30, exact=False) as first:
        manager.get("/products/")
    for number in range(1, 130):
        photo(batch, f"A{number:03}", state=State.EXCEPTION)
    reshoot(photo(batch, "A001", "side"))
    with django_assert_num_queries(len(first)):
        assert len(names_on(manager)) == 60
    assert names_on(manager, "?page=3") == [f"A{number:03}" for number in range(120, 130)]


@pytest.mark.parametrize("only", products.FILTERS)
def test_no_filter_asks_more_of_the_database_for_more_products(only, batch, manager, django_assert_num_queries):
    def add(number):
        whole(batch, f"A{number}")
        photo(batch, f"B{number}", state=State.EXCEPTION)
        reshoot(photo(batch, f"C{number}"))

    add(0)
    manager.get("/products/")
    with django_assert_num_queries(30, exact=False) as first:
        assert len(names_on(manager, f"?only={only}")) == 1
    for number in range(1, 6):
        add(number)
    with django_assert_num_queries(len(first)):
        assert len(names_on(manager, f"?only={only}")) == 6


def test_products_are_counted_no_further_than_anybody_turns_pages(batch, manager, monkeypatch):
    monkeypatch.setattr(CatalogueOfMany, "most", 2)
    for code in ("A1", "A2", "A3"):
        whole(batch, code)
    assert "2 or more products" in manager.get("/products/?only=complete").content.decode()


def test_an_uploaders_product_is_complete_or_in_the_shop_by_what_they_see(batch, sign_in):
    client = sign_in("uploader")
    mine = Batch.objects.create(name="Mine", created_by=User.objects.get(username="uploader"))
    Batch.objects.filter(pk=batch.pk).update(created_by=User.objects.create_user("other"))
    whole(mine, "A1")
    in_shop(mine, "A2")
    for view in ("angle", "side"):
        in_shop(batch, "A2", view)
    whole(batch, "A3")
    photo(mine, "A3")
    assert names_on(client, "?only=shop") == ["A1", "A2"]
    assert names_on(client, "?only=complete") == ["A1"]


def test_uploaders_see_products_of_their_own_batches_and_only_those_photos(batch, sign_in):
    other = User.objects.create_user("other")
    client = sign_in("uploader")
    mine = Batch.objects.create(name="Mine", created_by=User.objects.get(username="uploader"))
    Batch.objects.filter(pk=batch.pk).update(created_by=other)
    whole(batch, "AURA1")
    in_shop(batch, "AURA2")
    photo(mine, "AURA1", state=State.EXCEPTION)
    assert names_on(client) == ["AURA1"] and one(client, "AURA1").files == []
    assert client.get("/products/AURA2/").status_code == HTTPStatus.NOT_FOUND
    assert client.get("/products/AURA1/files.zip").status_code == HTTPStatus.NOT_FOUND
    assert [(told["code"], told["files"]) for told in exported(client)] == [("AURA1", [])]
    assert "What happened" not in client.get("/products/AURA1/").content.decode()


def test_history_tells_every_photos_moves_the_newest_first(batch, manager):
    front, side = photo(batch, "AURA1"), photo(batch, "AURA1", "side")
    advance(front, State.PROCESSING, actor="worker")
    advance(side, State.REMOVED, actor="ute", why="not wanted")
    moves = manager.get("/products/AURA1/").context["moves"]
    assert [(move.frame, move.target) for move in moves] == [(side, "removed"), (front, "processing")]


def exported(client, query=""):
    return json.loads(client.get(f"/products/catalogue.json{query}").getvalue())["products"]


def test_the_csv_has_googles_columns_and_its_links_open_the_pictures(services, batch, manager, client):
    sold = factories.sold(batch, "AURA1")
    in_shop(batch, "AURA1", "angle")
    in_shop(batch, "AURA1", "side")
    in_shop(batch, "BETA1", "side")
    answer = manager.get("/products/catalogue.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="products.csv"'
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert list(row)[:3] == ["id", "image_link", "additional_image_link"] and row["id"] == "AURA1"
    told = [files.signed_for(link.rpartition("/")[2]).name for link in row["additional_image_link"].split(",")]
    assert told == ["AURA1_2_white.jpg", "AURA1_2_half-glass.jpg", "AURA1_3_white.jpg"]
    picture = client.get(row["image_link"]).content
    assert hashlib.sha256(picture).hexdigest() == sold.renditions.get(variant="white", extension="jpg").sha256


def test_exports_hold_what_is_filtered_of_all_pages(batch, manager, monkeypatch):
    monkeypatch.setattr(products, "AT_ONCE", 2)
    for number in range(5):
        whole(batch, f"A{number}")
    in_shop(batch, "A9")
    found = exported(manager, "?only=complete&q=a&page=7")
    assert [told["code"] for told in found] == [f"A{number}" for number in range(5)]
    assert all(told["is_complete"] and len(told["files"]) == told["files_expected"] == 18 for told in found)
    assert manager.get("/products/catalogue.csv?only=complete").getvalue().count(b"\n") == 6
    assert exported(manager, "?q=nothing") == []


def test_the_zip_holds_what_the_manifest_says_byte_for_byte(services, batch, manager):
    factories.sold(batch, "AURA1")
    answer = manager.get("/products/aura1/files.zip")
    assert answer.streaming and "AURA1.zip" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        found = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    [told] = exported(manager, "?q=AURA1")
    assert found == {file["name"]: file["sha256"] for file in told["files"]} and len(found) == 5
