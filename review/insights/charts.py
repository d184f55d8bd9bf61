"""What Chart.js is told, which Unfold ships and draws every `canvas.chart` with. It needs neither eval nor inline code.

The colours serve on light and dark ground: Unfold reads them once, and the theme may be switched after that.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

BLUE, GREEN, ORANGE, GREY = "#5b7cfa", "#2f9e57", "#e08a1e", "#8a94a6"
LINE_COLOURS = (ORANGE, GREEN)
Values = Sequence[float | None]
SWATCH = {"color": GREY, "boxHeight": 8, "usePointStyle": True, "pointStyleWidth": 20}


def shares(labels: Sequence[str], name: str, values: Values, lines: Mapping[str, float]) -> dict[str, str]:
    """Bars in per cent, and level lines across."""
    data = [_bar(name, [None if value is None else round(100 * value, 2) for value in values], BLUE)]
    for (words, level), colour in zip(lines.items(), LINE_COLOURS, strict=False):
        data.append(_line(words, [round(100 * level, 2)] * len(labels), colour, dashed=True))
    return _chart(labels, data, "per cent")


def bars(labels: Sequence[str], name: str, values: Values) -> dict[str, str]:
    return _chart(labels, [_bar(name, values, BLUE)], name.lower())


def lying(labels: Sequence[Sequence[str]], series: Mapping[str, Values], unit: str) -> dict[str, str]:
    """Bars that lie, the first on top; a label is lines of words."""
    data = [_bar(name, values, colour) for (name, values), colour in zip(series.items(), (BLUE, ORANGE), strict=False)]
    return _chart(labels, data, unit, axis="y")


def two_lines(labels: Sequence[str], left: tuple[str, Values], right: tuple[str, Values]) -> dict[str, str]:
    """Bars by the left scale, a line by the right."""
    data = [_bar(*left, BLUE), _line(*right, ORANGE) | {"yAxisID": "right"}]
    return _chart(labels, data, left[0].lower(), right=right[0].lower())


def _bar(name: str, values: Values, colour: str) -> dict[str, Any]:
    bar = {"type": "bar", "label": name, "data": list(values), "backgroundColor": colour}
    return bar | {"maxBarThickness": 28, "pointStyle": "rect"}


def _line(name: str, values: Values, colour: str, *, dashed: bool = False) -> dict[str, Any]:
    line = {"type": "line", "label": name, "data": list(values), "borderColor": colour, "backgroundColor": colour}
    return line | {"borderWidth": 2, "pointRadius": 0, "pointStyle": "line", "borderDash": [6, 4] if dashed else []}


def _chart(
    labels: Sequence[Any], data: list[dict[str, Any]], unit: str, *, axis: str = "x", right: str = ""
) -> dict[str, str]:
    along, up = ("y", "x") if axis == "y" else ("x", "y")
    scales: dict[str, Any] = {
        along: {"grid": {"display": False}, "ticks": {"color": GREY, "maxRotation": 0, "autoSkip": axis == "x"}},
        up: {"beginAtZero": True, "ticks": {"color": GREY}, "title": _title(unit)},
    }
    if right:
        scales["right"] = scales[up] | {"position": "right", "grid": {"display": False}, "title": _title(right)}
    options = {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "indexAxis": axis,
        "interaction": {"mode": "index", "intersect": False, "axis": along},
        "plugins": {"legend": {"display": len(data) > 1, "align": "end", "labels": SWATCH}},
        "scales": scales,
    }
    tall = "tall" if axis == "y" else ""
    return {
        "data": json.dumps({"labels": list(labels), "datasets": data}),
        "options": json.dumps(options),
        "size": tall,
    }


def _title(words: str) -> dict[str, Any]:
    return {"display": True, "text": words, "color": GREY}
