"""The studio backdrop behind a product, and the photo with that backdrop taken out.

A sweep is smooth: its colour changes slowly, and its shadows are soft. So whatever can be reached from the photo's
border without crossing an edge is backdrop, shadows included. Its colour behind the product is the simplest plate that
explains what was reached, bent towards it close by; how far that may be wrong is known for each pixel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.framing import bounding_box
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB, CropBox

FIT_SIDE, LEAST_SIDE = 384, 12
ROUNDS = 2
# Blotches left after the fit, in levels: sweeps stay under 0.3, wood, marble and printed cloth above 0.5.
MOST_ROUGHNESS = 0.4
EDGE_TO_NOISE, LEAST_EDGE = 3.0, 0.8
# A border this far off its usual colour, in levels, is touched by the product.
TOUCHED = 15.0
# The plate's orders (1, x, y, …), and the share of the reached pixels that it must meet, within this of the noise.
TERMS, EXPLAINED, TOLERANCE, LEAST_TOLERANCE = (1, 3, 6), 0.8, 3.0, 1.0
FIT_ROUNDS, FIT_STEP = 6, 3
# How far the fill reaches for backdrop (rows, columns, in pixels of the fit), and how much of it must be in reach.
REACHES = (((11, 11), 0.12), ((11, 39), 0.08), ((13, 147), 0.05), ((61, 61), 0.02), ((221, 221), 1e-4))
# Levels × pixels of a piece; less is noise.
LEAST_MASS = 500.0
# Reaches of the fill that bend a plate, and of those the ones that leave no doubt of it.
BENDING, BESIDE = 4, 2
FLAT_LEVEL, FLAT_SPAN = 160, 120
# In levels: for pale products, for the most contrasting ones, and how far these may saturate.
LEAST_GAIN, MOST_GAIN, SATURATION = 40.0, 150.0, 2.5
CLEAR = 30.0

Image3 = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Backdrop:
    """A backdrop fitted to a copy of the photo of at most 384 px.

    `colour` is h × w × 3 in levels (0–255), `doubt` h × w how far that may be off, in levels; `is_reached`, h × w:
    reached from the border without crossing an edge.
    `roughness` is what low-frequency pattern the fit has left, in levels; `box`, in the photo's own pixels, holds all
    that stands out of the backdrop, or is None if nothing does.
    """

    colour: Image3
    doubt: NDArray[np.float32]
    is_reached: Mask
    roughness: float
    box: CropBox | None

    @property
    def is_studio(self) -> bool:
        """Smooth enough to be told from the product by its colour."""
        return self.roughness < MOST_ROUGHNESS and self.box is not None


def fit_backdrop(rgb: RGB) -> Backdrop:
    """Fit a smooth backdrop to a photograph, whatever stands before it.

    Floods from the border up to the edges, against the colours of the left and right border, row by row (a sweep bends
    about a horizontal line); takes the simplest plate that explains what was reached: one colour, a linear, then a
    quadratic one, else those rows; and bends it to what was reached close by. Twice, as the second flood sees edges
    without the first plate's errors.

    Parameters
    ----------
    rgb : (H, W, 3) uint8

    Returns
    -------
    Backdrop

    References
    ----------
    The fill is normalized convolution: H. Knutsson and C.-F. Westin, "Normalized and differential convolution",
    CVPR 1993.
    """
    small = shrink(rgb, FIT_SIDE).astype(np.float32)
    if min(small.shape[:2]) < LEAST_SIDE:
        unknown = np.zeros(small.shape[:2], np.float32)
        return Backdrop(small, unknown, np.ones(small.shape[:2], np.bool_), roughness=float("inf"), box=None)
    colour = rows = _between_borders(small)
    for _ in range(ROUNDS):
        is_reached = _flood(small - colour)
        colour, doubt, is_reached = _plate(small, rows, is_reached)
    difference = small - colour
    return Backdrop(
        colour=colour,
        doubt=doubt,
        is_reached=is_reached,
        roughness=_roughness(difference, is_reached),
        box=_box_of_difference(difference, is_reached, rgb.shape),
    )


def flatten(rgb: RGB, colour: Image3, gain: float) -> RGB:
    """The photo before a flat grey backdrop, its differences from the real one amplified.

    Pale frames on white and dark dials on black get the contrast that a network needs to see them; shadows and
    the sweep's gradient go.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    colour : (H, W, 3) float32
        The backdrop's, in levels.
    gain : float
        The difference, in levels, at which amplifying gives way to saturation.

    Returns
    -------
    (H, W, 3) uint8
    """
    flat = FLAT_LEVEL + FLAT_SPAN * np.tanh((rgb - colour) / gain)
    return np.asarray(np.clip(flat, 0, 255), np.uint8)


def gain_for(distance: NDArray[np.float32], is_reached: Mask) -> float:
    """The gain that `flatten` should have: a pale product needs its contrast raised, a dark one would become a blob.

    Parameters
    ----------
    distance : (H, W) float32
        From the backdrop, in levels.
    is_reached : (H, W) bool

    Returns
    -------
    float
        In levels.
    """
    clear = distance[(distance > CLEAR) & ~is_reached]
    typical = float(np.median(clear)) if clear.size else 0.0
    return float(np.clip(typical / SATURATION, LEAST_GAIN, MOST_GAIN))


def _between_borders(image: Image3) -> Image3:
    """Each row a straight line from the left border's colour to the right's."""
    width = image.shape[1]
    columns = max(3, width // 20)
    left, right = (_steady(np.median(side, axis=1))[:, None] for side in (image[:, :columns], image[:, -columns:]))
    along = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    return np.asarray(left * (1 - along) + right * along, np.float32)


def _steady(border: NDArray[np.float32]) -> NDArray[np.float32]:
    """A border's colours from top to bottom (rows × 3), without what touches it there."""
    usual = ndi.median_filter(border, (2 * (len(border) // 3) + 1, 1))
    is_touched = ndi.binary_dilation(np.abs(border - usual).max(-1) > TOUCHED, iterations=4)
    return np.asarray(ndi.gaussian_filter1d(np.where(is_touched[:, None], usual, border), 1.5, axis=0), np.float32)


def _flood(difference: Image3) -> Mask:
    """What is connected to the border by pixels without an edge, against the border's own noise."""
    gradient = np.max([_gradient(difference[..., channel]) for channel in range(3)], axis=0)
    noise = float(np.median(gradient[_is_border(gradient.shape)]))
    pieces, _ = ndi.label(gradient < max(EDGE_TO_NOISE * noise, LEAST_EDGE))
    return np.isin(pieces, np.unique(_at_border(pieces)))


def _at_border(pieces: NDArray[np.int32]) -> NDArray[np.int32]:
    """The piece at each pixel of the border that is in one."""
    border = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    return np.asarray(border[border > 0], np.int32)


def _gradient(channel: NDArray[np.float32]) -> NDArray[np.float32]:
    down, across = np.gradient(ndi.gaussian_filter(channel, 1.0))
    return np.asarray(np.hypot(down, across), np.float32)


def _is_border(shape: tuple[int, ...]) -> Mask:
    margin = max(4, max(shape) // 50)
    is_border = np.ones(shape, np.bool_)
    is_border[margin:-margin, margin:-margin] = False
    return is_border


def _plate(small: Image3, rows: Image3, is_reached: Mask) -> tuple[Image3, NDArray[np.float32], Mask]:
    """The backdrop's colour, how far that may be off, and what of the reached is backdrop indeed."""
    plate, is_explained = _simplest(small, ndi.binary_erosion(_main_piece(is_reached), border_value=1))
    is_reached = is_reached & ~_strange_pieces(small - plate, is_reached)
    is_known = ndi.binary_erosion(is_reached, border_value=1)
    colour, doubt = _filled(small, plate, is_known, BENDING) if is_explained else _filled(small, rows, is_known)
    return colour, doubt, is_reached


def _main_piece(is_reached: Mask) -> Mask:
    """The piece of what was reached that has the most of the border: others may be a product that the border cuts."""
    pieces, _ = ndi.label(is_reached)
    return np.asarray(pieces == np.bincount(_at_border(pieces), minlength=1).argmax(), np.bool_) & is_reached


def _simplest(small: Image3, is_known: Mask) -> tuple[Image3, bool]:
    """The polynomial of the lowest order that explains most of what is known, or the last one; and whether it does."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, size, dtype=np.float32) for size in small.shape[:2]), indexing="ij")
    powers = np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=-1)
    is_used = np.zeros_like(is_known)
    is_used[::FIT_STEP, ::FIT_STEP] = is_known[::FIT_STEP, ::FIT_STEP]
    if is_used.sum() < 2 * max(TERMS):
        return small, False
    rough = np.abs(small - ndi.uniform_filter(small, (3, 3, 0)))[is_known]
    tolerance = max(TOLERANCE * 1.4826 * float(np.median(rough)), LEAST_TOLERANCE)
    for terms in TERMS:
        weights = _robust_fit(powers[is_used][:, :terms], small[is_used])
        plate = np.asarray(powers[..., :terms] @ weights, np.float32)
        if np.mean(np.abs(small - plate).max(-1)[is_used] < tolerance) > EXPLAINED:
            return plate, True
    return plate, False


def _robust_fit(terms: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Least absolute deviations, by reweighted least squares: shadows and what touches the border don't pull it."""
    weights = np.ones(len(terms), np.float32)
    for _ in range(FIT_ROUNDS):
        weighted = terms * weights[:, None]
        fit = np.linalg.lstsq(weighted.T @ terms, weighted.T @ colours, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(colours - terms @ fit).max(-1), 0.5)
    return np.asarray(fit, np.float32)


def _strange_pieces(difference: Image3, is_reached: Mask) -> Mask:
    """Pieces of what was reached that are far from the plate's colour: a product that the border cuts."""
    pieces, count = ndi.label(is_reached)
    off = ndi.median(np.abs(difference).max(-1), pieces, np.arange(1, count + 1))
    return np.isin(pieces, np.flatnonzero(np.asarray(off) > TOUCHED) + 1)


def _filled(
    small: Image3, plate: Image3, is_known: Mask, reaches: int = len(REACHES)
) -> tuple[Image3, NDArray[np.float32]]:
    """The plate bent to what is known, from the nearest that suffices, and the doubt: its own errors, where no known
    pixel is close."""
    rest = small - plate
    weight = is_known.astype(np.float32)
    filled, settled, beside = np.zeros_like(rest), np.zeros_like(weight), np.zeros_like(weight)
    for index, (size, enough) in enumerate(REACHES[:reaches]):
        in_reach = _spread(weight, size)
        share = (1 - settled) * np.clip(in_reach / enough, 0, 1)
        filled += share[..., None] * _spread(rest * weight[..., None], size) / (in_reach[..., None] + 1e-6)
        settled += share
        beside = settled.copy() if index < BESIDE else beside
    if reaches == len(REACHES):
        filled /= np.maximum(settled, 1e-6)[..., None]
    errors = np.abs(rest).max(-1)[is_known]
    spread = float(np.percentile(errors, 90)) if errors.size else 255.0
    return np.asarray(plate + filled, np.float32), np.asarray((1 - beside) * spread, np.float32)


def _spread(layer: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A tent filter, as two box filters: like a Gaussian, but as fast for wide reaches as for narrow."""
    for _ in range(2):
        layer = ndi.uniform_filter(layer, size, axes=(0, 1))
    return layer


def _roughness(difference: Image3, is_reached: Mask) -> float:
    if not is_reached.any():
        return float("inf")
    blotches = np.abs(ndi.gaussian_filter(difference, (4, 4, 0))).max(-1)
    return float(np.median(blotches[is_reached]))


def _box_of_difference(difference: Image3, is_reached: Mask, shape: tuple[int, ...]) -> CropBox | None:
    """The bounding box of the heavy and of the long pieces of what differs from the backdrop, in the photo's pixels."""
    distance = np.linalg.norm(ndi.gaussian_filter(difference, (0.8, 0.8, 0)), axis=-1)
    noise = max(1.4826 * float(np.median(distance[_is_border(distance.shape)])), 0.25)
    differs = ~is_reached | (distance > 4 * noise)
    pieces, count = ndi.label(ndi.binary_dilation(differs), np.ones((3, 3)))
    if not count:
        return None
    mass = ndi.sum(distance * differs, pieces, range(1, count + 1))
    length = np.array([max(side.stop - side.start for side in span) for span in ndi.find_objects(pieces)])
    mass = np.where(mass > LEAST_MASS, mass, 0)
    if not mass.any():
        return None
    is_kept = (mass > 0.02 * mass.max()) | ((mass > 0.002 * mass.max()) & (length > 0.03 * FIT_SIDE))
    return _enlarged_box(np.isin(pieces, np.flatnonzero(is_kept) + 1) & differs, shape)


def _enlarged_box(mask: Mask, shape: tuple[int, ...]) -> CropBox:
    """The mask's box in a picture of that shape."""
    box = bounding_box(mask)
    down, across = shape[0] / mask.shape[0], shape[1] / mask.shape[1]
    return CropBox(
        y0=round(box.y0 * down), x0=round(box.x0 * across), y1=round(box.y1 * down), x1=round(box.x1 * across)
    )
