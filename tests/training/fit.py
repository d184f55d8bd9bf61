"""Train the network that mends the matte: python -m tests.training.fit VIEWS… --out fusion.onnx --minutes 10.

Needs torch and onnx, which nothing else here does, and a GPU with 20 MB for each view; to go on from the shipped
network, a CPU with as much will do. VIEWS are folders that tests.training.views and tests.training.drawn wrote.
"""

import argparse
import copy
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from torch.nn import functional as F

from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import CHANNELS, FRAME
from tests.training.bank import SIDES, Bank
from tests.training.batches import Augment, Sample, whole
from tests.training.network import KNEW, FusionNet

WARM_UP, DECAY = 100, 1e-2
DRAWN_SHARE = 0.1
# A fifth of the products is kept for validation: the network that did best there in so many looks is kept.
HELD_OUT, LOOKS = 5, 6


class Pace(NamedTuple):
    """Pieces a step, how far a step goes, and how often pieces are turned and stretched, which takes a CPU long; from
    `settled`, a share of the time, on, layers are normed as they will be, by what was usual."""

    batch: int
    rate: float
    warped: float
    settled: float


ANEW, GOING_ON = Pace(32, 2e-3, 0.5, 0.7), Pace(8, 1e-4, 0.1, 0.0)


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

    def batch(self, size: int) -> list[int]:
        return [self._one() for _ in range(size)]

    def _one(self) -> int:
        if self.drawn and (not self.by_product or self.rng.random() < DRAWN_SHARE):
            return self.rng.choice(self.drawn)
        return self.rng.choice(self.by_product[self.rng.choice(list(self.by_product))])


def is_held_out(product: str) -> bool:
    return sum(product.encode()) % HELD_OUT == 0


def loss_of(network: FusionNet, sample: Sample) -> torch.Tensor:
    with torch.autocast(sample.evidence.device.type, dtype=torch.bfloat16):
        logits = network(sample.evidence, *sample.seen)
    logits = logits.float()
    crossed = F.binary_cross_entropy_with_logits(logits, sample.truth, reduction="none")
    off = (torch.sigmoid(logits) - sample.truth).abs()
    return (sample.weights * (crossed + 0.5 * off)).sum() / sample.weights.sum()


def fit(bank: Bank, minutes: float, network: FusionNet, pace: Pace = ANEW, seed: int = 0) -> FusionNet:
    """Returns the network as it was when it did best on the products that are held out, be it at the start; if none
    are, as it is in the end."""
    choice, augment = Choice(bank, seed), Augment(bank, seed, pace.warped)
    optimizer = torch.optim.AdamW(network.parameters(), lr=pace.rate, weight_decay=DECAY)
    best = copy.deepcopy(network) if choice.held_out else network
    least = validate(network, bank, choice.held_out) if choice.held_out else np.inf
    print(f"before: on products held out, loss {least:.4f}", flush=True)
    start, step, looked = time.monotonic(), 0, 0
    while (share := (time.monotonic() - start) / (60 * minutes)) < 1:
        _learn(network, optimizer, augment.sample(choice.batch(pace.batch)), pace, share, step)
        step += 1
        if choice.held_out and share * LOOKS > looked + 1:
            looked += 1
            loss = validate(network, bank, choice.held_out)
            print(f"{share:4.0%} step {step}: on products held out, loss {loss:.4f}", flush=True)
            if loss < least:
                least, best = loss, copy.deepcopy(network)
    return best


def _learn(
    network: FusionNet, optimizer: torch.optim.AdamW, sample: Sample, pace: Pace, share: float, step: int
) -> None:
    for group in optimizer.param_groups:
        group["lr"] = pace.rate * min(1, (step + 1) / WARM_UP) * (0.502 + 0.5 * np.cos(np.pi * share))
    network.train()
    if share >= pace.settled:
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
    torch.onnx.export(
        Alpha(network).eval(),
        _nothing(),
        str(out),
        input_names=["evidence", *(f"seen{number}" for number in range(1, len(SEEN) + 1))],
        output_names=["alpha", *(f"knew{number}" for number in range(1, len(KNEW) + 1))],
        opset_version=17,
        dynamo=False,
    )
    _halve(out)


def _nothing() -> tuple[torch.Tensor, ...]:
    """What the network is shown, all of it zero."""
    features = [torch.zeros(1, channels, side, side) for channels, side in zip(SEEN, SIDES, strict=True)]
    return torch.zeros(1, CHANNELS, FRAME, FRAME), *features


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


def restored(file: Path) -> FusionNet:
    """A network that was exported: its norms are part of its convolutions, and so are left as they come."""
    network, graph = FusionNet(), onnx.load(file).graph
    kept = {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    widened = {node.output[0]: kept[node.input[0]].float() for node in graph.node if node.op_type == "Cast"}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    for (convolution, norm), node in zip(_convolutions(network), nodes, strict=True):
        weight, *bias = (widened[name] for name in node.input[1:])
        convolution.weight.data.copy_(weight)
        if norm is not None:
            norm.bias.data.copy_(bias[0])
            norm.weight.data.fill_((1 + norm.eps) ** 0.5)
        elif bias:
            convolution.bias.data.copy_(bias[0])
    return network.eval()


def _convolutions(network: FusionNet) -> list[tuple[torch.nn.Conv2d, torch.nn.BatchNorm2d | None]]:
    """In the order in which they are run, each with the norm that follows it."""
    ran: list[torch.nn.Module] = []
    hooks = [
        layer.register_forward_hook(lambda layer, *_: ran.append(layer))
        for layer in network.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.BatchNorm2d)
    ]
    with torch.no_grad():
        network.eval()(*_nothing())
    for hook in hooks:
        hook.remove()
    return [
        (layer, after if isinstance(after, torch.nn.BatchNorm2d) else None)
        for layer, after in zip(ran, [*ran[1:], None], strict=True)
        if isinstance(layer, torch.nn.Conv2d)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--go-on", type=Path, metavar="ONNX", help="go on from this network, at a CPU's pace")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network, pace = (restored(options.go_on), GOING_ON) if options.go_on else (FusionNet(), ANEW)
    bank = Bank(sorted(path for folder in options.views for path in folder.glob("*.json")), device)
    network = fit(bank, options.minutes, network.to(device, memory_format=torch.channels_last), pace)
    export(network.to("cpu"), options.out)


if __name__ == "__main__":
    main()
