"""Fit the gate's score to labelled photographs, and say how good it is on products that it never saw.

python -m tests.training.gate ROWS [--keep rows.jsonl] [--out policy.json]

ROWS is a folder that tests.training.field wrote, or the table that was kept of one.
"""

import argparse
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.imaging.types import ERRORS, Policy, Score
from pipeline.imaging.verdict.calibrate import Labelled, auroc, components_of, loosest_threshold, quantiles, ranked
from pipeline.imaging.verdict.logistic import Calibration, doubts, fit_logit, folds_of
from pipeline.imaging.verdict.score import SCORER_VERSION, is_parted, score
from pipeline.policies.shipped import shipped_policy
from review.evidence.statistics import upper_bound
from tests.training.truth import BRIDGE

Row = Mapping[str, Any]
FIELD = {"packshot": 0.5, "studio": 0.3, "auction": 0.2}
"""How often a catalogue's photos are of each style: what labels weigh."""
MATTE = ("missing", "thin", "extra", "lens", "halo")
SECOND_LOOK = ("second_look", "second_look_largest")


def rows_of(source: Path) -> list[Row]:
    if source.is_dir():
        return list(_rows_in(source))
    return [json.loads(line) for line in source.read_text().splitlines()]


def _rows_in(folder: Path) -> Iterator[Row]:
    """Each photograph's row; those of two products are left out, since they are held anyway."""
    for path in sorted(folder.glob("*.json")):
        row = json.loads(path.read_text())
        if row.pop("style") != "set":
            yield row | {"metrics": rounded(row["metrics"])}


def rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    """As they are kept in a table."""
    return {name: float(f"{value:.6g}") for name, value in metrics.items()}


def is_for_the_end(product: str) -> bool:
    """A third of the products is looked at once, when all is fitted. By a checksum: it never depends on the others."""
    return zlib.crc32(f"end {product}".encode()) % 3 == 0


def labelled(row: Row) -> Labelled:
    return Labelled(row["product"], row["metrics"], bool(row["defects"]), FIELD[row["ground"]])


class Judged(NamedTuple):
    """Of N photos: their confidence, from which they pass, whether a veto holds them, and whether they are bad."""

    confidence: NDArray[np.float64]
    threshold: NDArray[np.float64]
    is_vetoed: NDArray[np.bool_]
    is_bad: NDArray[np.bool_]

    def of(self, which: NDArray[np.bool_]) -> "Judged":
        return Judged(self.confidence[which], self.threshold[which], self.is_vetoed[which], self.is_bad[which])

    @property
    def ranked(self) -> NDArray[np.float64]:
        """The confidence, below all others where a veto holds the photo."""
        return np.where(self.is_vetoed, -1.0, self.confidence)


def judged(rows: Sequence[Row], policy: Policy) -> Judged:
    """As the product judges them: a second look is taken only where the first one left more doubt than `sure_from`."""
    scores = [_score(row["metrics"], policy) for row in rows]
    return Judged(
        confidence=np.array([found.confidence for found in scores]),
        threshold=np.array([policy["thresholds"][row["kind"]][row.get("view") or "unnamed"] for row in rows]),
        is_vetoed=np.array([bool(found.vetoes) for found in scores], bool),
        is_bad=np.array([bool(row["defects"]) for row in rows], bool),
    )


def _score(metrics: Mapping[str, float], policy: Policy) -> Score:
    at_first = {name: value for name, value in metrics.items() if name not in SECOND_LOOK}
    asked = {"crop_expected": is_parted(metrics)}
    first = score(at_first, policy, **asked)
    return first if first.confidence >= policy["sure_from"] else score(metrics, policy, **asked)


HEAD = f"{'':24s}{'photos':>7s}{'bad':>6s}{'AUROC':>7s}{'held of good':>14s}{'escapes':>18s}{'review':>8s}{'floor':>7s}"


def line(name: str, found: Judged) -> str:
    passes, bad = found.ranked >= found.threshold, found.is_bad
    k, n = int((passes & bad).sum()), int(passes.sum())
    floor = max(0.0, (bad.mean() - 0.005) / 0.995) if len(bad) else 0.0
    held = f"{int((~passes & ~bad).sum())} of {int((~bad).sum())}"
    escapes = f"{k} of {n} (≤ {upper_bound(k, n, 0.05):.1%})"
    shares = f"{1 - passes.mean():8.0%}{floor:7.0%}"
    return f"{name:24s}{len(bad):7d}{int(bad.sum()):6d}{auroc(found.ranked, bad):7.3f}{held:>14s}{escapes:>18s}{shares}"


def table(rows: Sequence[Row], policy: Policy) -> list[str]:
    found = judged(rows, policy)
    return [HEAD, *(line(name, found.of(which)) for name, which in parts_of(rows).items())]


def parts_of(rows: Sequence[Row]) -> dict[str, NDArray[np.bool_]]:
    """All, each class, and each of its styles."""
    kinds, grounds = (np.array([row[name] for row in rows]) for name in ("kind", "ground"))
    parts = {"all": kinds != ""}
    for kind in ("eyewear", "watch"):
        parts[kind] = kinds == kind
        parts |= {f"  {ground}, {kind}": (kinds == kind) & (grounds == ground) for ground in FIELD}
    return {name: which for name, which in parts.items() if which.any()}


