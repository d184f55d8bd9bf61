"""The repair ladder: what is tried when the score doubts a matte and before any person is asked, cheapest first."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.cutout.matte import Scene, closer, matte_by_difference, matte_once, relit
from pipeline.engines.protocols import Matter
from pipeline.imaging.types import Matte

LEAST_CLOSER = 1.25
"""A closer look shows the network the product at least so much larger, or it would only say the same again."""

Try = tuple[Matte, Matter]
"""A matte, and the model that made it."""


@dataclass(frozen=True)
class Doubted:
    """A scene whose first matte is doubted, and the models to try again with; not every box has a second one."""

    scene: Scene
    first: Matte
    matter: Matter
    second_matter: Callable[[], Matter | None]


def _difference(doubted: Doubted) -> Try | None:
    if doubted.scene.ground is None:
        return None
    return matte_by_difference(doubted.scene, doubted.first), doubted.matter


def _closer(doubted: Doubted) -> Try | None:
    scene = closer(doubted.scene, doubted.first.alpha)
    if doubted.scene.reach < LEAST_CLOSER * scene.reach:
        return None
    return matte_once(scene, doubted.matter), doubted.matter


def _relit(doubted: Doubted) -> Try | None:
    return matte_once(doubted.scene, doubted.matter, relit), doubted.matter


def _second_model(doubted: Doubted) -> Try | None:
    second = doubted.second_matter()
    return (matte_once(doubted.scene, second), second) if second else None


RUNGS: dict[str, Callable[[Doubted], Try | None]] = {
    "difference": _difference,
    "closer": _closer,
    "relit": _relit,
    "second-model": _second_model,
}
"""Each makes another matte of the doubted photo, or None where it can't, or where it could tell nothing new."""

ENOUGH = 2
"""No further rung is tried after so many: none has rescued a photo of ours, and a person can choose among these."""

FOR_PEOPLE_ONLY = {"second-model"}
"""U²-Net sees 320 px: good enough to offer to a reviewer, but its edges left white rims when it published."""
