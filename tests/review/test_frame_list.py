"""The list of all frames stays quick however many there are: it looks names up, and counts no further than it pages."""

import pytest

from accounts import lists
from pipeline.models import Batch

ADDRESS = "/admin/pipeline/frame/"


@pytest.fixture
def browser(db, sign_in):
    batch = Batch.objects.create(name="Spring")
    for number, (filename, code) in enumerate(
        [("aura1000_1.jpg", "AURA1000"), ("AURA1000_2.jpg", "NEW7"), ("x.jpg", "X")]
    ):
        batch.frames.create(filename=filename, code=code, view="front", sha256=str(number))
    return sign_in("manager")


def shown(browser, said):
    answer = browser.get(ADDRESS, {"q": said})
    return {frame.code for frame in answer.context["cl"].result_list}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("AURA1000", {"AURA1000", "NEW7"}),  # renamed since it came as AURA1000_2.jpg
        ("aura1000_1", {"AURA1000"}),
        ("AURA1000_2.jpg", {"NEW7"}),
        ("new7", {"NEW7"}),
        ("NEW7 AURA", {"NEW7"}),
        ("", {"AURA1000", "NEW7", "X"}),
        ("ZZ", set()),
    ],
)
def test_a_frame_is_found_by_how_its_code_or_its_file_name_begins(browser, said, found):
    assert shown(browser, said) == found


def test_a_list_says_when_it_stopped_counting(browser, monkeypatch):
    assert "3 in all" in browser.get(ADDRESS).content.decode()
    monkeypatch.setattr(lists.UpToMany, "most", 2)
    assert "2 or more in all" in browser.get(ADDRESS).content.decode()
