"""The commands of docs/fusion.md, small: photographs to views, views to a network that the product can use."""

import json

import numpy as np
import pytest
from PIL import Image

from pipeline.engines import fusion_net
from pipeline.imaging.matte.evidence import FRAME, evidence_of
from pipeline.imaging.types import RGB, Matte
from tests.imaging import scenes
from tests.training import drawn, views
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
    squared = np.stack([fusion_net._resized(layer, FRAME, FRAME) for layer in shown])
    assert np.abs(learnt - squared).mean(axis=(1, 2)).max() < 0.02


def test_what_is_trained_is_what_the_product_runs(torch_modules, tmp_path, monkeypatch):
    bank, _, fit = torch_modules
    drawn.make(tmp_path, 4, Bright())
    monkeypatch.setattr(fit, "BATCH", 2)
    network = fit.fit(bank.Bank(sorted(tmp_path.glob("*.json")), "cpu"), 0.1, fit.FusionNet())
    fit.export(network, tmp_path / "fusion.onnx")
    monkeypatch.setattr(fusion_net, "MODEL_FILE", tmp_path / "fusion.onnx")
    fusion_net._session.cache_clear()
    alpha = fusion_net.mend(np.zeros((10, 50, 70), np.float32), SEEN)
    fusion_net._session.cache_clear()
    assert alpha.shape == (50, 70) and 0 <= alpha.min() <= alpha.max() <= 1
