"""Photos in, in a real browser: what is refused, asked and taken back. No worker runs but where a test is one."""

import re

import pytest
from playwright.sync_api import expect

from pipeline import intake, naming, parts, processing
from pipeline.engines import object_store
from pipeline.models import Frame
from tests.browser.conftest import IN_A_BROWSER, SAMPLE, pictures
from tests.imaging.pictures.test_decode import png_header
from tests.pipeline.conftest import photo

pytestmark = IN_A_BROWSER
UPLOAD = "/admin/pipeline/batch/add/"


def choose(page, *files):
    kept = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    page.locator("#photos").set_input_files(kept)


def send(page, *files):
    choose(page, *files)
    page.locator("#send").click()
    expect(page.locator("#summary")).not_to_have_text("")
    expect(page.locator("#summary")).not_to_contain_text(" of ")


def count(page, name):
    return page.locator(f"[data-count={name}]")


def states():
    return {f"{frame.code} {frame.view}": frame.state for frame in Frame.objects.all()}


@pytest.fixture
def uploader(page, sign_in_as):
    sign_in_as("uploader")
    page.goto(UPLOAD)
    page.get_by_label("Batch").fill("Spring")
    page.get_by_label("Product class").select_option("watch")
    return page


def test_a_file_that_is_no_photo_is_refused_before_it_is_taken(uploader):
    page = uploader
    send(page, ("A1_1.jpg", b""), ("A2_1.jpg", png_header(30_000, 30_000)), ("A3_1.png", photo()))
    expect(count(page, "taken")).to_have_text("1")
    expect(page.locator("#rejections")).to_contain_text("1 file: the file is empty; copy it again from the camera")
    expect(page.locator("#rejections")).to_contain_text("megapixels; export it smaller")
    assert states() == {"A3 front": "received"}


def test_what_no_worker_can_read_is_on_its_uploaders_list_until_a_good_one_is_sent(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()[:500]), ("A2_1.png", photo(50)[:500]))
    for frame in Frame.objects.all():
        processing.run(frame.pk)
    page.goto(UPLOAD)
    listed = page.locator("#again li")
    expect(listed).to_have_count(2)
    expect(listed.first).to_contain_text("the file is cut off or damaged")
    page.get_by_label("Batch").fill("Spring")
    page.get_by_label("Product class").select_option("watch")
    send(page, ("A1_1.png", photo()))
    expect(listed).to_have_count(1)
    page.get_by_label("Remove A2 front").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("A2 front is removed; its history stays.")).to_be_visible()
    expect(page.locator("#again")).to_be_hidden()
    assert sorted(Frame.objects.values_list("code", "state")) == [
        ("A1", "received"),
        ("A1", "superseded"),
        ("A2", "removed"),
    ]


def test_operators_are_not_asked_about_a_file_that_nobody_can_read(page, sign_in_as):
    batch = intake.open_batch("Spring", "watch")
    processing.run(intake.receive(batch, "A1_1.png", photo()[:500]).frame.pk)
    sign_in_as("manager")
    page.goto("/admin/review/queueitem/")
    expect(page.get_by_text("A1", exact=True)).to_have_count(0)
    page.goto(UPLOAD)
    expect(page.locator("#again li")).to_have_count(1)


def test_the_sender_says_which_product_a_photo_belongs_to(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()))
    send(page, ("A2_1.png", photo()), ("A3_1.png", photo()), ("A4_1.png", photo()))
    expect(page.locator("#summary")).to_have_text("3 photos held for your answer")
    question = page.locator("#questions > ul > li")
    expect(question.first).to_contain_text(
        "A2_1.png: this very photo is there as A1 front (in batch Spring, waiting in line)"
    )
    question.filter(has_text="A4_1.png").get_by_role("button", name="It is A1 front: leave this file out").click()
    question.filter(has_text="A2_1.png").get_by_role("button", name="It is A2 front: remove it from A1 front").click()
    expect(question).to_have_count(1)
    expect(count(page, "taken")).to_have_text("1")
    assert states() == {"A1 front": "removed", "A2 front": "received"}
    question.get_by_role("button", name="It shows A3 front too").click()
    expect(question).to_contain_text("A3_1.png: this very photo is there as A2 front")  # which was not known before
    question.get_by_role("button", name="It shows A3 front too").click()
    expect(count(page, "taken")).to_have_text("2")
    assert states() == {"A1 front": "removed", "A2 front": "received", "A3 front": "received"}


