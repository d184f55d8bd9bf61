"""Photos that are to be taken anew: who is told what, and which later photo takes one off the list."""

import re
from html import unescape
from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline import reshoots
from pipeline.models import Batch, Frame, Rejection
from pipeline.states import State
from pipeline.words import RETAKE_WORDS
from review.queue import decisions, undo
from tests.factories import scorecard

pytestmark = pytest.mark.django_db
LIST, UPLOAD = "/admin/reshoot/", "/admin/pipeline/batch/add/"


@pytest.fixture
def olga():
    return User.objects.create_user("olga")


@pytest.fixture
def uploader(sign_in):
    return sign_in("uploader")


def frame_of(code, view="front", state=State.EXCEPTION, *, batch="Spring", owner="uploader", **fields):
    created_by = User.objects.get_or_create(username=owner)[0]
    batch, _ = Batch.objects.get_or_create(name=batch, defaults={"created_by": created_by})
    number = Frame.objects.count()
    names = {"filename": f"{code}_1.jpg", "sha256": str(number), "attempt": 1}
    return Frame.objects.create(batch=batch, code=code, view=view, state=state, **names | fields)


def rejected(code, by, view="front", *, kind="reject", why="blurred", owner="uploader", batch="Spring", **told):
    frame = frame_of(code, view, owner=owner, batch=batch)
    scorecard(frame)
    decisions.decide(kind, frame, frame.version, by, why=why, **told)
    return frame


def text_of(page):
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.content.decode()))
    return re.sub(r" ([,.])", r"\1", words)


def listed(user="uploader"):
    return [row.frame.code for row in reshoots.open_for(User.objects.get(username=user))]


def test_the_list_says_what_is_wrong_where_and_who_asked(uploader, olga):
    rejected("AURA", olga, remark="the left lens", mark=[0.25, 0.5])
    page = uploader.get(LIST)
    words = text_of(page)
    for said in ("AURA front", "Blurred", "the left lens", "Asked by olga", "Spring", "AURA_1"):
        assert said in words, said
    assert '<circle cx="25.00%" cy="50.00%" r="9">' in page.content.decode()


def links(uploader):
    return re.findall(r"/batch/add/\?([^\"]*)\"", uploader.get(LIST).content.decode())


def of_class(product_class, batch):
    Batch.objects.filter(name=batch).update(product_class=product_class)
    Frame.objects.filter(batch__name=batch).update(product_class=product_class)


def test_retakes_are_uploaded_as_what_was_asked_for_was(uploader, olga):
    frame = rejected("AURA", olga)
    batches = Batch.objects.filter(pk=frame.batch_id)
    batches.update(lane="urgent", keep_days=60)  # as `manage.py keep` may have it, and no uploader
    of_class("watch", "Spring")
    same = "product_class=watch&amp;enhancement=local&amp;lane=urgent&amp;name=Spring"
    assert uploader.get(f"{UPLOAD}?{unescape(links(uploader)[0])}").status_code == HTTPStatus.OK
    assert len(links(uploader)) == 2 and all(link.startswith(same) for link in links(uploader))
    rejected("BOLD", olga, batch="Summer")
    of_class("watch", "Summer")
    first, *cards = links(uploader)
    assert first == "product_class=watch&amp;enhancement=local&amp;spec=House&amp;keep_days=" and len(cards) == 2
    of_class("eyewear", "Summer")
    assert len(links(uploader)) == 4
    assert "Upload eyewear retakes" in text_of(uploader.get(LIST))
    Frame.objects.filter(pk=frame.pk).update(product_class="eyewear")  # corrected; its batch takes none of these
    assert not any("Spring" in link for link in links(uploader))
    of_class("watch", "Spring")
    batches.update(closed_at="2026-01-01T00:00Z")
    assert not any("Spring" in link for link in links(uploader))


def test_the_card_on_the_batchs_page_says_the_same(uploader, olga):
    frame = rejected("AURA", olga, why="badly lit", remark="glare", mark=[0.1, 0.2, 0.3, 0.6])
    page = uploader.get(f"/admin/pipeline/batch/{frame.batch_id}/change/")
    words = text_of(page)
    for said in ("to be reshot", "Badly lit", "glare", "Asked by olga"):
        assert said in words, said
    assert '<rect x="10.00%" y="20.00%" width="20.00%" height="40.00%"' in page.content.decode()


def test_a_photo_whose_cut_out_alone_was_no_good_is_not_asked_for(uploader, olga):
    frame = rejected("AURA", olga, kind="discard", why="")
    assert "Nothing to reshoot" in text_of(uploader.get(LIST))
    words = text_of(uploader.get(f"/admin/pipeline/batch/{frame.batch_id}/change/"))
    assert "no new photo is needed" in words and "to be reshot" not in words


def test_without_a_reason_the_uploader_is_told_whom_to_ask(uploader, olga):
    rejected("AURA", olga, why="")
    assert "No reason was given: ask olga." in text_of(uploader.get(LIST))


