"""Pictures go when their days are over, on a clock that is moved, and never those that are held."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from pipeline import naming, processing, removal
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Batch, Frame, GatePolicy, active_policy
from pipeline.shop import publish, recall
from pipeline.states import State
from pipeline.transitions import advance
from pipeline.upkeep import purging, retention
from tests.pipeline.conftest import photo
from tests.pipeline.upkeep.test_verify import keys, put

Later = Callable[[float], None]
GOING, GONE = Frame.Pictures.GOING, Frame.Pictures.GONE


@pytest.fixture(autouse=True)
def nothing_drawn(db) -> None:
    """What is drawn for an audit waits for it."""
    row = active_policy()
    GatePolicy.objects.filter(pk=row.pk).update(document=row.document | {"audit_rate": 0.0})


@pytest.fixture
def days_later(monkeypatch) -> Later:
    """Moves the clock that the product reads; the buckets keep theirs."""
    now = timezone.now
    passed = timedelta(0)

    def later(days: float) -> None:
        nonlocal passed
        passed += timedelta(days=days)

    monkeypatch.setattr(timezone, "now", lambda: now() + passed)
    return later


def purged(**options) -> list[str]:
    found: list[purging.Deletion] = []
    assert purging.purge(found.append, **options)
    return [one.frame.code for one in found]


def tags_of(key: str) -> list[dict[str, str]]:
    return object_store._call("work", "get_object_tagging", Key=key)["TagSet"]


def test_a_whole_life_from_upload_to_purge_with_nothing_to_find(received, matter, kinds, days_later, settings):
    """What is published stays in the shop, unless that goes too: then it leaves as a manager would withdraw it."""
    frame = received("AURA1_1.png", photo(30))
    for step in (processing.run, publish.run):
        assert kinds() == []
        step(frame.pk)
    shown = keys("published")
    assert kinds() == [] and purged() == []
    days_later(59.9)
    assert purged() == []
    days_later(0.2)
    assert purged() == ["AURA1"] and kinds() == []
    frame.refresh_from_db()
    assert (frame.state, frame.pictures, keys("work"), keys("published")) == (State.PUBLISHED, GONE, set(), shown)
    assert purged() == []
    settings.PURGE_PUBLISHED = True
    assert purged() == ["AURA1"] and kinds() == []
    frame.refresh_from_db()
    assert (frame.state, keys("published")) == (State.PURGED, set())
    assert [step.target for step in frame.transitions.all()][-3:] == ["withdrawing", "withdrawn", "purged"]
    assert purged() == []


def test_each_state_that_may_go_goes_and_its_history_is_the_proof(received, matter, kinds, days_later):
    rejected = processing.run(received("AURA1_1.png", photo(touch_border=True)).pk)
    advance(rejected, State.REJECTED, actor="olga")
    waiting = processing.run(received("AURA2_1.png", photo(31, touch_border=True)).pk)
    removal.remove(received("AURA3_1.png", photo(32)), None)
    unreadable = processing.run(received("AURA4_1.png", photo(33)[:-200]).pk)
    assert (waiting.state, unreadable.state) == (State.EXCEPTION, State.UNREADABLE)
    held = {prefix: len([key for key in keys("work") if key.startswith(prefix)]) for prefix in [f"{rejected.pk}/"]}
    days_later(61)
    assert purged() == ["AURA1", "AURA2", "AURA3", "AURA4"] and kinds() == []
    assert {(frame.state, frame.pictures) for frame in Frame.objects.all()} == {(State.PURGED, GONE)}
    assert keys("work") == set()
    assert f"kept for 60 days: {held[f'{rejected.pk}/']} files, " in rejected.transitions.last().why


def test_what_is_withdrawn_or_replaced_goes_and_what_is_at_work_stays(published, received, kinds, days_later):
    old = published("AURA1_1.png", photo(30))
    published("AURA1_1.png", photo(60))
    recalled = published("AURA2_1.png", photo(90))
    recall.recall("withdraw", recalled, recalled.version, actor="mia", why="wrong")
    purging.withdraw.run(recalled.pk)
    received("AURA3_1.png", photo(120))
    assert kinds() == []
    days_later(61)
    assert sorted(purged()) == ["AURA1", "AURA1", "AURA2"]
    states = dict(Frame.objects.values_list("pk", "state"))
    assert states[old.pk] == states[recalled.pk] == State.PURGED
    assert State.RECEIVED in states.values() and any(key.endswith("/original") for key in keys("work"))


def test_a_held_batch_outlives_its_days_and_the_buckets_rule(published, kinds, days_later, settings, monkeypatch):
    """No object of it carries the tag that the rule acts on, though the purge had begun when it was held."""
    settings.PURGE_PUBLISHED = True
    frame = published("AURA1_1.png", photo(30))
    begun = published("AURA2_1.png", photo(60))
    Batch.objects.create(name="held", product_class="watch", legal_hold=True)
    Frame.objects.filter(pk=frame.pk).update(batch=Batch.objects.get(name="held"))
    days_later(61)
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "delete_all_work", fails)
        with pytest.raises(ObjectStoreError):
            purged()
    original = naming.original_key(begun.pk)
    assert tags_of(original) == [object_store.PURGED] and tags_of(naming.original_key(frame.pk)) == []
    retention.hold([begun.batch])
    days_later(1000)
    assert purged() == [] and kinds(repair=True) == []
    assert tags_of(original) == [] and object_store.is_there("work", naming.original_key(frame.pk))
    assert "AURA1/AURA1_1.json" in keys("published")
    retention.let_expire(Batch.objects.all())
    assert sorted(purged()) == ["AURA1", "AURA2"] and keys("work") == set() and kinds() == []


def fails(*_) -> None:
    raise ObjectStoreError("the bucket is away")


def test_who_holds_a_batch_while_it_is_looked_at_is_heard(published, days_later, monkeypatch):
    frame = published()
    days_later(61)
    look = purging._look
    monkeypatch.setattr(purging, "_look", lambda found: (retention.hold([found.batch]), look(found))[1])
    assert purged() == []
    assert object_store.is_there("work", naming.original_key(frame.pk))


def test_what_broke_off_is_gone_on_with_and_what_is_left_is_found_and_mended(
    published, kinds, days_later, monkeypatch, caplog
):
    frame = published()
    days_later(61)
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "delete_all_work", fails)
        purging.nightly()
    assert "deleted the next night: the bucket is away" in caplog.text
    frame.refresh_from_db()
    assert frame.pictures == GOING and not frame.has_pictures and kinds() == []
    days_later(0.1)
    assert kinds() == ["purged"]
    purging.nightly()
    assert keys("work") == set() and kinds() == []
    put("work", f"{frame.pk}/made/1/photo.jpg")
    assert kinds() == ["purged"] and kinds(repair=True) == [] and keys("work") == set()


def test_a_shop_that_does_not_let_go_is_asked_again_before_anything_else_goes(
    published, kinds, days_later, settings, monkeypatch
):
    settings.PURGE_PUBLISHED = True
    frame = published()
    days_later(61)
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "delete_published", fails)
        assert purged() == []
    assert purged() == [] and object_store.is_there("work", naming.original_key(frame.pk))
    purging.withdraw.run(frame.pk)
    assert purged() == ["AURA1"] and kinds() == [] and keys("work") == set() == keys("published")


def test_a_batch_may_have_days_of_its_own(published, days_later, capsys):
    published("AURA1_1.png", photo(30))
    call_command("keep", "Spring", "--days", "90")
    days_later(61)
    assert purged() == []
    days_later(30)
    assert purged() == ["AURA1"]
    published("AURA2_1.png", photo(60))
    call_command("keep", "Spring", "--days", "0")
    days_later(5000)
    assert purged() == []
    call_command("keep", "Spring")
    assert purged() == ["AURA2"]
    assert [line.split(" kept ")[1] for line in capsys.readouterr().out.splitlines()] == [
        "for 90 days.",
        "for good.",
        "for 60 days.",
    ]
    with pytest.raises(CommandError, match="no batch 'Autumn'"):
        call_command("keep", "Autumn")


def test_what_waits_for_an_audit_keeps_its_pictures_and_that_is_said(published, days_later, capsys):
    frame = published()
    Frame.objects.filter(pk=frame.pk).update(audit_due="drawn")
    days_later(61)
    call_command("purge")
    assert "Of 1 more they stay until somebody has looked at them" in capsys.readouterr().out


def test_a_dry_run_says_what_would_go_and_deletes_nothing(published, days_later, capsys):
    frame = published()
    there = keys("work")
    days_later(61)
    call_command("purge", "--dry-run")
    told = capsys.readouterr().out
    frame.refresh_from_db()
    assert keys("work") == there and frame.pictures == ""
    line, total = told.splitlines()
    size = sum(found.size for found in object_store.everything("work"))
    assert line.startswith(f"AURA1 front (frame {frame.pk}) of Spring, published: {len(there)} files, {size:,} bytes: ")
    assert all(key in line for key in there)
    assert total == f"Would delete the pictures of 1 photos: {len(there)} files, {size:,} bytes."
    call_command("purge")
    assert capsys.readouterr().out.splitlines()[1] == total.replace("Would delete", "Deleted")


def test_a_night_is_bounded(published, days_later, monkeypatch, caplog):
    caplog.set_level("INFO")
    published()
    days_later(61)
    monkeypatch.setattr(purging, "NIGHTLY_SECONDS", -1)
    purging.nightly()
    assert "the next night goes on" in caplog.text and keys("work") != set()


def test_its_pages_say_so_and_show_no_picture(published, days_later, sign_in):
    frame = published()
    days_later(61)
    browser = sign_in("manager")
    picture = reverse("picture", args=[frame.pk, 1, "thumb.webp"])
    assert browser.get(picture).status_code == 200
    assert purged() == ["AURA1"]
    page = browser.get(reverse("admin:pipeline_frame_change", args=[frame.pk])).text
    assert "Its pictures were kept for 60 days" in page and f"/frames/{frame.pk}/1/" not in page and "Withdraw" in page
    assert "Review again" not in page
    assert browser.get(picture).status_code == 404
    assert "<img" not in browser.get(reverse("admin:pipeline_batch_change", args=[frame.batch_id]) + "?progress").text
    frame.refresh_from_db()
    with pytest.raises(recall.RecallError, match="its pictures are deleted"):
        recall.recall("review", frame, frame.version, actor="mia", why="again")


def test_managers_keep_a_batch_for_good_and_that_is_noted(batch, sign_in):
    browser, batches = sign_in("manager"), reverse("admin:pipeline_batch_changelist")
    browser.post(batches, {"action": "keep_for_good", "_selected_action": [batch.pk]})
    batch.refresh_from_db()
    assert batch.legal_hold and "for good" in browser.get(batches).text
    browser.post(batches, {"action": "let_expire", "_selected_action": [batch.pk]})
    batch.refresh_from_db()
    assert not batch.legal_hold
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "kept for good",
        "let expire again",
    ]
