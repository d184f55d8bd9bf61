"""A photo's matte: the network's look at the product, joined with what the backdrop shows."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.engines import error_net, fusion_net
from pipeline.engines.fusion_net import Mended
from pipeline.engines.protocols import Matter
from pipeline.imaging import framing
from pipeline.imaging.matte import backdrop as backdrops
from pipeline.imaging.matte import difference, lenses, sharpen
from pipeline.imaging.matte.backdrop import Backdrop
from pipeline.imaging.matte.evidence import Ground, agreed, evidence_of
from pipeline.imaging.matte.lenses import LensRule
from pipeline.imaging.metrics.measure import MEASURED_SIZE
from pipeline.imaging.scale import shrunk
from pipeline.imaging.types import ERRORS, RGB, Alpha, CropBox, Matte, ProductClass

# The network sees 1024 px; a margin of a twelfth and no strip narrower than 0.7 served it best on the labelled photos.
LOOK_SIDE = 1024
MARGIN, CLOSE_MARGIN, LEAST_ASPECT = 0.08, 0.03, 0.7
GAMMA = 0.6
# Levels: a pattern as strong as any.
MOST_UNEVEN = 20.0


@dataclass(frozen=True)
class Scene:
    """A photo, and the view of it that the network gets: a window around the product, at most 1024 px.

    Before a studio backdrop the view goes on beyond a tight crop: `inner` is the window within it. Without one
    (`ground` is None) the window is the whole photo, and so is the view.
    """

    rgb: RGB
    product_class: ProductClass
    lens: LensRule
    backdrop: Backdrop
    window: CropBox
    view: RGB
    inner: tuple[slice, slice]
    ground: Ground | None

    @property
    def reach(self) -> float:
        """Pixels of the photo along the longer side of the view."""
        rows = self.view[self.inner].shape[0]
        return max(self.view.shape[:2]) * (self.window.y1 - self.window.y0) / rows


Cells = NDArray[np.float32]

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
    wanted = framing.window_around(
        box, rgb.shape, margin=margin, least_aspect=LEAST_ASPECT, may_leave=backdrop.is_studio
    )
    window = framing.inside(wanted, rgb.shape)
    scale = min(1.0, LOOK_SIDE / max(wanted.y1 - wanted.y0, wanted.x1 - wanted.x0))
    view = framing.look(rgb, window, round(scale * max(window.y1 - window.y0, window.x1 - window.x0)))
    if not backdrop.is_studio:
        return Scene(rgb, product_class, lens, backdrop, window, view, (slice(None), slice(None)), None)
    around = [
        (round(scale * (window.y0 - wanted.y0)), round(scale * (wanted.y1 - window.y1))),
        (round(scale * (window.x0 - wanted.x0)), round(scale * (wanted.x1 - window.x1))),
    ]
    ground = _ground(backdrop, window, view, rgb.shape, around)
    (top, _), (left, _) = around
    inner = slice(top, top + view.shape[0]), slice(left, left + view.shape[1])
    beyond = ground.colour.round().astype(np.uint8)
    beyond[inner] = view
    return Scene(rgb, product_class, lens, backdrop, window, beyond, inner, ground)


def _ground(
    backdrop: Backdrop, window: CropBox, view: RGB, shape: tuple[int, ...], around: list[tuple[int, int]]
) -> Ground:
    """The backdrop of the window, continued around it."""
    *channels, doubt, reached = (
        framing.look_at_fit(np.ascontiguousarray(layer, np.float32), window, shape, view.shape[:2])
        for layer in (*np.moveaxis(backdrop.colour, 2, 0), backdrop.doubt, backdrop.is_reached)
    )
    colour, is_reached = np.dstack(channels), reached > 0.5
    distance = difference.distance_from(view, colour, is_reached)
    return Ground(
        colour=np.pad(colour, [*around, (0, 0)], "edge").clip(0, 255),
        doubt=np.pad(doubt, around, "edge"),
        distance=np.pad(distance, around),
        is_reached=np.pad(is_reached, around, constant_values=True),
    )


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


@dataclass(frozen=True)
class Look:
    """What the network says of a view; the view's matte, joined with what the backdrop says; and what the mending
    network knew, if it was asked."""

    word: Matte
    alpha: Alpha
    mended: Mended | None


def look(scene: Scene, matter: Matter, picture: Picture = flattened) -> Look:
    """Ask the network, once."""
    return _joined(scene, matter.matte(picture(scene)))


def look_in_mirror(scene: Scene, matter: Matter) -> Look:
    """Ask it of the mirrored view; what it says is turned back."""
    word = matter.matte(np.ascontiguousarray(flattened(scene)[:, ::-1]))
    seen = tuple(layer[..., ::-1] for layer in word.seen)
    return _joined(scene, replace(word, alpha=word.alpha[:, ::-1], seen=seen))


def matte_once(scene: Scene, matter: Matter, picture: Picture = flattened) -> Matte:
    """The matte of one look, told where it likely errs."""
    return matte_of(scene, look(scene, matter, picture))


def matte_of(scene: Scene, seen: Look) -> Matte:
    return _with_errors(scene, untold_matte_of(scene, seen), seen)


def untold_matte_of(scene: Scene, seen: Look) -> Matte:
    """A look's matte at the photo's own resolution; where it likely errs takes time to tell."""
    return _finished(scene, seen.word, seen.alpha)


def matte_of_both(scene: Scene, first: Look, other: Look) -> Matte:
    """The matte of the mean of two looks. Where it likely errs is told by what was known of the first: no network has
    learnt from a mean."""
    both = _joined(scene, mean_of(first.word, other.word))
    return _with_errors(scene, untold_matte_of(scene, both), first)


def mean_of(word: Matte, other: Matte) -> Matte:
    """What only one of two words says counts half, also of what the network saw; the raw range is the first's."""
    half = np.float32(0.5)
    seen = tuple(half * (one + another) for one, another in zip(word.seen, other.seen, strict=True))
    return replace(word, alpha=half * (word.alpha + other.alpha), seen=seen)


