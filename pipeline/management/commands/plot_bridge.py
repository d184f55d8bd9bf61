"""Whether the estimates of the bridge, where they are apart, tell that it is wrong."""

import itertools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string
from scipy.stats import spearmanr

from pipeline.imaging.crop.halfglass import MOST_APART

ALLOWED = 3.0
"""Per cent of the width: a shop sends a crop back that is further off."""
SIDE, LEAST, MOST = 400, 0.01, 100.0
"""Of the plot, in its own units; its logarithmic axes, in per cent of the product's width."""
BOUNDS = (0.0, 0.25, 0.5, 1.0, 100 * MOST_APART, math.inf)


@dataclass(frozen=True)
class Point:
    """One angled frame: how far its estimates are apart at most and the bridge is off, in per cent of the width."""

    name: str
    apart: float
    error: float
    is_sure: bool

    @property
    def x(self) -> float:
        return place(self.apart)

    @property
    def y(self) -> float:
        return SIDE - place(self.error)


def place(percent: float) -> float:
    """Where a share stands on an axis.

    >>> place(0.001), place(1), place(100)
    (0.0, 200.0, 400.0)
    """
    share = math.log(min(max(percent, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
    return round(SIDE * share, 1)


EXPECTED = (
    '{"rows": [{"name": …, "width": …, "bridge_error": …}, …]}: the width of the product in pixels, '
    "and by what share of it the bridge is off"
)


class Command(BaseCommand):
    help = "Plot the bridge's error over the disagreement of its estimates, into OUT/bridge.svg."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out", type=Path, help="where `assess` wrote its report.jsonl")
        parser.add_argument("truth", type=Path, help=EXPECTED)

    def handle(self, *args: Any, out: Path, truth: Path, **options: Any) -> None:
        try:
            points = read_points((out / "report.jsonl").read_text(), truth.read_text())
        except OSError as error:
            raise CommandError(str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
            raise CommandError(f"{truth}: not as expected, {EXPECTED} ({type(error).__name__}: {error}).") from error
        if len(points) < 3:
            raise CommandError(
                f"{out}: in {len(points)} of these photos a bridge was asked for and found; 3 are needed."
            )
        ticks = [(place(percent), f"{percent:g} %") for percent in (0.01, 0.1, 1, 10, 100)]
        bounds = {"most_apart": 100 * MOST_APART, "apart": place(100 * MOST_APART), "allowed": ALLOWED}
        drawing = bounds | {"points": points, "side": SIDE, "ticks": ticks, "off": SIDE - place(ALLOWED)}
        (out / "bridge.svg").write_text(render_to_string("pipeline/bridge_plot.svg", drawing))
        self.stdout.write(summary(points) + f"\nDrawn in {out / 'bridge.svg'}")


def read_points(report: str, truth: str) -> list[Point]:
    """Of all frames with two estimates or more and a known bridge."""
    judged = {row["name"]: row for row in json.loads(truth)["rows"] if row.get("bridge_error") is not None}
    found = (row for row in map(json.loads, report.splitlines()) if len(row["estimates"]) > 1 and row["name"] in judged)
    return [_point(row, judged[row["name"]]) for row in found]


def _point(row: dict[str, Any], judged: dict[str, Any]) -> Point:
    columns = row["estimates"].values()
    apart = 100 * (max(columns) - min(columns)) / judged["width"]
    return Point(row["name"], apart, 100 * judged["bridge_error"], row["crop"] == "sure")


def summary(points: list[Point]) -> str:
    """Their rank correlation, and the errors by how far the estimates are apart."""
    rank = spearmanr([point.apart for point in points], [point.error for point in points]).statistic
    lines = [f"{len(points)} frames; rank correlation of disagreement and error {rank:.2f}"]
    lines.append("estimates apart (% of width)   frames   median error (%)   largest (%)")
    for low, high in itertools.pairwise(BOUNDS):
        errors = sorted(point.error for point in points if low <= point.apart < high)
        if errors:
            label = f"{low:g} to {high:g}"
            lines.append(f"{label:>28} {len(errors):8} {errors[len(errors) // 2]:18.2f} {errors[-1]:13.2f}")
    return "\n".join(lines)
