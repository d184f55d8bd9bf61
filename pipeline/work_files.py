"""What lies in the private bucket for a frame: its original, and each attempt's mattes and pictures."""

from typing import BinaryIO

from django.conf import settings

from pipeline import naming
from pipeline.cutout.relight import GEMINI, IDENTITY, locally
from pipeline.engines import object_store
from pipeline.engines.confined import ConfinedDecoder, ConfinedHeicDecoder
from pipeline.imaging.metrics.doubts import find_doubts
from pipeline.imaging.pictures import decode, previews, renditions
from pipeline.imaging.pictures.alpha_png import decode_alpha, encode_alpha
from pipeline.imaging.pictures.decode import Decoded, DecodeLimits
from pipeline.imaging.types import RGB, Alpha, Alternative, Examined
from pipeline.imaging.verdict.score import weakest
from pipeline.models import Frame

DECODERS: decode.Decoders = {"RAW": ConfinedDecoder("RAW"), "HEIC": ConfinedHeicDecoder("HEIC")}
PREVIEW_SIDE, THUMB_SIDE = 1600, 320
ENHANCED = "enhanced.jpg"
"""The photo as Gemini's picture had it relit: kept, since only a worker could make it again."""


def check_photo(file: BinaryIO) -> None:
    """Raise DecodeError for what can be told from the file's header; none of its pixels is decoded."""
    decode.check_header(file, _limits(), DECODERS)


def _limits() -> DecodeLimits:
    return DecodeLimits(max_bytes=settings.MAX_PHOTO_BYTES, max_pixels=settings.MAX_PHOTO_PIXELS)


def decode_photo(data: bytes) -> RGB:
    return decoded(data).rgb


def decoded(data: bytes) -> Decoded:
    """The photo, the alpha that came with it, and how its colours were read."""
    return decode.decode_photo(data, _limits(), DECODERS)


def original_photo(frame: Frame) -> RGB:
    return original(frame).rgb


def original(frame: Frame) -> Decoded:
    return decoded(object_store.load_work(naming.original_key(frame.pk)))


def enhanced_photo(frame: Frame, attempt: int | None = None) -> RGB:
    """The photo that the frame's last matte was made of, or an earlier attempt's."""
    card = frame.made_of(frame.attempt if attempt is None else attempt)
    if card and card.enhancer in GEMINI.values():
        data = object_store.load_work(naming.work_key(frame.pk, card.attempt, ENHANCED))
        return decode.decode(data, DecodeLimits(max_bytes=len(data), max_pixels=settings.MAX_PHOTO_PIXELS))
    photo = original_photo(frame)
    return photo if card and card.enhancer == IDENTITY else locally(photo).rgb


def save_compared(frame: Frame, photo: RGB, answer: RGB) -> None:
    """For whoever wants to see what Gemini did: the photo as it came, and Gemini's picture."""
    save(frame, "original.webp", previews.preview(photo, PREVIEW_SIDE))
    save(frame, "gemini.webp", previews.preview(answer, PREVIEW_SIDE))


def save_enhanced(frame: Frame, rgb: RGB) -> None:
    save(frame, ENHANCED, renditions.save(rgb, format="JPEG", quality=98, subsampling="4:4:4"))


def save_photo(frame: Frame, rgb: RGB) -> None:
    save(frame, "preview.webp", previews.preview(rgb, PREVIEW_SIDE))
    save(frame, "thumb.webp", previews.preview(rgb, THUMB_SIDE))


def save_matte(frame: Frame, rgb: RGB, alpha: Alpha) -> None:
    save(frame, "alpha.png", encode_alpha(alpha))
    save(frame, "cutout.webp", previews.cutout_preview(rgb, alpha, PREVIEW_SIDE))
    save(frame, "cutout_thumb.webp", previews.cutout_preview(rgb, alpha, THUMB_SIDE))


def save_alternatives(frame: Frame, rgb: RGB, alternatives: tuple[Alternative, ...]) -> None:
    """For whoever reviews the frame: the mattes that the ladder made and the score ranked lower."""
    for other in alternatives:
        cutout = previews.cutout_preview(rgb, decode_alpha(other.alpha_png), PREVIEW_SIDE)
        save(frame, naming.alternative_name(other.rung, "png"), other.alpha_png)
        save(frame, naming.alternative_name(other.rung, "webp"), cutout)


def save_doubts(frame: Frame, rgb: RGB, examined: Examined) -> dict[str, list[int]]:
    """Draw where the score's doubts come from; returns the worst place of each, as the scorecard keeps it."""
    score = examined.best.score
    reasons = score.reasons or weakest(score.components)
    doubts = find_doubts(rgb, examined.best.alpha, reasons, examined.apart, examined.error_maps)
    save(frame, "doubt.webp", previews.heat_preview(doubts.heat))
    return {code: [box.x0, box.y0, box.x1, box.y1] for code, box in doubts.places.items()}


def save(frame: Frame, name: str, data: bytes) -> None:
    """One picture of the frame's attempt, into the private bucket."""
    object_store.save_work(naming.work_key(frame.pk, frame.attempt, name), data)
