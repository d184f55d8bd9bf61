import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from pipeline.imaging.light.enhance import diagnose, enhance
from tests.imaging import scenes

GLASSES, WATCH = scenes.angled_glasses(width=480, height=360), scenes.watch_head(size=360)
GREY = scenes.on_sweep(GLASSES, product=(90, 86, 96))
BLACK = scenes.on_sweep(GLASSES)
CASTS = {"warm": (1, 0.78, 0.5), "cool": (0.6, 0.82, 1), "green": (0.8, 1, 0.72)}
STOPS_UNDER = 1.5
FALL = np.linspace(1, 0, 360)[:, None].repeat(360, axis=1)


def lit(
    rgb: NDArray[np.uint8], gains: tuple[float, float, float] = (1, 1, 1), stops: float = 0, veil: float = 0
) -> NDArray[np.uint8]:
    """The photo by another light, in linear light, with a share of it replaced by an even grey."""
    light = (1 - veil) * linear(rgb) * np.array(gains) * 2**stops + veil * 0.25
    return np.rint(255 * np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


def linear(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    share = rgb / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8], alpha: NDArray[np.float32]) -> float:
    """CIEDE2000 between the product's mean colours."""
    return float(deltaE_ciede2000(*(rgb2lab(rgb[alpha > 0.9].mean(axis=0) / 255) for rgb in (one, other))))


def mixed(share: NDArray[np.float64], one: tuple[float, ...], other: tuple[float, ...]) -> NDArray[np.float64]:
    """From one colour to another, by a share that falls from 1 to 0 across the picture or down it."""
    return share[..., None] * np.array(one) + (1 - share[..., None]) * np.array(other)


def before(backdrop: NDArray[np.float64], product: NDArray[np.float64]) -> NDArray[np.uint8]:
    alpha = WATCH.alpha[..., None]
    return np.rint(alpha * product + (1 - alpha) * backdrop).astype(np.uint8)


def on_paper(paper: tuple[int, ...], case: tuple[int, ...], strap: tuple[int, ...]) -> NDArray[np.uint8]:
    """A watch of two colours on coloured paper, in white light."""
    is_case = WATCH.alpha[..., None] * (np.hypot(*np.indices(WATCH.alpha.shape) - 180) < 60)[..., None]
    return before(np.full(3, paper), is_case * np.array(case) + (1 - is_case) * np.array(strap))


PAPERS = {"cream": (236, 222, 196), "mint": (208, 232, 216), "kraft": (205, 176, 140), "pale blue": (205, 220, 238)}
METALS = {
    "gold on tan": ((205, 170, 95), (170, 120, 70)),
    "rose gold on brown": ((214, 160, 135), (120, 72, 50)),
    "all gold": ((210, 178, 110), (205, 170, 100)),
    "silver on black": ((190, 192, 195), (40, 40, 42)),
}
FAULTS = {name: lit(GREY.rgb, gains) for name, gains in CASTS.items()} | {
    "dark": lit(GREY.rgb, stops=-STOPS_UNDER),
    "dark and warm": lit(GREY.rgb, CASTS["warm"], stops=-STOPS_UNDER),
    "veiled": lit(BLACK.rgb, veil=0.5),
}
every_fault = pytest.mark.parametrize("photo", FAULTS.values(), ids=FAULTS.keys())

RIGHT = {
    "neutral and well exposed": GREY.rgb,
    "black product on white": BLACK.rgb,
    "white product on white": scenes.on_sweep(WATCH, product=(240, 241, 239), backdrop=(246, 246, 245)).rgb,
    "burnt-out white backdrop": scenes.on_sweep(GLASSES, backdrop=(300, 300, 300)).rgb,
    "grey backdrop": scenes.on_sweep(GLASSES, backdrop=(170, 171, 169)).rgb,
    "dark grey backdrop": scenes.on_sweep(WATCH, product=(160, 158, 150), backdrop=(60, 60, 62)).rgb,
    "black product on dark grey": scenes.on_sweep(WATCH, product=(20, 20, 22), backdrop=(60, 60, 62), bend=8).rgb,
    "bright product on mid-grey": scenes.on_sweep(WATCH, product=(190, 188, 185), backdrop=(140, 140, 140)).rgb,
    "pale grey product on grey": scenes.on_sweep(WATCH, product=(125, 124, 126), backdrop=(180, 180, 178)).rgb,
    "backdrop off by a little": lit(GREY.rgb, (1, 0.97, 0.88)),
    "blue paper": scenes.on_sweep(WATCH, backdrop=(120, 160, 215)).rgb,
    "pink paper": scenes.on_sweep(WATCH, backdrop=(232, 190, 200)).rgb,
    "beige paper, grey product": scenes.on_sweep(WATCH, product=(90, 90, 92), backdrop=(236, 220, 196)).rgb,
    "pure black backdrop": scenes.on_sweep(WATCH, product=(160, 90, 40), backdrop=(0, 0, 0), noise=0).rgb,
    "pure red backdrop": scenes.on_sweep(WATCH, backdrop=(255, 0, 0), bend=0, slant=0, noise=0).rgb,
    "pale product of many greys": before(np.full(3, 185.0), mixed(FALL.T, (50,) * 3, (190,) * 3)),
    "velvet, teal above and grey below": before(mixed(FALL, (100, 128, 128), (128,) * 3), np.full(3, 60.0)),
    "wood": scenes.on_sweep(WATCH, backdrop=(160, 120, 80), grain=12).rgb,
    "no backdrop": np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8),
    "all black": np.zeros((90, 120, 3), np.uint8),
    "all white": np.full((90, 120, 3), 255, np.uint8),
    "one warm colour": np.full((90, 120, 3), (250, 220, 180), np.uint8),
    "one pixel": np.full((1, 1, 3), 90, np.uint8),
    "one row": np.full((1, 300, 3), 90, np.uint8),
}


