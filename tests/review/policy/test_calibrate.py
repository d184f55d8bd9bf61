"""manage.py calibrate, on a report whose truth is known."""

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from pipeline.models import GatePolicy
from pipeline.policies.shipped import shipped_policy


@pytest.fixture
def report(tmp_path):
    """120 photos of 40 products: a third is bad, which three of their metrics show and the others don't."""
    rng = np.random.default_rng(4)
    rows, labels = [], ["name,bad,defects"]
    for n in range(120):
        bad = n % 3 == 0
        metrics = {part["metric"]: float(rng.random()) for part in shipped_policy()["components"].values()}
        metrics |= {name: float(rng.normal(0.3 + 0.4 * bad, 0.1)) for name in ("haze", "softness", "band_width")}
        metrics |= {"coverage": 0.2, "border_touch": 0.0}
        row = {"name": f"P{n // 3}_{n % 3 + 1}", "confidence": 0.5, "verdict": "review", "metrics": metrics}
        rows.append(json.dumps(row))
        labels.append(f"{row['name']},{int(bad)},")
    (tmp_path / "report.jsonl").write_text("\n".join(rows))
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    return tmp_path


def calibrate(report, **options):
    out = StringIO()
    call_command("calibrate", labels=report / "labels.csv", report=report, stdout=out, **options)
    return out.getvalue()


def test_a_calibration_that_beats_the_cold_start_goes_into_shadow_and_into_a_file(report, db):
    said = calibrate(report)
    policy = GatePolicy.objects.get(in_shadow=True)
    assert policy.name == "calibrated" and not policy.is_active and str(policy) in said
    assert json.loads((report / "policy.json").read_text()) == policy.document
    weights = policy.document["calibration"]["weights"]
    assert min(weights.values()) > 0 and set(sorted(weights, key=weights.get)[-3:]) == {
        "haze",
        "soft-edge",
        "wide-band",
    }


def test_out_of_fold_confidences_tell_good_from_bad_and_nothing_is_installed(report):
    calibrate(report, out_of_fold=True)
    rows = [json.loads(line) for line in (report / "report.jsonl").read_text().splitlines()]
    good = [row["confidence"] for n, row in enumerate(rows) if n % 3]
    bad = [row["confidence"] for n, row in enumerate(rows) if n % 3 == 0]
    assert np.mean(good) > np.mean(bad) + 0.4
    assert all(0 <= row["confidence"] <= 1 for row in rows)
    assert not (report / "policy.json").exists()


def test_labels_that_mean_nothing_install_nothing(report, db):
    rng = np.random.default_rng(0)
    names = [line.split(",")[0] for line in (report / "labels.csv").read_text().splitlines()[1:]]
    noise = [f"{name},{int(rng.random() < 0.5)}," for name in names]
    (report / "labels.csv").write_text("\n".join(["name,bad,defects", *noise]))
    assert "nothing is installed" in calibrate(report)
    assert not GatePolicy.objects.filter(in_shadow=True).exists() and not (report / "policy.json").exists()


def test_labels_of_other_photos_are_refused_in_words(report):
    (report / "labels.csv").write_text("name,bad\nX_1,0\n")
    with pytest.raises(CommandError, match="labels none of the photos"):
        calibrate(report)


def test_labels_that_are_all_alike_are_refused_in_words(report):
    text = (report / "labels.csv").read_text().replace(",1,", ",0,")
    (report / "labels.csv").write_text(text)
    with pytest.raises(CommandError, match="all alike"):
        calibrate(report)
