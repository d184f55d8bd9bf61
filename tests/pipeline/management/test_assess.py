"""The dry run, with the real weights: no server, no row."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image

SAMPLES = Path(settings.BASE_DIR) / "samples"


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    folder, out = tmp_path_factory.mktemp("photos"), tmp_path_factory.mktemp("out")
    shutil.copy(SAMPLES / "AURA1002_1.jpg", folder)
    shutil.copy(SAMPLES / "AURA1003_2.jpg", folder)
    shutil.copy(SAMPLES / "AURA1003_2.jpg", folder / "any name will do.jpg")
    Image.new("RGB", (400, 300), "white").save(folder / "AURA1003_2.png")
    Image.new("L", (400, 300), "white").save(folder / "AURA1002_1.alpha.png")
    (folder / "broken_1.jpg").write_bytes(b"not a picture")
    (folder / "notes.txt").write_text("not a photo either")
    call_command("assess", str(folder), out=out)
    rows = [json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()]
    return out, {row["name"]: row for row in rows}


@pytest.mark.slow
def test_every_photo_has_its_row_and_nothing_else_has(assessed):
    _, rows = assessed
    assert rows.keys() == {"AURA1002_1", "AURA1003_2", "AURA1003_2.png", "any name will do", "broken_1"}


@pytest.mark.slow
def test_a_row_says_verdict_confidence_reasons_and_figures(assessed):
    _, rows = assessed
    for name in ("AURA1002_1", "AURA1003_2", "any name will do"):
        row = rows[name]
        assert 0 <= row["confidence"] <= 1
        assert row["verdict"] in ("publish", "review")
        assert bool(row["reasons"]) == (row["verdict"] == "review")
        assert row["metrics"] and row["seconds"] > 0


@pytest.mark.slow
def test_only_an_angled_frame_by_name_gets_a_bridge(assessed):
    _, rows = assessed
    assert 0 < rows["AURA1003_2"]["bridge_x"] < 1400 and rows["AURA1003_2"]["crop"] in ("sure", "unsure")
    assert rows["AURA1002_1"]["bridge_x"] is rows["any name will do"]["bridge_x"] is None


@pytest.mark.slow
def test_the_alpha_has_the_photos_full_size_and_holds_the_product(assessed):
    out, _ = assessed
    alpha = Image.open(out / "AURA1002_1.alpha.png")
    assert (alpha.mode, alpha.size) == ("L", Image.open(SAMPLES / "AURA1002_1.jpg").size)
    assert 0.03 < (np.asarray(alpha) > 127).mean() < 0.5


@pytest.mark.slow
def test_a_bad_file_is_a_row_with_its_reason(assessed):
    _, rows = assessed
    assert rows["broken_1"]["verdict"] == "review"
    assert "broken_1.jpg: " in rows["broken_1"]["reasons"][0]
    assert "rename one" in rows["AURA1003_2.png"]["reasons"][0]


@pytest.mark.slow
def test_the_contact_sheet_starts_with_the_least_confident(assessed):
    out, rows = assessed
    sheet = (out / "index.html").read_text()
    ranked = sorted(rows, key=lambda name: rows[name]["confidence"])
    places = [sheet.index(f"<b>{name}</b>") for name in ranked]
    assert places == sorted(places)
    assert "http" not in sheet


def test_a_folder_without_photos_is_told_so(tmp_path):
    with pytest.raises(CommandError, match="no photos here"):
        call_command("assess", str(tmp_path), out=tmp_path / "out")
