"""The pages in a real browser, before real servers; no worker runs."""

from playwright.sync_api import expect

from pipeline import naming
from pipeline.engines import object_store
from pipeline.models import Batch, Frame, GatePolicy, GeminiCall, Spec
from tests.browser.conftest import IN_A_BROWSER, PASSWORD, SAMPLE, account, doubtful_frame
from tests.factories import scorecard

pytestmark = IN_A_BROWSER


def test_who_types_name_and_password_comes_to_what_the_role_does_first(page):
    page.goto("/")
    page.get_by_label("Name").fill(account("operator"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/workbench/**")
    page.wait_for_selector("body[data-frame]")


def test_a_page_of_another_role_says_so_in_words(page, sign_in_as):
    sign_in_as("operator")
    answer = page.goto("/admin/figures/")
    assert answer.status == 403
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
    page.get_by_role("link", name="Back to Mattegate").click()
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()


def test_an_uploader_reads_which_photo_was_rejected_and_why(page, sign_in_as):
    sign_in_as("uploader")
    page.goto("/admin/pipeline/batch/add/")
    photo = SAMPLE.read_bytes()
    page.locator("#photos").set_input_files(
        [
            {"name": "AURA1000_2.jpg", "mimeType": "image/jpeg", "buffer": photo},
            {"name": "IMG4711.jpg", "mimeType": "image/jpeg", "buffer": photo},
        ]
    )
    page.get_by_role("button", name="Upload 2 photos").click()

    expect(page.get_by_role("heading", name="All sent but 1 photo")).to_be_visible()
    expect(page.locator("[data-count=taken]")).to_have_text("1")
    expect(page.locator("#rejections .mg-alike")).to_contain_text("no view number after an underscore; expected")
    assert Frame.objects.get().filename == "AURA1000_2.jpg"
    page.get_by_role("link", name="See the batch").click()
    expect(page.get_by_text("AURA1000", exact=True)).to_be_visible()


def test_an_uploader_chooses_gemini_and_is_told_that_photos_leave_the_house(page, sign_in_as, settings):
    settings.GEMINI_API_KEY = "a-key-that-nobody-may-see"
    sign_in_as("uploader")
    page.goto("/admin/pipeline/batch/add/")
    light = page.get_by_label("Enhancement")
    assert light.input_value() == "local"
    expect(page.get_by_text("With Gemini each photo is sent to Google")).to_be_visible()
    light.select_option("gemini")
    page.get_by_label("Lane").select_option("urgent")
    page.locator("#photos").set_input_files(str(SAMPLE))
    page.get_by_role("button", name="Upload 1 photo").click()

    page.get_by_role("link", name="See the batch").click()
    expect(page.get_by_text("urgent lane, enhanced by Gemini")).to_be_visible()
    batch = Frame.objects.get().batch
    assert (batch.enhancement, batch.lane) == ("gemini", "urgent")
    page.get_by_role("link", name="Add photos").click()
    assert (light.input_value(), page.get_by_label("Lane").input_value()) == ("gemini", "urgent")
    assert "nobody-may-see" not in page.content()


def test_without_a_key_gemini_cannot_be_chosen(page, sign_in_as):
    sign_in_as("uploader")
    page.goto("/admin/pipeline/batch/add/")
    expect(page.locator("option[value=gemini]")).to_be_disabled()
    expect(page.get_by_text("Gemini can be chosen when an admin has set its key")).to_be_visible()


def test_a_batch_with_other_choices_takes_nothing_and_says_why(page, sign_in_as):
    Batch.objects.create(name="Spring", product_class="watch")
    sign_in_as("uploader")
    page.goto("/admin/pipeline/batch/add/")
    page.get_by_label("Batch").fill("Spring")
    page.locator("#photos").set_input_files(str(SAMPLE))
    page.get_by_role("button", name="Upload 1 photo").click()
    expect(page.get_by_role("alert")).to_contain_text("holds watch photos")
    expect(page.locator("#results")).to_be_hidden()


def test_a_manager_sees_the_photo_beside_geminis_picture(page, sign_in_as):
    batch = Batch.objects.create(name="Spring", enhancement="gemini")
    frame = Frame.objects.create(
        batch=batch, filename="A_1.jpg", code="A", view="front", sha256="a", gemini="detail-changed", attempt=1
    )
    scorecard(frame, fidelity={"overlap": 0.9})
    call = {"outcome": "answered", "price": 1, "cost": 1, "model_name": "m", "prompt": "studio-1"}
    GeminiCall.objects.create(frame=frame, **call)
    for name in ("original.webp", "gemini.webp", "preview.webp"):
        object_store.save_work(naming.work_key(frame.pk, 1, name), SAMPLE.read_bytes())
    sign_in_as("manager")
    page.goto(f"/admin/pipeline/frame/{frame.pk}/change/")
    pictures = page.locator(".mg-relit img")
    expect(pictures).to_have_count(3)
    assert all(pictures.nth(place).bounding_box()["height"] > 100 for place in range(3))


PAGES = ["pipeline/batch/", "pipeline/batch/add/", "pipeline/batch/{batch}/change/", "pipeline/frame/?o=1", "figures/"]
PAGES += ["pipeline/frame/{frame}/change/", "review/queueitem/", "policies/", "policies/{policy}/", "auth/user/"]
PAGES += ["reshoot/", "auth/user/add/", "nowhere/", "../workbench/", "glossary/", "operations/", "figures/report/"]
PAGES += ["accounts/serviceaccount/", "accounts/accessevent/", "pipeline/webhookendpoint/", "pipeline/webhookdelivery/"]
PAGES += ["accounts/serviceaccount/add/", "pipeline/webhookendpoint/add/", "password_change/"]
PAGES += ["policies/{policy}/thresholds/", "specs/", "specs/{spec}/", "../products/", "../products/AURA1000/"]


def test_no_page_does_what_its_policy_forbids(page, sign_in_as, services):
    """Content-Security-Policy: what is blocked is said on the console."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    frame = doubtful_frame("AURA1000")
    sign_in_as("admin")
    for address in PAGES:
        names = {"batch": frame.batch_id, "frame": frame.pk, "policy": GatePolicy.objects.first().pk}
        names["spec"] = Spec.objects.first().pk
        answer = page.goto("/admin/" + address.format(**names))
        assert answer and "default-src 'none'" in answer.headers["content-security-policy"]
        page.wait_for_load_state("networkidle")
    assert not [words for words in said if "Content Security Policy" in words]
