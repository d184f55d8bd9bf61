"""Train the network that finds errors: python -m tests.training.error_fit CELLS… --out errors.onnx --keep rows.jsonl.

Needs torch and onnx; a CPU will do. CELLS are folders that tests.training.error_cells wrote. The rows are those of
tests.training.field, with what is said of each photograph by a network that never saw its product.
"""

import argparse
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from pipeline.engines.error_net import SHOWN
from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import CHANNELS, FRAME
from pipeline.imaging.types import ERRORS
from pipeline.imaging.verdict.calibrate import auroc
from tests.training.error_network import (
    COMPONENTS,
    MOST,
    POOLED,
    SIDES,
    ErrorNet,
    Seen,
    cells_of,
    features_of,
    pooled,
)
from tests.training.gate import is_for_the_end, rounded
from tests.training.network import KNEW

FOLDS = 3
BATCH, RATE, DECAY, WARM_UP = 8, 3e-3, 2e-2, 0.2
# Cells that are far from the product and all that is kept count little; lines and outlines are thin, and count more.
NEAR, FAR, WORTH = 0.02, 0.1, (2.0, 1.0, 1.0, 2.0)
# Of a photo's figures, spread alike: how much their weights are held back.
RIDGE = 0.02
# Of each view so many places are looked at for the main components.
LOOKED_AT = 150
KINDS = {"missing": ("missing",), "thin": ("thin", "lens"), "extra": ("extra",), "halo": ("halo",)}
"""Which defects of a matte are of which kind of error."""

Basis = tuple[torch.Tensor, torch.Tensor]
"""A matrix and an offset: from features to their main components."""


class Cells(NamedTuple):
    """N views: their rows, main components and cells, where they are wrong, and which kinds a shop would send back."""

    rows: list[dict[str, Any]]
    bases: list[Basis]
    components: list[torch.Tensor]
    cells: torch.Tensor
    wrong: torch.Tensor
    is_bad: torch.Tensor

    def seen(self, where: torch.Tensor) -> Seen:
        return Seen(tuple(layer[where].float() for layer in self.components), self.cells[where].float())


def load(paths: Sequence[Path]) -> Cells:
    """The views of these rows that were before studio backdrops."""
    kept = [path for path in paths if path.with_suffix(".npz").exists()]
    bases = [_basis(list(_places(kept, number))) for number in range(1, len(SIDES) + 1)]
    rows = [json.loads(path.read_text()) for path in kept]
    bad = [[float(not set(KINDS[kind]).isdisjoint(row["defects"])) for kind in ERRORS] for row in rows]
    layers: list[list[torch.Tensor]] = [[], [], [], [], []]
    for path in kept:
        with np.load(path.with_suffix(".npz")) as view:
            components = [main_components(_features(view, number), basis) for number, basis in enumerate(bases, 1)]
            for kept_layers, layer in zip(layers, [*components, view["cells"], view["wrong"]], strict=True):
                kept_layers.append(torch.as_tensor(layer).half())
    *components, cells, wrong = map(torch.stack, layers)
    return Cells(rows, bases, components, cells, wrong, torch.tensor(bad))


def _features(view: Any, number: int) -> torch.Tensor:
    return torch.from_numpy(view[f"f{number}"]).float() * torch.from_numpy(view[f"s{number}"] / 127)[:, None, None]


def _places(paths: Sequence[Path], number: int) -> Iterator[torch.Tensor]:
    rng = np.random.default_rng(0)
    for path in paths:
        with np.load(path.with_suffix(".npz")) as view:
            flat = _features(view, number).flatten(1)
        yield flat[:, rng.integers(0, flat.shape[1], LOOKED_AT)].T


def _basis(places: list[torch.Tensor]) -> Basis:
    """The main components of features that are scaled alike."""
    stacked = torch.cat(places)
    middle, spread = stacked.mean(0), stacked.std(0).clamp(min=1e-4)
    _, sizes, axes = torch.linalg.svd((stacked - middle) / spread, full_matrices=False)
    matrix = axes[:COMPONENTS] / (sizes[:COMPONENTS, None] / len(stacked) ** 0.5) / spread
    return matrix, -(matrix @ middle)


def main_components(features: torch.Tensor, basis: Basis) -> torch.Tensor:
    """… × C × h × w features to … × 64 × h × w."""
    matrix, offset = basis
    return (torch.einsum("kc,...chw->...khw", matrix, features) + offset[:, None, None]).clamp(-MOST, MOST)


def fit(data: Cells, where: NDArray[np.int64], epochs: int, seed: int = 0) -> ErrorNet:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = ErrorNet()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = max(1, len(where) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step / (epochs * steps)))
    network.train()
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(where), steps):
            loss = _loss(network, data, torch.from_numpy(batch), is_mirrored=rng.random() < 0.5)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.eval()


def _pace(share: float) -> float:
    """How fast it learns, by the share of the time."""
    return min(1.0, share / WARM_UP + 0.02) * (0.5 + 0.5 * float(np.cos(np.pi * share)))


