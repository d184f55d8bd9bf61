"""Frames with everything that a frame has, in real buckets, and what the verifier finds."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from pipeline import naming, processing
from pipeline.imaging.pictures import renditions
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.states import State
from pipeline.upkeep import verify
from pipeline.upkeep.findings import Finding

Verify = Callable[..., list[Finding]]


@pytest.fixture
def found(db, services) -> Verify:
    """All that disagrees now; with `repair`, what is left of it."""

    def look(*, repair: bool = False) -> list[Finding]:
        told: list[tuple[Finding, bool]] = []
        done = verify.everything(lambda finding, is_mended: told.append((finding, is_mended)), repair=repair)
        assert not done.error
        return [finding for finding, is_mended in told if not is_mended]

    return look


@pytest.fixture
def kinds(found: Verify) -> Callable[..., list[str]]:
    return lambda **options: sorted(finding.kind for finding in found(**options))


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files show matters to nobody here, and large ones take their time."""

    def render(frame: Frame, **_: object) -> list[publish.File]:
        made = []
        for variant, extension in product(("transparent", "white"), ("png", "webp")):
            pixels = np.full((9, 12, 3), frame.pk % 256, np.uint8)
            key = naming.rendition_key(frame.code, frame.view, variant, extension)
            made.append(publish.File(variant, extension, key, renditions.save(pixels, format=extension.upper())))
        return made

    monkeypatch.setattr(publish, "render", render)


@pytest.fixture
def published(received, matter) -> Callable[..., Frame]:
    def make(*photo) -> Frame:
        frame = received(*photo)
        processing.run(frame.pk)
        publish.run(frame.pk)
        frame.refresh_from_db()
        assert frame.state == State.PUBLISHED
        return frame

    return make
