"""The ladder, with matters that see what a test lets them see."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.cutout import ladder
from pipeline.cutout.examine import Known, examine, more_mattes
from pipeline.cutout.matte import Scene, mean_of, scene_of
from pipeline.imaging.framing import bounding_box, part_of, resized
from pipeline.imaging.matte.lenses import LensRule
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.types import RGB, Matte, ProductClass
from pipeline.listing_spec import listing_spec
from pipeline.policies.shipped import shipped_policy, shipped_specs
from tests.imaging import scenes

PHOTO = scenes.angled_glasses()
SHIPPED = shipped_policy()
# Sure of this plain scene without a second look, and of what a rung makes of it.
POLICY = {**SHIPPED, "sure_from": 0.5, "rescue_threshold": 0.6}
POLICY["thresholds"] = {
    "eyewear": dict.fromkeys(SHIPPED["thresholds"]["eyewear"], 0.5),
    "watch": SHIPPED["thresholds"]["watch"],
}


class Matter:
    """Keys on the corner's colour; a blurred one is never sure of its edges."""

    sha256 = "0" * 64

    def __init__(self, name: str, blurred_looks: int = 0) -> None:
        self.name, self.blurred_looks, self.looks = name, blurred_looks, 0

    def matte(self, rgb: RGB) -> Matte:
        self.looks += 1
        alpha = (np.abs(rgb.astype(int) - rgb[0, 0]).max(axis=2) > 50).astype(np.float32)
        if self.looks <= self.blurred_looks:
            alpha = 0.5 * scenes.with_halo(alpha, 12)
        return Matte(alpha, float(alpha.min()), float(alpha.max()))


@pytest.fixture(autouse=True)
def no_help_from_the_backdrop(monkeypatch):
    monkeypatch.setattr("pipeline.imaging.matte.backdrop.MOST_ROUGHNESS", -1.0)


def test_a_confident_photo_is_matted_once_and_pays_nothing():
    matter = Matter("sure")
    examined = examine(PHOTO.rgb, matter, "eyewear", "angle", POLICY)
    assert examined.best.rung == "first-look" and examined.best.verdict.publish
    assert (matter.looks, examined.others) == (1, ())
    assert not set(ladder.RUNGS) & examined.seconds.keys()


@pytest.fixture
def a_rung(monkeypatch):
    """The network asked once more, as if that were a rung to be tried before the gate judges."""
    monkeypatch.setattr(ladder, "RUNGS", {"closer": ladder.FOR_PEOPLE["closer"]})


