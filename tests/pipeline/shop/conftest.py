from typing import Any

import numpy as np
import pytest

from pipeline.imaging.pictures import renditions

MADE: dict[tuple[Any, ...], dict[tuple[str, str], bytes]] = {}
render_all = renditions.render_all


@pytest.fixture(autouse=True)
def rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four megapixels in five to eight files take seconds, and of the same photo they are the same each time."""
    monkeypatch.setattr(renditions, "render_all", _remembered)


def _remembered(*asked: Any, **more: Any) -> dict[tuple[str, str], bytes]:
    key = (*(hash(one.tobytes()) if isinstance(one, np.ndarray) else repr(one) for one in asked), repr(more))
    if key not in MADE:
        MADE[key] = render_all(*asked, **more)
    return MADE[key]
