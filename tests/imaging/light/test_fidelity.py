"""What the fidelity gate says of answers made from known scenes, with their true mattes."""

import numpy as np
import pytest

from pipeline.imaging.light.fidelity import Fidelity, changes, compare
from pipeline.imaging.light.registration import box_of, cut
from tests.imaging.light import answers
from tests.imaging.scenes import Scene, angled_glasses, front_glasses, on_sweep, watch_head

SCENES = {
    "glasses": on_sweep(angled_glasses(width=1024, height=768, temple=0.012), product=(120, 40, 60)),
    "front": on_sweep(front_glasses(width=1024, height=768), product=(60, 90, 120), backdrop=(150, 152, 149)),
    "watch": on_sweep(watch_head(size=900), product=(140, 120, 90)),
}
TELLS = {
    "logo removed": {"detail-changed", "outline-changed"},
    "temple thickened": {"outline-changed"},
    "colour changed": {"colour-changed"},
    "mirrored": {"outline-changed", "detail-changed", "geometry-changed"},
    "hallucinated": {"detail-changed"},
}


def found(case: answers.Case, scene: Scene) -> tuple[str, ...]:
    registered = cut(case.answer, box_of(case.photo, case.answer), case.photo.shape)
    return changes(compare(case.photo, registered, scene.alpha, scene.alpha))


@pytest.mark.parametrize("name", ["glasses", "watch"])
@pytest.mark.parametrize("light", answers.LIGHTS)
def test_another_light_is_no_change(name, light):
    scene = SCENES[name]
    assert found(answers.honest(light, scene.rgb, scene.alpha, seed=3), scene) == ()


@pytest.mark.parametrize("name", ["glasses", "front"])
@pytest.mark.parametrize("tampering", TELLS)
def test_a_repainted_product_is_caught_and_said_to_be_what_it_is(name, tampering):
    scene = SCENES[name]
    if (name, tampering) == ("front", "mirrored"):
        pytest.skip("its mirror image is itself")
    codes = found(answers.tampered(tampering, scene.rgb, scene.alpha, seed=5), scene)
    assert TELLS[tampering].intersection(codes)


def test_a_part_that_is_gone_is_caught():
    scene = SCENES["glasses"]
    without = np.where(np.arange(1024) < 250, 0, scene.alpha).astype(np.float32)
    gone = on_sweep(Scene(scene.rgb, without, None), product=(120, 40, 60))
    assert {"outline-changed", "detail-changed"}.intersection(
        changes(compare(scene.rgb, gone.rgb, scene.alpha, without))
    )


def test_another_shape_is_another_geometry():
    alpha, other = np.zeros((90, 90), np.float32), np.zeros((90, 90), np.float32)
    alpha[20:40, 20:40], other[30:60, 30:60] = 1, 1
    rgb = np.full((90, 90, 3), 200, np.uint8)
    assert "geometry-changed" in changes(compare(rgb, rgb, alpha, other))


def test_nothing_is_not_told_from_nothing():
    rgb, nothing = np.full((50, 60, 3), 200, np.uint8), np.zeros((50, 60), np.float32)
    assert compare(rgb, rgb, nothing, nothing) == Fidelity(overlap=1.0)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (40, 40)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_photo_of_any_size_and_level_is_measured(shape, level):
    rgb, alpha = np.full((*shape, 3), level, np.uint8), np.ones(shape, np.float32)
    assert changes(compare(rgb, rgb, alpha, alpha)) == ()