def matte_by_difference(scene: Scene, earlier: Matte) -> Matte:
    """An earlier matte, and all that differs from the studio backdrop and hangs on it, above the foot.

    It keeps the earlier one's likely errors, for nothing tells of its own: so what it brings back doesn't count for it.
    """
    prior = seen_of(scene, earlier.alpha)
    alpha = by_rules(scene, scene.ground, prior, difference.BOLDLY) if scene.ground else prior
    return _finished(scene, replace(earlier, alpha=prior), alpha)


def seen_of(scene: Scene, alpha: Alpha) -> Alpha:
    """A matte of the photo at the size of the scene's view; beyond the photo there is no product."""
    seen = np.zeros(scene.view.shape[:2], np.float32)
    height, width = seen[scene.inner].shape
    seen[scene.inner] = framing.resized(framing.part_of(alpha, scene.window), height, width)
    return seen


def _joined(scene: Scene, word: Matte) -> Look:
    """By rules, and mended by the fusion network; before other than studio backdrops it is the network's word alone."""
    if scene.ground is None:
        return Look(word, word.alpha, None)
    joined = by_rules(scene, scene.ground, word.alpha)
    if not word.seen:
        return Look(word, joined, None)
    mended = mended_by(scene, scene.ground, word, joined)
    return Look(word, agreed(mended.alpha, word.alpha, joined, scene.ground, scene.product_class), mended)


def mended_by(scene: Scene, ground: Ground, word: Matte, joined: Alpha) -> Mended:
    """The matte that rules have joined, mended by the fusion network."""
    evidence = evidence_of(scene.view, word.alpha, joined, ground, scene.product_class)
    return fusion_net.mend(evidence, word.seen)


def by_rules(scene: Scene, ground: Ground, prior: Alpha, likely: float = difference.LIKELY) -> Alpha:
    """The network's word joined with the backdrop's, at the view's size."""
    distance, doubt, is_reached = ground.distance, ground.doubt, ground.is_reached
    return difference.fuse(prior, distance, doubt, is_reached, scene.product_class, likely=likely)


def _finished(scene: Scene, word: Matte, alpha: Alpha) -> Matte:
    """Lenses go one way; then the photo's own resolution."""
    told: dict[str, Any] = {"unevenness": min(scene.backdrop.roughness, MOST_UNEVEN)}
    if scene.ground:
        distance, is_reached = scene.ground.distance, scene.ground.is_reached
        told["overruled"] = difference.overruled(alpha, word.alpha)
        if scene.product_class == "eyewear":
            alpha = lenses.apply_rule(alpha, lenses.find_lenses(alpha, distance), scene.lens)
        told["left_out"] = difference.left_out(alpha, distance, is_reached)
    part = framing.part_of(scene.rgb, scene.window)
    sharp = sharpen.upsample(np.ascontiguousarray(alpha[scene.inner]), scene.view[scene.inner], part)
    return replace(word, alpha=framing.put_back(sharp, scene.window, scene.rgb.shape), seen=(), **told)


def _with_errors(scene: Scene, matte: Matte, known: Look) -> Matte:
    """Told where it is likely wrong, if the mending network was asked."""
    if known.mended is None:
        return matte
    errors = error_net.errors_of(seen_of(scene, matte.alpha), known.mended, known.word.seen)
    maps = {kind: _in_photo(scene, cells) for kind, cells in zip(ERRORS, errors.cells, strict=True)}
    return replace(matte, likely_errors=errors.likely, error_maps=maps)


def _in_photo(scene: Scene, cells: Cells) -> Cells:
    """Cells of the view as a layer of the photo, at the size that it is measured at."""
    scale = min(1.0, MEASURED_SIZE / max(scene.rgb.shape[:2]))
    height, width = shrunk(scene.rgb.shape, MEASURED_SIZE)
    y0, x0, y1, x1 = (round(scale * edge) for edge in astuple(scene.window))
    y0, x0 = min(y0, height - 1), min(x0, width - 1)
    box = CropBox(y0, x0, max(y0 + 1, y1), max(x0 + 1, x1))
    inner = framing.resized(cells, *scene.view.shape[:2])[scene.inner]
    return framing.put_back(framing.resized(inner, box.y1 - box.y0, box.x1 - box.x0), box, (height, width))