@pytest.mark.parametrize("photo", RIGHT.values(), ids=RIGHT.keys())
def test_a_photo_with_nothing_clearly_wrong_comes_back_itself(photo: NDArray[np.uint8]) -> None:
    with np.errstate(divide="raise", invalid="raise"):
        assert enhance(photo) is photo
    assert diagnose(photo).is_fine


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("metal", METALS)
def test_coloured_paper_is_not_taken_for_coloured_light(paper: str, metal: str) -> None:
    photo = on_paper(PAPERS[paper], *METALS[metal])
    assert enhance(photo) is photo


@pytest.mark.parametrize("cast", CASTS)
def test_a_cast_is_taken_off_the_product(cast: str) -> None:
    assert apart(FAULTS[cast], GREY.rgb, GREY.alpha) > 5
    assert apart(enhance(FAULTS[cast]), GREY.rgb, GREY.alpha) < 2


def test_a_cast_is_taken_off_the_backdrop_too() -> None:
    backdrop = enhance(FAULTS["warm"])[GREY.alpha == 0]
    assert np.ptp(np.median(backdrop, axis=0)) <= 3


def test_a_photo_in_too_little_light_gets_what_was_missing() -> None:
    mended = linear(enhance(FAULTS["dark"]))
    stops = np.log2(mended[GREY.alpha > 0.9].mean() / linear(GREY.rgb)[GREY.alpha > 0.9].mean())
    assert abs(stops) < 1 / 3


def test_a_grey_veil_is_taken_off() -> None:
    assert apart(FAULTS["veiled"], BLACK.rgb, BLACK.alpha) > 15
    assert apart(enhance(FAULTS["veiled"]), BLACK.rgb, BLACK.alpha) < 4


def test_too_little_light_and_its_cast_are_mended_together() -> None:
    diagnosis = diagnose(FAULTS["dark and warm"])
    assert min(diagnosis.gains) == 1 and np.argmax(diagnosis.gains) == 2
    assert apart(enhance(FAULTS["dark and warm"]), GREY.rgb, GREY.alpha) < 4


def test_each_fault_alone_is_diagnosed_alone() -> None:
    assert [diagnose(FAULTS[name]).stops for name in CASTS] == [0, 0, 0]
    assert diagnose(FAULTS["dark"]).gains == (1, 1, 1) and diagnose(FAULTS["dark"]).veil == 0
    assert diagnose(FAULTS["veiled"]).gains == (1, 1, 1) and diagnose(FAULTS["veiled"]).veil > 0.05


@every_fault
def test_a_mended_photo_needs_no_mending(photo: NDArray[np.uint8]) -> None:
    mended = enhance(photo)
    assert mended is not photo
    assert enhance(mended) is mended


@every_fault
def test_mending_leaves_the_photo_that_it_got_alone_and_does_the_same_each_time(photo: NDArray[np.uint8]) -> None:
    given = photo.copy()
    mended = enhance(photo)
    assert np.array_equal(photo, given)
    assert mended.shape == photo.shape and mended.dtype == np.uint8
    assert np.array_equal(enhance(photo), mended)


@every_fault
def test_brighter_stays_brighter_by_one_curve_a_channel(photo: NDArray[np.uint8]) -> None:
    mended = enhance(photo)
    for channel in range(3):
        levels, first = np.unique(photo[..., channel], return_index=True)
        curve = mended[..., channel].ravel()[first]
        assert (np.diff(curve.astype(int)) >= 0).all()
        assert np.array_equal(curve[np.searchsorted(levels, photo[..., channel])], mended[..., channel])


@every_fault
def test_only_what_was_clipped_is_clipped(photo: NDArray[np.uint8]) -> None:
    photo = photo.copy()
    photo[180, 170:175], photo[181, 170:175], photo[182, 170:175] = 255, 254, (1, 254, 60)
    mended = enhance(photo)
    assert mended is not photo
    assert np.array_equal(mended == 255, photo == 255)
    assert np.array_equal(mended == 0, photo == 0)


def test_a_blur_without_an_edge_before_the_backdrop_is_no_error() -> None:
    blur = np.exp(-(((np.mgrid[:300, :400] - np.array([[[150]], [[200]]])) / 40) ** 2).sum(axis=0))
    photo = np.rint(105 - 15 * blur).astype(np.uint8)[..., None].repeat(3, axis=2)
    assert enhance(photo) is photo


def test_a_hot_spot_keeps_its_clipped_pixels_and_gets_no_more() -> None:
    rows, columns = np.mgrid[:360, :480]
    spot = 1.3 * np.exp(-((rows - 40) ** 2 + (columns - 400) ** 2) / 60**2)[..., None]
    photo = np.rint(FAULTS["warm"] + spot * (255 - FAULTS["warm"])).clip(0, 255).astype(np.uint8)
    mended = enhance(photo)
    assert mended is not photo
    assert (photo == 255).any() and np.array_equal(mended == 255, photo == 255)


def test_a_backdrop_clipped_in_one_channel_tells_no_colour() -> None:
    clipped = scenes.on_sweep(GLASSES, backdrop=(290, 262, 225)).rgb
    assert enhance(clipped) is clipped
