"""The repair ladder: what is tried when the score doubts a matte and before any person is asked, cheapest first; and
what else can be made of the photo for that person to choose from, later."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.cutout.matte import Scene, closer, matte_by_difference, matte_once, relit
from pipeline.engines.protocols import Matter
from pipeline.imaging.types import Matte
from pipeline.states import FIRST_LOOK

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
    second_matter: Callable[[], Matter | None] = lambda: None


def _first_look(doubted: Doubted) -> Try | None:
    return matte_once(doubted.scene, doubted.matter), doubted.matter


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


Attempt = Callable[[Doubted], Try | None]
"""Makes another matte of the doubted photo, or None where it can't, or where it could tell nothing new."""

RUNGS: dict[str, Attempt] = {"difference": _difference}
"""It costs no look of a network, so it is tried before the gate judges."""

FOR_PEOPLE: dict[str, Attempt] = {
    FIRST_LOOK: _first_look,  # where the cut-out came with the file
    **RUNGS,
    "closer": _closer,
    "relit": _relit,
    "second-model": _second_model,
}
"""A further look costs as much as the first and has rescued no photo of ours, so a person is asked without waiting for
one. U²-Net, the second model, sees 320 px: its edges left white rims when it published."""

ENOUGH = 2
"""A person need not choose among more."""
