from typing import Any

import pytest

from pipeline.imaging.pictures import renditions

MADE: dict[tuple[Any, ...], dict[tuple[str, str], bytes]] = {}
encode_all = renditions.encode_all


@pytest.fixture(autouse=True)
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four megapixels in five to eight files take seconds, and of the same photo they are the same each time."""
    monkeypatch.setattr(renditions, "encode_all", _remembered)


def _remembered(*asked: Any, **more: Any) -> dict[tuple[str, str], bytes]:
    pictures = {name: hash(picture.pixels.tobytes()) for name, picture in asked[0].items()}
    key = (repr(pictures), *map(repr, asked[1:]), repr(more))
    if key not in MADE:
        MADE[key] = encode_all(*asked, **more)
    return MADE[key]
