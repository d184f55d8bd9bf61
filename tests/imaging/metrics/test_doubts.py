"""Each doubt is planted at a known place, and has to be found there."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage as ndi

from pipeline.imaging.metrics import doubts, edges, topology
from pipeline.imaging.metrics.doubts import find_doubts
from pipeline.imaging.verdict.score import VETOES

HEIGHT, WIDTH = 480, 640
PRODUCT = (slice(160, 320), slice(120, 520))
PLACE = (slice(200, 230), slice(430, 470))
POLICY = Path(doubts.__file__).parents[2] / "policies" / "default.json"


@pytest.fixture
def alpha():
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[PRODUCT] = 1
    return alpha


@pytest.fixture
def rgb(alpha):
    """A dark product on a light ground, its edge a pixel soft, with some grain."""
    grain = np.random.default_rng(0).normal(0, 1.5, (HEIGHT, WIDTH, 1))
    shade = ndi.uniform_filter(alpha, 3)[..., None]
    return np.clip(230 - 180 * shade + grain, 0, 255).repeat(3, axis=2).astype(np.uint8)


def planted(code, rgb, alpha):
    """The defect that this code speaks of, and where it is."""
    apart = None
    where = PLACE
    if code in ("soft-edge", "wide-band", "see-through", "half-gone"):
        alpha[PLACE] = 0.5
    elif code in ("torn", "pieces"):
        where = slice(60, 90), slice(560, 600)
        alpha[where] = 1
    elif code == "haze":
        where = slice(380, 420), slice(200, 260)
        alpha[where] = 0.2
    elif code in ("stray", "left-out"):
        where = slice(336, 344), slice(300, 340)
        rgb[where] = 60
    elif code == "eaten":
        where = slice(205, 215), slice(440, 450)
        alpha[where] = 0
    elif code == "frayed":
        where = slice(140, 160), slice(300, 302)
        alpha[where] = 1
    elif code in ("fading", "fading-stretch"):
        where = slice(238, 242), slice(520, 600)
        alpha[where] = 0.6
    elif code == "halo":
        where = slice(156, 160), slice(250, 330)
        alpha[where] = 1
    elif code in ("edge-not-in-photo", "outline-gap"):
        where = slice(140, 160), slice(250, 330)
        alpha[where] = 1
    elif code in ("like-backdrop", "faint-outline"):
        where = slice(300, 324), slice(200, 300)
        rgb[where] = 222
    elif code == "backdrop-kept":
        rgb[PLACE] = 230
    elif code == "asymmetrical":
        where = slice(330, 400), slice(140, 160)
        alpha[where] = 1
    elif code == "burnt-out":
        rgb[PLACE] = 255
    elif code == "touches-border":
        where = slice(240, 250), slice(520, 640)
        alpha[where] = 1
    elif code.startswith("second-look"):
        apart = np.zeros_like(alpha)
        apart[PLACE] = 0.5
    return apart, where


def likely(code, where):
    """What a network that is right would tell."""
    told = np.zeros((HEIGHT // 8, WIDTH // 8), np.float32)
    told[tuple(slice(part.start // 8, part.stop // 8) for part in where)] = 0.8
    return {code.removeprefix("likely-"): told}


@pytest.mark.parametrize("code", sorted(doubts.MAPS))
def test_a_planted_defect_is_found_at_its_place(code, rgb, alpha):
    apart, (rows, columns) = planted(code, rgb, alpha)
    found = find_doubts(rgb, alpha, [code], apart, likely(code, (rows, columns)))
    box = found.places[code]
    assert box.y0 < rows.stop and box.y1 > rows.start and box.x0 < columns.stop and box.x1 > columns.start
    assert (box.y1 - box.y0) * (box.x1 - box.x0) < 0.25 * HEIGHT * WIDTH
    row, column = np.unravel_index(found.heat.argmax(), found.heat.shape)
    assert rows.start - 12 <= row < rows.stop + 12 and columns.start - 12 <= column < columns.stop + 12
    assert found.heat.max() == pytest.approx(1) and found.heat.min() >= 0


@pytest.mark.parametrize(
    ("code", "summed"),
    [
        ("haze", edges.haze),
        ("half-gone", edges.core_deficit),
        ("soft-edge", edges.softness),
        ("frayed", topology.frailty),
    ],
)
def test_the_map_of_a_reason_is_what_its_metric_sums_up(code, summed, rgb, alpha):
    planted(code, rgb, alpha)
    layer = doubts.MAPS[code](doubts.scene_of(rgb, alpha))
    area = alpha.sum() if code == "soft-edge" else (alpha > 0.5).sum()
    assert layer.sum() / area == pytest.approx(summed(alpha), rel=1e-4) and layer.any()


ABSENT = ("haze", "eaten", "torn", "burnt-out", "touches-border", "second-look", "likely-extra")


@pytest.mark.parametrize("code", ABSENT)
def test_what_is_not_there_has_no_place(code, rgb, alpha):
    found = find_doubts(rgb, alpha, [code])
    assert not found.places and not found.heat.any()


def test_places_are_in_pixels_of_the_photo(rgb, alpha):
    alpha[PLACE] = 0.5
    large = find_doubts(rgb.repeat(4, 0).repeat(4, 1), alpha.repeat(4, 0).repeat(4, 1), ["half-gone"])
    box = large.places["half-gone"]
    assert max(large.heat.shape) == 1024
    assert box.y0 <= 4 * PLACE[0].start and box.y1 >= 4 * PLACE[0].stop
    assert box.x0 <= 4 * PLACE[1].start and box.x1 >= 4 * PLACE[1].stop


def test_the_costlier_reason_is_the_hotter_one(rgb, alpha):
    planted("torn", rgb, alpha)
    alpha[PLACE] = 0.5
    heat = find_doubts(rgb, alpha, ["half-gone", "torn"]).heat
    assert heat[PLACE].max() > heat[60:90, 560:600].max() > 0.5


@pytest.mark.parametrize("shape", [(60, 60), (1, 300), (300, 1)])
def test_tiny_photos_have_doubts_too(shape):
    rgb, alpha = np.full((*shape, 3), 200, np.uint8), np.zeros(shape, np.float32)
    alpha[shape[0] // 3 : shape[0] // 3 + 20, shape[1] // 3 : shape[1] // 3 + 20] = 0.7
    for code in doubts.MAPS:
        find_doubts(rgb, alpha, [code], alpha / 2)


def test_of_nothing_there_is_no_place(rgb):
    found = find_doubts(rgb, np.zeros((HEIGHT, WIDTH), np.float32), [*doubts.MAPS, "empty"])
    assert not found.places and not found.heat.any()


def test_every_reason_of_the_score_has_a_place_or_is_known_to_have_none():
    components = json.loads(POLICY.read_text())["components"]
    assert {*components, *VETOES} <= {*doubts.MAPS, *doubts.PLACELESS}
