"""What Gemini is sent, and by whom."""

from functools import cache

from django.conf import settings
from django.template.loader import render_to_string

from pipeline import work_files
from pipeline.engines.gemini import Gemini, GeminiConfig
from pipeline.imaging.pictures import renditions
from pipeline.imaging.scale import shrink
from pipeline.models import Frame

# What Gemini gives back is hardly larger, and a photo of 24 megapixels would take a minute to send.
SENT_SIDE, SENT_QUALITY = 2048, 92


@cache
def gemini(model: str) -> Gemini:
    return Gemini(
        GeminiConfig(
            api_key=settings.GEMINI_API_KEY,
            model=model,
            base_url=settings.GEMINI_BASE_URL,
            timeout_seconds=settings.GEMINI_TIMEOUT_SECONDS,
        )
    )


def prompt(name: str) -> str:
    return render_to_string(f"gemini/{name}.txt")


def photo_of(frame: Frame) -> bytes:
    """The frame's photo as Gemini gets it; raises what decoding and the bucket raise."""
    small = shrink(work_files.original_photo(frame), SENT_SIDE)
    return renditions.save(small, format="JPEG", quality=SENT_QUALITY, subsampling="4:4:4")
