import numpy as np
import pytest

from pipeline.imaging.verdict.many import HELD, confidences
from pipeline.imaging.verdict.score import score
from pipeline.policies.shipped import shipped_policy

SHIPPED = shipped_policy()
PARTS = SHIPPED["components"]
OPTIONAL = {part["metric"] for part in PARTS.values() if part.get("optional")}


def photos():
    """A hundred photos' metrics, within and beyond the ranks; of some an optional metric wasn't measured."""
    rng = np.random.default_rng(7)
    for n in range(100):
        metrics = {
            part["metric"]: float(rng.choice([rank for rank, _ in part["ranks"]]) * rng.uniform(0.8, 1.2))
            for part in PARTS.values()
            if part["metric"] not in OPTIONAL or rng.random() < 0.5
        }
        yield metrics | {"coverage": 0.2, "border_touch": 0.5 if n % 10 == 0 else 0.0}


@pytest.mark.parametrize("crop_expected", [True, False])
@pytest.mark.parametrize("policy", [SHIPPED, {**SHIPPED, "calibration": None}], ids=["calibrated", "cold"])
def test_many_photos_get_the_confidence_that_each_gets_alone(policy, crop_expected):
    rows = list(photos())
    alone = [score(row, policy, crop_expected=crop_expected) for row in rows]
    expected = [HELD if found.vetoes else found.confidence for found in alone]
    np.testing.assert_allclose(confidences(rows, policy, crop_expected=crop_expected), expected, rtol=1e-12)
    assert expected.count(HELD) == 10


def test_what_lacks_a_metric_that_counts_has_no_confidence():
    whole = next(photos())
    rows = [whole, {key: value for key, value in whole.items() if key != "softness"}, {}]
    assert np.isnan(confidences(rows, SHIPPED, crop_expected=False)).tolist() == [False, True, True]
