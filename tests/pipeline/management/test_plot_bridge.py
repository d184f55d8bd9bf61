import json

import pytest
from django.core.management import CommandError, call_command


def write(folder, frames):
    """Of (columns by estimate, true error as a share of the width, crop) each; every product is 200 pixels wide."""
    report, rows = [], []
    for index, (columns, off, crop) in enumerate(frames):
        estimates = dict(zip(("gap", "valley", "notch"), columns, strict=False))
        name = f"A{index}_2"
        report.append({"name": name, "estimates": estimates, "crop": crop})
        rows.append({"name": name, "width": 200, "bridge_error": off})
    (folder / "report.jsonl").write_text("".join(json.dumps(row) + "\n" for row in report))
    (folder / "truth.json").write_text(json.dumps({"rows": rows}))


def test_every_frame_with_two_estimates_is_drawn_and_the_correlation_told(tmp_path, capsys):
    sure = [([50, 50.1], 0.001, "sure"), ([50, 51], 0.004, "sure")]
    write(tmp_path, [*sure, ([50, 52, 60], 0.2, "unsure"), ([50], 0.1, "sure"), ([], None, None)])
    call_command("plot_bridge", tmp_path, tmp_path / "truth.json")
    said, drawing = capsys.readouterr().out, (tmp_path / "bridge.svg").read_text()
    assert "3 frames; rank correlation of disagreement and error 1.00" in said
    assert drawing.count("<circle") == 3 and drawing.count('fill="none" fill-opacity') == 1
    assert "A2_2: apart 5.00 %, off 20.00 %" in drawing


def test_a_report_without_any_bridge_is_said_to_have_none(tmp_path):
    write(tmp_path, [([], None, None)])
    with pytest.raises(CommandError, match="asked for and found"):
        call_command("plot_bridge", tmp_path, tmp_path / "truth.json")


def test_a_missing_report_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"report\.jsonl"):
        call_command("plot_bridge", tmp_path, tmp_path / "truth.json")


@pytest.mark.parametrize(
    "truth", ["[]", "null", '{"rows": [1]}', '{"rows": [{"name": "A0_2", "width": 0, "bridge_error": 1}]}']
)
def test_a_truth_of_another_form_is_told_what_was_expected(truth, tmp_path):
    write(tmp_path, [([50, 51], 0.004, "sure")])
    (tmp_path / "truth.json").write_text(truth)
    with pytest.raises(CommandError, match="not as expected"):
        call_command("plot_bridge", tmp_path, tmp_path / "truth.json")
