"""From a raw matte to a clean one: snapped alpha, and colour without the backdrop in it."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, maximum_filter, uniform_filter

from pipeline.imaging.types import RGB, Alpha

SNAP_LOW, SNAP_HIGH = 8 / 255, 247 / 255
COARSE_RADIUS, FINE_RADIUS = 90, 6
BAND_MARGIN = 3
SPECK = 0.01
# Large photos are done in strips: a whole 64-megapixel one would take 3 GB.
STRIP_ROWS = 1024
EPSILON = 1e-5

Channel = NDArray[np.float32]


def snap(alpha: Alpha) -> Alpha:
    """Clear the haze: opacities up to 8/255 become 0, from 247/255 on 1, linear between.

    Parameters
    ----------
    alpha : ndarray of float32, shape (H, W), range 0–1

    Returns
    -------
    ndarray of float32, shape (H, W), range 0–1
    """
    stretched = (alpha - np.float32(SNAP_LOW)) / np.float32(SNAP_HIGH - SNAP_LOW)
    snapped: Alpha = np.clip(stretched, 0, 1)
    return snapped


def drop_specks(alpha: Alpha) -> Alpha:
    """Alpha without the pieces that weigh less than 1 % of the heaviest.

    Dust and sensor spots are small, but a single one far from the product would decide where its listing
    picture ends. A part of the product that the matte has torn off goes too, if it is that small.

    Parameters
    ----------
    alpha : ndarray of float32, shape (H, W), range 0–1
        Snapped: a piece is what is connected above 0, diagonals included.

    Returns
    -------
    ndarray of float32, shape (H, W), range 0–1
    """
    pieces, count = label(alpha > 0, np.ones((3, 3)))
    if count < 2:
        return alpha
    weights = np.zeros(count + 1)
    for top in range(0, len(alpha), STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS)
        weights += np.bincount(pieces[strip].ravel(), alpha[strip].ravel(), minlength=count + 1)
    is_speck = weights < SPECK * weights.max()
    return np.where(is_speck[pieces], np.float32(0), alpha)


def estimate_foreground(rgb: RGB, alpha: Alpha) -> RGB:
    """Straight (unmultiplied) product colour, with the backdrop taken out of the unknown band.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
        The photo.
    alpha : ndarray of float32, shape (H, W), range 0–1

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Equal to the photo but where 0 < alpha < 1, and up to 3 px outside of that, where the product's
        colour is continued for later resampling.

    References
    ----------
    M. Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021 (blur fusion, applied twice).
    """
    is_band = (alpha > 0) & (alpha < 1)
    if not is_band.any():
        return rgb
    foreground = rgb.copy()
    rows, columns = _window(is_band, COARSE_RADIUS + FINE_RADIUS)
    for top in range(rows.start, rows.stop, STRIP_ROWS):
        _estimate_strip(foreground, rgb, alpha, slice(top, min(top + STRIP_ROWS, rows.stop)), columns)
    return foreground


def _estimate_strip(foreground: RGB, rgb: RGB, alpha: Alpha, rows: slice, columns: slice) -> None:
    """Write the rows' colours into `foreground`; what is read reaches as far beyond them as both blurs do."""
    reach = COARSE_RADIUS + FINE_RADIUS + BAND_MARGIN
    read = (slice(max(0, rows.start - reach), rows.stop + reach), columns)
    part = alpha[read]
    is_wanted = maximum_filter((part > 0) & (part < 1), size=2 * BAND_MARGIN + 1) & (part < 1)
    is_wanted[: rows.start - read[0].start] = False
    is_wanted[rows.stop - read[0].start :] = False
    if is_wanted.any():
        foreground[read][is_wanted] = _blur_fusion(rgb[read], part, is_wanted)


def _window(is_inside: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The bounding box, widened by a margin and kept inside the picture."""
    spans = (np.flatnonzero(is_inside.any(axis=axis)) for axis in (1, 0))
    rows, columns = (
        slice(max(0, int(span[0]) - margin), min(size, int(span[-1]) + margin + 1))
        for span, size in zip(spans, is_inside.shape, strict=True)
    )
    return rows, columns


def _blur_fusion(rgb: RGB, alpha: Alpha, is_wanted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Foreground colours of the wanted pixels, N × 3."""
    coarse, fine = _box_mean(alpha, COARSE_RADIUS), _box_mean(alpha, FINE_RADIUS)
    colours = np.empty((int(is_wanted.sum()), 3), np.uint8)
    for index in range(3):
        channel = rgb[..., index].astype(np.float32) / np.float32(255)
        foreground, background = _fuse(channel, channel, channel, alpha, coarse, COARSE_RADIUS)
        foreground, _ = _fuse(channel, foreground, background, alpha, fine, FINE_RADIUS)
        colours[:, index] = np.rint(foreground[is_wanted] * 255)
    return colours


def _fuse(
    channel: Channel, foreground: Channel, background: Channel, alpha: Alpha, mean_alpha: Channel, radius: int
) -> tuple[Channel, Channel]:
    """One blur fusion: local means of both layers, then the share of the residual that alpha explains."""
    foreground = _box_mean(foreground * alpha, radius) / (mean_alpha + EPSILON)
    background = _box_mean(background * (1 - alpha), radius) / (1 - mean_alpha + EPSILON)
    residual = channel - alpha * foreground - (1 - alpha) * background
    return np.clip(foreground + alpha * residual, 0, 1), background


def _box_mean(values: Channel, radius: int) -> Channel:
    mean: Channel = uniform_filter(values, size=2 * radius + 1, mode="nearest")
    return mean
