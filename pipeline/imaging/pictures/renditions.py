"""Compose a listing picture from photo and alpha, and encode it: the same input gives the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from pipeline.imaging.crop.halfglass import half_alpha, half_box, kept_side
from pipeline.imaging.framing import bounding_box, part_of
from pipeline.imaging.matte.refine import SNAP_LOW, snap
from pipeline.imaging.pictures.spec import HalfGlassSpec, ListingSpec
from pipeline.imaging.types import RGB, Alpha, Crop, CropBox, Side

RGBA = NDArray[np.uint8]
"""Straight (unmultiplied) sRGB with opacity, H × W × 4, 0–255."""

HALF_GLASS = "half-glass"
TRANSPARENT = "transparent"
WHITE = "white"
GENERATED_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
LEAST_QUALITY, QUALITY_STEP = 50, 5
"""Of a file that has too many bytes: a product's fine print isn't told from noise much below."""
CLEAR = np.array((255, 255, 255, 0), np.uint8)


@dataclass(frozen=True)
class Picture:
    """One variant before encoding: the product alone on its canvas, and the pixels that are encoded, RGB or RGBA."""

    canvas: RGBA
    pixels: NDArray[np.uint8]


class EmptyPictureError(ValueError):
    """Nothing of the product is in a picture; the text says in which part."""


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, by the file's header alone."""
    with Image.open(BytesIO(data)) as picture:
        return picture.size


def compose_all(rgb: RGB, alpha: Alpha, crop: Crop | None, spec: ListingSpec) -> dict[str, Picture]:
    """The picture of each variant of one photo, before any encoding.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
        Straight product colour, as `estimate_foreground` gives it.
    alpha : ndarray of float32, shape (H, W), range 0–1
    crop : Crop or None
        Without one there is no half-glass variant.
    spec : ListingSpec

    Raises
    ------
    EmptyPictureError
        If the alpha, or the half of it that the spec asks for, is empty.
    """
    whole = compose(rgb, alpha, spec)
    pictures = {TRANSPARENT: Picture(whole, whole), WHITE: Picture(whole, flatten(whole, spec.background))}
    if crop is not None:
        half = compose_half(rgb, alpha, crop, spec.half_glass)
        pictures[HALF_GLASS] = Picture(half, flatten(half, spec.background))
    return pictures


def encode_all(
    pictures: Mapping[str, Picture],
    spec: ListingSpec,
    formats: Mapping[str, Sequence[str]],
    *,
    is_generated: bool = False,
) -> dict[tuple[str, str], bytes]:
    """Every rendition of one photo.

    Parameters
    ----------
    pictures : mapping of str to Picture
        As `compose_all` made them.
    spec : ListingSpec
    formats : mapping of str to sequence of str
        File extensions by variant: transparent, white, half-glass.
    is_generated : bool
        Whether a model made the product's pixels: the files say so.

    Returns
    -------
    dict of (variant, extension) to bytes

    Raises
    ------
    KeyError
        For a variant other than these three.
    """
    return {
        (variant, extension): encode(pictures[variant].pixels, extension, spec, is_generated=is_generated)
        for variant, extensions in formats.items()
        if variant != HALF_GLASS or HALF_GLASS in pictures
        for extension in extensions
    }


