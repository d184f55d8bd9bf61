"""Whether a repainted answer still shows the photo's product: what of it a change of light doesn't explain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.spatial import cKDTree
from skimage import color

from pipeline.imaging import framing
from pipeline.imaging.edges import dilate
from pipeline.imaging.transfer import transfer
from pipeline.imaging.types import RGB, Alpha

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

FAINT, CLEAR, STRONG = 1.5, 8.0, 16.0
"""Steepness of an edge, in levels a pixel: what counts as one at all, and what has to be found again within the product
and along its outline, where the backdrop's own texture may be repainted."""
STEEP = 4.0
REACH = 2.5
CELL, STRETCH, FEW = 4, 3.0, 12.0
BLOCK, STRIDE, GRAIN, FINE = 6.0, 3, 6.0, 4.0

LEAST_OVERLAP = 0.5
MOST_OUTLINE, MOST_SHIFT = 0.5, 0.5
MOST_EDGES, MOST_TEXTURE = 0.5, 0.75
MOST_COLOUR = 7.0


@dataclass(frozen=True)
class Fidelity:
    overlap: float
    outline_lost: float
    outline_gained: float
    growth: float
    shrink: float
    edges_lost: float
    edges_gained: float
    texture_lost: float
    texture_gained: float
    colour: float


@dataclass(frozen=True)
class _Edges:
    """Points on edges, to a fraction of a pixel, the directions across them, and how steep they are."""

    at: Doubles
    across: Doubles
    steepness: Doubles

    def where(self, is_wanted: Mask) -> "_Edges":
        return _Edges(self.at[is_wanted], self.across[is_wanted], self.steepness[is_wanted])

    def read(self, layer: NDArray) -> NDArray:
        y, x = np.rint(self.at).astype(int).T
        return layer[y.clip(0, layer.shape[0] - 1), x.clip(0, layer.shape[1] - 1)]

    def __add__(self, other: "_Edges") -> "_Edges":
        pairs = (self.at, other.at), (self.across, other.across), (self.steepness, other.steepness)
        return _Edges(*(np.concatenate(pair) for pair in pairs))


def compare(photo: RGB, answer: RGB, alpha: Alpha, answer_alpha: Alpha) -> Fidelity:
    colour = _colour_shift(photo, answer, alpha)
    expected = transfer(photo, answer, alpha)
    overlap = _overlap(alpha, answer_alpha)
    if not (alpha > 0.5).any():
        return Fidelity(overlap, 0, 0, 0, 0, 0, 0, 0, 0, colour)
    box = framing.bounding_box(alpha > 0.3)
    window = (slice(max(0, box.y0 - 24), box.y1 + 24), slice(max(0, box.x0 - 24), box.x1 + 24))
    photo, answer, expected, alpha = photo[window], answer[window], expected[window], alpha[window]
    near = dilate(alpha > 0.3, 6)
    inside = ndi.minimum_filter(alpha, 9) > 0.9
    outline = dilate(alpha > 0.5, 2) & ~inside
    was, lit, now = (_edges(picture, near) for picture in (photo, expected, answer))
    either = was + lit
    to_now, to_either = _offsets(was, now), _offsets(now, either)
    lit_to_now = _offsets(lit, now)
    shape = alpha.shape
    a = was.read(inside) & (was.steepness > CLEAR)
    b = now.read(inside) & (now.steepness > CLEAR)
    c = lit.read(outline) & (lit.steepness > STRONG)
    d = now.read(near & ~inside) & (now.steepness > STRONG)
    out = dict(
        edges_lost=_worst_share(was.where(a), np.isnan(to_now[a]), shape),
        edges_gained=_worst_share(now.where(b), np.isnan(to_either[b]), shape),
        outline_lost=_worst_share(lit.where(c), np.isnan(lit_to_now[c]), shape),
        outline_gained=_worst_share(now.where(d), np.isnan(to_either[d]), shape),
    )
    down, across = np.gradient(ndi.gaussian_filter(alpha, 2.0))
    o = -np.stack([now.read(down), now.read(across)], 1)
    length = np.linalg.norm(o, axis=1)
    facing = (o * now.across).sum(1) / np.maximum(length, 1e-6)
    use = (
        now.read(near & ~inside)
        & (now.steepness > STEEP)
        & (np.abs(facing) > 0.7)
        & (length > 0.01)
        & ~np.isnan(to_either)
    )
    growth, shrink = _shift(now.where(use), -to_either[use] * np.sign(facing[use]), shape)
    tl, tg = _texture(photo, answer, alpha)
    return Fidelity(
        overlap=overlap, growth=growth, shrink=shrink, texture_lost=tl, texture_gained=tg, colour=colour, **out
    )


def _shift(edges, outwards, shape):
    if not len(outwards):
        return 0.0, 0.0
    count, total = _gridded(edges, np.ones(len(outwards)), shape), _gridded(edges, outwards, shape)
    mean = total / (count + 8)
    return float(mean.max()), float(-mean.min())


def _overlap(alpha, answer_alpha):
    before, after = alpha > 0.5, answer_alpha > 0.5
    return float((before & after).sum() / max(1, (before | after).sum()))


def _edges(rgb: RGB, zone: Mask) -> _Edges:
    grey = ndi.gaussian_filter(rgb.mean(-1, dtype=np.float32), 1.0)
    down, across = np.gradient(grey)
    steepness = np.hypot(down, across)
    y, x = np.nonzero((steepness > FAINT) & zone)
    here = steepness[y, x]
    normal = np.stack([down[y, x], across[y, x]], axis=1) / here[:, None]
    at = np.stack([y, x], axis=1).astype(np.float64)
    ahead, behind = (ndi.map_coordinates(steepness, (at + way).T, order=1, mode="nearest") for way in (normal, -normal))
    offset = 0.5 * (ahead - behind) / np.maximum(2 * here - ahead - behind, 1e-6)
    at = at + normal * offset.clip(-0.6, 0.6)[:, None]
    return _Edges(at, normal, here).where((here >= ahead) & (here > behind))


