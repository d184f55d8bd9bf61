"""Whether a photo was sharp and well exposed where its product lies: metrics on one photo and its matte."""

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.masks import SOLID
from pipeline.imaging.metrics.layer import Layer
from pipeline.imaging.types import RGB, Alpha

CLIPPED = 250


def clipped_highlights(rgb: RGB, alpha: Alpha) -> float:
    """Share of the product that is burnt out: white on white has no edge.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    alpha : (H, W) float32, 0–1

    Returns
    -------
    float, 0–1; 1 for an empty alpha
    """
    kept = burnt_out(rgb, alpha).amount
    return float(kept.mean()) if kept.size else 1.0


def burnt_out(rgb: RGB, alpha: Alpha) -> Layer:
    """Which of the product's pixels are burnt out."""
    kept = alpha > SOLID
    return Layer(kept, rgb[kept].min(axis=1) > CLIPPED)


def focus(strength: NDArray[np.float32]) -> float:
    """How steep the photo's steepest edges along the outline are: low where the product is out of focus.

    The 90th percentile of the gradient, after the gradient-based focus measures compared in Pertuz et al., "Analysis
    of focus measure operators for shape-from-focus", 2013.

    Parameters
    ----------
    strength : (N,) float32
        As `edges.outline_strength` measures it.

    Returns
    -------
    float, 0–1; 0 for an empty alpha
    """
    return float(np.quantile(strength, 0.9)) if strength.size else 0.0


def faint_outline(strength: NDArray[np.float32]) -> float:
    """How steep the photo is where the outline is least supported: the 10th percentile of its gradient.

    Parameters
    ----------
    strength : (N,) float32
        As `edges.outline_strength` measures it.

    Returns
    -------
    float, 0–1; 0 for an empty alpha
    """
    return float(np.quantile(strength, 0.1)) if strength.size else 0.0
