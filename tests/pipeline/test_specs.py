"""Listing specs: what each marketplace gets, and that a batch is published by the one that was chosen for it."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from pipeline import intake, processing
from pipeline.imaging.pictures import check, renditions
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.models import Batch, Frame, Spec
from pipeline.policies.shipped import shipped_specs, sync_specs
from pipeline.shop import publish
from pipeline.states import State
from review.queue.bridges import bridge_line_of
from tests.factories import bridge_fields, scorecard
from tests.imaging.scenes import angled_glasses
from tests.pipeline.conftest import photo
from tests.services import bucket_of

SPECS = {document["name"]: ListingSpec.from_mapping(document) for document in shipped_specs()}
LEAST = {"Amazon": (1600, 0.85), "eBay": (1600, 0), "Google Merchant": (500, 0), "Shopify": (2048, 0)}
"""What these marketplaces ask for: pixels along the longer side, and the share of it that the product fills."""


@pytest.mark.parametrize("name", LEAST)
def test_each_marketplace_gets_what_it_asks_for(name):
    scene, spec = angled_glasses(), SPECS[name]
    pictures = renditions.compose_all(scene.rgb, scene.alpha, None, spec)
    files = renditions.encode_all(pictures, spec, {"white": ("jpg",)})
    picture = np.asarray(Image.open(io.BytesIO(files["white", "jpg"])))
    columns = np.flatnonzero((picture < 250).any(axis=(0, 2)))
    side, fill = LEAST[name]
    assert min(picture.shape[:2]) >= side and "jpg" in spec.formats["white"]
    assert (columns[-1] - columns[0] + 1) / len(picture) >= fill
    assert (picture[0] == 255).all() and check.faults_of(files, pictures, spec) == []


def test_a_file_with_too_many_bytes_is_encoded_again_with_less_quality():
    scene, spec = angled_glasses(), replace(SPECS["House"], canvas=600)
    pictures = renditions.compose_all(scene.rgb, scene.alpha, None, spec)
    for extension in ("jpg", "webp"):
        usual = renditions.encode(pictures["white"].pixels, extension, spec)
        limited = replace(spec, max_bytes=len(usual) * 9 // 10)
        data = renditions.encode(pictures["white"].pixels, extension, limited)
        assert len(data) <= limited.max_bytes
        assert check.faults_of({("white", extension): data}, pictures, limited) == []


def test_a_limit_that_no_quality_meets_is_told():
    scene, spec = angled_glasses(), replace(SPECS["House"], canvas=600, max_bytes=4000)
    pictures = renditions.compose_all(scene.rgb, scene.alpha, None, spec)
    files = renditions.encode_all(pictures, spec, {"white": ("jpg", "png")})
    assert [fault.split(" bytes")[1] for fault in check.faults_of(files, pictures, spec)] == [
        "; at most 4,000 are allowed"
    ] * 2


@pytest.mark.usefixtures("full_size")
def test_a_photo_is_published_by_its_batch_s_spec_and_the_manifest_says_so(db, buckets, matter):
    batch = intake.open_batch("Amazon drop", "watch", spec="Amazon")
    frame = processing.run(intake.receive(batch, "AURA1_1.png", photo()).frame.pk)
    assert frame and frame.state == State.APPROVED
    publish.run(frame.pk)
    bucket = bucket_of("published")
    keys = {item.key for item in bucket.objects.all()}
    manifest = json.loads(bucket.Object("AURA1/AURA1_1.json").get()["Body"].read())
    assert Frame.objects.get().state == State.PUBLISHED
    assert keys == {"AURA1/AURA1_1.json", "AURA1/AURA1_1_white.jpg"}
    assert manifest["spec"] == "Amazon v1"


def test_a_batch_is_published_as_the_house_does_unless_somebody_chose_otherwise(db):
    house, amazon = intake.open_batch("A", "watch"), intake.open_batch("B", "watch", spec="Amazon")
    before_one_could_choose = Batch.objects.create(name="C")
    assert house.listing_spec == before_one_could_choose.listing_spec == SPECS["House"]
    assert amazon.listing_spec == SPECS["Amazon"] != SPECS["House"]
    with pytest.raises(intake.IntakeError, match="'B' is published as Amazon; name another one for House"):
        intake.open_batch("B", "watch")
    with pytest.raises(
        intake.IntakeError, match="'Etsy'; expected one of Amazon, Google Merchant, House, Shopify, eBay"
    ):
        intake.open_batch("D", "watch", spec="Etsy")


def test_a_batch_keeps_its_version_when_a_newer_one_is_offered(db, monkeypatch):
    first = intake.open_batch("A", "watch", spec="Amazon")
    newer = [{**document, "version": 2, "canvas": 1700} for document in shipped_specs()]
    monkeypatch.setattr("pipeline.policies.shipped.shipped_specs", lambda: newer)
    sync_specs()
    assert intake.open_batch("A", "watch", spec="Amazon").listing_spec == first.listing_spec
    assert intake.open_batch("B", "watch", spec="Amazon").listing_spec.canvas == 1700
    assert Spec.objects.filter(is_offered=True).count() == len(newer)


@pytest.mark.parametrize(("name", "is_asked"), [("House", True), ("Amazon", False)])
def test_who_reviews_a_batch_without_half_glass_is_not_asked_about_the_bridge(db, buckets, name, is_asked):
    batch = intake.open_batch("Drop", "eyewear", spec=name)
    frame = Frame.objects.create(batch=batch, filename="A_2.png", code="A", view="angle", sha256="a", attempt=1)
    line = bridge_line_of(frame, scorecard(frame, **bridge_fields()))
    assert (line is not None) == is_asked
    if line:
        assert line.side == "left"  # the near one, which the House's spec asks for


def test_a_spec_is_never_rewritten(db):
    with pytest.raises(TypeError, match="can't be changed"):
        Spec.objects.first().save()


def test_the_upload_page_offers_the_specs_and_the_batch_s_page_says_which(services, sign_in):
    client = sign_in("uploader")
    page = client.get("/admin/pipeline/batch/add/?spec=Shopify").content.decode()
    assert '<option value="Shopify" selected>' in page and page.index('value="House"') < page.index('value="Amazon"')
    file = io.BytesIO(photo())
    file.name = "A_1.png"
    client.post(
        "/admin/pipeline/batch/add/", {"name": "Drop", "product_class": "watch", "spec": "eBay", "photos": file}
    )
    batch = Batch.objects.get()
    assert batch.spec_name == "eBay"
    assert "published as eBay v1" in client.get(f"/admin/pipeline/batch/{batch.pk}/change/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_command_takes_a_spec(services, tmp_path):
    (tmp_path / "A_1.png").write_bytes(photo())
    call_command("ingest", str(tmp_path), batch="Drop", spec="Shopify")
    assert Batch.objects.get().spec_name == "Shopify"
    with pytest.raises(CommandError, match="expected one of"):
        call_command("ingest", str(tmp_path), batch="Other", spec="Etsy")
