"""The network that joins the evidence: a small U-Net (O. Ronneberger et al., MICCAI 2015) that adds its skips."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from pipeline.engines.fusion_net import SEEN
from pipeline.imaging.matte.evidence import CHANNELS, JOINED

WIDTHS = (16, 32, 48, 64, 96)
# What it tells of what it knew (channels, side), fine to coarse; of the two 128 px layers the second is the encoder's.
KNEW = ((16, 512), (32, 256), (48, 128), (48, 128), (64, 64), (96, 32))
# The usual size of what ISNet saw.
USUAL = 0.4
# While it learns, a share of what ISNet saw is forgotten: few products would be known by heart by it.
FORGOTTEN = 0.25
# No word of the rules is surer than this.
UNSURE = 0.01


def _convolved(inward: int, outward: int, stride: int = 1) -> nn.Sequential:
    layers = nn.Conv2d(inward, outward, 3, stride, 1, bias=False), nn.BatchNorm2d(outward), nn.ReLU(inplace=True)
    return nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = _convolved(width, width)
        self.b = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.b(self.a(x)))


class FusionNet(nn.Module):
    """N × 10 × 1024 × 1024 evidence, and what ISNet saw, to N × 1 × 1024 × 1024 logits.

    It starts from the matte that rules have joined, and learns where to leave it. Pieces will do for training, their
    sides multiples of 64.
    """

    def __init__(self) -> None:
        super().__init__()
        steps = list(pairwise(WIDTHS))
        self.stem = nn.Sequential(_convolved(4 * CHANNELS, WIDTHS[0]), _convolved(WIDTHS[0], WIDTHS[0]))
        self.down = nn.ModuleList([nn.Sequential(_convolved(a, b, 2), Residual(b)) for a, b in steps])
        self.seen = nn.ModuleList(
            [
                nn.Sequential(nn.Dropout2d(FORGOTTEN), nn.Conv2d(a, b, 1, bias=False))
                for a, b in zip(SEEN, (*WIDTHS[1:], WIDTHS[-1]), strict=True)
            ]
        )
        self.bottom = Residual(WIDTHS[-1])
        self.lateral = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in steps])
        self.up = nn.ModuleList([Residual(a) for a in WIDTHS[1:-1]])
        self.last = _convolved(WIDTHS[0], WIDTHS[0])
        self.head = nn.Conv2d(WIDTHS[0], 4, 3, 1, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, evidence: torch.Tensor, *features: torch.Tensor) -> torch.Tensor:
        return self.told(evidence, *features)[0]

    def told(self, evidence: torch.Tensor, *features: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The logits, and what it knew by the way, fine to coarse: `error_network` tells from it where a matte errs."""
        skips = [self.stem(F.pixel_unshuffle(evidence, 2))]
        seen = [layer(feature / USUAL) for layer, feature in zip(self.seen, features, strict=True)]
        for down, more in zip(self.down, seen, strict=False):
            skips.append(down(skips[-1]) + more)
        of_encoder = skips[2]
        x = self.bottom(skips.pop() + _twice(seen[-1]))
        coarse_to_fine = [x]
        for lateral, up in zip(reversed(self.lateral), [*reversed(self.up), self.last], strict=True):
            x = up(_twice(lateral(x)) + skips.pop())
            coarse_to_fine.append(x)
        last, up0, up1, *coarse = reversed(coarse_to_fine)
        knew = [last, up0, up1, of_encoder, *coarse]
        joined = evidence[:, JOINED : JOINED + 1].clamp(UNSURE, 1 - UNSURE)
        return F.pixel_shuffle(self.head(x), 2) + torch.log(joined / (1 - joined)), knew


def _twice(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
