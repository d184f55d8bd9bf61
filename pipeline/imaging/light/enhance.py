"""Mends the light of a whole photo where it is clearly wrong: a colour cast, too little light, a veil over everything.

Only a studio backdrop shows what is right: it is meant to be an even white or grey. Before any other, and where mere
taste speaks for a change, the photo stays as it is. So it does when overexposed: what is clipped can't be brought back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import PchipInterpolator
from skimage.color.colorconv import xyz2lab, xyz_from_rgb

from pipeline.imaging.matte.backdrop import fit_backdrop
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB

NAME = "local-1"
# Half of what matting's fit needs, for a quarter of the time: only usual colours and tones are asked for.
SIDE = 192

# A cast's chroma (CIELAB, at a light grey): less is left alone, and so are hues, in degrees, that no lamp has, and
# chromas beyond a hue's bound. From tungsten to green fluorescent light; from shade to blue sky.
LEAST_CAST = 10.0
LAMPS = ((55.0, 155.0, 28.0), (235.0, 285.0, 18.0))
# Before an even white or grey, tints stay this close to the usual one; velvets and coloured lights spread over 6.
MOST_UNEVEN = 5.0
# Levels, and a share of the backdrop's pixels: more of them clipped, and its colour isn't known.
CLIPPED, MOST_CLIPPED = 252, 0.05
# How near to a tint, in shares of the cast, a pixel counts for it; and how much of what stands before the backdrop must
# count for the cast: blurred rims alone, which have the backdrop's own tint, make up to 0.17.
NEAR, LEAST_NEUTRAL = 0.3, 0.35
# Levels. A backdrop below the first is dark on purpose; above, it is too dark if nothing exceeds the second.
DARK, TOO_DARK = 110, 150
# Levels. Under a veil the darkest tone lies within the first two (higher, it may be a pale product's), none above the
# next; what was black makes a heap, so many levels deep, with this share of what stands before the backdrop.
VEILED_BLACK, VEILED_WHITE, HEAP_DEPTH, HEAP = (75, 115), 200, 12, 0.3
# What a photo's lightest and darkest tones become, in levels.
WHITE, BLACK = 220, 40
MOST_STOPS = 2.0

Light = NDArray[np.float64]
"""Linear light, 0–1, along the last axis: red, green and blue."""


@dataclass(frozen=True)
class Diagnosis:
    """What mends a photo: linear light becomes 2^`stops` × (`gains` × light − `veil`), up to `top`.

    `gains` are of red, green and blue, the least of them 1; `stops` is 0 or more; `veil` and `top` are 0–1. `top` is
    the brightest of the backdrop when mended; what is beyond gives way to white.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    stops: float = 0.0
    veil: float = 0.0
    top: float = 1.0

    @property
    def is_fine(self) -> bool:
        return self.gains == (1, 1, 1) and self.stops == 0


def enhance(rgb: RGB) -> RGB:
    """Mend a photo's light, if that is clearly wrong, by one curve a channel.

    Parameters
    ----------
    rgb : (H, W, 3) uint8

    Returns
    -------
    (H, W, 3) uint8
        The photo itself if nothing is wrong. Brighter stays brighter, and no channel is clipped that wasn't.
    """
    diagnosis = diagnose(rgb)
    if diagnosis.is_fine:
        return rgb
    curves = np.concatenate([_curve(gain, diagnosis) for gain in diagnosis.gains])
    return np.asarray(Image.fromarray(rgb).point(curves.tolist()))


def diagnose(rgb: RGB) -> Diagnosis:
    """Find out what is clearly wrong with a photo's light.

    White balance is von Kries' scaling of the channels, in linear light (J. von Kries, "Chromatic adaptation", 1902),
    with the backdrop for the white. A veil is light that lies evenly on everything, as in a flare or in haze.

    Parameters
    ----------
    rgb : (H, W, 3) uint8

    Returns
    -------
    Diagnosis
    """
    seen = _look(rgb)
    gains = _gains(*seen[1:]) if seen else None
    if seen is None or gains is None:
        return Diagnosis()
    photo, backdrop, things = (_luminance(light * gains) for light in seen)
    stops, veil = _tone(photo, backdrop, things)
    top = 2**stops * (float(np.quantile(backdrop, 0.99).clip(0, _decoded(CLIPPED))) - veil)
    return Diagnosis((float(gains[0]), float(gains[1]), float(gains[2])), stops, veil, top)


