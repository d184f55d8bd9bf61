import numpy as np

from pipeline.engines.identity import Identity
from pipeline.engines.protocols import Enhancer


def test_the_identity_enhancer_leaves_every_pixel_as_it_is() -> None:
    enhancer: Enhancer = Identity()
    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert np.array_equal(enhancer.enhance(rgb), rgb)