def _offsets(edges: _Edges, others: _Edges) -> Doubles:
    """How far across each edge its nearest parallel one among others is; NaN where none is within reach."""
    if not len(edges.at) or not len(others.at):
        return np.full(len(edges.at), np.nan)
    distance, nearest = cKDTree(others.at).query(edges.at, k=6, distance_upper_bound=REACH + 1)
    nearest = np.minimum(nearest, len(others.at) - 1)
    along = ((others.at[nearest] - edges.at[:, None]) * edges.across[:, None]).sum(-1)
    is_parallel = np.abs((others.across[nearest] * edges.across[:, None]).sum(-1)) > 0.8
    cost = np.where(np.isfinite(distance) & is_parallel & (np.abs(along) < REACH), np.abs(along), np.inf)
    best = cost.argmin(1)[:, None]
    found = np.take_along_axis(along, best, 1)[:, 0]
    return np.where(np.isfinite(np.take_along_axis(cost, best, 1)[:, 0]), found, np.nan)


def _gridded(edges: _Edges, values, shape):
    y, x = (edges.at / CELL).astype(int).T
    columns = shape[1] // CELL + 2
    grid = np.bincount(y * columns + x, values, minlength=(shape[0] // CELL + 2) * columns).reshape(-1, columns)
    return ndi.gaussian_filter(grid, STRETCH, truncate=3, mode="constant") * (2 * np.pi * STRETCH**2)


def _worst_share(edges, is_bad, shape):
    if not len(is_bad):
        return 0.0
    count, bad = _gridded(edges, np.ones(len(is_bad)), shape), _gridded(edges, is_bad.astype(float), shape)
    return float((bad / (count + FEW)).max())


def _mean(values: Floats) -> Floats:
    return ndi.gaussian_filter(values, BLOCK, truncate=3)[::STRIDE, ::STRIDE]


def _fine(rgb):
    grey = ndi.gaussian_filter(rgb.mean(-1, dtype=np.float32), 0.8)
    return grey - ndi.gaussian_filter(grey, FINE)


def _texture(photo, answer, alpha):
    weight = (ndi.minimum_filter(alpha, 5) > 0.9).astype(np.float32)
    before, after = _fine(photo), _fine(answer)
    mass = _mean(weight)
    seen = mass > 0.15
    if not seen.any():
        return 0.0, 0.0

    def mean(values):
        return _mean(weight * values)[seen] / mass[seen]

    b, a = mean(before), mean(after)
    vb, va = mean(before**2) - b**2, mean(after**2) - a**2
    common = (mean(before * after) - b * a).clip(0) ** 2
    lost = (vb - common / (va + 1e-3)).clip(0) / (vb + GRAIN**2)
    gained = (va - common / (vb + 1e-3)).clip(0) / (va + GRAIN**2)
    return float(np.sqrt(lost.max())), float(np.sqrt(gained.max()))


LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)
GREY = np.array([0.21, 0.72, 0.07])


def _lab(linear):
    return color.rgb2lab(linear[None].clip(0, 1) ** (1 / 2.2))[0]


def _colour_shift(photo: RGB, answer: RGB, alpha: Alpha) -> float:
    is_free = (np.maximum(photo, answer).max(-1) < 250) & (np.minimum(photo, answer).min(-1) > 2)
    near = dilate(alpha[::2, ::2] > 0.3, 40) & (alpha[::2, ::2] < 0.03)
    if not near.any():
        near = alpha[::2, ::2] < 0.5
    if (near & is_free[::2, ::2]).sum() > 0.1 * near.sum():
        near = near & is_free[::2, ::2]
    light = np.zeros(3)
    if near.any():
        before, after = (LINEAR[p[::2, ::2][near]].mean(0) + 0.003 for p in (photo, answer))
        light = np.log(after / before)
        light -= light.mean()
    weight = np.asarray(alpha * (alpha > 0.5) * is_free, np.float32)
    mass = ndi.gaussian_filter(weight, BLOCK)[::6, ::6]
    seen = mass > 0.15
    if not seen.any():
        return 0.0

    def blocks(p):
        return np.stack(
            [ndi.gaussian_filter(weight * LINEAR[p[..., k]], BLOCK)[::6, ::6][seen] / mass[seen] for k in range(3)], 1
        )

    before, after = blocks(photo), blocks(answer)
    lab = _lab(after)
    best = []
    for contrast in (-0.2, -0.1, 0, 0.1, 0.2):
        errors = []
        for share in np.linspace(-0.1, 1.1, 9):
            guess = before * np.exp(share * light + contrast * np.log(before + 1e-3))
            guess *= ((after @ GREY) / (guess @ GREY).clip(1e-6))[:, None]
            errors.append(np.linalg.norm((_lab(guess) - lab)[:, 1:], axis=1))
        best.append(np.min(errors, axis=0))
    return float(np.quantile(min(best, key=np.mean), 0.9))


def changes(fidelity: Fidelity) -> tuple[str, ...]:
    f = fidelity
    found = {
        "geometry-changed": f.overlap < LEAST_OVERLAP,
        "outline-changed": max(f.outline_lost, f.outline_gained) > MOST_OUTLINE or max(f.growth, f.shrink) > MOST_SHIFT,
        "detail-changed": max(f.edges_lost, f.edges_gained) > MOST_EDGES
        or max(f.texture_lost, f.texture_gained) > MOST_TEXTURE,
        "colour-changed": f.colour > MOST_COLOUR,
    }
    return tuple(code for code, is_found in found.items() if is_found)