def _look(rgb: RGB) -> tuple[Light, Light, Light] | None:
    """The light of a small copy, of the smooth backdrop, and of what stands before it, each pixels × 3.

    None without a studio backdrop whose colour can be told.
    """
    small = shrink(rgb, SIDE)
    fit = fit_backdrop(small)
    if not fit.is_studio or (small[fit.is_reached].max(-1) >= CLIPPED).mean() > MOST_CLIPPED:
        return None
    light = _decoded(small)
    backdrop = _decoded(fit.colour[fit.is_reached].clip(1, 255))
    return light.reshape(-1, 3), backdrop, light[~fit.is_reached]


def _gains(backdrop: Light, things: Light) -> Light | None:
    """What makes the backdrop neutral; ones if it is; None if its colour isn't the light's."""
    usual = np.median(backdrop, axis=0)
    tint, gains = _tint(usual), np.ones(3)
    if np.hypot(*tint) > LEAST_CAST:
        # None is below 1, so that what is clipped stays so.
        gains = usual.max() / usual
        if not (_is_of_a_lamp(tint) and usual.max() > _decoded(DARK) and _is_on_things(things, gains)):
            return None
    tints = _tint(backdrop * gains)
    spread = np.linalg.norm(tints - np.median(tints, axis=0), axis=1)
    return gains if np.quantile(spread, 0.95) < MOST_UNEVEN else None


def _is_of_a_lamp(tint: NDArray[np.float64]) -> bool:
    hue, chroma = np.degrees(np.arctan2(tint[1], tint[0])) % 360, np.hypot(*tint)
    return any(first < hue < last and chroma < most for first, last, most in LAMPS)


def _is_on_things(things: Light, gains: Light) -> bool:
    """Whether much of what stands before the backdrop would become neutral, and more than is: paper colours only
    itself, and gold on it is no proof of a warm light."""
    is_telling = (_luminance(things) > _decoded(20)) & (things.max(1) < _decoded(CLIPPED))
    shade, cast = _shade(things[is_telling]), _shade(1 / gains)
    now, then = (np.linalg.norm(shade - tint, axis=1) < NEAR * np.linalg.norm(cast) for tint in (0 * cast, cast))
    return bool(then.sum() > now.sum() and then.mean() > LEAST_NEUTRAL)


def _shade(light: Light) -> Light:
    """How far each channel is from grey, whatever the brightness."""
    return np.log(light + 1e-4) - np.log(_luminance(light))[..., None]


def _tone(photo: Light, backdrop: Light, things: Light) -> tuple[float, float]:
    """The stops that are missing, and the veil, by luminances."""
    black, white = float(np.quantile(photo, 0.005)), float(np.quantile(photo, 0.999))
    if _is_veiled(black, white, things):
        gain = (_decoded(WHITE) - _decoded(BLACK)) / (white - black)
        stops, veil = float(np.log2(gain)), black - float(_decoded(BLACK) / gain)
        return (stops, veil) if stops < MOST_STOPS else (0.0, 0.0)
    if white < _decoded(TOO_DARK) and np.median(backdrop) > _decoded(DARK):
        return float(np.log2(_decoded(WHITE) / white)), 0.0
    return 0.0, 0.0


def _is_veiled(black: float, white: float, things: Light) -> bool:
    lowest, highest = (_decoded(level) for level in VEILED_BLACK)
    if not things.size or not lowest < black < highest or white > _decoded(VEILED_WHITE):
        return False
    levels = _encoded(things)
    return bool((levels < np.quantile(levels, 0.02) + HEAP_DEPTH).mean() > HEAP)


def _curve(gain: float, diagnosis: Diagnosis) -> NDArray[np.int64]:
    """One channel's new level for each level: straight, in linear light, up to the backdrop; beyond, smooth."""
    become = diagnosis.top * np.array([0.02, 0.1, 0.5, 0.9, 1])
    light = (become / 2**diagnosis.stops + diagnosis.veil) / gain
    curve = PchipInterpolator(np.r_[0, light, 1], np.r_[0, become, 1])
    levels = np.rint(_encoded(curve(_decoded(np.arange(256))))).astype(np.int64)
    # Only what was clipped may be.
    levels[1:-1] = levels[1:-1].clip(1, 254)
    return levels


def _tint(light: Light) -> NDArray[np.float64]:
    """CIELAB's a and b of a colour, as if it were as light as a light grey."""
    return np.asarray(xyz2lab(0.55 * light / _luminance(light)[..., None] @ xyz_from_rgb.T)[..., 1:], np.float64)


def _luminance(light: Light) -> Light:
    return np.asarray(light @ xyz_from_rgb[1], np.float64)


def _decoded(levels: NDArray[np.generic] | int) -> Light:
    """Linear light, 0–1, of sRGB levels (IEC 61966-2-1)."""
    share = np.asarray(levels, np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _encoded(light: Light) -> NDArray[np.float64]:
    """sRGB levels, 0–255, of linear light."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)
