"""What all that works on masks shares: where an alpha is solid or unknown, and plain morphology.

Masks are (H, W) bool, True where something is.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from pipeline.imaging.types import RGB

Mask = NDArray[np.bool_]
Gradient = NDArray[np.float32]

SOLID = 0.5
UNKNOWN = (0.05, 0.95)
EIGHT = np.ones((3, 3), bool)


def outline_of(is_fg: Mask) -> Mask:
    """The outermost pixels of what a mask holds."""
    return is_fg & ~erode(is_fg, 1)


def erode(mask: Mask, pixels: int) -> Mask:
    """A mask shrunk by that many pixels."""
    return ~dilate(~mask, pixels)


def dilate(mask: Mask, pixels: int) -> Mask:
    """A mask grown by that many pixels."""
    # A square window: separable, so its cost does not grow with its size.
    grown = ndi.maximum_filter(mask.view(np.uint8), 2 * pixels + 1, mode="nearest")
    return np.asarray(grown, np.bool_)


def longer_side(is_fg: Mask) -> int:
    """Of a mask's box, in pixels; 1 for an empty one."""
    columns, rows = np.flatnonzero(is_fg.any(0)), np.flatnonzero(is_fg.any(1))
    return int(max(columns[-1] - columns[0], rows[-1] - rows[0])) + 1 if columns.size else 1


def gradient_of(rgb: RGB) -> Gradient:
    """Length of the colour gradient by central differences, 0–1 (1 = a full step in all three channels)."""
    padded = np.pad(rgb, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float32)
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    squares = np.einsum("ijk,ijk->ij", across, across) + np.einsum("ijk,ijk->ij", down, down)
    return np.asarray(np.sqrt(squares / 3) / 255, np.float32)


def largest_piece(mask: Mask) -> int:
    """Pixels of the largest piece."""
    labels, count = ndi.label(mask, EIGHT)
    return int(np.bincount(labels.ravel())[1:].max()) if count else 0


def only_largest(mask: Mask) -> Mask:
    """The largest piece alone."""
    labels, count = ndi.label(mask, EIGHT)
    return np.asarray(labels == (np.bincount(labels.ravel())[1:].argmax() + 1 if count else -1), np.bool_)
