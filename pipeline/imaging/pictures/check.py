"""Finished files held against what was ordered: each is decoded again, and what is wrong with it is said in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from scipy import ndimage as ndi

from pipeline.imaging.framing import bounding_box
from pipeline.imaging.pictures.renditions import GENERATED_XMP, HALF_GLASS, RGBA, TRANSPARENT, Picture, srgb_profile
from pipeline.imaging.pictures.spec import ListingSpec
from pipeline.imaging.types import RGB

Opacity = NDArray[np.uint8]

LEAST_OF_ROOM = 0.95
"""Of its room a product's longer side fills this at least: its thinnest tips may fade as it is scaled down."""
MOST_OFF = 12.0
"""Grey levels that a lossy file's product may be off the composed one, on average; more is another picture."""
BLOCK = 16
RINGS = {"jpg": 0, "webp": 2}
"""So many blocks of 16 px around those that hold the product a lossy codec may leave traces in: JPEG in none
(ITU-T T.81, A.1), VP8 by its prediction and loop filter (RFC 6386, 12 and 15); no trace further out in 57 photos."""
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
HARMLESS = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile", "loop", "background", "timestamp"}
HARMLESS |= {"duration", "dpi"}
XMP = {"xmp", "XML:com.adobe.xmp"}
SEGMENTS = {"APP0", "APP1", "APP2"}
"""Of a JPEG: JFIF, XMP (what else lies there Pillow tells by name) and the profile."""


@dataclass(frozen=True)
class Order:
    """What a file was to be: the picture that was encoded, the pixels that the product's longer side has room for, the
    background (None: transparent), the most bytes (None: any), and whether it says that a model made it."""

    picture: Picture
    room: float
    background: tuple[int, int, int] | None
    max_bytes: int | None = None
    is_generated: bool = False


def faults_of(
    files: Mapping[tuple[str, str], bytes],
    pictures: Mapping[str, Picture],
    spec: ListingSpec,
    *,
    is_generated: bool = False,
) -> list[str]:
    """What is wrong with the renditions of one photo.

    Parameters
    ----------
    files : mapping of (variant, extension) to bytes
        As `encode_all` made them.
    pictures : mapping of str to Picture
        What they were made of, by variant.
    spec : ListingSpec
    is_generated : bool
        Whether a model made the product's pixels: the files have to say so, and others must not.

    Returns
    -------
    list of str
        Empty where all is right; else, a line each, the file's name and what is wrong with it.
    """
    return [
        f"{variant}.{extension} {fault}"
        for (variant, extension), data in files.items()
        for fault in faults(data, extension, _order(variant, pictures[variant], spec, is_generated))
    ]


def _order(variant: str, picture: Picture, spec: ListingSpec, is_generated: bool) -> Order:
    half = spec.half_glass
    room = half.canvas - 2 * half.margin if variant == HALF_GLASS else spec.fill * spec.canvas
    background = None if variant == TRANSPARENT else spec.background
    return Order(picture, room, background, spec.max_bytes, is_generated)


def faults(data: bytes, extension: str, order: Order) -> list[str]:
    """What is wrong with one file; of one that can't be decoded, or has another size, nothing else is said.

    Parameters
    ----------
    data : bytes
    extension : {"jpg", "png", "webp"}
    order : Order
    """
    try:
        with Image.open(BytesIO(data), formats=(FORMATS[extension],)) as file:
            file.load()
            return [*_faults_of_file(data, file, order), *_faults_of_picture(file, extension, order)]
    except (OSError, SyntaxError, ValueError) as error:
        return [f"can't be decoded: {error}"]


def _faults_of_file(data: bytes, file: Image.Image, order: Order) -> Iterator[str]:
    if order.max_bytes is not None and len(data) > order.max_bytes:
        yield f"has {len(data):,} bytes; at most {order.max_bytes:,} are allowed"
    if file.info.get("icc_profile") != srgb_profile():
        yield "doesn't carry the sRGB profile"
    if told := sorted(_told_beside(file, order.is_generated)):
        yield f"carries what nobody asked for: {', '.join(told)}"
    if order.is_generated and not XMP.intersection(file.info):
        yield "doesn't say that a model made its picture"


