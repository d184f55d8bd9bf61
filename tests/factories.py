"""Rows that several tests need and none is about."""

from typing import Any

import numpy as np

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


def bridge_fields(**fields: Any) -> dict[str, Any]:
    """What a scorecard says of a bridge that was found but is in doubt; the near lens is the left one."""
    profile = np.interp(np.arange(129), [0, 40, 62, 70, 92, 128], [0.1, 1, 0.12, 0.12, 0.8, 0.05])
    evidence = {
        "profile": profile.round(3).tolist(),
        "first": 200.0,
        "last": 1224.0,
        "valley": [690.25, 765.5],
        "by_valley": 727.5,
        "by_gap": 705.0,
    }
    usual = {
        "bridge_x": 716.25,
        "product_box": {"y0": 300, "x0": 200, "y1": 800, "x1": 1225},
        "near": "left",
        "bridge_doubt": "estimates-disagree",
        "bridge_evidence": evidence,
    }
    return usual | fields
