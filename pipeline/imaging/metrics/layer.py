"""What a metric sums up, pixel by pixel: the score reduces it, the map of doubts draws it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.masks import Mask


class Layer(NamedTuple):
    """Where a metric looks, (H, W) bool, and what it sees at each of those pixels, (N,), in the order of rows."""

    where: Mask
    amount: NDArray[Any]

    def drawn(self) -> NDArray[np.float32]:
        """As a picture, (H, W) float32: 0 where the metric doesn't look."""
        picture = np.zeros(self.where.shape, np.float32)
        picture[self.where] = self.amount
        return picture
