"""How a repainted answer lies over the photo it was made from: which box of the answer the photo shows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi
from scipy.fft import irfft2, rfft2

from pipeline.imaging.types import RGB

Floats = NDArray[np.float32]
Box = NDArray[np.float64]
"""Left, top, right, bottom, in pixels of the answer; it may reach beyond the answer."""

LEVELS = (160, 320, 640)
"""Longer sides of the copies that are compared, in pixels; 640 is fine enough for a tenth of a pixel of 1024."""
ROUNDS = 8
STILL = 0.02
"""Of a pixel of its copy: a smaller step ends a level."""
FAINT = 2.0
"""Gradient, in levels a pixel, that grain and compression make up."""
OUTLYING = 0.5
"""Difference of features from which on a pixel counts by half at most: repainted, or a shadow that went."""
LEAST_GAIN, FARTHEST_STEP = 0.3, 3.0
"""Of the features, and in pixels of a copy: keep a step sane where little fits."""
FARTHEST = 0.25
"""How far a picture may be shifted, as a share of its size."""


def box_of(photo: RGB, answer: RGB) -> Box:
    """Which part of the answer shows what the photo shows: it may be scaled, shifted, padded or cropped.

    Compared are the gradients' strengths relative to those around, which outlast a change of light, and even of
    polarity where a backdrop gets brighter than the product. The best box is found by correlation, then coarse to fine
    by Gauss-Newton, far outliers weighted down. No rotation, no bending: an answer that needs either, or a foreign or
    mirrored one, is laid over as well as may be, and it shows that it doesn't fit.

    Parameters
    ----------
    photo : (H, W, 3) uint8
    answer : (H', W', 3) uint8

    Returns
    -------
    (4,) float64
        Left, top, right, bottom, in pixels of the answer.

    References
    ----------
    G. D. Evangelidis and E. Z. Psarakis, "Parametric image alignment using enhanced correlation coefficient
    maximization", IEEE TPAMI 30(10), 2008.
    """
    grey, other = photo.mean(-1, dtype=np.float32), answer.mean(-1, dtype=np.float32)
    whole = np.array([0, 0, photo.shape[1], photo.shape[0]], np.float64)
    small = _features(cut(grey, whole, _fit(photo.shape, LEVELS[0])))
    starts = [_shifted(small, other, box) for box in _likely_boxes(photo.shape, answer.shape)]
    settled = [_settle(small, other, box) for box in starts]
    box, _ = max(settled, key=lambda found: found[1])
    for side in LEVELS[1:]:
        box, _ = _settle(_features(cut(grey, whole, _fit(photo.shape, side))), other, box)
    return box


def _likely_boxes(shape: tuple[int, ...], answer: tuple[int, ...]) -> Iterator[Box]:
    """The whole answer, stretched; and with the photo's proportions, as wide and as high as the answer."""
    height, width = answer[:2]
    yield np.array([0, 0, width, height], np.float64)
    for scale in (width / shape[1], height / shape[0]):
        x, y = shape[1] * scale / 2, shape[0] * scale / 2
        yield np.array([width / 2 - x, height / 2 - y, width / 2 + x, height / 2 + y])


def _shifted(features: Floats, answer: Floats, box: Box) -> Box:
    """The box moved to where its features correlate best."""
    shape = features.shape
    spectrum = rfft2(features) * np.conj(rfft2(_features(cut(answer, box, shape))))
    likeness = irfft2(spectrum, shape)
    rows, columns = (np.fft.fftfreq(n, 1 / n) for n in shape)
    likeness[np.abs(rows) > FARTHEST * shape[0]] = -np.inf
    likeness[:, np.abs(columns) > FARTHEST * shape[1]] = -np.inf
    y, x = np.unravel_index(likeness.argmax(), shape)
    return np.asarray(box - _in_answer(np.array([columns[x], rows[y]] * 2), box, shape))


def _settle(features: Floats, answer: Floats, box: Box) -> tuple[Box, float]:
    """The box after Gauss-Newton steps at one size, and the correlation there."""
    for _ in range(ROUNDS):
        step = _step(features, _features(cut(answer, box, features.shape)))
        box = box + _in_answer(step, box, features.shape)
        if np.abs(step).max() < STILL:
            break
    found = _features(cut(answer, box, features.shape))
    return box, _correlation(features[::2, ::2], found[::2, ::2])


def _correlation(some: Floats, others: Floats) -> float:
    """Of a picture without features, none."""
    some, others = some - some.mean(), others - others.mean()
    return float((some * others).sum() / np.sqrt((some**2).sum() * (others**2).sum() + 1e-12))


def _step(features: Floats, found: Floats) -> Box:
    """How far the box's four sides have to move, in pixels of this copy, gain and offset of the features left free."""
    height, width = features.shape
    down, across = np.gradient(found)
    x, y = (np.arange(width) + 0.5) / width, ((np.arange(height) + 0.5) / height)[:, None]
    columns = (across * (1 - x), down * (1 - y), across * x, down * y, found, np.ones_like(found))
    terms = np.stack([column.ravel() for column in columns], axis=1).astype(np.float64)
    wanted = features.ravel().astype(np.float64)
    solution = np.zeros(6)
    solution[4] = 1
    for _ in range(2):  # the second time without the outliers of the first
        weight = 1 / (1 + ((wanted - terms @ solution) / OUTLYING) ** 2)
        weighted = terms * weight[:, None]
        normal = weighted.T @ terms
        solution = np.linalg.solve(normal + 1e-6 * np.trace(normal) * np.eye(6), weighted.T @ wanted)
    return np.asarray((solution[:4] / max(solution[4], LEAST_GAIN)).clip(-FARTHEST_STEP, FARTHEST_STEP))


def _in_answer(step: Box, box: Box, shape: tuple[int, ...]) -> Box:
    """Pixels of a copy in pixels of the answer."""
    across, down = (box[2] - box[0]) / shape[1], (box[3] - box[1]) / shape[0]
    return np.asarray(step * np.array([across, down, across, down]))


def _features(grey: Floats) -> Floats:
    """How strong the gradient is, relative to the strongest ones around."""
    strength = ndi.gaussian_gradient_magnitude(grey, 1.2)
    around = ndi.uniform_filter(strength, max(9, max(grey.shape) // 12))
    return np.asarray(strength / (strength + around + FAINT), np.float32)


def _fit(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    scale = min(1, side / max(shape[:2]))
    return max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale))


def cut(image: NDArray[Any], box: Box, shape: tuple[int, ...]) -> NDArray[Any]:
    """A box of an image, (h, w) or (h, w, 3), as an image of that shape; beyond the border its rim is repeated."""
    left, top = (max(0, int(np.ceil(-side))) for side in box[:2])
    right, bottom = (max(0, int(np.ceil(box[2 + i] - image.shape[1 - i]))) for i in (0, 1))
    margins = ((top, bottom), (left, right), (0, 0))[: image.ndim]
    padded = Image.fromarray(np.pad(image, margins, mode="edge"))
    x0, y0, x1, y1 = (float(side) for side in box + np.array([left, top, left, top]))
    inside = (x0, y0, min(x1, padded.width), min(y1, padded.height))
    return np.asarray(padded.resize((shape[1], shape[0]), Image.Resampling.BICUBIC, inside))
