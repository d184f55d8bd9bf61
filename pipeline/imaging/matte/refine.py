"""From a raw matte to a clean one: snapped alpha, and colour without the backdrop in it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import label, maximum_filter, uniform_filter

from pipeline.imaging.types import RGB, Alpha

SNAP_LOW, SNAP_HIGH = 8 / 255, 247 / 255
# The coarse blur needs no full resolution: its radius is counted in blocks of 8 × 8 pixels.
BLOCK, COARSE_RADIUS, FINE_RADIUS = 8, 11, 6
BAND_MARGIN = 3
SPECK, FAINT = 0.01, 0.6
# Large photos are done in parts: a whole 64-megapixel one would take 3 GB. Strips end where blocks do.
STRIP_ROWS = 256
TILE = 256
EPSILON = 1e-5

Floats = NDArray[np.float32]
Window = tuple[slice, slice]


def snap(alpha: Alpha) -> Alpha:
    """Clear the haze: opacities up to 8/255 become 0, from 247/255 on 1, linear between.

    Parameters
    ----------
    alpha : ndarray of float32, shape (H, W), range 0–1

    Returns
    -------
    ndarray of float32, shape (H, W), range 0–1
    """
    snapped = (alpha - np.float32(SNAP_LOW)) / np.float32(SNAP_HIGH - SNAP_LOW)
    return np.clip(snapped, 0, 1, out=snapped)


def drop_specks(alpha: Alpha, out: Alpha | None = None) -> Alpha:
    """Alpha without the pieces that weigh less than 1 % of the heaviest, or that are faint all over.

    Dust and sensor spots are small, but a single one far from the product would decide where its listing
    picture ends. A part of the product that the matte has torn off goes too, if it is that small.

    Parameters
    ----------
    alpha : ndarray of float32, shape (H, W), range 0–1
        Snapped: a piece is what is connected above 0, diagonals included.
    out : ndarray like alpha, optional
        Where the result goes; may be alpha itself, which spares a copy.

    Returns
    -------
    ndarray of float32, shape (H, W), range 0–1
    """
    cleaned: Alpha = np.positive(alpha, out=out)
    is_piece = alpha > 0
    if not is_piece.any():
        return cleaned
    window = _window(is_piece, 0)
    pieces, count = label(is_piece[window], np.ones((3, 3)))
    if count < 2:
        return cleaned
    weights = _weights(pieces, alpha[window], count)
    is_speck = weights < SPECK
    is_speck |= np.bincount(pieces[alpha[window] >= FAINT], minlength=count + 1) == 0
    is_speck[0] = is_speck[weights.argmax()] = False  # a faint product is for a person to see
    if is_speck.any():
        cleaned[window][is_speck[pieces]] = 0
    return cleaned


def _weights(pieces: NDArray[np.int32], alpha: Alpha, count: int) -> NDArray[np.float64]:
    """The sum of alpha over each piece, relative to the heaviest; that of what is no piece comes first."""
    weights = np.zeros(count + 1)
    for top in range(0, len(alpha), STRIP_ROWS):
        strip = slice(top, top + STRIP_ROWS)
        weights += np.bincount(pieces[strip].ravel(), alpha[strip].ravel(), minlength=count + 1)
    weights /= weights.max()
    return weights


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
    window = _window(is_band, BLOCK * COARSE_RADIUS)
    _fill_band(foreground[window], rgb[window], alpha[window])
    return foreground


def _fill_band(foreground: RGB, rgb: RGB, alpha: Alpha) -> None:
    """Write the band's colours into `foreground`, tile by tile; most tiles have none of it."""
    coarse = _coarse_layers(rgb, alpha)
    for tile in _tiles(alpha.shape):
        read = _widened(tile, FINE_RADIUS, alpha.shape)
        inner = _within(tile, read)
        part = alpha[read]
        is_wanted = (maximum_filter((part > 0) & (part < 1), size=2 * BAND_MARGIN + 1) & (part < 1))[inner]
        if is_wanted.any():
            colours = _refined(rgb[read], part, _upsampled(coarse, read))
            foreground[tile][is_wanted] = colours[inner][is_wanted]


