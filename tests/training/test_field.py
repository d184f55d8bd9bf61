"""The commands of docs/gate.md, small: labelled photographs to rows, and rows to a policy."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cutout import matte_models
from pipeline.imaging.metrics.measure import measure
from pipeline.imaging.types import RGB, Matte
from pipeline.policies.shipped import shipped_policy
from tests.imaging import scenes
from tests.training import field, gate
from tests.training.truth import judge, true_bridge

KEPT = Path(__file__).with_name("rows.jsonl")


class Bright:
    """Sees what is darker than most."""

    name, sha256 = "bright", "0" * 64

    def matte(self, rgb: RGB) -> Matte:
        grey = rgb.mean(axis=2)
        return Matte((grey < np.median(grey) - 40).astype(np.float32), 0.0, 1.0)


@pytest.fixture(scope="module")
def glasses():
    return scenes.angled_glasses(width=640, height=480)


def test_a_true_matte_has_no_defect(glasses):
    found = judge(glasses.alpha, glasses.alpha, glasses.alpha, may_cut=False)
    assert not found.defects and found.sad < 1e-3
    assert found.width == np.ptp(np.flatnonzero((glasses.alpha > 0.5).any(0))) + 1


@pytest.mark.parametrize("defect", ["missing", "thin", "extra", "halo"])
def test_a_planted_defect_is_named(glasses, defect):
    alpha = glasses.alpha.copy()
    if defect == "missing":  # a piece of the temple
        alpha[:, 60:120] = 0
    elif defect == "thin":
        alpha *= 0.85
    elif defect == "extra":
        alpha[20:60, 20:80] = 1
    else:
        alpha = np.maximum(alpha, np.roll(alpha, (-3, -3), (0, 1)))
    assert defect in judge(glasses.alpha, glasses.alpha, alpha, may_cut=False).defects


def test_a_lens_may_be_kept_or_cut_but_both_alike():
    whole, rims = (scenes.angled_glasses(width=640, height=480, rim=rim).alpha for rim in (None, 0.012))
    kept, cut = (judge(whole, rims, alpha, may_cut=True).defects for alpha in (whole, rims))
    middle = true_bridge(whole, rims)
    one = np.where(np.arange(640) < middle, whole, rims)
    assert "lens" not in (*kept, *cut)
    assert "lens" in judge(whole, rims, one, may_cut=True).defects
    assert "lens" in judge(whole, rims, (whole + rims) / 2, may_cut=True).defects


@pytest.fixture
def labelled(tmp_path, glasses):
    photo, rims = scenes.on_sweep(glasses), scenes.angled_glasses(width=640, height=480, rim=0.012).alpha
    folder = tmp_path / "labelled"
    folder.mkdir()
    told = {"kind": "eyewear", "view": "angle", "ground": "studio", "style": "full", "lens": "dark"}
    names = [f"A{number}_2" for number in (1, 2)]
    for name in names:
        Image.fromarray(photo.rgb).save(folder / f"{name}.jpg", quality=95)
        Image.fromarray(np.uint8(photo.alpha * 255)).save(folder / f"{name}.alpha.png")
    Image.fromarray(np.uint8(rims * 255)).save(folder / "A1_2.glass.png")
    safety = {"design": "safety", "bridge": [true_bridge(photo.alpha, rims), 200.0]}
    rows = [{"name": name, "product": name[:-2], **told, **({} if name == "A1_2" else safety)} for name in names]
    (folder / "meta.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_a_photograph_becomes_a_row_once(labelled, tmp_path, monkeypatch, capsys):
    out = tmp_path / "rows"
    monkeypatch.setattr(matte_models, "matter", Bright)
    monkeypatch.setattr("sys.argv", ["field", str(labelled), str(out)])
    field.main()
    assert capsys.readouterr().out.split() == ["A1_2", "A2_2"]
    row, other = gate.rows_of(out)
    assert (row["product"], other["product"]) == ("A1", "A2")
    assert row["bridge_asked"] and other["bridge_off"] == row["bridge_off"] is not None
    assert row["metrics"]["second_look"] >= 0 and "bridge_sure" in row["metrics"]
    field.main()
    assert not capsys.readouterr().out


def invented(count: int = 240):
    """Rows of which most that likely have something kept are bad, and no others."""
    rng = np.random.default_rng(5)
    photo = scenes.on_sweep(scenes.angled_glasses(width=640, height=480))
    matte = Matte(photo.alpha, 0.0, 1.0)
    metrics = measure(photo.rgb, matte, None, crop_expected=False, product_class="eyewear", view=None)
    for number in range(count):
        is_doubtful, name = number % 3 == 0, f"A{number}"
        is_bad = is_doubtful and number % 5 > 0
        likely = rng.uniform(0.3, 0.9) if is_doubtful else rng.uniform(0, 0.1)
        found = {"defects": ["extra"] if is_bad else [], "sad": 0.0, "bridge_off": None, "bridge_asked": False}
        told = {"product": name, "kind": "eyewear", "ground": ("packshot", "studio")[number % 2]}
        yield told | found | {"metrics": metrics | {"likely_extra": likely}}


def test_rows_become_a_policy_that_holds_what_is_likely_wrong(tmp_path, capsys, monkeypatch):
    table, out = tmp_path / "rows.jsonl", tmp_path / "policy.json"
    table.write_text("".join(json.dumps(row) + "\n" for row in invented()))
    monkeypatch.setattr("sys.argv", ["gate", str(table), "--out", str(out)])
    gate.main()
    told, policy = capsys.readouterr().out, json.loads(out.read_text())
    last = [row for row in gate.rows_of(table) if gate.is_for_the_end(row["product"])]
    found = gate.judged(last, policy)
    is_out = found.ranked >= policy["thresholds"]["eyewear"]["front"]
    assert f"on {len(last)} photos" in told and not found.is_bad[is_out].any()
    assert is_out.sum() > 0.8 * (~found.is_bad).sum()


def test_what_was_measured_is_kept_and_says_how_good_the_shipped_policy_is(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["gate", str(KEPT), "--keep", str(tmp_path / "again.jsonl")])
    gate.main()
    told = capsys.readouterr().out
    assert (tmp_path / "again.jsonl").read_text() == KEPT.read_text()
    rows = gate.rows_of(KEPT)
    assert f"shipped, glasses pass from {shipped_policy()['thresholds']['eyewear']['front']}, watches from" in told
    assert len(rows) > 400 and len({row["product"] for row in rows}) > 150 and "bridges: " in told
