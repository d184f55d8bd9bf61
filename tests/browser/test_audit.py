"""A failed audit, from the gate to the empty bucket, as an operator goes through it without knowing."""

import pytest
from playwright.sync_api import expect

from pipeline import intake, jobs, processing
from pipeline.cutout import matte_models
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.states import State
from review.models import Decision
from tests.browser.conftest import IN_A_BROWSER, doubtful_frame
from tests.pipeline.conftest import ColourKeyMatter, photo
from tests.services import bucket_of

pytestmark = IN_A_BROWSER


@pytest.fixture
def published(services, monkeypatch):
    """Two views of a watch that the gate passed; the front view is marked."""
    monkeypatch.setattr(matte_models, "matter", ColourKeyMatter)
    batch = intake.open_batch("Autumn drop", "watch")
    frames = [intake.receive(batch, f"AURA2000_{n}.png", photo(40 + n)).frame for n in (1, 3)]
    for frame, draw in zip(frames, (0.0, 1.0), strict=True):
        Frame.objects.filter(pk=frame.pk).update(draw=draw)
        processing.run(frame.pk)
        publish.run(frame.pk)
    assert set(Frame.objects.values_list("state", "audit_due")) == {("published", "drawn"), ("published", "")}
    return frames


def manifests() -> set[str]:
    return {item.key for item in bucket_of("published").objects.all() if item.key.endswith(".json")}


def test_a_bad_frame_that_slipped_through_is_taken_back_and_its_siblings_are_looked_at(page, sign_in_as, published):
    doubtful_frame("AURA1000")
    sign_in_as("operator")
    rows = page.locator("#result_list tbody tr")
    page.goto("/admin/review/queueitem/")
    expect(rows).to_have_count(2)
    expect(page.get_by_text("audit")).to_have_count(0)
    page.get_by_role("link", name="AURA2000").first.click()
    expect(page.get_by_role("heading", name="AURA2000")).to_be_visible()
    page.keyboard.press("x")
    page.keyboard.press("8")
    expect(page.get_by_role("status")).to_contain_text("the cut-out isn't good enough")
    Frame.objects.update(not_before=None)
    jobs.withdraw(published[0].pk)
    front, side = (Frame.objects.get(pk=frame.pk) for frame in published)
    assert manifests() == {"AURA2000/AURA2000_3.json"}
    assert (front.state, front.rejection.needs_photo) == (State.REJECTED, False)
    assert (side.state, side.audit_due) == (State.PUBLISHED, "sibling")
    assert Decision.objects.get().label == "bad"
    page.goto("/admin/review/queueitem/")
    expect(rows).to_have_count(2)