def test_of_two_photos_of_one_name_the_sender_says_which_is_taken(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()))
    send(page, ("A1_1.jpg", SAMPLE.read_bytes()))
    question = page.locator("#questions > ul > li")
    expect(question).to_contain_text("A1_1.jpg: this batch has another photo of A1 front: A1_1.png (waiting in line)")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert Frame.objects.count() == 1
    question.get_by_role("button", name="Take this one instead").click()
    expect(count(page, "taken")).to_have_text("1")
    assert sorted(Frame.objects.values_list("filename", "state")) == [
        ("A1_1.jpg", "received"),
        ("A1_1.png", "superseded"),
    ]


def test_a_wrong_name_is_explained_once_and_mended_in_place(uploader):
    page = uploader
    choose(page, ("IMG_1234.png", photo()), ("IMG_1235.png", photo(50)), ("Thumbs.db", b"x"), ("notes.txt", b"x"))
    expect(page.locator("#chosen")).to_contain_text("2 photos chosen")
    expect(page.locator("#chosen")).to_contain_text("Skipped, not photos: Thumbs.db, notes.txt.")
    page.locator("#send").click()
    expect(page.locator("#rejections .mg-alike")).to_have_count(1)
    expect(page.locator("#rejections .mg-alike > p")).to_contain_text("2 files: the view is not 1, 2 or 3")
    page.get_by_label("New name of IMG_1234.png").fill("A1_1.png")
    page.get_by_label("New name of IMG_1234.png").press("Enter")
    expect(count(page, "taken")).to_have_text("1")
    expect(page.locator("#rejections .mg-alike > p")).to_contain_text("1 file: the view")
    expect(page.get_by_label("New name of IMG_1235.png")).to_be_focused()  # the next is mended without a mouse
    assert states() == {"A1 front": "received"}


def test_of_a_wrong_name_no_byte_is_sent(uploader):
    page = uploader
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    send(page, ("IMG_1234.png", photo()))
    expect(count(page, "rejected")).to_have_text("1")
    expect(page.locator("#summary")).to_have_text("Nothing sent yet: 1 photo with a name to be mended")
    assert not posted
    page.get_by_label("New name of IMG_1234.png").fill("A1_1.png")
    page.get_by_label("New name of IMG_1234.png").press("Enter")
    expect(count(page, "taken")).to_have_text("1")
    assert len(posted) == 1


def test_what_is_chosen_is_listed_and_cleared(uploader):
    page = uploader
    choose(page, *((f"A{number}_1.png", photo(number)) for number in range(22)))
    expect(page.get_by_text("Add photos")).to_be_visible()
    choose(page, ("B1_1.png", photo(50)))
    page.get_by_text("Which photos").click()
    expect(page.locator("#picked li")).to_have_count(21)
    expect(page.locator("#picked li").first).to_have_text("A0_1.png")
    expect(page.locator("#picked li").last).to_have_text("and 3 photos more")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#picked")).to_be_hidden()
    expect(page.locator("#send")).to_be_disabled()
    send(page, ("B2_1.png", photo(60)))
    expect(count(page, "taken")).to_have_text("1")
    assert states() == {"B2 front": "received"}


def test_what_is_stopped_is_chosen_again_and_goes_on(uploader):
    page = uploader
    waiting, is_slow = [], [True]
    page.route(f"**{UPLOAD}", lambda route: waiting.append(route) if is_slow else route.continue_())
    choose(page, ("IMG_1234.png", photo(70)), *((f"A{number}_1.png", photo(number)) for number in range(12)))
    page.locator("#send").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#send")).to_have_text("Stopping…")
    is_slow.clear()
    for route in waiting:
        route.continue_()
    expect(page.locator("#send")).to_have_text("Upload 4 photos")
    expect(page.locator("#summary")).to_have_text(
        "All sent but 1 photo with a name to be mended, 4 photos chosen still"
    )
    assert Frame.objects.count() == 8
    page.locator("#send").click()
    expect(page.locator("#summary")).to_have_text("All sent but 1 photo with a name to be mended")
    expect(count(page, "taken")).to_have_text("12")