def test_a_rejection_that_is_taken_back_asks_for_nothing(uploader, olga):
    frame = rejected("AURA", olga)
    undo.take_back(olga)
    assert listed() == [] and not Rejection.objects.exists()
    assert "to be reshot" not in text_of(uploader.get(f"/admin/pipeline/batch/{frame.batch_id}/change/"))


# --- what takes a photo off the list ------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(set(State) - set(reshoots.NO_RETAKE)))
def test_a_later_photo_of_the_same_code_and_view_closes_it_and_its_state_is_said(state, uploader, olga):
    frame = rejected("AURA", olga)
    frame_of("AURA", state=state, batch="Summer", filename="aura_1.png")
    assert listed() == []
    for page in (LIST, f"/admin/pipeline/batch/{frame.batch_id}/change/"):
        words = text_of(uploader.get(page))
        assert f"The retake, aura_1.png in Summer, {RETAKE_WORDS[state]}." in words
        assert "to be reshot" not in words


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "OTHER"},
        {"view": "side"},
        {"state": State.REJECTED},
        {"state": State.UNREADABLE},
        {"state": State.REMOVED},
    ],
    ids=str,
)
def test_any_other_photo_leaves_it_open(fields, uploader, olga):
    rejected("AURA", olga)
    frame_of(**{"code": "AURA", "reasons": ["haze"]} | fields)
    assert listed() == ["AURA"]


def test_a_photo_that_was_there_before_leaves_it_open(uploader, olga):
    frame_of("AURA")
    rejected("AURA", olga)
    assert listed() == ["AURA"]


def test_a_retake_that_is_rejected_too_is_asked_for_in_its_place(uploader, olga):
    rejected("AURA", olga)
    rejected("AURA", olga, why="badly lit", batch="Summer")
    assert listed() == ["AURA"]
    assert "Badly lit" in text_of(uploader.get(LIST)) and "Blurred" not in text_of(uploader.get(LIST))


def test_the_rejected_photo_that_its_retake_superseded_is_said_to_be_taken_anew(uploader, olga):
    frame = rejected("AURA", olga)
    frame_of("AURA", state=State.PUBLISHED)
    Frame.objects.filter(pk=frame.pk).update(state=State.SUPERSEDED)
    words = text_of(uploader.get(LIST))
    assert "Nothing to reshoot" in words and "The retake, AURA_1.jpg in Spring, is published." in words


# --- who sees what -------------------------------------------------------------------------------------


def test_uploaders_see_their_own_batches_and_managers_all(sign_in, uploader, olga, settings):
    rejected("MINE", olga)
    rejected("THEIRS", olga, owner="ute", batch="Theirs")
    sign_in("manager")
    assert (listed(), listed("manager")) == (["MINE"], ["MINE", "THEIRS"])
    settings.SHARED_BATCHES = True
    assert listed() == ["MINE", "THEIRS"]


def test_of_another_uploaders_retake_neither_batch_nor_state_is_told(uploader, sign_in, olga):
    rejected("AURA", olga)
    frame_of("AURA", state=State.EXCEPTION, owner="ute", batch="Theirs")
    words = text_of(uploader.get(LIST))
    assert "The retake, AURA_1.jpg, came on" in words and "from another uploader" in words
    assert "Theirs" not in words and "waiting for review" not in words
    assert "is waiting for review" in text_of(sign_in("manager").get(LIST))


def test_an_uploader_keeps_what_was_asked_though_another_ones_was_asked_for_later(uploader, olga):
    rejected("AURA", olga)
    rejected("AURA", olga, owner="ute", batch="Theirs")
    assert listed() == ["AURA"]


def test_operators_have_no_such_list(sign_in):
    assert sign_in("operator").get(LIST).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(("role", "count"), [("uploader", 1), ("manager", 2)])
def test_the_sidebar_counts_what_is_open_for_who_looks(role, count, sign_in, olga):
    client = sign_in(role)
    rejected("MINE", olga)
    rejected("THEIRS", olga, owner="ute", batch="Theirs")
    page = client.get("/admin/pipeline/batch/").content.decode()
    item = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.split('href="/admin/reshoot/"')[1]))
    assert f"To reshoot {count} " in item[:400]


def test_the_list_asks_as_much_of_the_database_for_many_as_for_one(uploader, olga):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            uploader.get(LIST)
        return len(asked)

    rejected("A0", olga)
    rejected("B0", olga)
    frame_of("B0")
    few = queries()
    for number in range(1, 9):
        rejected(f"A{number}", olga)
        rejected(f"B{number}", olga)
        frame_of(f"B{number}")
    assert queries() == few


def test_there_are_words_for_every_state_that_a_retake_can_have():
    assert RETAKE_WORDS.keys() == set(State) - set(reshoots.NO_RETAKE)
