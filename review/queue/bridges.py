"""The bridge line over a photo: where it stands, how far it may go, and which half it parts off."""

import math
from dataclasses import dataclass

from pipeline.imaging.crop import halfglass
from pipeline.imaging.types import HalfSide, Side, named_estimates
from pipeline.models import BridgeLabel, Frame, Scorecard

MARGIN = 0.02
"""Of the product's width: no bridge is nearer to its end."""


@dataclass(frozen=True)
class BridgeLine:
    """The line as the last person left it, or else as the machine found it. Columns are in pixels of the photo."""

    card: Scorecard
    label: BridgeLabel | None
    listing_half: HalfSide
    """Which half the listing spec asks for."""

    @property
    def x(self) -> float | None:
        return self.label.bridge_x if self.label else self.card.bridge_x

    @property
    def first(self) -> int:
        """Further left, hardly anything of the product would be left on that side."""
        return self.card.product.x0 + self._margin

    @property
    def last(self) -> int:
        return self.card.product.x1 - 1 - self._margin

    @property
    def estimates(self) -> dict[str, float]:
        """Columns by the name of what found them, from the left."""
        found = named_estimates(self.card.bridge_evidence or {})
        return dict(sorted(found.items(), key=lambda item: item[1]))

    @property
    def _margin(self) -> int:
        return math.ceil(MARGIN * (self.card.product.x1 - self.card.product.x0))

    @property
    def side(self) -> Side | None:
        """The half that is published, wherever the line is put; None where that makes the difference."""
        return halfglass.kept_side(self.listing_half, self.card.near or None)

    @property
    def kept(self) -> Side | None:
        """The half that is published where the line stands."""
        if self.side or self.x is None:
            return self.side
        return halfglass.crop_at(self.x, self.card.product, None).near


def bridge_line_of(frame: Frame, card: Scorecard | None) -> BridgeLine | None:
    """None where nothing is parted: another view or class, or no product in the matte of the frame's card."""
    if card is None or not card.has_product or not frame.has_half_glass:
        return None
    return BridgeLine(card, frame.bridge_labels.last(), frame.listing_spec.half_glass.side)
