"""Samples to learn from: pieces of what the network is shown, in another light, turned, stretched, in the mirror."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F

from pipeline.imaging.matte.evidence import CHANNELS, FEW, FRAME, JOINED, MOST, PRIOR
from tests.training.bank import TRUTH, WEIGHT_STEPS, Bank, Cut
from tests.training.packing import DOUBT_STEPS

SIZE, GRID = 512, 64
# How often the light is another, and by how much.
RELIT, LIGHT = 0.5, (0.88, 1.1)
# How often red, green and blue change places; by how much pieces are turned and stretched: radians, and the logarithms
# of both sides' and of one side's factor.
RECOLOURED, TURN, ZOOM, STRETCH = 0.5, 0.15, 0.3, 0.15


class Sample(NamedTuple):
    """N × 10 × SIZE × SIZE evidence, what ISNet saw, N × 1 × SIZE × SIZE truth, and what each pixel counts."""

    evidence: torch.Tensor
    seen: list[torch.Tensor]
    truth: torch.Tensor
    weights: torch.Tensor


class Augment:
    """Random numbers come from one generator, so that a run can be repeated. `warped`: how often a batch is."""

    def __init__(self, bank: Bank, seed: int, warped: float) -> None:
        self.bank, self.device, self.warped = bank, bank.layers.device, warped
        self.rng = torch.Generator().manual_seed(seed)

    def sample(self, places: Sequence[int]) -> Sample:
        bank, where = self.bank, torch.tensor(places, device=self.device)
        corners = torch.randint(0, (FRAME - SIZE) // GRID + 1, (len(places), 2), generator=self.rng) * GRID
        cut = self._warp(where, corners) if self._chance() < self.warped else _window(places, corners)
        layers = cut(bank.layers, 1)
        evidence = evidence_of(layers, bank.is_watch[where], self._light(len(places)))
        for piece in evidence:
            if self._chance() < RECOLOURED:
                piece[:PRIOR] = piece[torch.randperm(PRIOR, generator=self.rng)]
        truth, weights = layers[:, TRUTH:] / 255, cut(bank.weights, 1) / WEIGHT_STEPS
        made = Sample(evidence, bank.saw(where, cut), truth, weights)
        return _mirrored(made) if self._chance() < 0.5 else made

    def _chance(self) -> float:
        return torch.rand(1, generator=self.rng).item()

    def _between(self, count: int, most: float) -> torch.Tensor:
        return (2 * torch.rand(count, generator=self.rng) - 1) * most

    def _light(self, count: int) -> torch.Tensor:
        least, most = LIGHT
        gain = least + (most - least) * torch.rand(count, generator=self.rng)
        gain[torch.rand(count, generator=self.rng) >= RELIT] = 1
        return gain.to(self.device)

    def _warp(self, where: torch.Tensor, corners: torch.Tensor) -> Cut:
        affine = self._affine(corners).to(self.device)

        def cut(stack: torch.Tensor, step: int) -> torch.Tensor:
            grid = F.affine_grid(affine, [len(where), 1, SIZE // step, SIZE // step], align_corners=False)
            return F.grid_sample(stack[where].float(), grid, padding_mode="border", align_corners=False)

        return cut

    def _affine(self, corners: torch.Tensor) -> torch.Tensor:
        """Around the piece's middle; in halves of the frame's side, as `affine_grid` has it."""
        count, half = len(corners), SIZE / FRAME
        turn, high = self._between(count, TURN), half * self._between(count, ZOOM).exp()
        wide = high * self._between(count, STRETCH).exp()
        y, x = ((corners + SIZE / 2) / FRAME * 2 - 1).T
        rows = [torch.stack([turn.cos() * wide, -turn.sin() * high, x], 1)]
        rows.append(torch.stack([turn.sin() * wide, turn.cos() * high, y], 1))
        return torch.stack(rows, 1)


def _window(places: Sequence[int], corners: torch.Tensor) -> Cut:
    def cut(stack: torch.Tensor, step: int) -> torch.Tensor:
        side = SIZE // step
        pieces = zip(places, (corners // step).tolist(), strict=True)
        return torch.stack([stack[place, :, y : y + side, x : x + side] for place, (y, x) in pieces]).float()

    return cut


def evidence_of(layers: torch.Tensor, is_watch: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """`imaging.matte.evidence.evidence_of` for a bank's layers, as if the photos were brighter by `gain` (N)."""
    gain = gain[:, None, None]
    view = (layers[:, :3] * gain[:, None]).clamp(0, MOST)
    evidence = torch.empty(len(layers), CHANNELS, *layers.shape[2:], device=layers.device)
    evidence[:, :3], evidence[:, PRIOR : JOINED + 1] = view / 255 - 0.5, layers[:, PRIOR : JOINED + 1] / 255
    evidence[:, 5] = torch.tanh((view.mean(1) - layers[:, 5] * gain) / FEW)
    distance = torch.expm1(layers[:, 6] / 255 * math.log1p(MOST))
    for place, layer in ((6, distance), (7, layers[:, 7] / DOUBT_STEPS)):
        evidence[:, place] = torch.log1p((layer * gain).clamp(0, MOST)) / math.log1p(MOST)
    evidence[:, 8], evidence[:, 9] = layers[:, 8] > 127, is_watch[:, None, None]
    return evidence


def whole(bank: Bank, place: int) -> Sample:
    """A whole view, as it is."""
    where = torch.tensor([place], device=bank.layers.device)
    layers = bank.layers[where].float()
    evidence = evidence_of(layers, bank.is_watch[where], torch.ones(1, device=layers.device))
    seen = bank.saw(where, lambda stack, _: stack[where])
    return Sample(evidence, seen, layers[:, TRUTH:] / 255, bank.weights[where] / WEIGHT_STEPS)


def _mirrored(sample: Sample) -> Sample:
    evidence, seen, truth, weights = sample
    return Sample(evidence.flip(-1), [layer.flip(-1) for layer in seen], truth.flip(-1), weights.flip(-1))
