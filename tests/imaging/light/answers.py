"""What comes back when a model is asked to relight a photo: honest answers, and such that repainted the product too.

Each is made of a photo and its true alpha, by seed. All come back as such answers do: at another size, a little shifted
and scaled, cleaned of some grain, and as a JPEG.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage as ndi
from skimage import color

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rng = np.random.Generator
Light = Callable[[Rng, Floats, Floats], Floats]
"""Relights linear colours (0–1), given alpha."""
Tampering = Callable[[Rng, Pixels, Floats], Pixels]

LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


@dataclass(frozen=True)
class Case:
    """The photo that was sent, and the answer to it; `tampering` is None for an honest one."""

    photo: Pixels
    answer: Pixels
    light: str
    tampering: str | None = None


def honest(light: str, photo: Pixels, alpha: Floats, seed: int) -> Case:
    """The photo in another light, and nothing else changed."""
    rng = np.random.default_rng([seed, *light.encode()])
    return Case(photo, _delivered(rng, _relit(rng, light, photo, _opacity(rng, photo, alpha))), light)


def tampered(tampering: str, photo: Pixels, alpha: Floats, seed: int) -> Case:
    """The photo with its product repainted, in another light."""
    rng = np.random.default_rng([seed, *tampering.encode()])
    light = str(rng.choice(list(LIGHTS)))
    sent = with_print(rng, photo, alpha) if tampering == "logo removed" else photo
    lit = _relit(rng, light, TAMPERINGS[tampering](rng, photo, alpha), _opacity(rng, photo, alpha))
    if tampering == "mirrored":
        lit = np.ascontiguousarray(lit[:, ::-1])
    return Case(sent, _delivered(rng, lit), light, tampering)


def _opacity(rng: Rng, photo: Pixels, alpha: Floats) -> Floats:
    """What keeps the backdrop's light out: clear parts, which look much like the backdrop around, let it through."""
    linear = LINEAR[photo]
    around = _backdrop_of(linear, alpha, 0.03)
    apart = 255 * np.abs(linear ** (1 / 2.2) - around.clip(0) ** (1 / 2.2)).max(-1)
    is_clear = _mean_within(np.exp(-((apart / 30) ** 2)), alpha, 8 * max(alpha.shape) / 1024)
    return np.asarray(alpha * (1 - rng.uniform(0.6, 1) * is_clear), np.float32)


def _relit(rng: Rng, light: str, photo: Pixels, alpha: Floats) -> Pixels:
    linear = LINEAR[photo]
    lit = linear
    for relight in LIGHTS[light]:
        lit = relight(rng, lit, alpha)
    return np.rint(255 * lit.clip(0, 1) ** (1 / 2.2)).astype(np.uint8)


