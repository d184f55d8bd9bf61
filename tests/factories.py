"""Rows that several tests need and none is about."""

from typing import Any

from pipeline import gate
from pipeline.models import Frame, Scorecard


def scorecard(frame: Frame, **fields: Any) -> Scorecard:
    """The scorecard of the frame's last attempt, which the gate held."""
    usual = {
        "width": 1400,
        "height": 1050,
        "confidence": 0.4321,
        "publish": False,
        "threshold": 0.6543,
        "components": {"haze": 0.1},
        "metrics": {"haze": 0.01},
        "reasons": frame.reasons,
        "seconds": {"matte": 1.0},
        "policy": gate.active_policy(),
    }
    return Scorecard.objects.create(frame=frame, attempt=frame.attempt, **usual | fields)
