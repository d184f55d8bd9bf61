"""Many photos scored at once: what `score` says of each, column by column."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.imaging.types import Policy
from pipeline.imaging.verdict.logistic import Calibration, Values, doubts
from pipeline.imaging.verdict.score import VETOES, asked, placed

HELD = -1.0
"""The confidence of a photo that a veto holds at any threshold."""


def confidences(rows: Sequence[Mapping[str, float]], policy: Policy, *, crop_expected: bool) -> Values:
    """The confidence that `score` gives each photo.

    Parameters
    ----------
    rows : sequence of mapping of str to float
        The metrics of each photo, as `measure` measures them.
    policy : Policy
    crop_expected : bool
        Whether half-glass crops are asked for.

    Returns
    -------
    (N,) float, 0–1
        `HELD` where a veto holds the photo, NaN where a metric that the policy asks for was not measured.
    """
    parts = asked(policy, crop_expected=crop_expected)
    components = {name: placed(_column(rows, part["metric"]), part) for name, part in parts.items()}
    lacking = np.zeros(len(rows), bool)
    for name, part in parts.items():
        lacking |= np.isnan(components[name]) & (not part.get("optional"))
    found = np.where(lacking, np.nan, _combined(components, policy))
    vetoed = np.array([_is_vetoed(row, policy["vetoes"]) for row in rows], float)
    return np.where(np.isnan(found + vetoed), np.nan, np.where(vetoed == 1, HELD, found))


def _column(rows: Sequence[Mapping[str, float]], metric: str) -> Values:
    return np.array([row.get(metric, np.nan) for row in rows], float)


def _combined(components: Mapping[str, Values], policy: Policy) -> Values:
    """By the calibration, where what was not measured counts as usual; without one, the mean of what was measured."""
    if not policy.get("calibration"):
        columns = np.array([doubts(column) for column in components.values()])
        measured = ~np.isnan(columns)
        return np.asarray(np.exp(-np.where(measured, columns, 0).sum(axis=0) / np.maximum(1, measured.sum(axis=0))))
    calibration, doubt = Calibration(**policy["calibration"]), np.zeros(())
    for name, weight in calibration.weights.items():
        column = components.get(name, np.array(np.nan))
        doubt = doubt + weight * doubts(np.where(np.isnan(column), calibration.usual(name), column))
    return calibration.of_doubt(doubt)


def _is_vetoed(metrics: Mapping[str, float], codes: Sequence[str]) -> float:
    """1 or 0; NaN where it can't be told."""
    try:
        found = [VETOES[code](metrics) for code in codes]
        return float(any(found))
    except KeyError:
        return np.nan