def test_the_headline_is_true_after_a_name_was_mended_in_vain(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()), ("A2_1.jpg", b""), ("IMG_1234.png", photo(50)))
    left = "1 photo with a name to be mended, 1 photo that can’t be taken"
    expect(page.locator("#summary")).to_have_text(f"All sent but {left}")
    page.get_by_label("New name of IMG_1234.png").fill("A3.png")
    page.get_by_label("New name of IMG_1234.png").press("Enter")
    expect(page.get_by_label("New name of IMG_1234.png")).to_have_value("A3.png")
    expect(page.locator("#summary")).to_have_text(f"All sent but {left}")
    page.get_by_label("Leave out A2_1.jpg").click()
    page.get_by_label("New name of IMG_1234.png").fill("A3_1")
    page.get_by_label("New name of IMG_1234.png").press("Enter")
    expect(page.locator("#summary")).to_have_text("Everything is sent")
    expect(count(page, "taken")).to_have_text("2")
    assert Frame.objects.filter(filename="A3_1.png").exists()


def test_what_waits_for_a_name_outlives_the_next_upload_and_is_not_left_unasked(uploader):
    page = uploader
    may_leave = "() => window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    send(page, ("A1_1.jpg", b""))
    assert page.evaluate(may_leave)
    send(page, ("IMG_1234.png", photo()))
    assert not page.evaluate(may_leave)
    send(page, ("A1_1.png", photo(50)))
    expect(page.locator("#summary")).to_have_text("All sent but 1 photo with a name to be mended")
    page.get_by_label("Leave out IMG_1234.png").click()
    assert page.evaluate(may_leave)


def test_the_view_is_chosen_from_a_thumbnail(uploader):
    page = uploader
    send(page, ("A1.png", photo()), ("no.png", photo(50)))
    row = page.locator(".mg-misnamed").filter(has=page.get_by_label("New name of A1.png"))
    picture = row.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert picture > 0
    row.get_by_role("button", name="side").click()
    expect(page.get_by_label("New name of A1.png")).to_have_value("A1_3.png")
    row.get_by_role("button", name="angle").click()
    page.get_by_label("New name of A1.png").press("Enter")
    expect(count(page, "taken")).to_have_text("1")
    page.get_by_label("Leave out no.png").click()
    expect(page.locator("#rejections")).to_be_hidden()
    assert states() == {"A1 angle": "received"}


def test_of_files_that_would_be_one_photo_none_is_sent_until_one_is_chosen(uploader):
    page = uploader
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    send(page, ("A1_1.png", photo()), ("a1_1.jpg", photo(50)))
    expect(page.locator("#rejections .mg-alike > p")).to_have_text(
        "2 files: A1_1 is the name of more than one file; rename what is another photo, and leave out what isn’t meant"
    )
    assert not posted
    page.get_by_label("New name of a1_1.jpg").fill("A1_2.jpg")
    page.get_by_label("New name of a1_1.jpg").press("Enter")
    expect(count(page, "taken")).to_have_text("1")
    page.get_by_label("New name of A1_1.png").press("Enter")
    expect(count(page, "taken")).to_have_text("2")
    assert states() == {"A1 angle": "received", "A1 front": "received"}


def test_a_new_name_that_is_wrong_too_is_refused_on_the_spot(uploader):
    page = uploader
    send(page, ("LN 1_2.png", photo()))
    expect(page.get_by_text("there is a space in the name")).to_be_visible()
    name = page.get_by_label("New name of LN 1_2.png")
    name.press("Enter")
    assert "there is a space in the name" in name.evaluate("field => field.validationMessage")
    name.fill("LN1_2")
    name.press("Enter")
    expect(count(page, "taken")).to_have_text("1")
    assert states() == {"LN1 angle": "received"}


