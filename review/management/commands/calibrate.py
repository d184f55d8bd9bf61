"""manage.py calibrate: what labels teach about the confidence."""

import csv
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from pipeline.imaging.types import Policy
from pipeline.imaging.verdict.calibrate import (
    Labelled,
    Lesson,
    auroc,
    learn,
    loosest_threshold,
    ranked,
    taught,
)
from pipeline.imaging.verdict.score import VETOES
from pipeline.policies.shipped import shipped_policy
from review.evidence.statistics import upper_bound
from review.policy.activation import new_version

Row = dict[str, Any]


class Command(BaseCommand):
    help = "Fit the confidence to labels; a calibration that beats the cold start on unseen products goes into shadow."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--labels", type=Path, required=True, help="CSV with the columns name and bad (0 or 1)")
        parser.add_argument("--report", type=Path, required=True, help="the folder that assess wrote to")
        parser.add_argument(
            "--out-of-fold",
            action="store_true",
            help="put each photo's confidence by a calibration that didn't see its product into the report, and stop",
        )

    def handle(self, *args: Any, labels: Path, report: Path, out_of_fold: bool, **options: Any) -> None:
        rows = _rows(report / "report.jsonl")
        is_bad = _labels(labels)
        known = [row for row in rows if row["metrics"] and row["name"] in is_bad]
        if not known:
            raise CommandError(f"{labels} labels none of the photos in {report}.")
        policy = ranked(shipped_policy(), [row["metrics"] for row in known])
        labelled = [Labelled(_product(row), row["metrics"], is_bad[row["name"]]) for row in known]
        try:
            lesson = learn(policy, labelled)
        except ValueError as error:
            raise CommandError(f"{labels}: {error}") from error
        threshold = self._summarise(policy, labelled, lesson)
        if out_of_fold:
            _write_out_of_fold(report, rows, known, lesson, threshold, policy)
        elif lesson.is_better:
            self._install(_document(policy, lesson, threshold, labels), report)

    def _summarise(self, policy: Policy, labelled: list[Labelled], lesson: Lesson) -> float:
        """Print the figures; returns the threshold that they suggest."""
        is_bad = np.array([row.is_bad for row in labelled])
        self.stdout.write(f"{len(labelled)} photos, {is_bad.sum()} bad, {len({r.product for r in labelled})} products")
        for name, value in sorted(_own_aurocs(policy, labelled).items(), key=lambda item: -item[1]):
            self.stdout.write(f"  {name:20s} AUROC {value:.3f}")
        self.stdout.write(f"cold start AUROC {lesson.cold_auroc:.3f}, learned, out of fold {lesson.auroc:.3f}")
        escape = policy["target"]["escape"]
        is_vetoed = np.array([_is_vetoed(policy, row.metrics) for row in labelled])
        threshold = loosest_threshold(lesson.out_of_fold[~is_vetoed], is_bad[~is_vetoed], escape)
        passes = ~is_vetoed & (lesson.out_of_fold >= threshold)
        flagged_good, good = int((~passes & ~is_bad).sum()), int((~is_bad).sum())
        self.stdout.write(f"threshold {threshold:.3f}, for at most {escape:.1%} escapes among these:")
        self._rate("published", int(passes.sum()), len(passes))
        self._rate("escapes", int((passes & is_bad).sum()), int(passes.sum()))
        self._rate("false flags", flagged_good, good)
        self._rate("review", int((~passes).sum()), len(passes))
        if not lesson.is_better:
            self.stdout.write("The labels taught nothing that holds for other products; nothing is installed.")
        return threshold

    def _rate(self, what: str, k: int, n: int) -> None:
        bound = upper_bound(k, n, 0.05)
        self.stdout.write(f"  {what:12s} {k} of {n} ({k / max(1, n):.1%}; at most {bound:.1%} at 95 %)")

    def _install(self, document: dict[str, Any], report: Path) -> None:
        path = report / "policy.json"
        try:
            policy = new_version("calibrated", document, in_shadow=True)
        except DatabaseError as error:
            raise CommandError(f"The database can't take the policy ({error}); run manage.py migrate.") from error
        path.write_text(json.dumps(policy.document, indent=1) + "\n")
        self.stdout.write(f"{policy} is in shadow: look at it on the policies page. Its document is in {path}.")


def _rows(path: Path) -> list[Row]:
    try:
        return [json.loads(line) for line in path.read_text().splitlines()]
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: no report of assess ({error}).") from error


def _labels(path: Path) -> dict[str, bool]:
    try:
        with path.open(newline="") as file:
            return {row["name"]: bool(int(row["bad"])) for row in csv.DictReader(file)}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CommandError(f"{path}: expected a CSV with the columns name and bad, 0 or 1 ({error!r}).") from error


def _product(row: Row) -> str:
    return str(row["name"]).rpartition("_")[0] or str(row["name"])


def _is_vetoed(policy: Policy, metrics: Mapping[str, float]) -> bool:
    return any(VETOES[code](metrics) for code in policy["vetoes"])


def _own_aurocs(policy: Policy, labelled: list[Labelled]) -> dict[str, float]:
    """How well each component's metric alone tells good from bad, where it was measured."""
    found = {}
    for name, part in policy["components"].items():
        measured = [row for row in labelled if part["metric"] in row.metrics]
        sign = -1 if part["better"] == "low" else 1
        values = np.array([sign * row.metrics[part["metric"]] for row in measured])
        found[name] = auroc(values, np.array([row.is_bad for row in measured], bool))
    return found


def _document(policy: Policy, lesson: Lesson, threshold: float, labels: Path) -> dict[str, Any]:
    fitted_on = f"{len(lesson.cold)} photos labelled in {labels.name}; not certified"
    return taught(policy, lesson, threshold) | {"fitted_on": fitted_on}


def _write_out_of_fold(
    report: Path, rows: list[Row], known: list[Row], lesson: Lesson, threshold: float, policy: Policy
) -> None:
    for row, confidence in zip(known, lesson.out_of_fold, strict=True):
        passes = confidence >= threshold and not _is_vetoed(policy, row["metrics"])
        row |= {"confidence": round(float(confidence), 6), "verdict": "publish" if passes else "review"}
    (report / "report.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
