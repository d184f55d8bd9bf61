"""How far a product's colour moved beyond what another light would do to it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage import color

from pipeline.imaging.masks import dilate
from pipeline.imaging.types import RGB, Alpha

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)
LUMINANCE = np.array([0.21, 0.72, 0.07])
BLOCK, STRIDE = 6.0, 6
"""Colours are compared as means of that spread, at that stride, in pixels."""
BURNT, DROWNED = 250, 2
"""Levels beyond which a colour can't be told."""
SHARES = np.linspace(-0.1, 1.1, 9)
"""How much of the change of light on the backdrop may have reached a place of the product."""
CONTRASTS = (-0.2, -0.1, 0.0, 0.1, 0.2)
"""Changes of contrast, as powers, that raise or lower chroma with it."""


def tint_shift(photo: RGB, answer: RGB, alpha: Alpha) -> float:
    """The shift of chroma (ΔE in a*b*) that nine tenths of the product stay below.

    The light's own change of colour is read off the backdrop near the product; each place may have got any share of it,
    and the whole product another contrast.

    Parameters
    ----------
    photo, answer : (H, W, 3) uint8
        Registered.
    alpha : (H, W) float32, 0–1
        Of the photo.

    Returns
    -------
    float
        0 where no colour of the product can be told.
    """
    is_told = (np.maximum(photo, answer).max(-1) < BURNT) & (np.minimum(photo, answer).min(-1) > DROWNED)
    before, after = (_means(rgb, alpha * (alpha > 0.5) * is_told) for rgb in (photo, answer))
    if not len(before):
        return 0.0
    light = _change_of_light(photo[::2, ::2], answer[::2, ::2], alpha[::2, ::2], is_told[::2, ::2])
    lab = _lab(after)
    errors = (
        np.min([_chroma_error(guess, lab) for guess in each], axis=0) for each in _explained(before, after, light)
    )
    return float(np.quantile(min(errors, key=np.mean), 0.9))


def _means(rgb: RGB, weight: NDArray[np.float32]) -> Doubles:
    """Mean linear colours of the blocks that hold enough of the product, (N, 3)."""
    mass = ndi.gaussian_filter(weight.astype(np.float32), BLOCK)[::STRIDE, ::STRIDE]
    is_seen = mass > 0.15
    sums = (ndi.gaussian_filter(weight * LINEAR[rgb[..., k]], BLOCK)[::STRIDE, ::STRIDE][is_seen] for k in range(3))
    return np.stack([each / mass[is_seen] for each in sums], axis=1).astype(np.float64)


def _change_of_light(photo: RGB, answer: RGB, alpha: Alpha, is_told: Mask) -> Doubles:
    """Of colour alone: three logarithms whose mean is 0."""
    is_backdrop = dilate(alpha > 0.3, 40) & (alpha < 0.03)
    if not is_backdrop.any():
        is_backdrop = alpha < 0.5
    if (is_backdrop & is_told).sum() > 0.1 * is_backdrop.sum():
        is_backdrop = is_backdrop & is_told
    if not is_backdrop.any():
        return np.zeros(3)
    before, after = (LINEAR[rgb[is_backdrop]].mean(0, dtype=np.float64) + 0.003 for rgb in (photo, answer))
    change = np.log(after / before)
    return np.asarray(change - change.mean(), np.float64)


def _explained(before: Doubles, after: Doubles, light: Doubles) -> Iterator[list[Doubles]]:
    """What the product's colours may have become, for each contrast and share of the light, as bright as they are."""
    for contrast in CONTRASTS:
        contrasted = before * np.exp(contrast * np.log(before + 1e-3))
        yield [_as_bright(contrasted * np.exp(share * light), after) for share in SHARES]


def _as_bright(colours: Doubles, as_those: Doubles) -> Doubles:
    factor = (as_those @ LUMINANCE) / (colours @ LUMINANCE).clip(1e-6)
    return np.asarray(colours * factor[:, None], np.float64)


def _chroma_error(guess: Doubles, lab: Doubles) -> Doubles:
    return np.asarray(np.linalg.norm((_lab(guess) - lab)[:, 1:], axis=1), np.float64)


def _lab(linear: Doubles) -> Doubles:
    return np.asarray(color.rgb2lab(linear[None].clip(0, 1) ** (1 / 2.2))[0], np.float64)