def test_wrong_names_are_mended_by_a_pasted_list(uploader):
    page = uploader
    send(page, *((f"IMG_{number}.png", photo(number - 1000)) for number in (1001, 1002, 1003, 1004)))
    page.get_by_text("Names from a list").click()
    page.get_by_label("A line a file").fill('img_1001\tA1\t2\nIMG_1002.png; "A2_1.png"\nIMG_1003,A3,side\nIMG_9,A9,1')
    page.locator("#listed").get_by_role("button", name="Rename and send").click()
    expect(page.locator("#listed-said")).to_have_text("3 photos renamed, 1 not in the list.")
    expect(page.get_by_label("New name of IMG_1004.png")).to_be_visible()
    expect(count(page, "taken")).to_have_text("3")
    assert states() == {"A1 angle": "received", "A2 front": "received", "A3 side": "received"}


def test_a_large_drop_arrives_whole_though_its_connection_breaks(uploader):
    page = uploader
    good = [f"A{product}_{view}.png" for product in range(1, 18) for view in (1, 2, 3)]
    misnamed = [f"IMG_{number}.png" for number in range(1001, 1010)]
    broken = []

    def unsteady(route):
        if route.request.method != "POST" or len(broken) == 3:
            return route.continue_()
        broken.append(route)
        if len(broken) == 2:
            route.fetch()  # taken, but who sent it never hears of it
        return route.abort("connectionreset")

    page.route(f"**{UPLOAD}", unsteady)
    choose(page, *((name, photo(number)) for number, name in enumerate([*good, *misnamed])))
    page.locator("#send").click()
    expect(page.locator("#summary")).to_contain_text("trying again")
    expect(page.locator("#summary")).to_have_text("All sent but 9 photos with a name to be mended", timeout=60_000)
    expect(count(page, "rejected")).to_have_text("9")
    expect(count(page, "failed")).to_have_text("0")
    expect(count(page, "duplicate")).to_have_text("4")
    expect(count(page, "taken")).to_have_text("47")
    page.get_by_text("Names from a list").click()
    renamed = {name: f"B{number}_{number % 3 + 1}.png" for number, name in enumerate(misnamed)}
    page.get_by_label("A line a file").fill("\n".join(map("\t".join, renamed.items())))
    page.locator("#listed").get_by_role("button", name="Rename and send").click()
    expect(page.locator("#summary")).to_have_text("Everything is sent", timeout=20_000)
    send(page, *((name, photo(number)) for number, name in enumerate(good[:3])))
    expect(count(page, "duplicate")).to_have_text("3")
    arrived = list(Frame.objects.values_list("filename", flat=True))
    assert len(arrived) == 60 and sorted(arrived) == sorted([*good, *renamed.values()])


def test_of_a_large_photo_only_what_did_not_arrive_is_sent_again(uploader, tmp_path):
    page = uploader
    large = tmp_path / "A1_1.png"
    large.write_bytes(photo() + bytes(2 * parts.PART_BYTES))
    arrived, broken = [], [True]

    def unsteady(route):
        part = route.request.url.rpartition("/")[2]
        if part == "3" and broken:
            return route.abort("connectionreset")
        arrived.append(part)
        return route.continue_()

    page.route(re.compile(r"/uploads/.*/\d$"), unsteady)
    page.locator("#photos").set_input_files(large)
    page.locator("#send").click()
    expect(page.locator("#summary")).to_contain_text("trying again", timeout=30_000)
    expect(page.get_by_label("A1_1.png sent")).to_be_visible()
    assert 0.9 < page.get_by_label("A1_1.png sent").evaluate("bar => bar.value") < 1
    broken.clear()
    expect(page.locator("#summary")).to_have_text("Everything is sent", timeout=30_000)
    expect(page.locator("#moving")).to_be_hidden()
    expect(count(page, "taken")).to_have_text("1")
    assert arrived == ["1", "2", "3"]
    assert object_store.load_work(naming.original_key(Frame.objects.get().pk)) == large.read_bytes()