def _told_beside(file: Image.Image, is_generated: bool) -> set[str]:
    """Names of the metadata that may say where a photo was taken, or who took it."""
    ours = {name for name in XMP if is_generated and _text(file.info.get(name)) == GENERATED_XMP}
    told = {str(name) for name in (*file.info, *getattr(file, "text", ()))}
    segments = {name for name, _ in getattr(file, "applist", ())} - SEGMENTS
    chunks = {chunk[0].decode("latin-1") for chunk in getattr(file, "private_chunks", ())}
    return (told - HARMLESS - ours) | segments | chunks


def _text(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _faults_of_picture(file: Image.Image, extension: str, order: Order) -> Iterator[str]:
    wanted = Image.fromarray(order.picture.pixels)
    if (file.size, file.mode) != (wanted.size, wanted.mode):
        yield "is {} × {} pixels of {}; expected {} × {} of {}".format(*file.size, file.mode, *wanted.size, wanted.mode)
        return
    yield from _faults_of_fill(order)
    got, canvas = np.asarray(file), order.picture.canvas
    if extension == "png" and np.array_equal(got, order.picture.pixels):
        return  # nothing can be wrong with what was composed and not changed
    if order.background is None:
        yield from _faults_of_alpha(got[..., 3], canvas[..., 3])
    else:
        yield from _faults_of_background(file, RINGS.get(extension), canvas[..., 3], order.background)
    yield from _faults_of_product(got, canvas, MOST_OFF if extension in RINGS else 0)


def _faults_of_fill(order: Order) -> Iterator[str]:
    box = bounding_box(order.picture.canvas[..., 3] > 0)
    longer = max(box.y1 - box.y0, box.x1 - box.x0)
    if not LEAST_OF_ROOM * order.room <= longer <= order.room + 1:
        yield f"shows a product {longer} pixels long; expected {order.room:.0f}"


def _faults_of_alpha(got: Opacity, composed: Opacity) -> Iterator[str]:
    is_off = got != composed
    if count := int(np.count_nonzero(is_off)):
        outside = int(np.count_nonzero(is_off & (composed == 0)))
        yield f"has {count:,} pixels of another opacity than was composed, {outside:,} of them outside the product"


def _faults_of_background(
    file: Image.Image, rings: int | None, opacity: Opacity, background: tuple[int, int, int]
) -> Iterator[str]:
    """Where nothing of the product is, and no codec may leave a trace of it, there is nothing but that colour."""
    product = opacity > 0 if rings is None else _near(opacity, rings)
    off = ImageChops.difference(file, Image.new("RGB", file.size, background))
    off.paste((0, 0, 0), mask=Image.fromarray(product))
    if off.getbbox():
        most = int(np.asarray(off).max())
        yield f"has a background that is up to {most} grey levels off {', '.join(map(str, background))}"


def _near(opacity: Opacity, rings: int) -> NDArray[np.bool_]:
    """Blocks that have something of the product in them, or in so many rings of blocks around them."""
    height, width = opacity.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padded = np.zeros((rows * BLOCK, columns * BLOCK), np.uint8)
    padded[:height, :width] = opacity
    has_product = padded.reshape(rows, BLOCK, columns, BLOCK).max((1, 3)) > 0
    near: NDArray[np.bool_] = ndi.maximum_filter(has_product, 2 * rings + 1)
    return near.repeat(BLOCK, 0).repeat(BLOCK, 1)[:height, :width]


def _faults_of_product(got: RGB | RGBA, canvas: RGBA, most: float) -> Iterator[str]:
    """Looked at in one pixel of 64, which is enough to tell another picture, or other colours."""
    part = (slice(None, None, 8), slice(None, None, 8))
    is_product = canvas[part][..., 3] == 255
    off = np.abs(got[part][is_product][:, :3].astype(float) - canvas[part][is_product][:, :3])
    if off.size and (mean := float(off.mean(0).max())) > most:
        yield f"shows a product that is {mean:.1f} grey levels off the composed one, on average"
