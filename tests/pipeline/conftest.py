"""Known-truth scenes for the services: dark shapes on white, and a matter that needs no weights to cut them."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline import intake, rivals
from pipeline.cutout import matte_models
from pipeline.imaging.types import RGB, Matte
from pipeline.models import Batch, Frame


class ColourKeyMatter:
    """Everything that has not the colour of the corner is product: exact on the scenes below."""

    name = "colour-key"
    sha256 = "0" * 64

    def matte(self, rgb: RGB) -> Matte:
        alpha = (np.abs(rgb.astype(np.int16) - rgb[0, 0]).max(axis=2) > 50).astype(np.float32)
        return Matte(alpha, float(alpha.min()), float(alpha.max()))


def photo(colour: int = 40, touch_border: bool = False) -> bytes:
    """A filled shape on white; its grey level tells one photo from another."""
    image = Image.new("RGB", (640, 480), "white")
    left = -80 if touch_border else 120
    ImageDraw.Draw(image).ellipse((left, 140, 520, 340), fill=(colour, colour, colour))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def stand_in(patch: pytest.MonkeyPatch) -> ColourKeyMatter:
    """Cuts out what is processed from now on, in place of the networks."""
    matter = ColourKeyMatter()
    patch.setattr(matte_models, "matter", lambda: matter)
    patch.setattr(matte_models, "second_matter", lambda: None)
    return matter


@pytest.fixture
def matter(monkeypatch: pytest.MonkeyPatch) -> ColourKeyMatter:
    return stand_in(monkeypatch)


@pytest.fixture
def batch(db: None) -> Batch:
    return intake.open_batch("Spring", "watch")  # of which no special shape is expected


@pytest.fixture
def received(batch: Batch, buckets: None) -> Callable[..., Frame]:
    """Takes a photo in, as an uploader would who means it so, whatever else is there."""
    meant: frozenset[rivals.Meaning] = frozenset({"share", "replace"})

    def receive(filename: str = "AURA1_1.png", data: bytes | None = None) -> Frame:
        return intake.receive(batch, filename, photo() if data is None else data, meant=meant).frame

    return receive
