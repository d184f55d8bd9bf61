"""A manager looks at a policy in shadow, and lets labels certify the active one."""

from playwright.sync_api import expect

from pipeline import replay
from pipeline.models import active_policy
from tests.browser.conftest import IN_A_BROWSER
from tests.factories import judged, policy
from tests.review.policy.test_certificates import labelled

pytestmark = IN_A_BROWSER
STRICT = {"eyewear": dict.fromkeys(("front", "angle", "side", "unnamed"), 0.999)}


def test_a_shadow_policy_is_replayed_read_and_activated(page, sign_in_as, services):
    card = judged(7, policy(is_active=True), haze=0.1)
    strict = policy("strict", in_shadow=True, thresholds=STRICT)
    sign_in_as("manager")
    page.goto("/admin/policies/")
    page.get_by_role("button", name="Replay all frames").click()
    expect(page.get_by_text("replayed 1, left out 0")).to_be_visible()
    page.get_by_role("link", name="strict v1").click()
    expect(page.get_by_role("link", name=str(card.frame))).to_be_visible()
    page.goto("/admin/policies/")
    page.get_by_label("Why strict v1").fill("a careful week")
    page.get_by_role("button", name="Activate", exact=True).first.click()
    expect(page.get_by_role("heading", name="strict v1 decides now")).to_be_visible()
    expect(page.get_by_text("a careful week")).to_be_visible()
    assert active_policy() == strict and replay.comparison(strict).held == 1


def test_labels_certify_what_is_published_unseen(page, sign_in_as, services):
    row = policy(is_active=True)
    labelled(row, 22)
    sign_in_as("manager")
    page.goto("/admin/policies/")
    expect(page.get_by_text("Not certified.")).to_be_visible()
    page.get_by_label("Why haze only v1").fill("the labels are in")
    page.get_by_role("button", name="Certify and activate").click()
    expect(page.get_by_text("Certified.", exact=True)).to_be_visible()
    expect(page.get_by_text("22 marked frames looked at")).to_be_visible()
    assert str(active_policy()) == "certified v1"