def compose(rgb: RGB, alpha: Alpha, spec: ListingSpec) -> RGBA:
    """The product alone, scaled to fill its share of a transparent square, and centred.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    alpha : ndarray of float32, shape (H, W), range 0–1
    spec : ListingSpec

    Returns
    -------
    ndarray of uint8, shape (canvas, canvas, 4)
        Straight colour; white where opacity is 0.

    Raises
    ------
    EmptyPictureError
        If no pixel is opaque.
    """
    picture = _fitted(rgb, alpha, _product_box(alpha, ""), spec.fill * spec.canvas)
    height, width = picture.shape[:2]
    return _placed(picture, spec.canvas, (spec.canvas - height) // 2, (spec.canvas - width) // 2)


def compose_half(rgb: RGB, alpha: Alpha, crop: Crop, spec: HalfGlassSpec) -> RGBA:
    """One half of a pair of glasses, as large as its transparent square allows, cut sharply at the bridge.

    The bridge is where the padding begins, right of a left half and left of a right one, whatever the product: so
    half-glass pictures line up on a page.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    alpha : ndarray of float32, shape (H, W), range 0–1
    crop : Crop
        Nothing beyond its bridge or outside its product is used, and nothing that hangs on the other half alone.
    spec : HalfGlassSpec

    Returns
    -------
    ndarray of uint8, shape (canvas, canvas, 4)
        Straight colour; white where opacity is 0.

    Raises
    ------
    EmptyPictureError
        If no pixel of that half is opaque; the message says which half.
    """
    side = kept_side(spec.side, crop.near)
    half = half_box(crop, side)
    rgb, alpha = part_of(rgb, half), half_alpha(alpha, half, side)
    part = _product_box(alpha, f" {side} of the bridge")
    part = replace(part, x1=alpha.shape[1]) if side == "left" else replace(part, x0=0)
    picture = _fitted(rgb, alpha, part, spec.canvas - 2 * spec.margin)
    return _placed(picture, spec.canvas, *_beside_bridge(picture, side, spec))


def _beside_bridge(picture: RGBA, side: Side, spec: HalfGlassSpec) -> tuple[int, int]:
    """The row and column at which a half's picture begins."""
    height, width = picture.shape[:2]
    lowest, rightmost = spec.canvas - spec.margin - height, spec.canvas - spec.margin - width
    rows = {"top": spec.margin, "middle": (spec.canvas - height) // 2, "bottom": lowest}
    return rows[spec.align], rightmost if side == "left" else spec.margin


def _product_box(alpha: Alpha, where: str) -> CropBox:
    is_product = alpha > SNAP_LOW
    if not is_product.any():
        raise EmptyPictureError(f"There is nothing of the product{where}")
    return bounding_box(is_product)


def _fitted(rgb: RGB, alpha: Alpha, part: CropBox, room: float) -> RGBA:
    """A part of the photo in its own aspect, `room` pixels along its longer side."""
    height, width = part.y1 - part.y0, part.x1 - part.x0
    scale = room / max(height, width)
    return _resize(rgb, alpha, part, (max(1, round(width * scale)), max(1, round(height * scale))))


def _resize(rgb: RGB, alpha: Alpha, part: CropBox, size: tuple[int, int]) -> RGBA:
    """Scale premultiplied, in float: ringing clipped before the division would leave bright rims."""
    rgb, alpha = part_of(rgb, part), part_of(alpha, part)
    opacity = _lanczos(alpha, size)
    weight: NDArray[np.float32] = np.maximum(opacity, np.float32(1 / 255))
    layers: list[NDArray[np.float32]] = [
        _lanczos(rgb[..., index].astype(np.float32) * alpha, size) / weight for index in range(3)
    ]
    layers.append(snap(opacity) * np.float32(255))  # the kernel's ripples are haze too
    return np.rint(np.clip(np.dstack(layers), 0, 255)).astype(np.uint8)


def _lanczos(channel: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    picture = Image.fromarray(np.ascontiguousarray(channel, np.float32))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))


def _placed(picture: RGBA, canvas: int, y0: int, x0: int) -> RGBA:
    height, width = picture.shape[:2]
    result = np.tile(CLEAR, (canvas, canvas, 1))
    np.copyto(result[y0 : y0 + height, x0 : x0 + width], picture, where=picture[..., 3:] > 0)
    return result


def flatten(rgba: RGBA, background: tuple[int, int, int]) -> RGB:
    """Composite over one colour; exactly that colour where opacity is 0.

    Parameters
    ----------
    rgba : ndarray of uint8, shape (H, W, 4)
        Straight colour.
    background : three of 0–255

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    picture = Image.fromarray(rgba)
    ground = Image.new("RGB", picture.size, background)
    ground.paste(picture, mask=picture.getchannel("A"))
    return np.asarray(ground)


def encode(image: NDArray[np.uint8], extension: str, spec: ListingSpec, *, is_generated: bool = False) -> bytes:
    """Encode RGB or RGBA as jpg, png or webp with the sRGB profile.

    Where it has more bytes than the spec allows, it is encoded again with less quality, down to 50; what is too large
    even so, `check` tells. No other metadata, but what a model generated says so, by IPTC's DigitalSourceType in XMP
    (IPTC Photo Metadata Standard 2023.2, and Google Merchant Center's rules for AI-generated images).

    Raises
    ------
    ValueError
        For another extension.
    """
    options: dict[str, dict[str, Any]] = {
        "jpg": {"format": "JPEG", "quality": spec.jpeg_quality, "subsampling": spec.jpeg_subsampling},
        "png": {"format": "PNG", "compress_level": spec.png_level},
        "webp": {"format": "WEBP", "quality": spec.webp_quality, "method": spec.webp_method},
    }
    if extension not in options:
        raise ValueError(f"cannot encode {extension!r}; expected one of {', '.join(options)}")
    metadata = _xmp_option(extension) if is_generated else {}
    chosen = {"icc_profile": srgb_profile(), **options[extension], **metadata}
    data = save(image, **chosen)
    while spec.max_bytes is not None and len(data) > spec.max_bytes and chosen.get("quality", 0) > LEAST_QUALITY:
        chosen["quality"] -= QUALITY_STEP
        data = save(image, **chosen)
    return data


def _xmp_option(extension: str) -> dict[str, Any]:
    """Pillow's way to put GENERATED_XMP into such a file."""
    if extension != "png":
        return {"xmp": GENERATED_XMP.encode()}
    chunk = PngImagePlugin.PngInfo()
    chunk.add_itxt("XML:com.adobe.xmp", GENERATED_XMP)
    return {"pnginfo": chunk}


@cache
def srgb_profile() -> bytes:
    """The profile that every finished file carries, the same bytes in every process."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # its creation time, which would make every process write other bytes
    return bytes(profile)


def save(image: NDArray[np.uint8], **options: Any) -> bytes:
    """A picture as a file, by Pillow's options."""
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, **options)
    return buffer.getvalue()
