"""Frames that are one body: wraps, shields and opaque rims. Only the notch of the nose tells where their bridge is."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.imaging.crop.bodies import find_pair
from pipeline.imaging.crop.halfglass import LEAST_LIKENESS, find_crop
from pipeline.imaging.crop.notch import find_notch
from pipeline.imaging.crop.viewpoint import has_several, seen_view
from tests.imaging import scenes

WIDTH, HEIGHT = 800, 500
TIMES = 3  # drawn larger, for smooth outlines


def wrap(
    *, far: float = 80, near: float = 300, nose: float = 0.35, temple: float = 190, is_from_above: bool = False
) -> np.ndarray:
    """A wrap from three quarters: a far lens, the notch at column 200, a near lens, and the near temple.

    From above the far temple stands over the lenses, with backdrop between.
    """
    left, right, top, tall = 200 - far, 200 + near, 150.0, 160.0
    lower = top + tall
    outline = [
        *[(left, top + 15), (right, top), (right, top + 60)],
        *[(200 + 0.7 * near, lower - 12), (200 + 0.35 * near, lower), (200 + 0.12 * near, lower - 15)],
        *[(204, lower - nose * tall), (196, lower - nose * tall)],
        *[(190, lower - 5), (200 - 0.5 * far, lower), (left + 8, lower - 40)],
    ]
    picture = Image.new("L", (WIDTH * TIMES, HEIGHT * TIMES))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(x * TIMES, y * TIMES) for x, y in outline], 255)
    draw.line([(x * TIMES, y * TIMES) for x, y in ((right - 5, top + 25), (right + temple, top))], 255, 14 * TIMES)
    if is_from_above:
        far_temple = (left + 6, top + 20), (left + 20, top - 130), (right - 40, top - 110)
        draw.line([(x * TIMES, y * TIMES) for x, y in far_temple], 255, 14 * TIMES, joint="curve")
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX), np.float32) / 255


def width_of(alpha: np.ndarray) -> int:
    return int((alpha > 0.5).any(0).sum())


SHAPES = {
    "wrap": wrap(),
    "turned far": wrap(far=60, near=320),
    "turned little": wrap(far=120, near=300, temple=100),
    "shallow notch": wrap(nose=0.2),
    "safety glasses": wrap(nose=0.11),
    "long temple": wrap(far=70, near=240, temple=280),
    "from above": wrap(is_from_above=True),
}


@pytest.mark.parametrize("alpha", SHAPES.values(), ids=SHAPES)
def test_a_frame_of_one_body_is_parted_at_its_notch(alpha):
    pair = find_pair(alpha)
    assert pair is None or pair.likeness < LEAST_LIKENESS, "the scene is meant to have no two bodies"
    crop, mirrored = find_crop(alpha), find_crop(alpha[:, ::-1])
    assert crop.is_sure and abs(crop.bridge_x - 200) < 0.025 * width_of(alpha)
    assert (crop.near, mirrored.near) == ("right", "left")
    assert mirrored.bridge_x == pytest.approx(WIDTH - 1 - crop.bridge_x, abs=1.5)
    assert crop.product.x1 - crop.product.x0 == pytest.approx(width_of(alpha), abs=8)


def test_its_evidence_is_the_notch_alone():
    crop = find_crop(SHAPES["wrap"])
    assert crop.evidence.by_valley is None and crop.evidence.by_gap is None
    assert crop.evidence.by_notch == crop.bridge_x
    assert crop.evidence.valley[0] <= 200 <= crop.evidence.valley[1] + 1


def test_a_wrap_is_seen_from_an_angle_and_a_shield_from_the_front():
    half = wrap(far=180, temple=0)[:, :200]
    front = np.concatenate([half, half[:, ::-1]], axis=1)
    for alpha, view in ((SHAPES["wrap"], "angle"), (front, "front")):
        assert seen_view(alpha, find_crop(alpha)) == view


def test_a_nick_is_no_notch():
    assert find_crop(wrap(nose=0.06)) is None


@pytest.mark.parametrize("scene", [scenes.side_glasses(), scenes.watch_head(), scenes.shield()], ids=str)
def test_what_has_no_notch_has_none(scene):
    notch = find_notch(scene.alpha)
    assert notch is None or not notch.is_clear


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (60, 80)])
@pytest.mark.parametrize("value", [0, 1])
def test_nothing_and_everything_have_no_notch(shape, value):
    assert find_notch(np.full(shape, value, np.float32)) is None


def test_a_rim_that_has_lost_its_lens_has_no_notch():
    """Its lens was clear, and all that is left is the bar on top, and the lower rim, which is open at both ends."""
    picture = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    draw.line([(100, 150), (520, 150), (700, 130)], 255, 14)
    draw.line([(110, 300), (200, 155), (510, 310)], 255, 10)
    notch = find_notch(np.asarray(picture, np.float32) / 255)
    assert notch is not None and notch.depth > 0.5 and notch.fullness < 0.5
    assert not notch.is_clear


def test_two_pairs_in_one_photo_are_told_from_one_that_is_torn():
    one = wrap()
    apart = one.copy()
    apart[:, 196:206] = 0
    assert has_several(np.concatenate([one, wrap(far=60)]))
    assert not has_several(one) and not has_several(apart)


def test_where_two_places_could_be_the_notch_none_is_sure():
    """As where a folded temple hangs down beside the lenses."""
    alpha = wrap(temple=130)
    assert find_notch(alpha).is_clear
    alpha[165:305, 525:610] = 1
    assert not find_notch(alpha).is_clear
