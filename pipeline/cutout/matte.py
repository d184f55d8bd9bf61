"""A photo's matte: the network's look at the product, joined with what the backdrop shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.engines.protocols import Matter
from pipeline.imaging import framing
from pipeline.imaging.matte import backdrop as backdrops
from pipeline.imaging.matte import difference, lenses, sharpen
from pipeline.imaging.matte.backdrop import Backdrop
from pipeline.imaging.matte.lenses import LensRule
from pipeline.imaging.types import RGB, Alpha, CropBox, Matte, ProductClass

# The network sees 1024 px; a margin of a twelfth and no strip narrower than 0.7 served it best on the labelled photos.
LOOK_SIDE = 1024
MARGIN, CLOSE_MARGIN, LEAST_ASPECT = 0.08, 0.03, 0.7
GAMMA = 0.6


@dataclass(frozen=True)
class Ground:
    """The studio backdrop within the view: its colour and each pixel's distance from it, in levels, and where it was
    reached."""

    colour: NDArray[np.float32]
    distance: NDArray[np.float32]
    is_reached: NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """A photo, and the view of it that the network gets: a window around the product, at most 1024 px.

    Without a studio backdrop (`ground` is None) the window is the whole photo.
    """

    rgb: RGB
    product_class: ProductClass
    lens: LensRule
    backdrop: Backdrop
    window: CropBox
    view: RGB
    ground: Ground | None


Picture = Callable[[Scene], RGB]
"""What the network is shown of a scene's view, at the same size."""


def scene_of(rgb: RGB, product_class: ProductClass, lens: LensRule) -> Scene:
    """Find the product, cheaply, by what stands out of the backdrop."""
    backdrop = backdrops.fit_backdrop(rgb)
    if backdrop.box is not None and backdrop.is_studio:
        return _scene(rgb, product_class, lens, backdrop, backdrop.box, MARGIN)
    return _scene(rgb, product_class, lens, backdrop, CropBox(0, 0, *rgb.shape[:2]), 0)


def closer(scene: Scene, alpha: Alpha) -> Scene:
    """The same scene, seen from as close as an earlier matte allows."""
    is_seen = alpha > 0.3
    if not is_seen.any():
        return scene
    box = framing.bounding_box(is_seen)
    return _scene(scene.rgb, scene.product_class, scene.lens, scene.backdrop, box, CLOSE_MARGIN)


def _scene(
    rgb: RGB, product_class: ProductClass, lens: LensRule, backdrop: Backdrop, box: CropBox, margin: float
) -> Scene:
    window = framing.window_around(box, rgb.shape, margin=margin, least_aspect=LEAST_ASPECT)
    view = framing.look(rgb, window, LOOK_SIDE)
    ground = _ground(backdrop, window, rgb.shape, view) if backdrop.is_studio else None
    return Scene(rgb, product_class, lens, backdrop, window, view, ground)


def _ground(backdrop: Backdrop, window: CropBox, shape: tuple[int, ...], view: RGB) -> Ground:
    *colour, is_reached = (
        framing.look_at_fit(np.ascontiguousarray(layer, np.float32), window, shape, view.shape[:2])
        for layer in (*np.moveaxis(backdrop.colour, 2, 0), backdrop.is_reached)
    )
    ground, is_backdrop = np.dstack(colour), is_reached > 0.5
    return Ground(ground, difference.distance_from(view, ground, is_backdrop), is_backdrop)


def flattened(scene: Scene) -> RGB:
    """The view before a flat backdrop, if its own is a studio's."""
    return _flattened(scene.view, scene.ground) if scene.ground else scene.view


def relit(scene: Scene) -> RGB:
    """The view with weak contrasts raised: more amplified before a studio backdrop, brightened before others."""
    if scene.ground:
        return _flattened(scene.view, scene.ground, of_gain=0.5)
    return np.asarray(255 * (scene.view / np.float32(255)) ** GAMMA, np.uint8)


def _flattened(view: RGB, ground: Ground, of_gain: float = 1.0) -> RGB:
    return backdrops.flatten(view, ground.colour, of_gain * backdrops.gain_for(ground.distance, ground.is_reached))


def matte_once(scene: Scene, matter: Matter, picture: Picture = flattened) -> Matte:
    """One look by the network, joined with the backdrop's word, at the photo's own resolution."""
    return _finished(scene, matter.matte(picture(scene)))


def matte_in_mirror(scene: Scene, matter: Matter) -> Matte:
    """What the first look would have been of the mirrored photo, turned back."""
    return _finished(scene, _seen_in_mirror(flattened(scene), matter))


def matte_twice(scene: Scene, matter: Matter, picture: Picture) -> Matte:
    """The average of a look and of one in the mirror."""
    shown = picture(scene)
    ahead, mirrored = matter.matte(shown), _seen_in_mirror(shown, matter)
    return _finished(scene, replace(ahead, alpha=(ahead.alpha + mirrored.alpha) / np.float32(2)))


def _seen_in_mirror(shown: RGB, matter: Matter) -> Matte:
    mirrored = matter.matte(np.ascontiguousarray(shown[:, ::-1]))
    return replace(mirrored, alpha=mirrored.alpha[:, ::-1])


def matte_by_difference(scene: Scene, earlier: Matte) -> Matte:
    """An earlier matte, and all that differs from the studio backdrop and hangs on it, above the foot."""
    prior = framing.look_at_fit(earlier.alpha, scene.window, earlier.alpha.shape, scene.view.shape[:2])
    return _finished(scene, replace(earlier, alpha=prior.clip(0, 1)), likely=difference.BOLDLY)


def _finished(scene: Scene, prior: Matte, likely: float = difference.LIKELY) -> Matte:
    alpha, left_out = prior.alpha, 0.0
    if scene.ground:
        distance, is_reached = scene.ground.distance, scene.ground.is_reached
        alpha = difference.fuse(alpha, distance, is_reached, scene.product_class, likely=likely)
        if scene.product_class == "eyewear":
            alpha = lenses.apply_rule(alpha, lenses.find_lenses(alpha, distance), scene.lens)
        left_out = difference.left_out(alpha, distance, is_reached)
    alpha = sharpen.upsample(alpha, scene.view, framing.part_of(scene.rgb, scene.window))
    return replace(prior, alpha=framing.put_back(alpha, scene.window, scene.rgb.shape), left_out=left_out)
