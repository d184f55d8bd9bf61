"""Train the network that joins the evidence: python -m tests.training.fit VIEWS… --out fusion.onnx --minutes 50.

Needs torch and onnx, which nothing else here does. VIEWS are folders that tests.training.make_views wrote.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch.nn import functional as F

from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import CHANNELS, FRAME
from tests.training.batches import Sample, sample
from tests.training.network import FusionNet

Row = dict[str, Any]

BATCH, RATE, WARM_UP, LOOK_AGAIN = 2, 2e-3, 100, 200
# Batches are small: from this share of the time on, layers are normed as they will be, by what was usual.
SETTLED = 0.4
DRAWN_SHARE = 0.15
# A fifth of the products is kept for validation.
HELD_OUT = 5


class Views:
    """All views of some folders, picked at random; those that are added meanwhile, too."""

    def __init__(self, folders: list[Path], seed: int) -> None:
        self.folders, self.rng = folders, np.random.default_rng(seed)
        self.seen: set[Path] = set()
        self.drawn: list[tuple[Path, Row]] = []
        self.others: list[tuple[Path, Row]] = []
        self.look()

    def look(self) -> None:
        """Take up what is new in the folders, but for the products that are kept for validation."""
        for path in sorted({path for folder in self.folders for path in folder.glob("*.json")} - self.seen):
            self.seen.add(path)
            row = json.loads(path.read_text())
            if not is_held_out(row):
                (self.drawn if row.get("ground") == "drawn" else self.others).append((path, row))

    def batches(self) -> Iterator[Sample]:
        """One is made while the other is learnt from."""
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self._batch)
            while True:
                batch, coming = coming.result(), pool.submit(self._batch)
                yield batch

    def _batch(self) -> Sample:
        return together([self._sample() for _ in range(BATCH)])

    def _sample(self) -> Sample:
        some = self.drawn if self.rng.random() < DRAWN_SHARE else self.others
        some = some or self.others or self.drawn
        path, row = some[int(self.rng.integers(len(some)))]
        return sample(np.load(path.with_suffix(".npz")), np.load(path.with_suffix(".features.npz")), row, self.rng)


def together(samples: Sequence[Sample]) -> Sample:
    evidence, features, target = zip(*samples, strict=True)
    seen = [torch.stack(each) for each in zip(*features, strict=True)]
    return Sample(torch.stack(evidence), seen, torch.stack(target))


def is_held_out(row: Row) -> bool:
    return sum(row["product"].encode()) % HELD_OUT == 0


def loss_of(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    crossed = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    off = (torch.sigmoid(logits) - truth).abs()
    return (weights * (crossed + 0.5 * off)).sum() / weights.sum()


def fit(views: Views, minutes: float, network: FusionNet, state: Path) -> None:
    """The weights are kept in `state` on the way, too."""
    network.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    start, losses = time.monotonic(), list[float]()
    for step, batch in enumerate(views.batches()):
        share = (time.monotonic() - start) / (60 * minutes)
        if share >= 1:
            return
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.51 + 0.5 * np.cos(np.pi * share))
        if share > SETTLED:
            _settle(network)
        loss = loss_of(network(batch.evidence, *batch.features), *batch.target.split(1, dim=1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % LOOK_AGAIN == LOOK_AGAIN - 1:
            views.look()
            torch.save(network.state_dict(), state)
            print(f"{share:4.0%} step {step} loss {np.mean(losses[-LOOK_AGAIN:]):.4f}", flush=True)


def _settle(network: FusionNet) -> None:
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()


class Alpha(torch.nn.Module):
    """What is shipped: opacities."""

    def __init__(self, network: FusionNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, evidence: torch.Tensor, *features: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.network(evidence, *features))


def export(network: FusionNet, out: Path) -> None:
    sides = [FRAME // 2 ** (number + 1) for number in range(1, len(SEEN) + 1)]
    features = [torch.zeros(1, channels, side, side) for channels, side in zip(SEEN, sides, strict=True)]
    torch.onnx.export(
        Alpha(network).eval(),
        (torch.zeros(1, CHANNELS, FRAME, FRAME), *features),
        str(out),
        input_names=["evidence", *(f"seen{number}" for number in range(1, len(SEEN) + 1))],
        output_names=["alpha"],
        opset_version=17,
        dynamo=False,
    )
    _halve(out)


def _halve(out: Path) -> None:
    """Keep the weights in 16 bits, to be widened on loading: half the file, the same network."""
    model = onnx.load(out)
    for weight in [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT]:
        half = onnx.numpy_helper.to_array(weight).astype(np.float16)
        kept = onnx.numpy_helper.from_array(half, f"{weight.name}.half")
        model.graph.initializer.remove(weight)
        model.graph.initializer.append(kept)
        widened = onnx.helper.make_node("Cast", [kept.name], [weight.name], to=onnx.TensorProto.FLOAT)
        model.graph.node.insert(0, widened)
    onnx.save(model, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--go-on", type=Path, metavar="STATE", help="go on from a fusion.pt of an earlier run")
    options = parser.parse_args()
    network = FusionNet()
    if options.go_on:
        network.load_state_dict(torch.load(options.go_on))
    state = options.out.with_suffix(".pt")
    fit(Views(options.views, options.seed), options.minutes, network, state)
    torch.save(network.state_dict(), state)
    export(network, options.out)


if __name__ == "__main__":
    main()