def _window(is_inside: NDArray[np.bool_], margin: int) -> Window:
    """The bounding box, widened by a margin and kept inside the picture."""
    rows, columns = (np.flatnonzero(is_inside.any(axis=axis)) for axis in (1, 0))
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return _widened(box, margin, is_inside.shape)


def _tiles(shape: tuple[int, ...]) -> Iterator[Window]:
    height, width = shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            yield slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))


def _widened(window: Window, margin: int, shape: tuple[int, ...]) -> Window:
    rows, columns = (
        slice(max(0, side.start - margin), min(size, side.stop + margin))
        for side, size in zip(window, shape, strict=True)
    )
    return rows, columns


def _within(inner: Window, outer: Window) -> Window:
    """The inner window, counted from the outer one's corner."""
    rows, columns = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
    return rows, columns


def _coarse_layers(rgb: RGB, alpha: Alpha) -> list[Image.Image]:
    """Local means of product and backdrop, one value a block: three channels of the one, three of the other."""
    strips = (slice(top, top + STRIP_ROWS) for top in range(0, len(alpha), STRIP_ROWS))
    means = np.concatenate([_block_means(rgb[strip], alpha[strip]) for strip in strips])
    share, products, backdrops = np.split(_box_mean(means, COARSE_RADIUS), [1, 4], axis=2)
    layers = np.dstack([products / (share + EPSILON), backdrops / (1 - share + EPSILON)])
    return [Image.fromarray(np.ascontiguousarray(layer)) for layer in np.moveaxis(layers, 2, 0)]


def _block_means(rgb: RGB, alpha: Alpha) -> Floats:
    """Alpha, the product's part of each channel, and the backdrop's: H / 8 × W / 8 × 7."""
    channels = [rgb[..., index].astype(np.float32) for index in range(3)]
    layers = [alpha, *(channel * alpha for channel in channels), *(channel * (1 - alpha) for channel in channels)]
    return np.dstack([np.asarray(Image.fromarray(layer).reduce(BLOCK)) for layer in layers])


def _upsampled(layers: list[Image.Image], window: Window) -> Floats:
    """That window of the layers, in pixels: H × W × 6."""
    rows, columns = window
    size = columns.stop - columns.start, rows.stop - rows.start
    box = columns.start / BLOCK, rows.start / BLOCK, columns.stop / BLOCK, rows.stop / BLOCK
    return np.dstack([np.asarray(layer.resize(size, Image.Resampling.BILINEAR, box)) for layer in layers])


def _refined(rgb: RGB, alpha: Alpha, coarse: Floats) -> RGB:
    """Foreground colours by the fine blur, from where the coarse one leaves off."""
    share = _box_mean(alpha, FINE_RADIUS)
    colours = np.empty_like(rgb)
    for index in range(3):
        channel, backdrop = rgb[..., index].astype(np.float32), coarse[..., 3 + index]
        product = _explained(channel, coarse[..., index], backdrop, alpha)
        product = _box_mean(product * alpha, FINE_RADIUS) / (share + EPSILON)
        backdrop = _box_mean(backdrop * (1 - alpha), FINE_RADIUS) / (1 - share + EPSILON)
        colours[..., index] = np.rint(_explained(channel, product, backdrop, alpha))
    return colours


def _explained(channel: Floats, product: Floats, backdrop: Floats, alpha: Alpha) -> Floats:
    """The product's local mean, and the share of the residual that alpha explains."""
    residual = channel - alpha * product - (1 - alpha) * backdrop
    explained: Floats = np.clip(product + alpha * residual, 0, 255)
    return explained


def _box_mean(values: Floats, radius: int) -> Floats:
    """Over rows and columns; channels, if any, stay apart."""
    mean: Floats = uniform_filter(values, size=2 * radius + 1, mode="nearest", axes=(0, 1))
    return mean
