"""Published files made again by another listing spec: what is live stays live, and no network looks."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone

from pipeline import processing, work_files
from pipeline.cutout.relight import IDENTITY
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.imaging.pictures import renditions
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.models import Batch, Frame, Listing, Rendering, Spec
from pipeline.shop import files, publish, rerender, withdraw
from pipeline.states import MENDED, SENT_BACK, State
from pipeline.upkeep import retention
from pipeline.upkeep.rows import in_motion
from tests.factories import scorecard
from tests.pipeline.conftest import ColourKeyMatter, photo
from tests.pipeline.shop.test_publish import TAMPERED, published_keys, read, resaved

WRITES = ("put_published", "copy_published", "delete_published")


def spec(name: str = "Shopify", **changed: Any) -> Spec:
    """A shipped spec with a small canvas, which takes less time."""
    row = Spec.objects.get(name=name, is_offered=True)
    document = {**row.document, "canvas": 300, "version": 90, **changed}
    document["half_glass"] = {**document["half_glass"], "canvas": 300}
    return Spec.objects.create(name=name, version=90, document=document)


@pytest.fixture
def published(batch, received, matter, settings) -> Callable[..., Frame]:
    settings.PUBLISH_LEASE_SECONDS = 600  # a database of one connection lets no other thread renew it
    Batch.objects.update(spec=spec("House"))

    def make(code: str = "AURA1") -> Frame:
        frame = received(f"{code}_1.png", photo(40))
        Frame.objects.filter(pk=frame.pk).update(state=State.APPROVED, attempt=1)
        frame.refresh_from_db()
        rgb = work_files.original_photo(frame)
        work_files.save(frame, "alpha.png", encode_alpha(matter.matte(rgb).alpha))
        scorecard(frame, enhancer=IDENTITY)
        publish.run(frame.pk)
        return Frame.objects.get(pk=frame.pk, state=State.PUBLISHED)

    return make


def render_again(*frames: Frame, by: Spec) -> list[Rendering]:
    asked = rerender.ask(frames, by, by="maria")
    for rendering in asked:
        rerender.run(rendering.pk)
        rendering.refresh_from_db()
    return asked


def broken_promises(code: str = "AURA1") -> list[str]:
    """Keys that its manifest vouches for, if there is one, and where other bytes lie."""
    try:
        manifest = json.loads(read(f"{code}/{code}_1.json"))
    except object_store.MissingObjectError:
        return []
    return [file["key"] for file in manifest["files"] if sha256(read(file["key"])).hexdigest() != file["sha256"]]


def test_twenty_products_without_one_look_of_the_network_and_manifests_that_hold_at_each_moment(published, monkeypatch):
    frames = [published(f"AURA{number}") for number in range(20)]
    looks, moments = [], []
    monkeypatch.setattr(ColourKeyMatter, "matte", lambda *asked: looks.append(1))
    for name in WRITES:
        call = getattr(object_store, name)

        def watched(*asked: Any, call: Callable[..., None] = call) -> None:
            call(*asked)
            moments.append(broken_promises(re.findall(r"AURA\d+", asked[0])[0]))

        monkeypatch.setattr(object_store, name, watched)
    asked = render_again(*frames, by=spec())
    assert {rendering.state for rendering in asked} == {"done"} and len(asked) == 20
    assert looks == [] and len(moments) > 20 * 8 and not any(moments)
    for frame in frames:
        frame.refresh_from_db()
        manifest = json.loads(read(f"{frame.code}/{frame.code}_1.json"))
        assert broken_promises(frame.code) == []
        assert (manifest["spec"], manifest["frame"]) == ("Shopify v90", frame.pk)
        assert {file["key"] for file in manifest["files"]} == {row.key for row in frame.renditions.all()}
        assert {row.width for row in frame.renditions.all()} == {300}
        assert frame.transitions.last().why == "rendered again as Shopify, version 90; maria asked for it"
    assert len(published_keys()) == 20 * 4


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_tampered_file_is_refused_and_what_is_live_stays_live(published, monkeypatch, kind):
    frame, made = published(), renditions.encode_all
    before = {key: read(key) for key in published_keys()}
    name, change, options, words = TAMPERED[kind]

    def tampered(*asked: Any, **more: Any) -> dict[tuple[str, str], bytes]:
        files = made(*asked, **more)
        return {**files, name: resaved(files[name], change, **options)}

    monkeypatch.setattr(renditions, "encode_all", tampered)
    [rendering] = render_again(frame, by=Spec.objects.get(name="House", is_offered=True))
    frame.refresh_from_db()
    assert (rendering.state, frame.state, frame.lease_until) == ("failed", State.PUBLISHED, None)
    assert words in rendering.why and rendering.why in frame.transitions.last().why
    assert frame.listing_spec.name == "House" and {key: read(key) for key in published_keys()} == before


def test_a_bucket_that_fails_midway_is_tried_until_all_files_are_there(published, monkeypatch):
    frame, copy = published(), object_store.copy_published

    def fail(key: str, to: str) -> None:
        raise object_store.ObjectStoreError("bucket full")

    monkeypatch.setattr(object_store, "copy_published", fail)
    [rendering] = render_again(frame, by=spec())
    assert (rendering.state, rendering.is_swapping, rendering.faults) == ("waiting", True, 1)
    assert rerender.waiting() == [] and broken_promises() == []
    assert rerender.ask([Frame.objects.get()], Spec.objects.get(name="Amazon"), by="olga") == []
    monkeypatch.setattr(object_store, "copy_published", copy)
    Rendering.objects.update(not_before=None, faults=99)
    assert rerender.waiting() == [rendering]
    rerender.run(rendering.pk)
    rendering.refresh_from_db()
    assert rendering.state == "done" and broken_promises() == []
    assert json.loads(read("AURA1/AURA1_1.json"))["spec"] == "Shopify v90"


def test_half_a_swap_is_neither_given_up_nor_purged_while_the_photo_may_come_back(published, monkeypatch):
    frame = published()
    with monkeypatch.context() as broken:
        broken.setattr(object_store, "copy_published", lambda *_: (_ for _ in ()).throw(ObjectStoreError("away")))
        [rendering] = render_again(frame, by=spec())
    assert rendering.is_swapping and in_motion("AURA1", "front")
    withdraw.withdraw(Frame.objects.get(), actor="maria", why="bad", then=SENT_BACK)  # and then: undone
    Rendering.objects.update(not_before=None)
    rerender.run(rendering.pk)
    rendering.refresh_from_db()
    assert rendering.state == "waiting"
    Frame.objects.update(state=State.PUBLISHED, state_since=timezone.now() - timedelta(days=400))
    assert not retention.due().exists()
    with monkeypatch.context() as broken:
        broken.setattr(rerender, "_files", lambda *_: (_ for _ in ()).throw(rerender.RenderError("no bridge")))
        rerender.run(rendering.pk)
    rendering.refresh_from_db()
    assert rendering.state == "waiting" and rendering.why == "no bridge"
    Rendering.objects.update(not_before=None)
    rerender.run(rendering.pk)
    assert broken_promises() == [] and json.loads(read("AURA1/AURA1_1.json"))["spec"] == "Shopify v90"


def test_what_somebody_is_to_look_at_is_left_out(published):
    frame = published()
    frame.audit_due = "drawn"
    assert rerender.ask([frame], spec(), by="maria") == []


def test_a_photo_that_was_read_in_vain_often_enough_is_left_as_it_is(published, settings, monkeypatch):
    frame, settings.MAX_FAULTS = published(), 1

    def fail(key: str) -> bytes:
        raise object_store.ObjectStoreError("bucket is away")

    monkeypatch.setattr(object_store, "load_work", fail)
    [rendering] = render_again(frame, by=spec())
    assert rendering.state == "failed" and "bucket is away" in rendering.why
    assert Frame.objects.get().state == State.PUBLISHED and broken_promises() == []


def test_withdrawn_while_it_is_rendered_again_no_late_file_stays(published, monkeypatch):
    frame, put = published(), object_store.put_published

    def withdrawn_meanwhile(key: str, data: bytes) -> None:
        if Frame.objects.get().state == State.PUBLISHED:
            withdraw.withdraw(Frame.objects.get(), actor="maria", why="sold out")
            withdraw.run(frame.pk)
        put(key, data)

    monkeypatch.setattr(object_store, "put_published", withdrawn_meanwhile)
    [rendering] = render_again(frame, by=spec())
    assert Frame.objects.get().state == State.WITHDRAWING  # until a call that began has ended
    Frame.objects.update(not_before=None, lease_until=None)
    withdraw.run(frame.pk)
    rerender.run(rendering.pk)
    rendering.refresh_from_db()
    left = {key for key in published_keys() if not key.startswith("staging/")}
    assert (Frame.objects.get().state, left) == (State.WITHDRAWN, set())
    assert (rendering.state, rendering.why) == ("failed", "it is not in the shop any more")


def test_published_anew_it_keeps_the_spec_that_it_was_rendered_again_by(published):
    frame = published()
    render_again(frame, by=spec())
    frame.refresh_from_db()
    assert frame.listing_spec.name == "Shopify" and frame.batch.listing_spec.name == "House"


def test_another_spec_changes_what_files_are_called_and_never_their_keys(published):
    frame = published()
    before = published_keys()
    formats = frame.listing_spec.formats
    render_again(frame, by=spec("Shopify", formats=formats, file_name="{code}-{view}.{variant}.{ext}"))
    manifest = json.loads(read("AURA1/AURA1_1.json"))
    assert published_keys() == before == {"AURA1/AURA1_1.json", *(file["key"] for file in manifest["files"])}
    names = {file["key"]: file["file_name"] for file in manifest["files"]}
    assert names["AURA1/AURA1_1_white.jpg"] == "AURA1-front.white.jpg"
    frame.refresh_from_db()
    assert {file.key: files.name_of(file) for file in files.of(frame)} == names


def test_a_newer_photo_waits_until_the_names_are_free(published, received, matter, monkeypatch):
    frame = published()
    newer = processing.run(received("AURA1_1.png", photo(60)).pk)
    put, seen = publish.put, []

    def publish_meanwhile(*asked: Any) -> None:
        publish.run(newer.pk)
        seen.append(Frame.objects.get(pk=newer.pk).state)
        put(*asked)

    monkeypatch.setattr(publish, "put", publish_meanwhile)
    [rendering] = render_again(frame, by=spec())
    assert seen == [State.APPROVED] and rendering.state == "done"


def test_a_photo_that_came_while_it_was_rendered_keeps_its_names(published, monkeypatch):
    frame, made = published(), publish.render

    def shown_meanwhile(*asked: Any, **more: Any) -> list[publish.File]:
        files = made(*asked, **more)
        newer = Frame.objects.get()
        newer.pk, newer.sha256, newer.state = None, "newer", State.SUPERSEDED
        newer.save()
        Listing.objects.update(frame=newer)
        return files

    monkeypatch.setattr(publish, "render", shown_meanwhile)
    before = {key: read(key) for key in published_keys()}
    [rendering] = render_again(frame, by=spec())
    assert (rendering.state, rendering.why) == ("failed", "under its names the shop shows another photo")
    assert {key: read(key) for key in published_keys()} == before


def test_an_audit_that_came_due_meanwhile_is_decided_first(published):
    frame = published()
    [rendering] = rerender.ask([frame], spec(), by="maria")
    Frame.objects.update(audit_due="sibling")
    rerender.run(rendering.pk)
    rendering.refresh_from_db()
    assert rendering.state == "waiting" and rerender.waiting() == [] and frame.listing_spec.name == "House"
    Frame.objects.update(audit_due="")
    assert rerender.waiting() == [rendering]
    rerender.run(rendering.pk)
    rendering.refresh_from_db()
    assert rendering.state == "done"


def test_what_an_audit_mends_meanwhile_is_rendered_again_once_it_is_back_in_the_shop(published):
    frame = published()
    [rendering] = rerender.ask([frame], spec(), by="maria")
    withdraw.withdraw(Frame.objects.get(), actor="olga", why="mended", then=MENDED)
    for step in (withdraw.run, publish.run):
        assert rerender.waiting() == []
        rerender.run(rendering.pk)
        step(frame.pk)
    rerender.run(rendering.pk)
    rendering.refresh_from_db()
    assert (rendering.state, Frame.objects.get().state) == ("done", State.PUBLISHED)
    assert json.loads(read("AURA1/AURA1_1.json"))["spec"] == "Shopify v90"


def test_a_manager_has_a_frame_or_a_whole_batch_rendered_again_and_is_told(published, services, sign_in):
    frame, client = published(), sign_in("manager")
    chosen = {"spec": Spec.objects.get(name="Amazon").pk}
    page = client.get(f"/admin/pipeline/frame/{frame.pk}/change/").content.decode()
    assert "In the shop, as House v90" in page and "Amazon v1</option>" in page
    page = client.post(f"/frames/{frame.pk}/render-again", chosen, follow=True).content.decode()
    assert "1 photo is being rendered again as Amazon v1" in page and "Is being rendered again as" in page
    page = client.post(f"/batches/{frame.batch_id}/render-again", chosen, follow=True).content.decode()
    assert "1 photo is being rendered again." in " ".join(page.split()) and Rendering.objects.count() == 1
    Rendering.objects.update(state="failed", why="white.jpg can't be decoded")
    for address in (f"batch/{frame.batch_id}", f"frame/{frame.pk}"):
        page = client.get(f"/admin/pipeline/{address}/change/").content.decode()
        assert "could not be rendered again" in page.lower() and "white.jpg can&#x27;t be decoded" in page
