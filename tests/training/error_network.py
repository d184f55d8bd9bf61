"""The network that says where a matte errs: what the fusion and ISNet know, pooled to cells, and a few convolutions."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from pipeline.imaging.matte.evidence import CHANNELS, FRAME, JOINED, PRIOR
from pipeline.imaging.types import ERRORS

CELL = 8
GRID = FRAME // CELL
# The three sides that `features_of` lays features out at, and the layers of `cells_of`.
SIDES = (GRID, GRID // 2, GRID // 4)
OF_CELLS = 32
# Features are learnt from by their main components, which keeps training small and fast.
COMPONENTS, MOST = 64, 6.0
WIDTH = 32
FORGOTTEN = 0.3
# What is made of a photo's errors: so many figures, one of them of so many cells.
POOLED, WORST = 4, 64
LEAST_AREA, LEAST = 1.0, 1e-4


class Seen(NamedTuple):
    """What is pooled of N views: features at each of `SIDES`, N × C × h × w, and N × 32 × 128 × 128 cells."""

    features: tuple[torch.Tensor, ...]
    cells: torch.Tensor


def features_of(knew: list[torch.Tensor], seen: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Lay out what both networks know at three sizes."""
    last, up0, *fine, up2, bottom = knew
    larger = [pool(layer, size) for layer, size in ((last, 4), (up0, 2)) for pool in (F.avg_pool2d, F.max_pool2d)]
    return torch.cat([*larger, *fine, seen[0]], 1), torch.cat([up2, seen[1]], 1), torch.cat([bottom, seen[2]], 1)


def cells_of(alpha: torch.Tensor, likely: torch.Tensor, evidence: torch.Tensor) -> torch.Tensor:
    """N × 1 × 1024 × 1024 mattes and words of the fusion, and N × 10 × 1024 × 1024 evidence, to cells."""
    prior, joined = evidence[:, PRIOR : PRIOR + 1], evidence[:, JOINED : JOINED + 1]
    in_photo, in_matte = _gradient(evidence[:, :PRIOR].mean(1, keepdim=True)), _gradient(alpha)
    apart = [(alpha - word).abs() for word in (prior, joined, likely)]
    unsure = [4 * likely * (1 - likely), 4 * alpha * (1 - alpha)]
    edges = [in_photo, in_matte, in_photo * in_matte, in_photo * (1 - in_matte)]
    layers = torch.cat([alpha, *apart, *unsure, *edges, evidence[:, : CHANNELS - 1]], 1)
    distance = evidence[:, 6:7]
    highest = F.max_pool2d(torch.cat([layers[:, :9], distance], 1), CELL)
    lowest = -F.max_pool2d(-torch.cat([alpha, distance], 1), CELL)
    is_watch = evidence[:, CHANNELS - 1 :, ::CELL, ::CELL]
    return torch.cat([F.avg_pool2d(layers, CELL), highest, lowest, is_watch], 1)


def _gradient(layer: torch.Tensor) -> torch.Tensor:
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    kernels = torch.stack([kernel, kernel.T])[:, None]
    return F.conv2d(F.pad(layer, (1, 1, 1, 1), "replicate"), kernels).square().sum(1, keepdim=True).add(1e-12).sqrt()


def _convolved(width: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(width, width, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, dilation: int = 1) -> None:
        super().__init__()
        self.a = _convolved(WIDTH, dilation=dilation)
        self.b = _convolved(WIDTH, dilation=dilation)[:2]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.b(self.a(x)))


class ErrorNet(nn.Module):
    """Main components of the features, and cells, to N × 4 × 128 × 128 logits of an error of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.of_features = nn.ModuleList([nn.Conv2d(COMPONENTS, WIDTH, 1, bias=False) for _ in SIDES])
        self.of_cells = nn.Conv2d(OF_CELLS, WIDTH, 3, padding=1, bias=False)
        self.forgotten, self.norm = nn.Dropout2d(FORGOTTEN), nn.BatchNorm2d(WIDTH)
        self.first, self.down, self.last = Residual(), _convolved(WIDTH, stride=2), Residual()
        self.around = nn.Sequential(Residual(), Residual(dilation=2))
        self.head = nn.Conv2d(WIDTH, len(ERRORS), 1)
        nn.init.constant_(self.head.bias, -4)  # most cells are right
        self.weights = nn.Parameter(torch.zeros(len(ERRORS), POOLED), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(len(ERRORS)), requires_grad=False)

    def forward(self, seen: Seen) -> torch.Tensor:
        pairs = zip(self.of_features, seen.features, strict=True)
        x = sum(_enlarged(layer(self.forgotten(feature)), 1 << step) for step, (layer, feature) in enumerate(pairs))
        x = self.first(F.relu(self.norm(x + self.of_cells(seen.cells))))
        return self.head(self.last(x + _enlarged(self.around(self.down(x)), 2)))

    def of_photo(self, pooled: torch.Tensor) -> torch.Tensor:
        """N × 4 logits that a shop would send the matte back, of what `pooled` makes of its errors."""
        return (pooled * self.weights).sum(2) + self.bias


def pooled(errors: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """N × 4 × 128 × 128 errors, 0–1, beside the matte's size, as N × 4 × 4 logarithms.

    Their sum by its area and by its outline's length; that of their squares, which the sure ones rule; the worst.
    """
    area = alpha.sum((1, 2))[:, None].clamp(min=LEAST_AREA)
    length = (alpha * (1 - alpha)).sum((1, 2))[:, None].clamp(min=LEAST_AREA)
    summed, squared = errors.sum((2, 3)), errors.square().sum((2, 3))
    worst = errors.flatten(2).topk(WORST, 2).values.sum(2)
    return torch.log(torch.stack([summed / area, summed / length, squared / area, worst / area.sqrt()], 2) + LEAST)


def _enlarged(x: torch.Tensor, factor: int) -> torch.Tensor:
    return x if factor == 1 else F.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)