def _loss(network: ErrorNet, data: Cells, where: torch.Tensor, *, is_mirrored: bool) -> torch.Tensor:
    seen, wrong = data.seen(where), data.wrong[where].float()
    if is_mirrored:
        seen, wrong = Seen(tuple(layer.flip(-1) for layer in seen.features), seen.cells.flip(-1)), wrong.flip(-1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(seen)
    is_near = F.max_pool2d(torch.cat([seen.cells[:, :1], wrong], 1).amax(1, keepdim=True), 5, 1, 2) > NEAR
    weights = (is_near + FAR) * torch.tensor(WORTH)[:, None, None]
    off = F.binary_cross_entropy_with_logits(logits.float(), wrong, reduction="none")
    return (weights * off).sum() / (is_near + FAR).sum()


@torch.no_grad()
def pooled_of(network: ErrorNet, data: Cells, where: NDArray[np.int64]) -> torch.Tensor:
    """What is made of the errors that are found in each photo, N × 4 × 4."""
    found = []
    for batch in torch.from_numpy(where).split(BATCH):
        seen = data.seen(batch)
        found.append(pooled(torch.sigmoid(network(seen)), seen.cells[:, 0]))
    return torch.cat(found)


def learn_of_photos(network: ErrorNet, found: torch.Tensor, is_bad: torch.Tensor) -> None:
    """From errors in photos that the network never saw to how likely a shop sends them back: a logistic regression."""
    middle, spread = found.mean(0), found.std(0).clamp(min=1e-3)
    even = (found - middle) / spread
    weights, bias = torch.zeros(even.shape[1:], requires_grad=True), torch.zeros(even.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        told = (even * weights).sum(2) + bias
        value = F.binary_cross_entropy_with_logits(told, is_bad) + RIDGE * weights.square().mean()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        network.weights.copy_(weights / spread)
        network.bias.copy_(bias - (weights / spread * middle).sum(1))


def crossed(data: Cells, epochs: int) -> tuple[ErrorNet, NDArray[np.float32]]:
    """The network that learnt from two thirds of the products, and what is said of all: of those by one that learnt
    from the others of them."""
    is_last = np.array([is_for_the_end(row["product"]) for row in data.rows])
    fold = np.array([zlib.crc32(f"errors {row['product']}".encode()) % FOLDS for row in data.rows])
    fold[is_last] = FOLDS
    found = torch.zeros(len(data.rows), len(ERRORS), POOLED)
    told = np.zeros((len(data.rows), len(ERRORS)), np.float32)
    for number in range(FOLDS + 1):
        network = fit(data, np.flatnonzero(~is_last & (fold != number)), epochs)
        found[fold == number] = pooled_of(network, data, np.flatnonzero(fold == number))
        print(f"{number + 1} of {FOLDS + 1} fitted", flush=True)
    for number in range(FOLDS + 1):
        learn_of_photos(network, found[~is_last & (fold != number)], data.is_bad[~is_last & (fold != number)])
        with torch.no_grad():
            told[fold == number] = torch.sigmoid(network.of_photo(found[fold == number])).numpy()
    for name, part in (("learnt from, out of fold", ~is_last), ("of the last third", is_last)):
        print(name, *(_ranked(kind, data.is_bad.numpy()[part, n], told[part, n]) for n, kind in enumerate(ERRORS)))
    return network, told


def _ranked(kind: str, is_bad: NDArray[np.float32], told: NDArray[np.float32]) -> str:
    return f"· {kind} {int(is_bad.sum())} of {len(is_bad)}, AUROC {auroc(-told.astype(float), is_bad > 0):.3f}"


def rows_told(paths: Sequence[Path], data: Cells, told: NDArray[np.float32]) -> Iterator[dict[str, Any]]:
    """All rows, with what was said of those that the network saw, for `gate` to read."""
    said = {row["name"]: dict(zip(ERRORS, values, strict=True)) for row, values in zip(data.rows, told, strict=True)}
    for path in paths:
        row = json.loads(path.read_text())
        del row["style"]
        likely = {f"likely_{kind}": value for kind, value in said.get(row["name"], {}).items()}
        yield row | {"metrics": rounded(row["metrics"] | likely)}


class Whole(nn.Module):
    """What is shipped: from what the product has at hand to cells and photo, 0–1."""

    def __init__(self, network: ErrorNet, bases: list[Basis]) -> None:
        super().__init__()
        self.network, self.bases = network, bases

    def forward(self, alpha: torch.Tensor, likely: torch.Tensor, evidence: torch.Tensor, *layers: torch.Tensor) -> Any:
        features = features_of(list(layers[: len(KNEW)]), list(layers[len(KNEW) :]))
        components = tuple(main_components(layer, basis) for layer, basis in zip(features, self.bases, strict=True))
        cells = cells_of(alpha, likely, evidence)
        errors = torch.sigmoid(self.network(Seen(components, cells)))
        return errors, torch.sigmoid(self.network.of_photo(pooled(errors, cells[:, 0])))


def export(network: ErrorNet, bases: list[Basis], out: Path) -> None:
    whole = [torch.zeros(1, channels, FRAME, FRAME) for channels in (1, 1, CHANNELS)]
    knew = [torch.zeros(1, channels, side, side) for channels, side in KNEW]
    shown = zip(SEEN[SHOWN], SIDES, strict=True)
    seen = [torch.zeros(1, channels, side, side) for channels, side in shown]
    names = ["alpha", "likely", "evidence", *_numbered("knew", knew), *_numbered("seen", seen)]
    torch.onnx.export(
        Whole(network, bases).eval(),
        (*whole, *knew, *seen),
        str(out),
        input_names=names,
        output_names=["errors", "of_photo"],
        opset_version=17,
        dynamo=False,
    )


def _numbered(name: str, layers: Sequence[torch.Tensor]) -> list[str]:
    return [f"{name}{number}" for number in range(1, len(layers) + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True, help="the table of rows, for tests.training.gate")
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    paths = sorted(path for folder in options.cells for path in folder.glob("*.json"))
    data = load(paths)
    network, told = crossed(data, options.epochs)
    options.keep.write_text("".join(json.dumps(row) + "\n" for row in rows_told(paths, data, told)))
    export(network, data.bases, options.out)


if __name__ == "__main__":
    main()
