"""The commands of docs/fusion.md and docs/gate.md that train a network, small: photographs to what it sees, and that to
a network that the product can use."""

import json

import numpy as np
import pytest
from PIL import Image

from pipeline.engines import error_net, fusion_net
from pipeline.imaging.framing import resized
from pipeline.imaging.matte.evidence import FRAME, evidence_of
from pipeline.imaging.types import ERRORS, RGB, Matte
from tests.imaging import scenes
from tests.training import drawn, field, views
from tests.training.packing import ground_of

SEEN = tuple(
    np.ones((channels, FRAME >> number, FRAME >> number), np.float32)
    for number, channels in enumerate(fusion_net.SEEN, 2)
)


class Bright:
    """Sees what is darker than the backdrop's grey."""

    name, sha256 = "bright", "0" * 64

    def matte(self, rgb: RGB) -> Matte:
        return Matte((rgb.mean(axis=2) < 110).astype(np.float32), 0.0, 1.0, seen=SEEN)


@pytest.fixture
def labelled(tmp_path):
    photo = scenes.on_sweep(scenes.angled_glasses(width=640, height=480))
    Image.fromarray(photo.rgb).save(tmp_path / "A1_2.jpg", quality=95)
    Image.fromarray(np.uint8(photo.alpha * 255)).save(tmp_path / "A1_2.alpha.png")
    (tmp_path / "meta.jsonl").write_text(json.dumps({"name": "A1_2", "product": "A1", "kind": "eyewear"}) + "\n")
    return tmp_path


def test_a_labelled_photograph_becomes_a_view_once(labelled, tmp_path):
    out = tmp_path / "views"
    assert list(views.make_views(labelled, out, Bright())) == ["A1_2"]
    layers = dict(np.load(out / "A1_2.npz"))
    assert layers["view"].shape[:2] == layers["truth"].shape
    assert np.load(out / "A1_2.features.npz")["f1"].shape == SEEN[0].shape
    ground = ground_of(layers)
    assert ground.is_reached[layers["truth"] == 0].mean() > 0.9
    assert list(views.make_views(labelled, out, Bright())) == []


def test_drawn_products_become_views(tmp_path):
    drawn.make(tmp_path, 6, Bright())
    for path in tmp_path.glob("*.json"):
        truth = np.load(path.with_suffix(".npz"))["truth"]
        assert 0.005 < (truth > 128).mean() < 0.95
    assert len(list(tmp_path.glob("*.json"))) > 3


@pytest.fixture
def torch_modules():
    pytest.importorskip("torch", reason="only training needs torch: pip install torch onnx")
    from tests.training import bank, batches, fit

    return bank, batches, fit


def test_what_is_learnt_from_is_what_the_product_shows(torch_modules, labelled, tmp_path):
    bank, batches, _ = torch_modules
    list(views.make_views(labelled, tmp_path / "views", Bright()))
    layers = dict(np.load(tmp_path / "views" / "A1_2.npz"))
    prior, joined = layers["prior"] / np.float32(255), layers["joined"] / np.float32(255)
    shown = evidence_of(layers["view"], prior, joined, ground_of(layers), "eyewear")
    learnt = batches.whole(bank.Bank([tmp_path / "views" / "A1_2.json"], "cpu"), 0).evidence[0].numpy()
    squared = np.stack([resized(layer, FRAME, FRAME) for layer in shown])
    assert np.abs(learnt - squared).mean(axis=(1, 2)).max() < 0.02


def test_what_is_trained_is_what_the_product_runs(torch_modules, tmp_path, monkeypatch):
    bank, _, fit = torch_modules
    drawn.make(tmp_path, 4, Bright())
    pace = fit.Pace(batch=2, rate=2e-3, warped=0.5, settled=0.7)
    network = fit.fit(bank.Bank(sorted(tmp_path.glob("*.json")), "cpu"), 0.1, fit.FusionNet(), pace)
    fit.export(network, tmp_path / "fusion.onnx")
    monkeypatch.setattr(fusion_net, "MODEL_FILE", tmp_path / "fusion.onnx")
    fusion_net._session.cache_clear()
    alpha = fusion_net.mend(np.zeros((10, 50, 70), np.float32), SEEN).alpha
    fusion_net._session.cache_clear()
    assert alpha.shape == (50, 70) and 0 <= alpha.min() <= alpha.max() <= 1


def test_the_shipped_network_can_be_gone_on_from(torch_modules, tmp_path):
    import torch

    fit = torch_modules[2]
    fit.export(fit.restored(fusion_net.MODEL_FILE), tmp_path / "again.onnx")
    mended = fusion_net.mend(np.random.default_rng(0).random((10, 96, 96), np.float32), SEEN)
    shown = [torch.from_numpy(layer[None]) for layer in (mended.evidence, *SEEN)]
    with torch.no_grad():
        logits = fit.restored(tmp_path / "again.onnx")(*shown)
    assert np.abs(torch.sigmoid(logits)[0, 0].numpy() - mended.likely).max() < 1e-3


@pytest.fixture
def error_modules():
    pytest.importorskip("torch", reason="only training needs torch: pip install torch onnx")
    from tests.training import error_cells, error_fit

    return error_cells, error_fit


@pytest.fixture
def cells(error_modules, labelled, tmp_path):
    """Of eight products, each the same photograph."""
    rows, out = tmp_path / "rows", tmp_path / "cells"
    told = {"kind": "eyewear", "view": "angle", "ground": "studio", "style": "full", "lens": "dark"}
    names = [f"A{number}_2" for number in range(1, 9)]
    for name in names:
        for kind in ("jpg", "alpha.png"):
            (labelled / f"{name}.{kind}").write_bytes((labelled / f"A1_2.{kind}").read_bytes())
    meta = [json.dumps({"name": name, "product": name, **told}) + "\n" for name in names]
    (labelled / "meta.jsonl").write_text("".join(meta))
    list(field.make_rows(labelled, rows, Bright()))
    assert list(error_modules[0].make_cells(labelled, rows, out, Bright())) == names
    assert list(error_modules[0].make_cells(labelled, rows, out, Bright())) == []
    return out


def test_what_finds_errors_is_what_the_product_runs(error_modules, cells, tmp_path, monkeypatch):
    _, error_fit = error_modules
    made, kept = tmp_path / "errors.onnx", tmp_path / "rows.jsonl"
    monkeypatch.setattr("sys.argv", ["error_fit", str(cells), "--out", str(made), "--keep", str(kept), "--epochs", "1"])
    error_fit.main()
    metrics = json.loads(kept.read_text().splitlines()[0])["metrics"]
    assert all(0 <= metrics[f"likely_{kind}"] <= 1 for kind in ERRORS)
    monkeypatch.setattr(error_net, "MODEL_FILE", made)
    error_net._session.cache_clear()
    mended = fusion_net.mend(np.zeros((10, 50, 70), np.float32), SEEN)
    found = error_net.errors_of(np.ones((50, 70), np.float32), mended, SEEN)
    error_net._session.cache_clear()
    assert set(found.likely) == set(ERRORS) and all(0 <= likely <= 1 for likely in found.likely.values())
    assert found.cells.shape == (4, 128, 128) and 0 <= found.cells.min() <= found.cells.max() <= 1
