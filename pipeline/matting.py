"""A photo's matte: the network's look at the product, joined with what the backdrop shows."""

import numpy as np

from pipeline.engines.protocols import Matter
from pipeline.imaging import backdrop as backdrops
from pipeline.imaging import difference, framing, sharpen
from pipeline.imaging.types import RGB, Matte, ProductClass

# The network sees 1024 px; a margin of a tenth and no strip narrower than 0.7 served it best on the labelled photos.
LOOK_SIDE = 1024
MARGIN, LEAST_ASPECT = 0.1, 0.7


def matte(rgb: RGB, matter: Matter, product_class: ProductClass) -> Matte:
    """Matte one photograph; before a studio backdrop, with the backdrop's help."""
    backdrop = backdrops.fit_backdrop(rgb)
    if not backdrop.is_studio:
        return matter.matte(rgb)
    window = framing.window_around(backdrop.box, rgb.shape, margin=MARGIN, least_aspect=LEAST_ASPECT)
    view = framing.look(rgb, window, LOOK_SIDE)
    layers = [
        framing.look_at_fit(np.ascontiguousarray(layer), window, rgb.shape, view.shape[:2])
        for layer in (*np.moveaxis(backdrop.colour, 2, 0), backdrop.is_reached.astype(np.float32))
    ]
    colour, is_reached = np.dstack(layers[:3]), layers[3] > 0.5
    prior = matter.matte(backdrops.flatten(view, colour))
    alpha = difference.fuse(prior.alpha, view, colour, is_reached, product_class)
    alpha = sharpen.upsample(alpha, view, framing.part_of(rgb, window))
    return Matte(framing.put_back(alpha, window, rgb.shape), raw_min=prior.raw_min, raw_max=prior.raw_max)