class HalfBlind(Matter):
    """Loses, in its second look, what is on the right of the photo: there it sees it in the mirror."""

    def matte(self, rgb: RGB) -> Matte:
        word = super().matte(rgb)
        if self.looks == 2:
            word.alpha[:, : rgb.shape[1] // 2] = 0
        return word


@pytest.mark.parametrize(("product_class", "opacity"), [("watch", 0.5), ("eyewear", 1.0)])
def test_what_one_of_two_looks_lost_is_shown_and_counts_half_in_a_watch(product_class, opacity):
    """Where the score isn't sure."""
    examined = examine(PHOTO.rgb, HalfBlind("half-blind"), product_class, "angle", {**POLICY, "sure_from": 2})
    is_product, half = PHOTO.alpha > 0.99, PHOTO.alpha.shape[1] // 2
    left, right = is_product.copy(), is_product.copy()
    left[:, half:], right[:, :half] = False, False
    alpha, apart = examined.best.alpha, resized(examined.apart, *is_product.shape)
    assert alpha[left].mean() > 0.9 and alpha[right].mean() == pytest.approx(opacity, abs=0.1)
    assert apart[left].mean() < 0.1 and apart[right].mean() > 0.8


def test_what_the_network_saw_is_of_both_looks_too():
    alpha, seen = np.zeros((4, 4), np.float32), (np.full((2, 4, 4), 3, np.float32), np.zeros((2, 2, 2), np.float32))
    word, other = Matte(alpha, 0, 1, seen=seen), Matte(alpha + 1, 0, 1, seen=(0 * seen[0], seen[1] + 1))
    mean = mean_of(word, other)
    assert mean.alpha.mean() == 0.5 and [layer.mean() for layer in mean.seen] == [1.5, 0.5]


def test_a_rung_that_clears_the_doubt_is_taken_and_the_first_look_kept_beside(a_rung):
    examined = examine(PHOTO.rgb, Matter("late", blurred_looks=1), "eyewear", "angle", POLICY)
    assert (examined.best.rung, examined.best.verdict.publish) == ("closer", True)
    assert [other.rung for other in examined.others] == ["first-look"]


def test_when_no_rung_helps_the_first_look_stands():
    matter = Matter("never", blurred_looks=99)
    examined = examine(PHOTO.rgb, matter, "eyewear", "angle", {**POLICY, "sure_from": 0})
    assert (examined.best.rung, examined.best.verdict.publish) == ("first-look", False)
    assert (matter.looks, examined.others) == (1, ())


def test_before_a_studio_backdrop_a_doubted_photo_costs_no_look_more(monkeypatch):
    monkeypatch.undo()
    matter = Matter("never", blurred_looks=99)
    policy = {**POLICY, "sure_from": 0, "thresholds": {"eyewear": {"angle": 1.01}}}
    examined = examine(scenes.on_sweep(PHOTO).rgb, matter, "eyewear", "angle", policy)
    assert ([other.rung for other in examined.others], matter.looks) == (["difference"], 1)


def more(photo: RGB = PHOTO.rgb, rungs: tuple[str, ...] = ("first-look",), second: Matter | None = None) -> list[str]:
    """What else is made of a photo, by a network that is never sure."""
    known = Known(PHOTO.alpha, {}, rungs)
    matters = Matter("never", blurred_looks=99), lambda: second
    return [other.rung for other in more_mattes(photo, known, *matters, "eyewear", "angle", POLICY, listing_spec())]


def test_for_people_two_others_are_made_and_the_cheapest_first(monkeypatch):
    monkeypatch.undo()
    assert more(scenes.on_sweep(PHOTO).rgb) == ["difference", "relit"]  # a closer view is none: it is close already


def test_for_people_no_more_is_made_than_is_missing():
    assert more(rungs=("first-look", "difference")) == ["closer"]
    assert more(rungs=("first-look", "difference", "own-alpha")) == []


def test_for_people_a_first_look_is_made_where_a_cut_out_came_with_the_file():
    assert more(rungs=("own-alpha",)) == ["first-look", "closer"]


def test_for_people_the_second_model_comes_last(monkeypatch):
    monkeypatch.setattr(ladder, "ENOUGH", len(ladder.FOR_PEOPLE))
    assert more(second=Matter("second")) == ["closer", "relit", "second-model"]


@pytest.mark.parametrize(("margin", "is_tried"), [(0.05, False), (0.3, True)])
def test_a_closer_look_is_taken_where_it_shows_the_product_larger(margin, is_tried):
    box = bounding_box(PHOTO.alpha > 0)
    product, alpha = part_of(PHOTO.rgb, box), part_of(PHOTO.alpha, box)
    border = round(margin * product.shape[1])
    photo = np.tile(PHOTO.rgb[0, 0], (product.shape[0] + 2 * border, product.shape[1] + 2 * border, 1))
    photo[border:-border, border:-border] = product
    known = Known(np.pad(alpha, border), {}, ("first-look",))
    made = more_mattes(photo, known, Matter("doubted"), lambda: None, "eyewear", "angle", POLICY, listing_spec())
    assert ("closer" in {other.rung for other in made}) == is_tried


def test_a_rung_below_the_rescue_threshold_rescues_nothing(a_rung):
    careful = {**POLICY, "rescue_threshold": 1.01}
    examined = examine(PHOTO.rgb, Matter("late", blurred_looks=1), "eyewear", "angle", careful)
    assert not examined.best.verdict.publish


def test_a_rung_above_the_rescue_threshold_but_below_the_policys_own_rescues_nothing(a_rung):
    strict = {**POLICY, "thresholds": {"eyewear": {"angle": 1.01}}}
    examined = examine(PHOTO.rgb, Matter("late", blurred_looks=1), "eyewear", "angle", strict)
    assert examined.best.rung == "first-look"


def test_a_policy_from_before_the_ladder_lets_no_rung_publish(a_rung):
    older = {key: value for key, value in POLICY.items() if key != "rescue_threshold"}
    assert not examine(PHOTO.rgb, Matter("late", 1), "eyewear", "angle", older).best.verdict.publish


@pytest.mark.parametrize(
    ("product_class", "view", "reasons"),
    [
        ("eyewear", "front", ("looks-angle",)),
        ("eyewear", "side", ("looks-angle",)),
        ("eyewear", "angle", ()),
        ("eyewear", None, ()),
        ("watch", "front", ()),
    ],
)
def test_glasses_that_show_another_view_than_their_name_says_wait_for_a_person(product_class, view, reasons):
    best = examine(PHOTO.rgb, Matter("sure"), product_class, view, POLICY).best
    assert best.score.vetoes == best.verdict.reasons == reasons
    assert best.verdict.publish == (not reasons)


def test_only_an_angled_view_of_glasses_gets_a_crop():
    crops = {view: examine(PHOTO.rgb, Matter("sure"), "eyewear", view, POLICY).best.crop for view in ("front", "angle")}
    assert crops["front"] is None and crops["angle"].is_sure


class LosingMatter(Matter):
    """Sees both lenses in a haze at its first look; later looks are sure and have lost the far lens."""

    def matte(self, rgb: RGB) -> Matte:
        found = super().matte(rgb)
        if self.looks == 1:
            return Matte(scenes.with_haze(found.alpha, 0.1), 0.0, 1.0)
        right = np.flatnonzero(found.alpha.any(0))[-1]
        found.alpha[:, right - found.alpha.shape[1] // 8 :] = 0
        return found


def test_a_rung_that_no_longer_shows_the_view_does_not_excuse_a_wrong_name(a_rung):
    examined = examine(PHOTO.rgb, LosingMatter("late"), "eyewear", "front", POLICY)
    assert len(examined.others) == 1
    assert "looks-angle" in examined.best.verdict.reasons and not examined.best.verdict.publish


def test_a_photo_with_a_wrong_name_and_a_good_matte_climbs_no_rung():
    matter = Matter("sure")
    examined = examine(PHOTO.rgb, matter, "eyewear", "front", POLICY)
    assert (matter.looks, examined.others) == (1, ())


def test_a_cut_out_that_came_with_the_file_is_taken_and_no_network_looks():
    matter = Matter("sure")
    examined = examine(PHOTO.rgb, matter, "eyewear", "angle", POLICY, own=PHOTO.alpha)
    assert examined.best.rung == "own-alpha" and examined.best.verdict.publish
    assert np.abs(examined.best.alpha - PHOTO.alpha).max() < 0.05
    assert (matter.looks, examined.others) == (0, ())


def test_a_shadow_baked_into_a_cut_out_is_found_and_the_network_does_better():
    photo = scenes.on_sweep(PHOTO)
    own = scenes.with_shadow(PHOTO.alpha, photo.shadow, 0.5)
    examined = examine(PHOTO.rgb, Matter("sure"), "eyewear", "angle", POLICY, own=own)
    assert examined.best.rung == "first-look" and examined.best.verdict.publish
    assert [other.rung for other in examined.others] == ["own-alpha"]


def test_whoever_sells_no_half_glass_is_not_asked_about_the_bridge():
    amazon = next(ListingSpec.from_mapping(row) for row in shipped_specs() if row["name"] == "Amazon")
    about = "eyewear", "angle", POLICY
    asked, spared = (examine(PHOTO.rgb, Matter("sure"), *about, spec=spec).best for spec in (None, amazon))
    assert asked.crop and "bridge_found" in asked.score.metrics
    assert spared.crop is None and not any(name.startswith("bridge") for name in spared.score.metrics)
    assert "no-bridge" not in spared.score.vetoes and "bridge-unsure" not in spared.score.components


def test_lenses_are_cut_out_where_the_listing_spec_says_so(monkeypatch):
    seen = []

    def noted(rgb: RGB, product_class: ProductClass, lens: LensRule) -> Scene:
        seen.append(lens)
        return scene_of(rgb, product_class, lens)

    monkeypatch.setattr("pipeline.cutout.examine.scene_of", noted)
    examine(PHOTO.rgb, Matter("sure"), "eyewear", "angle", POLICY, spec=replace(listing_spec(), lens="cut"))
    assert seen == ["cut"]