def _exposed(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    """Up to two thirds of a stop, but a bright product isn't burnt out."""
    brightest = float(np.quantile(linear[alpha > 0.5], 0.95)) if (alpha > 0.5).any() else 1.0
    gain = 2 ** rng.uniform(0.15, 0.7) if rng.random() < 0.7 else 2 ** -rng.uniform(0.15, 0.6)
    return linear * np.float32(min(gain, max(1.0, 0.95 / brightest)))


def _contrasted(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    return linear.clip(0, 1) ** np.float32(rng.uniform(0.78, 1.25))


def _balanced(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    """The backdrop's cast taken out, by half or wholly, as far as a cast may be taken for one."""
    backdrop = linear[alpha < 0.1].clip(0, 1).mean(0)
    gains = (backdrop.mean() / backdrop.clip(0.02)).clip(0.6, 1.7) ** rng.uniform(0.5, 1)
    return linear * gains.astype(np.float32)


def _warmed(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    """A little warmer or cooler all over."""
    warmth = rng.uniform(-0.06, 0.06)
    return linear * np.array([1 + warmth, 1, 1 - warmth], np.float32)


def _whitened(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    """The backdrop brought towards white by two thirds of a stop at most, smoothly; the product's own light stays."""
    around = _backdrop_of(linear, alpha, 0.03)
    gain = (rng.uniform(0.8, 1.0) / around.clip(0.03)).clip(0.8, 1.6) ** rng.uniform(0.5, 1)
    return _before_lit(linear, alpha, around, gain.astype(np.float32))


def _softened(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    """Shadows on the backdrop lightened."""
    near, far = _backdrop_of(linear, alpha, 0.02), _backdrop_of(linear, alpha, 0.1)
    gain = (far / near.clip(0.01)).clip(1, 4) ** rng.uniform(0.3, 0.9)
    return _before_lit(linear, alpha, near, gain)


def _before_lit(linear: Floats, alpha: Floats, around: Floats, gain: Floats) -> Floats:
    """The product as it is, before the backdrop in another light; along the edge, what shines through of that."""
    through = 1 - alpha[..., None]
    behind = around + through**8 * (linear - around)
    return linear + through * (gain - 1) * behind


def _sloped(rng: Rng, linear: Floats, alpha: Floats) -> Floats:
    """Light that falls off to one side, on everything."""
    height, width = alpha.shape
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    turn = rng.uniform(0, 2 * np.pi)
    return linear * (2 ** (rng.uniform(0.1, 0.4) * (np.cos(turn) * across + np.sin(turn) * down)))[..., None].astype(
        np.float32
    )


def _backdrop_of(linear: Floats, alpha: Floats, spread: float) -> Floats:
    """The backdrop's smooth colour, continued behind the product."""
    size, grid = alpha.shape[::-1], (alpha.shape[1] // 6, alpha.shape[0] // 6)
    weight = _resized((1 - alpha).clip(0, 1) ** 4, grid)
    small = np.dstack([_resized(colour, grid) for colour in np.moveaxis(linear, 2, 0)])
    around = np.average(small, axis=(0, 1), weights=weight + 1e-6) * np.ones_like(small)
    for share in (8 * spread, 3 * spread, spread):
        sigma = (share * max(grid), share * max(grid), 0)
        mass = ndi.gaussian_filter(weight[..., None], sigma) + 0.01
        around = (ndi.gaussian_filter(weight[..., None] * small, sigma) + 0.01 * around) / mass
    return np.dstack([_resized(np.asarray(colour, np.float32), size) for colour in np.moveaxis(around, 2, 0)])


def _resized(layer: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(Image.fromarray(layer).resize(size, Image.Resampling.BILINEAR))


LIGHTS: dict[str, tuple[Light, ...]] = {
    "as it was": (),
    "exposure": (_exposed,),
    "contrast": (_contrasted,),
    "white balance": (_balanced,),
    "warmth": (_warmed,),
    "white backdrop": (_whitened,),
    "soft shadows": (_softened,),
    "gradient": (_sloped,),
    "studio": (_balanced, _exposed, _softened, _whitened),
    "all": (_balanced, _exposed, _contrasted, _sloped, _softened),
}


def _delivered(rng: Rng, picture: Pixels) -> Pixels:
    """As an answer comes: resized, shifted, scaled, less grainy, a JPEG."""
    height, width = picture.shape[:2]
    longer = int(rng.choice([1024, 1024, 1248, 1408]))
    size = round(longer * width / max(width, height)), round(longer * height / max(width, height))
    size = size[0], max(8, round(size[1] * rng.uniform(0.985, 1.015)))
    scale, shift = rng.uniform(0.98, 1.02), rng.uniform(-4, 4, 2) * max(width, height) / 1024
    middle = np.array([width, height]) / 2 + shift
    half = np.array([width, height]) / 2 * scale
    margin = 64
    padded = Image.fromarray(np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge"))
    x0, y0, x1, y1 = (float(v) + margin for v in (*(middle - half), *(middle + half)))
    moved = padded.resize(size, Image.Resampling.BICUBIC, (x0, y0, x1, y1))
    cleaned = Image.blend(moved, moved.filter(ImageFilter.MedianFilter(3)), rng.uniform(0, 0.7))
    file = io.BytesIO()
    cleaned.save(file, "JPEG", quality=int(rng.integers(85, 93)))
    return np.asarray(Image.open(file).convert("RGB"))


def with_print(rng: Rng, photo: Pixels, alpha: Floats) -> Pixels:
    """A few letters on the product, where there is room for them; on thin parts only pieces of them fit."""
    unit = max(alpha.shape) / 1024
    depth = ndi.distance_transform_edt(alpha > 0.5)
    room = np.sort(depth[depth > 0])[int(0.6 * (depth > 0).sum())]
    tall = float(np.clip(1.5 * room, 7 * unit, 16 * unit))
    spots = np.argwhere(depth >= min(room, tall / 1.5))
    letters = "".join(rng.choice(list("ABEHKMNRSXZ"), 5))
    tries = [_letters(letters, tall, spots[rng.integers(len(spots))], alpha.shape) * alpha for _ in range(12)]
    ink = max(tries, key=lambda mask: float(mask.sum()))
    grey = float((photo.mean(-1) * ink).sum() / max(1e-6, ink.sum()))
    tone = grey + rng.uniform(60, 110) * (1 if grey < 120 else -1)
    printed = photo * (1 - ink[..., None]) + tone * ink[..., None]
    return np.rint(printed).clip(0, 255).astype(np.uint8)


def _letters(letters: str, tall: float, at: NDArray[np.intp], shape: tuple[int, int]) -> Floats:
    mask = Image.new("L", shape[::-1])
    # Capitals fill about seven tenths of a font's size.
    font = ImageFont.load_default(tall / 0.7)
    ImageDraw.Draw(mask).text((int(at[1]), int(at[0])), letters, 255, font, anchor="mm")
    return np.asarray(mask, np.float32) / np.float32(255)


def _thickened(rng: Rng, photo: Pixels, alpha: Floats) -> Pixels:
    """A stretch of the product's thin part drawn out on both sides, by a quarter and at least 2 px of 1024 in all."""
    unit, is_product = max(alpha.shape) / 1024, alpha > 0.5
    spots, radius = _thin_part(is_product, unit)
    growth = max(unit, 0.25 * radius) * rng.uniform(1, 1.6)
    away = ndi.distance_transform_edt(~is_product) - ndi.distance_transform_edt(is_product) + is_product - 0.5
    outwards = np.stack(np.gradient(ndi.gaussian_filter(away, 1)))
    outwards /= np.linalg.norm(outwards, axis=0).clip(0.3)
    rows, columns = np.mgrid[: alpha.shape[0], : alpha.shape[1]].astype(np.float32)
    middle, reach = spots[rng.integers(len(spots))], rng.uniform(0.05, 0.15) * max(alpha.shape)
    fading = ((reach - np.hypot(rows - middle[0], columns - middle[1])) / (4 * unit)).clip(0, 1)
    end = 1 + growth * fading
    source = -radius + (away + radius) * (1 + radius) / (end + radius)
    step = np.where((away > -radius) & (away < end), source - away, 0) * outwards
    drawn = [
        ndi.map_coordinates(layer, (rows + step[0], columns + step[1]), order=1) for layer in photo.transpose(2, 0, 1)
    ]
    return np.dstack(drawn)


def _thin_part(is_product: NDArray[np.bool_], unit: float) -> tuple[NDArray[np.intp], float]:
    """The places of a long piece of the product that no disk fits into, and the disk's radius, the smallest found."""
    depth = ndi.distance_transform_edt(is_product)
    for radius in np.geomspace(2.5 * unit, max(depth.max() + 1, 3 * unit), 10):
        is_opened = ndi.distance_transform_edt(depth <= radius) <= radius
        pieces, count = ndi.label(is_product & ~is_opened, np.ones((3, 3)))
        areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
        if count and areas.max() > 40 * unit * radius:
            is_thin = pieces == 1 + int(areas.argmax())
            return np.argwhere(is_thin), float(depth[is_thin].max())
    return np.argwhere(is_product), float(depth.max())


def _recoloured(rng: Rng, photo: Pixels, alpha: Floats) -> Pixels:
    """The product in another colour as bright, by a ΔE of 10 at least where its colour can be seen."""
    is_product, turn = alpha > 0.02, rng.uniform(0, 2 * np.pi)
    weight, old = alpha[is_product, None], photo[is_product]
    lab = color.rgb2lab(old)
    for chroma in np.linspace(rng.uniform(12, 25), 90, 12):
        new = np.rint(255 * color.lab2rgb(lab + np.array([0, chroma * np.cos(turn), chroma * np.sin(turn)])))
        shift = np.linalg.norm((color.rgb2lab(new.astype(np.uint8)) - lab)[:, 1:], axis=1)
        if np.average(shift, weights=weight[:, 0]) >= 10:
            break
    repainted = photo.copy()
    repainted[is_product] = np.rint(old * (1 - weight) + new * weight)
    return repainted


def _hallucinated(rng: Rng, photo: Pixels, alpha: Floats) -> Pixels:
    """The product's fine detail lost, and as fine a one invented."""
    unit, (height, width) = max(alpha.shape) / 1024, alpha.shape
    coarse = max(2, round(rng.uniform(3, 6) * unit))
    inside = np.dstack([_mean_within(layer, alpha, coarse) for layer in np.moveaxis(photo.astype(np.float32), 2, 0)])
    strokes = ndi.gaussian_filter(rng.normal(size=(height, width)), unit * rng.uniform(1, 2.5, 2))
    strokes = strokes * rng.uniform(9, 18) / strokes.std()
    repainted = (inside + strokes[..., None]).clip(0, 255)
    return np.rint(photo * (1 - alpha[..., None]) + repainted * alpha[..., None]).astype(np.uint8)


def _mean_within(layer: Floats, alpha: Floats, pixels: float) -> Floats:
    weight = alpha + np.float32(1e-3)
    return ndi.gaussian_filter(layer * weight, pixels) / ndi.gaussian_filter(weight, pixels)


TAMPERINGS: dict[str, Tampering] = {
    "logo removed": lambda rng, photo, alpha: photo,
    "temple thickened": _thickened,
    "colour changed": _recoloured,
    "mirrored": lambda rng, photo, alpha: photo,
    "hallucinated": _hallucinated,
}
