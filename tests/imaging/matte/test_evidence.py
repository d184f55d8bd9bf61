import numpy as np
import pytest

from pipeline.imaging.matte.evidence import CHANNELS, Ground, evidence_of

VIEW = np.full((8, 12, 3), (255, 0, 51), np.uint8)
PRIOR = np.full((8, 12), 0.25, np.float32)


def layer(value: float) -> np.ndarray:
    return np.full((8, 12), value, np.float32)


GROUND = Ground(np.full((8, 12, 3), 200, np.float32), layer(0), layer(255), layer(0) == 0)


def test_without_a_backdrop_there_are_the_photo_the_network_and_the_kind():
    evidence = evidence_of(VIEW, PRIOR, "watch", None)
    assert evidence.shape == (CHANNELS, 8, 12) and evidence.dtype == np.float32
    assert evidence[:, 0, 0] == pytest.approx([0.5, -0.5, -0.3, 0.25, 0, 0, 0, 0, 0, 1])


def test_what_the_backdrop_says_keeps_in_range():
    evidence = evidence_of(VIEW, PRIOR, "eyewear", GROUND)
    assert evidence[4, 0, 0] == pytest.approx(np.tanh((102 - 200) / 40))
    assert evidence[5:, 0, 0] == pytest.approx([1, 0, 1, 1, 0])


def test_a_doubted_plate_is_told_from_a_sure_one():
    doubted = evidence_of(VIEW, PRIOR, "eyewear", Ground(GROUND.colour, layer(8), GROUND.distance, GROUND.is_reached))
    assert 0.3 < doubted[6].min() < 0.5
