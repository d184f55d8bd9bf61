"""Train the network that mends the matte: python -m tests.training.fit VIEWS… --out fusion.onnx --minutes 10.

Needs torch and onnx, which nothing else here does, and a GPU with 20 MB for each view. VIEWS are folders that
tests.training.views and tests.training.drawn wrote.
"""

import argparse
import copy
import random
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
import torch
from torch.nn import functional as F

from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import CHANNELS, FRAME
from tests.training.bank import SIDES, Bank
from tests.training.batches import Augment, Sample, whole
from tests.training.network import KNEW, FusionNet

BATCH, RATE, WARM_UP, DECAY = 32, 2e-3, 100, 1e-2
# From this share of the time on, layers are normed as they will be, by what was usual.
SETTLED = 0.7
DRAWN_SHARE = 0.1
# A fifth of the products is kept for validation: the network that did best there in so many looks is kept.
HELD_OUT, LOOKS = 5, 6


class Choice:
    """Which views are learnt from: any product as often as any other, at times a drawn one."""

    def __init__(self, bank: Bank, seed: int) -> None:
        self.rng = random.Random(seed)
        self.drawn: list[int] = []
        self.held_out: list[int] = []
        self.by_product: dict[str, list[int]] = defaultdict(list)
        for place, row in enumerate(bank.rows):
            if row.get("ground") == "drawn":
                self.drawn.append(place)
            elif is_held_out(row["product"]):
                self.held_out.append(place)
            else:
                self.by_product[row["product"]].append(place)

    def batch(self) -> list[int]:
        return [self._one() for _ in range(BATCH)]

    def _one(self) -> int:
        if self.drawn and (not self.by_product or self.rng.random() < DRAWN_SHARE):
            return self.rng.choice(self.drawn)
        return self.rng.choice(self.by_product[self.rng.choice(list(self.by_product))])


def is_held_out(product: str) -> bool:
    return sum(product.encode()) % HELD_OUT == 0


def loss_of(network: FusionNet, sample: Sample) -> torch.Tensor:
    device = sample.evidence.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
        logits = network(sample.evidence, *sample.seen)
    logits = logits.float()
    crossed = F.binary_cross_entropy_with_logits(logits, sample.truth, reduction="none")
    off = (torch.sigmoid(logits) - sample.truth).abs()
    return (sample.weights * (crossed + 0.5 * off)).sum() / sample.weights.sum()


def fit(bank: Bank, minutes: float, network: FusionNet, seed: int = 0) -> FusionNet:
    """Returns the network as it was when it did best on the products that are held out, or as it is in the end."""
    choice, augment = Choice(bank, seed), Augment(bank, seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    start, step, looked, best = time.monotonic(), 0, 0, (np.inf, network)
    while (share := (time.monotonic() - start) / (60 * minutes)) < 1:
        _learn(network, optimizer, augment.sample(choice.batch()), share, step)
        step += 1
        if choice.held_out and share * LOOKS > looked + 1:
            looked += 1
            best = min(
                best, (validate(network, bank, choice.held_out), copy.deepcopy(network)), key=lambda pair: pair[0]
            )
            print(f"{share:4.0%} step {step}: on products held out, loss {best[0]:.4f} at best", flush=True)
    return best[1]


def _learn(network: FusionNet, optimizer: torch.optim.AdamW, sample: Sample, share: float, step: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.502 + 0.5 * np.cos(np.pi * share))
    network.train()
    if share > SETTLED:
        _settle(network)
    optimizer.zero_grad()
    loss_of(network, sample).backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


def _settle(network: FusionNet) -> None:
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()


@torch.no_grad()
def validate(network: FusionNet, bank: Bank, places: list[int]) -> float:
    network.eval()
    return float(np.mean([loss_of(network, whole(bank, place)).item() for place in places]))


class Alpha(torch.nn.Module):
    """What is shipped: opacities, and what the network knew."""

    def __init__(self, network: FusionNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, evidence: torch.Tensor, *features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits, knew = self.network.told(evidence, *features)
        return torch.sigmoid(logits), *knew


def export(network: FusionNet, out: Path) -> None:
    features = [torch.zeros(1, channels, side, side) for channels, side in zip(SEEN, SIDES, strict=True)]
    torch.onnx.export(
        Alpha(network).eval(),
        (torch.zeros(1, CHANNELS, FRAME, FRAME), *features),
        str(out),
        input_names=["evidence", *(f"seen{number}" for number in range(1, len(SEEN) + 1))],
        output_names=["alpha", *(f"knew{number}" for number in range(1, len(KNEW) + 1))],
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
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--go-on", type=Path, metavar="STATE", help="go on from a fusion.pt of an earlier run")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = FusionNet()
    if options.go_on:
        network.load_state_dict(torch.load(options.go_on, map_location="cpu"))
    bank = Bank(sorted(path for folder in options.views for path in folder.glob("*.json")), device)
    network = fit(bank, options.minutes, network.to(device, memory_format=torch.channels_last)).to("cpu")
    torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    export(network, options.out)


if __name__ == "__main__":
    main()
