"""The repair ladder: what is tried, in this order, when the score doubts a matte and before any person is asked."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.cutout.matte import Scene, closer, matte_by_difference, matte_once, matte_twice, relit
from pipeline.engines.protocols import Matter
from pipeline.imaging.types import Matte

Try = tuple[Matte, Matter]
"""A matte, and the model that made it."""


@dataclass(frozen=True)
class Doubted:
    """A scene whose first matte is doubted, and the models to try again with; not every box has a second one."""

    scene: Scene
    first: Matte
    matter: Matter
    second_matter: Callable[[], Matter | None]


def _closer(doubted: Doubted) -> Try | None:
    scene = closer(doubted.scene, doubted.first.alpha)
    return matte_once(scene, doubted.matter), doubted.matter


def _relit(doubted: Doubted) -> Try | None:
    return matte_twice(doubted.scene, doubted.matter, relit), doubted.matter


def _difference(doubted: Doubted) -> Try | None:
    if doubted.scene.ground is None:
        return None
    return matte_by_difference(doubted.scene, doubted.first), doubted.matter


def _second_model(doubted: Doubted) -> Try | None:
    second = doubted.second_matter()
    return (matte_once(doubted.scene, second), second) if second else None


RUNGS: dict[str, Callable[[Doubted], Try | None]] = {
    "closer": _closer,
    "relit": _relit,
    "difference": _difference,
    "second-model": _second_model,
}
"""Each makes another matte of the doubted photo, or None where it can't."""

FOR_PEOPLE_ONLY = {"second-model"}
"""U²-Net sees 320 px: good enough to offer to a reviewer, but its edges left white rims when it published."""
