"""What the review page shows of a bridge, before any script runs."""

import re

import pytest

from pipeline.models import Batch, BridgeLabel, Frame
from pipeline.states import State
from tests.factories import bridge_fields, scorecard

DOUBT = "the valley of the profile and the gap between the lenses are not in the same place"


@pytest.fixture
def frame(db):
    return Frame.objects.create(
        batch=Batch.objects.create(name="Spring"),
        filename="A_2.jpg",
        code="A",
        view="angle",
        sha256="0",
        state=State.EXCEPTION,
        attempt=1,
        reasons=["bridge-unsure"],
    )


@pytest.fixture
def review_page(frame, sign_in):
    return lambda: sign_in("operator").get(f"/admin/review/queueitem/{frame.pk}/change/").content.decode()


def put_by_olga(frame: Frame, bridge_x: float, found_x: float | None) -> None:
    BridgeLabel.objects.create(frame=frame, attempt=1, bridge_x=bridge_x, found_x=found_x, by="olga")


def lines(page: str) -> list[str]:
    return re.findall(r'class="mg-bridge" x="([\d.]+%)"', page)


def test_an_operator_sees_line_profile_both_estimates_and_the_doubt_but_no_verdict(frame, review_page):
    scorecard(frame, **bridge_fields(bridge_x=699.5))
    page = review_page()
    assert lines(page) == ["50.0000%", "50.0000%"]  # in the photo and in the profile
    assert "Bridge by gap: 705 px, by valley: 728 px" in page
    assert f"Bridge in doubt: {DOUBT}." in page
    assert "M690.25 0H765.5V1H690.25Z" in page
    assert "0.43" not in page and "confidence" not in page.lower()


@pytest.mark.parametrize(("near", "dimmed"), [("left", 'x="0"'), ("right", 'x="-100%"')])
def test_the_half_that_is_not_published_is_dimmed(near, dimmed, frame, review_page):
    scorecard(frame, **bridge_fields(near=near))
    assert re.findall(r'class="mg-dim" (x="[^"]+")', review_page()) == [dimmed]


@pytest.mark.parametrize(("placed", "dimmed"), [(900.0, 'x="0"'), (500.0, 'x="-100%"')])
def test_without_a_nearer_lens_the_half_that_reaches_less_far_is_dimmed(placed, dimmed, frame, review_page):
    scorecard(frame, **bridge_fields(bridge_x=None, near="", bridge_evidence=None))
    put_by_olga(frame, placed, None)
    assert re.findall(r'class="mg-dim" (x="[^"]+")', review_page()) == [dimmed]


@pytest.mark.parametrize(("is_placed", "span"), [(False, '"bridge-doubt">'), (True, '"bridge-doubt" hidden>')])
def test_the_machines_doubt_is_shown_until_somebody_places_the_line(is_placed, span, frame, review_page):
    scorecard(frame, **bridge_fields())
    if is_placed:
        put_by_olga(frame, 699.5, 669.5)
    assert f"<span id={span}" in review_page()


def test_a_line_that_somebody_placed_stands_where_it_was_placed(frame, review_page):
    scorecard(frame, **bridge_fields(bridge_x=669.5))
    put_by_olga(frame, 699.5, 669.5)
    page = review_page()
    assert lines(page) == ["50.0000%", "50.0000%"]
    assert "Placed by olga: +30 px" in page


def test_the_last_of_several_placings_counts(frame, review_page):
    scorecard(frame, **bridge_fields())
    put_by_olga(frame, 650, 716.25)
    put_by_olga(frame, 699.5, 716.25)
    assert lines(review_page()) == ["50.0000%", "50.0000%"]


def test_a_bridge_that_was_not_found_is_asked_for(frame, review_page):
    scorecard(frame, reasons=["no-bridge"])
    page = review_page()
    assert re.search(r'id="bridge-place">Place the bridge', page)
    assert "No bridge was found" in page


def test_a_bridge_without_evidence_is_a_line_alone(frame, review_page):
    scorecard(frame, **bridge_fields(bridge_evidence=None))
    page = review_page()
    assert len(lines(page)) == 1 and "mg-strip" not in page


@pytest.mark.parametrize(
    ("view", "product_class", "reasons"),
    [("front", "eyewear", []), ("angle", "watch", []), ("angle", "eyewear", ["empty"])],
)
def test_where_nothing_is_parted_there_is_no_line(view, product_class, reasons, frame, review_page):
    scorecard(frame, **bridge_fields(reasons=reasons))
    Batch.objects.update(product_class=product_class)
    Frame.objects.update(view=view)
    page = review_page()
    assert not [part for part in ("mg-bridge", "mg-strip", "bridge_x", "bridge.js", "in doubt") if part in page]


def test_the_history_says_who_placed_the_bridge_and_where_it_was_found(frame, sign_in):
    scorecard(frame, **bridge_fields(bridge_x=716.25))
    put_by_olga(frame, 730, 716.25)
    page = sign_in("manager").get(f"/admin/pipeline/frame/{frame.pk}/change/").content.decode()
    assert "placed by olga at 730 px (found at 716 px)" in page
    assert 'class="mg-strip"' in page and DOUBT in page