def test_a_page_that_is_opened_anew_goes_on_with_a_large_photo(uploader, tmp_path):
    page = uploader
    large = tmp_path / "A1_1.png"
    large.write_bytes(photo() + bytes(2 * parts.PART_BYTES))
    page.route("**/uploads/*/2", lambda route: route.abort("connectionreset"))
    page.locator("#photos").set_input_files(large)
    page.locator("#send").click()
    expect(page.locator("#summary")).to_contain_text("trying again", timeout=30_000)
    page.unroute("**/uploads/*/2")
    page.once("dialog", lambda asked: asked.accept())
    page.goto(UPLOAD)
    again = []
    page.on("request", lambda request: again.append(request.url.rpartition("/")[2]))
    page.get_by_label("Batch").fill("Spring")
    page.get_by_label("Product class").select_option("watch")
    page.locator("#photos").set_input_files(large)
    page.locator("#send").click()
    expect(count(page, "taken")).to_have_text("1")
    assert [name for name in again if name.isdigit() or name == "complete"] == ["2", "3", "complete"]


def test_what_was_renamed_is_still_told_from_the_photo_that_it_meets(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()), ("IMG_1234.png", photo(50)))
    page.get_by_label("New name of IMG_1234.png").fill("A1_1.png")
    page.get_by_label("New name of IMG_1234.png").press("Enter")
    expect(page.locator("#questions")).to_contain_text(
        "A1_1.png (your file IMG_1234.png): this batch has another photo"
    )


def test_one_is_asked_before_leaving_what_is_held(uploader):
    page = uploader
    may_leave = "() => window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    send(page, ("A1_1.png", photo()))
    assert page.evaluate(may_leave)
    send(page, ("A2_1.png", photo()))
    expect(page.locator("#summary")).to_have_text("1 photo held for your answer")
    assert not page.evaluate(may_leave)
    page.get_by_role("button", name="It is A1 front: leave this file out").click()
    expect(page.locator("#questions")).to_be_hidden()
    assert page.evaluate(may_leave)


def test_junk_is_removed_by_who_sent_it_and_operators_do_not_see_it(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()), ("A2_1.png", photo(50)))
    Frame.objects.filter(code="A2").update(state="published")
    page.get_by_role("link", name="See the batch").click()
    expect(page.locator(".mg-tile .mg-remove")).to_have_count(1)
    page.get_by_label("Remove A1 front").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("A1 front is removed; its history stays.")).to_be_visible()
    expect(page.locator(".mg-tile")).to_have_count(1)
    frame = Frame.objects.get(code="A1")
    assert (frame.state, frame.transitions.last().actor) == ("removed", "uploader")


def test_of_what_is_held_both_photos_are_shown(uploader):
    page = uploader
    send(page, ("A1_1.jpg", SAMPLE.read_bytes()), ("A2_1.png", photo(50)))
    known = Frame.objects.get(code="A1")
    Frame.objects.filter(pk=known.pk).update(attempt=1, state="exception")
    object_store.save_work(naming.work_key(known.pk, 1, "thumb.webp"), pictures()["thumb.webp"])
    send(page, ("A1_1.png", photo()), ("A2_1.jpg", photo(60)))
    first, second = page.locator("#questions > ul > li").all()
    expect(first.get_by_text("There: A1 front, in batch Spring")).to_be_visible()
    for shown in first.locator("figure img").all():
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    expect(first.locator("figure img")).to_have_count(2)
    expect(second.get_by_text("Not worked on yet.")).to_be_visible()


def test_a_photo_that_another_batch_has_under_the_same_name_is_not_taken_without_a_word(uploader):
    page = uploader
    send(page, ("A1_1.png", photo()))
    expect(page.locator("#taken-again")).to_be_hidden()
    page.get_by_label("Batch").fill("Summer")
    send(page, ("A1_1.png", photo()))
    expect(count(page, "taken")).to_have_text("1")
    expect(page.locator("#taken-again")).to_contain_text(
        "A1_1.png: the same photo is there in batch Spring too, waiting in line"
    )


def test_what_a_command_took_in_is_no_uploaders_to_remove(uploader):
    page = uploader
    batch = intake.open_batch("By command", "watch")
    intake.receive(batch, "A1_1.png", photo())
    page.goto(f"/admin/pipeline/batch/{batch.pk}/change/")
    expect(page.locator(".mg-tile")).to_have_count(1)
    expect(page.locator(".mg-remove")).to_have_count(0)