def mattes(rows: Sequence[Row]) -> Iterator[str]:
    """How good the mattes are, and the bridges: nothing in either learnt from any of these photos."""
    yield f"{'':24s}{'photos':>7s}{'bad':>6s}{'error':>7s}" + "".join(f"{name:>9s}" for name in MATTE)
    for name, which in parts_of(rows).items():
        part = _those(rows, which)
        bad = np.mean([bool(set(MATTE) & set(row["defects"])) for row in part])
        counts = "".join(f"{sum(kind in row['defects'] for row in part):9d}" for kind in MATTE)
        yield f"{name:24s}{len(part):7d}{bad:6.0%}{np.mean([row['sad'] for row in part]):7.3f}{counts}"
    asked = [row for row in rows if row["bridge_asked"]]
    sure = [row["bridge_off"] for row in asked if row["bridge_sure"]]
    far = sum(off > BRIDGE for off in sure)
    if sure:
        off = f"median {np.median(sure):.2%} off, {far} by more than {BRIDGE:.0%}"
        yield f"bridges: {len(sure)} of {len(asked)} sure, {off}"


RIDGE = 1.0
"""Five columns need less of it than thirty components."""
HEEDED = 0.4
"""Of real watches it says too often that something was kept: it counts for less than renders teach."""
UNMEASURED = 0.55
"""Where nothing tells of likely errors, as many pass as by policy 7, which knew of none."""
NEW = tuple(f"likely-{kind}" for kind in ERRORS)
"""The components that these rows teach; what earlier labels taught of the others stays."""


def fitted(policy: Policy, rows: Sequence[Row]) -> Policy:
    """The policy with the new components' ranks and weights, the scale of all, and the thresholds that rows suggest."""
    base = _with_new(policy, rows)
    confidences = _out_of_fold(base, rows)
    is_bad = np.array([bool(row["defects"]) for row in rows])
    print(f"learnt from {len(rows)} photos: AUROC {auroc(confidences, is_bad):.3f} out of fold")
    products = len({row["product"] for row in rows})
    said = f"where a matte is likely wrong, by {len(rows)} others of {products} products"
    return {
        **base,
        "calibration": _added(base, rows).as_document(),
        "fitted_on": f"{policy['fitted_on'].split(';')[0]}; {said}; not certified",
        "thresholds": _thresholds(policy, rows, confidences),
        "reference": quantiles(confidences),
        "scorer_version": SCORER_VERSION,
    }


def _out_of_fold(policy: Policy, rows: Sequence[Row]) -> NDArray[np.float64]:
    """The confidence of each photo by a calibration that saw none of its product."""
    confidences, fold = np.zeros(len(rows)), folds_of([row["product"] for row in rows])
    for held in np.unique(fold):
        is_out = fold == held
        part = {**policy, "calibration": _added(policy, _those(rows, ~is_out)).as_document()}
        confidences[is_out] = judged(_those(rows, is_out), part).confidence
    return confidences


def _those(rows: Sequence[Row], which: NDArray[np.bool_]) -> list[Row]:
    return [row for row, is_in in zip(rows, which, strict=True) if is_in]


def _with_new(policy: Policy, rows: Sequence[Row]) -> dict[str, Any]:
    """Ranked among these rows, the new components alone."""
    ranks = ranked(policy, [row["metrics"] for row in rows])["components"]
    return {**policy, "components": policy["components"] | {name: ranks[name] for name in NEW}}


def _added(policy: Policy, rows: Sequence[Row]) -> Calibration:
    """The doubt that earlier weights sum up counts as one component beside the new ones."""
    names, labels = list(policy["components"]), [labelled(row) for row in rows]
    doubt = doubts(np.array([components_of(policy, label) for label in labels]))
    earlier = {name: weight for name, weight in policy["calibration"]["weights"].items() if name not in NEW}
    summed = doubt @ [earlier.get(name, 0.0) for name in names]
    columns = np.column_stack([summed, doubt[:, [names.index(name) for name in NEW]]])
    is_bad, weight = np.array([label.is_bad for label in labels]), np.array([label.weight for label in labels])
    _, slope, *weights = map(float, fit_logit(columns, is_bad, weight, RIDGE))
    added = [HEEDED * weight / slope for weight in weights]
    total = columns @ [1.0, *added]
    bias, slope = map(float, fit_logit(total[:, None], is_bad, weight))
    unmeasured = dict.fromkeys(NEW, UNMEASURED)
    return Calibration(earlier | dict(zip(NEW, added, strict=True)), bias / slope, slope, 0.0, unmeasured)


def _thresholds(policy: Policy, rows: Sequence[Row], confidences: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """For each class the loosest that keeps the policy's target on these rows."""
    found = judged(rows, policy)
    kinds = np.array([row["kind"] for row in rows])
    thresholds = {}
    for kind, views in policy["thresholds"].items():
        which = (kinds == kind) & ~found.is_vetoed
        loosest = loosest_threshold(confidences[which], found.is_bad[which], policy["target"]["escape"])
        thresholds[kind] = dict.fromkeys(views, round(loosest, 4))
    return thresholds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--keep", type=Path, help="a table of the rows, to fit again in seconds")
    parser.add_argument("--out", type=Path, help="the policy that was fitted")
    options = parser.parse_args()
    rows, shipped = rows_of(options.rows), shipped_policy()
    if options.keep:
        options.keep.write_text("".join(json.dumps(row) + "\n" for row in rows))
    document = fitted(shipped, [row for row in rows if not is_for_the_end(row["product"])])
    last = [row for row in rows if is_for_the_end(row["product"])]
    print("\n".join(mattes(rows)))
    for name, policy in (("shipped", shipped), ("fitted", document)):
        glasses, watches = (policy["thresholds"][kind]["front"] for kind in ("eyewear", "watch"))
        print(f"{name}, glasses pass from {glasses}, watches from {watches}, on {len(last)} photos of other products")
        print("\n".join(table(last, policy)))
    if options.out:
        options.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
