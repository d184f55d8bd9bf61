"""Each disagreement is made for real, and found; a healthy frame has none, whatever becomes of it."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from pipeline import alternatives, jobs, naming, processing, reaper, removal
from pipeline.cutout import matte_models
from pipeline.engines import object_store
from pipeline.engines.object_store import ObjectStoreError
from pipeline.models import Frame, GatePolicy, LaterMatte, Listing, Rendition, Scorecard, Verification
from pipeline.shop import listings, publish, withdraw
from pipeline.states import RENAMED, State
from pipeline.transitions import advance
from pipeline.upkeep import verify
from tests.pipeline.conftest import photo
from tests.services import bucket_of

MANIFEST, WHITE = "AURA1/AURA1_1.json", "AURA1/AURA1_1_white.png"
committed = pytest.mark.django_db(transaction=True)
"""Jobs are queued at commit."""
LONG_AGO = timezone.now() - timedelta(hours=3)


def put(alias: str, key: str, data: bytes = b"something") -> None:
    bucket_of(alias).put_object(Key=key, Body=data)


def delete(alias: str, key: str) -> None:
    bucket_of(alias).Object(key).delete()


def keys(alias: str) -> set[str]:
    return {item.key for item in bucket_of(alias).objects.all()}


def test_nothing_is_found_in_the_whole_life_of_a_frame(received, published, batch, kinds):
    waiting = received("AURA1_1.png", photo(30))
    assert kinds() == []
    approved = processing.run(waiting.pk)
    assert kinds() == []
    publish.run(approved.pk)
    assert kinds() == []
    newer = published("AURA1_1.png", photo(60))
    assert Frame.objects.get(pk=waiting.pk).state == State.SUPERSEDED and kinds() == []
    withdraw.withdraw(newer, actor="mia", why="recalled")
    assert kinds() == []
    withdraw.run(newer.pk)
    assert kinds() == []
    wrong = published("AURA2_1.png", photo(90))
    withdraw.withdraw(wrong, actor="olga", why="another", then=RENAMED, code="AURA3")
    assert kinds() == []
    withdraw.run(wrong.pk)
    publish.run(processing.run(wrong.pk).pk)
    assert Listing.objects.get(code="AURA3").frame == wrong and kinds() == []
    removal.remove(received("AURA4_1.png", photo(120)), None)
    doubtful = processing.run(received("AURA5_1.png", photo(touch_border=True)).pk)
    assert doubtful.state == State.EXCEPTION and kinds() == []
    advance(doubtful, State.REJECTED, actor="olga")
    broken = received("AURA6_1.png", photo(150)[:-200])
    assert processing.run(broken.pk).state == State.UNREADABLE
    assert kinds() == []


def test_what_is_on_its_way_is_no_disagreement(published, received, kinds, monkeypatch):
    """A publication in the middle, and one that failed there and is tried again."""
    published("AURA1_1.png", photo(30))
    newer = processing.run(received("AURA1_1.png", photo(60)).pk)
    seen = []
    copy = object_store.copy_published

    def look_then_fail(*names):
        copy(*names)
        seen.append(kinds())
        raise ObjectStoreError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(object_store, "copy_published", look_then_fail)
        publish.run(newer.pk)
    assert MANIFEST not in keys("published")
    assert (seen, kinds()) == ([[]], [])
    publish.run(newer.pk)
    assert MANIFEST in keys("published") and kinds() == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda: delete("published", MANIFEST), f"{MANIFEST} is missing, so the shop can't show it"),
        (lambda: delete("published", WHITE), f"{WHITE} is missing"),
        (lambda: put("published", WHITE), f"{WHITE} is not the file that was published"),
        (lambda: put("published", MANIFEST), f"{MANIFEST} can't be read"),
        (lambda: put("published", MANIFEST, b"[]"), f"{MANIFEST} can't be read"),
        (lambda: put("published", MANIFEST, json.dumps({"frame": 0, "files": []}).encode()), "is of frame 0"),
        (lambda: Rendition.objects.filter(key=WHITE).update(sha256="0"), "promise different files: " + WHITE),
        (lambda: Rendition.objects.all().delete(), "the database notes no file of it"),
    ],
)
def test_a_promise_that_doesnt_hold_is_told_with_what_to_do(spoil, words, published, found):
    frame = published()
    spoil()
    [broken] = [finding for finding in found(repair=True) if finding.kind == "promise"]
    assert words in broken.what and broken.about == f"AURA1 front (frame {frame.pk})"
    assert "Withdraw it as a manager" in broken.todo


def test_a_file_of_the_same_size_and_other_bytes_is_found(published, kinds):
    published()
    put("published", WHITE, bytes(len(object_store.load_published(WHITE))))
    assert kinds() == ["promise"]


def test_a_broken_promise_is_mended_as_the_finding_says(published, kinds):
    frame = published()
    delete("published", WHITE)
    assert kinds() == ["promise"]
    withdraw.withdraw(frame, actor="mia", why="a file is gone")
    withdraw.run(frame.pk)
    for state in (State.EXCEPTION, State.APPROVED):
        advance(Frame.objects.get(pk=frame.pk), state, actor="mia")
    publish.run(frame.pk)
    assert WHITE in keys("published") and kinds() == []


def test_files_that_no_manifest_promises_go_by_repair_and_those_of_strangers_stay(published, kinds):
    frame = published()
    extra, left = "AURA1/AURA1_1_half-glass.png", "AURA2/AURA2_1_white.png"
    Listing.objects.create(code="AURA2", view="front")
    promised = keys("published")
    strange = {"logo.png", "AURA9/AURA9_1.json"}
    for key in (extra, left, *strange):
        put("published", key)
    assert kinds() == ["not-ours", "unknown", "unpromised", "unpromised"]
    assert kinds(repair=True) == ["not-ours", "unknown"]
    assert keys("published") == promised | strange
    assert Listing.objects.get(frame=frame).version > 0


def test_files_of_a_frame_that_an_older_backup_doesnt_know_are_never_deleted(published, kinds):
    frame = published()
    Listing.objects.update(frame=None)
    frame.delete()
    before = keys("published")
    assert set(kinds(repair=True)) == {"unknown"} and keys("published") == before


def test_a_copy_left_aside_goes_by_repair(published, received, kinds):
    published()
    coming = processing.run(received("AURA1_1.png", photo(60)).pk)
    put("published", naming.staging_key(coming.pk, WHITE))
    assert kinds() == []
    put("published", naming.staging_key(999, WHITE))
    assert kinds() == ["aside"] and kinds(repair=True) == [] == kinds()
    assert naming.staging_key(coming.pk, WHITE) in keys("published")


def test_an_original_that_is_gone_or_another_is_found(published, found):
    frame = published()
    put("work", naming.original_key(frame.pk), photo(200))
    [finding] = found(repair=True)
    assert "is not the file that was sent" in finding.what and "have the photo sent again" in finding.todo
    delete("work", naming.original_key(frame.pk))
    [finding] = found()
    assert finding.what == f"its original ({frame.pk}/original) is missing"


def test_one_whose_upload_broke_off_waits_for_its_sender(batch, kinds, services):
    frame = Frame.objects.create(batch=batch, filename="A_1.png", code="A", view="front", sha256="0")
    assert kinds() == []
    processing.run(frame.pk)
    frame.refresh_from_db()
    assert (frame.state, kinds()) == (State.UNREADABLE, [])


def test_pictures_that_are_gone_are_found_for_held_ones_those_for_people_too(published, received, found):
    held = processing.run(received("AURA2_1.png", photo(touch_border=True)).pk)
    delete("work", naming.work_key(published().pk, 1, "alpha.png"))
    delete("work", naming.work_key(held.pk, 1, "doubt.webp"))
    told = sorted(finding.what for finding in found())
    assert [words.split("/")[-1] for words in told] == ["doubt.webp are missing", "alpha.png are missing"] or [
        words.split("/")[-1] for words in told
    ] == ["alpha.png are missing", "doubt.webp are missing"]


def test_cutouts_that_were_made_later_are_looked_for_too(received, matter, kinds, found, monkeypatch):
    monkeypatch.setattr(matte_models, "second_matter", lambda: matter)
    held = processing.run(received("AURA2_1.png", photo(touch_border=True)).pk)
    alternatives.make(held.pk)
    assert LaterMatte.objects.exists() and kinds() == []
    name = naming.alternative_name(LaterMatte.objects.first().rung, "png")
    delete("work", naming.work_key(held.pk, 1, name))
    [missing] = found()
    assert name in missing.what


def test_who_has_no_pictures_any_more_is_not_sent_to_have_files_made_of_them(published, found):
    Frame.objects.filter(pk=published().pk).update(pictures=Frame.Pictures.GONE)
    delete("published", WHITE)
    [broken] = [finding for finding in found() if finding.kind == "promise"]
    assert broken.todo.startswith("Its pictures are deleted: put its files back")


def test_folders_whose_frame_is_none_are_found_and_stay(published, kinds):
    frame = published()
    put("work", "999/original"), put("work", "notes.txt")
    assert kinds(repair=True) == ["unknown", "unknown"]
    Frame.objects.filter(pk=frame.pk).update(state=State.PURGED)
    assert "purged" in kinds() and "999/original" in keys("work")


def test_an_upload_that_nobody_completed_goes_by_repair(kinds, monkeypatch):
    put("work", f"{naming.UPLOADS}half")
    assert kinds() == []
    monkeypatch.setattr("pipeline.upkeep.work_bucket.UPLOADED", timedelta(0))
    assert kinds() == ["upload"] and kinds(repair=True) == [] == kinds()


@pytest.mark.parametrize(("state", "back_to"), [(State.PROCESSING, "received"), (State.PUBLISHING, "approved")])
def test_a_frame_whose_worker_is_gone_is_taken_back(published, kinds, state, back_to):
    frame = published()
    lost(frame, state, lease_until=LONG_AGO)
    Listing.objects.update(frame=None, holder=frame if state == State.PUBLISHING else None)
    Rendition.objects.all().delete()
    for key in keys("published"):
        delete("published", key)
    assert kinds() == ["stuck"] and kinds(repair=True) == [] == kinds()
    frame.refresh_from_db()
    assert (frame.state, frame.faults) == (back_to, 1)


def lost(frame: Frame, state: str, **fields) -> None:
    """A frame that something left so, with a history that says so."""
    frame.transitions.create(source=frame.state, target=state, actor="test")
    frame.transitions.update(at=LONG_AGO)
    Frame.objects.filter(pk=frame.pk).update(state=state, state_since=LONG_AGO, **fields)


@committed
def test_a_frame_that_no_worker_was_told_of_is_queued(received, kinds):
    frame = received()
    Frame.objects.update(state_since=LONG_AGO)
    assert kinds() == ["stuck"] and kinds(repair=True) == [] == kinds()
    assert jobs.is_queued(frame)


@committed
def test_frames_that_rest_wait_for_a_worker_or_for_people_are_not_stuck(received, kinds):
    resting, queued, held = received(), received("AURA2_1.png", photo(60)), received("AURA3_1.png", photo(90))
    jobs.enqueue(queued)
    Frame.objects.filter(pk=queued.pk).update(state_since=LONG_AGO)
    Frame.objects.filter(pk=resting.pk).update(state_since=timezone.now() - timedelta(minutes=5), faults=4)
    advance(held, State.EXCEPTION, actor="test", reasons=["attempts-spent"])
    Frame.objects.filter(pk=held.pk).update(state_since=LONG_AGO - timedelta(days=90))
    assert kinds() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"ask_until": LONG_AGO},
        {"ask_until": None, "state_since": LONG_AGO - timedelta(days=1)},
    ],
)
def test_a_frame_that_stays_with_gemini_is_told(received, kinds, fields):
    advance(received(), State.ENHANCING, actor="test")
    assert kinds() == []
    Frame.objects.update(**fields)
    assert kinds() == ["stuck"]


def test_a_frame_that_can_not_leave_the_shop_is_told(published, kinds):
    frame = published()
    withdraw.withdraw(frame, actor="mia", why="")
    assert kinds() == []
    frame.transitions.update(at=LONG_AGO)
    assert "stuck" in kinds()


@pytest.mark.parametrize("name", ["state_since", "lease_until", "not_before"])
def test_times_of_a_clock_that_was_ahead_are_brought_back(received, kinds, name):
    frame = received()
    Frame.objects.update(**{name: timezone.now() + timedelta(hours=1)})
    assert kinds() == ["ahead"] and kinds(repair=True) == [] == kinds()
    frame.refresh_from_db()
    assert getattr(frame, name) < timezone.now() + timedelta(minutes=2)


def test_a_history_that_ends_elsewhere_and_a_state_that_is_none_are_told(published, received, kinds):
    Frame.objects.filter(pk=received("AURA2_1.png", photo(60)).pk).update(state=State.REJECTED)
    assert kinds() == ["history"]
    Frame.objects.filter(code="AURA2").update(state="archived")
    assert kinds() == ["history", "no-state"]


def test_a_published_frame_whose_names_show_a_newer_one_is_put_behind_it(published, kinds):
    older, newer = published("AURA1_1.png", photo(30)), published("AURA1_1.png", photo(60))
    advance(Frame.objects.get(pk=older.pk), State.RECEIVED, actor="test")
    lost(Frame.objects.get(pk=older.pk), State.PUBLISHED)
    assert kinds() == ["not-shown"] and kinds(repair=True) == [] == kinds()
    assert Frame.objects.get(pk=older.pk).state == State.SUPERSEDED
    assert Listing.objects.get().frame == newer


def test_a_listing_that_shows_what_is_not_published_is_told_and_no_file_deleted(published, kinds):
    lost(published(), State.REJECTED)
    before = keys("published")
    told = kinds(repair=True)
    assert told == ["listing"] and keys("published") == before


def test_names_in_the_hands_of_who_has_done_with_them_are_let_go(published, kinds):
    frame = published()
    Listing.objects.update(holder=frame)
    assert kinds() == ["held-by-nobody"] and kinds(repair=True) == [] == kinds()


def test_a_publication_that_failed_for_good_holds_no_names(received, matter, kinds, settings, monkeypatch):
    settings.MAX_FAULTS = 1
    frame = processing.run(received().pk)
    monkeypatch.setattr(object_store, "put_published", refuse)
    publish.run(frame.pk)
    frame.refresh_from_db()
    assert (frame.state, Listing.objects.get().holder, kinds()) == (State.EXCEPTION, None, [])


def test_one_that_killed_its_publishers_holds_no_names(received, matter, kinds, settings):
    settings.MAX_FAULTS = 1
    frame = processing.run(received().pk)
    advance(frame, State.PUBLISHING, actor="worker", lease=-1)
    listings.take(listings.of(frame), frame)
    reaper.release_lapsed()
    frame.refresh_from_db()
    assert (frame.state, Listing.objects.get().holder, kinds()) == (State.EXCEPTION, None, [])


def refuse(*_args) -> None:
    raise ObjectStoreError("no room")


def test_scorecards_without_a_policy_or_frames_without_a_scorecard_are_told(published, kinds):
    published("AURA1_1.png", photo(30))
    Scorecard.objects.filter(frame=published("AURA2_1.png", photo(60))).delete()
    assert kinds() == ["no-scorecard"]
    with connection.constraint_checks_disabled():
        Scorecard.objects.update(policy=999)
        assert kinds() == ["no-policy", "no-scorecard"]
        Scorecard.objects.update(policy=GatePolicy.objects.get(is_active=True))
    GatePolicy.objects.update(is_active=False)
    assert kinds() == ["no-scorecard", "policies"]


def test_the_command_tells_by_its_exit_code(published, capsys):
    frame = published()
    call_command("verify")
    assert "no disagreements" in capsys.readouterr().out
    put("published", naming.staging_key(999, WHITE))
    delete("published", WHITE)
    with pytest.raises(CommandError, match="1 disagreement, and 1 more") as told:
        call_command("verify", "--repair")
    assert told.value.returncode == 1
    out = capsys.readouterr().out
    assert f"AURA1 front (frame {frame.pk}): {WHITE} is missing. Withdraw it" in out and "Mended: staging/999/" in out


def test_a_store_that_is_away_is_told_by_another(published, monkeypatch):
    published()
    monkeypatch.setattr(object_store, "everything", refuse)
    with pytest.raises(CommandError, match="Not verified to its end: no room") as told:
        call_command("verify")
    assert told.value.returncode == 2
    assert verify.last().error == "no room"


def test_the_night_reads_what_is_new_and_goes_on_with_the_rest(published, monkeypatch, caplog):
    frames = [published(f"AURA{number}_1.png", photo(30 * number)) for number in range(1, 4)]
    read: list[str] = []
    load = object_store.load_published
    monkeypatch.setattr(object_store, "load_published", lambda key: read.append(key) or load(key))
    turns = iter(range(1000))
    monkeypatch.setattr("pipeline.upkeep.reading.monotonic", lambda: next(turns))
    monkeypatch.setattr(verify, "NIGHTLY_SECONDS", 1.5)

    def night() -> set[str]:
        read.clear()
        Verification.objects.update(ended_at=LONG_AGO - timedelta(days=1))
        verify.nightly()
        return {key.split("/")[0] for key in read}

    assert [night(), night(), night(), night()] == [{"AURA1"}, {"AURA2"}, {"AURA3"}, {"AURA1"}]
    monkeypatch.setattr(verify, "NIGHTLY_SECONDS", 0)
    Frame.objects.filter(pk=frames[0].pk).update(published_at=timezone.now())
    assert "AURA1" in night()
    read.clear()
    verify.nightly()  # done just now
    assert not read
    delete("published", WHITE)
    night()
    assert f"{WHITE} is missing" in caplog.text and verify.last().found == 1


def test_many_are_looked_at_by_the_page(published, kinds, monkeypatch):
    for number in range(1, 6):
        published(f"AURA{number}_1.png", photo(30 * number))
    for module in ("findings", "inventory", "work_bucket"):
        monkeypatch.setattr(f"pipeline.upkeep.{module}.AT_ONCE", 2)
    assert kinds() == []
    put("work", "998/original"), put("work", "999/original")
    delete("published", "AURA5/AURA5_1_white.webp")
    assert kinds() == ["promise", "unknown", "unknown"]


def test_a_bucket_of_many_pages_is_listed_whole(services):
    for number in range(1005):
        put("work", f"{number}/original", b"x")
    assert len(list(object_store.everything("work"))) == 1005
