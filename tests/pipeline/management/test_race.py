"""The race's parts, on a tiny photo; the race itself is `make bench`."""

import io
import mmap

import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image

from pipeline import naming
from pipeline.cutout.examine import examine
from pipeline.imaging.matte import refine
from pipeline.imaging.pictures import renditions
from pipeline.imaging.types import Matte
from pipeline.listing_spec import listing_spec
from pipeline.management import race
from pipeline.management.commands import bench
from pipeline.management.race import Run
from pipeline.policies.shipped import shipped_policy
from tests.imaging.scenes import angled_glasses
from tests.pipeline.conftest import ColourKeyMatter

SCENE = angled_glasses()


@pytest.fixture
def photo(matter: ColourKeyMatter, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.delenv(race.CPU_LIMIT, raising=False)
    buffer = io.BytesIO()
    Image.fromarray(SCENE.rgb).save(buffer, "PNG")
    return buffer.getvalue()


def run(seconds: float, cpu_seconds: float = 1.0, **stages: float) -> Run:
    return Run(seconds, cpu_seconds, peak_mb=1234, files=8, stages=stages)


def test_the_raced_path_makes_the_very_files_that_publishing_puts(photo, matter):
    best = examine(SCENE.rgb, matter, "eyewear", "angle", shipped_policy()).best
    colour = refine.estimate_foreground(SCENE.rgb, best.alpha)
    pictures = renditions.compose_all(colour, best.alpha, best.crop, listing_spec())
    published = renditions.encode_all(pictures, listing_spec(), naming.VARIANT_FORMATS)
    assert len(published) == 8
    assert race.whole_path(photo, {}) == list(published.values())


def test_the_stages_add_up_to_the_whole(photo):
    raced = race.measure(race.whole_path, photo)
    assert raced.files == 8
    assert {"decode", "matte", "crop", "score", "foreground", "compose", "encode png"} <= raced.stages.keys()
    assert sum(raced.stages.values()) == pytest.approx(raced.seconds, rel=0.05)


def test_the_reviewers_pictures_are_timed_apart(photo):
    raced = race.measure(race.reviewers_pictures, photo)
    assert raced.files == 5 and list(raced.stages) == ["previews, alpha.png"]


def test_a_confident_angled_frame_is_told_from_an_empty_one(photo, matter, monkeypatch):
    assert race.makes_eight_files(photo)
    monkeypatch.setattr(matter, "matte", lambda rgb: Matte(np.zeros(rgb.shape[:2], np.float32), 0.0, 0.0))
    assert not race.makes_eight_files(photo)


def test_the_most_memory_is_that_of_this_run_alone():
    def hungry(photo, stages):
        with mmap.mmap(-1, 300_000_000) as fresh:  # an array may lie in what the process holds already
            for page in range(0, len(fresh), mmap.PAGESIZE):
                fresh[page] = 1
        return []

    modest = race.measure(lambda photo, stages: [], b"")
    assert race.measure(hungry, b"").peak_mb > modest.peak_mb + 250
    assert race.measure(lambda photo, stages: [], b"").peak_mb < modest.peak_mb + 100


def test_an_enlarged_photo_has_the_size_and_is_the_same_each_time(photo):
    large = race.enlarged(photo, 1)
    with Image.open(io.BytesIO(large)) as picture:
        assert picture.format == "JPEG" and picture.size == (1154, 866)
    assert race.enlarged(photo, 1) == large


def test_the_race_is_judged_pair_by_pair():
    # The machine was slow in the second round, for both.
    races = {4: [(run(1.0), run(2.0)), (run(10.0), run(20.0)), (run(1.0), run(4.0))]}
    rows = dict(line.rsplit(maxsplit=1) for line in race.race_table(races).splitlines()[1:])
    assert rows["A: the whole path, 8 files (s)"] == "1.000"
    assert rows["B: rembg remove(), 1 PNG (s)"] == "4.000"
    assert rows["A / B, median of the pairs"] == "0.500"
    assert rows["A: most memory (GB)"] == "1.234"


def test_each_stage_has_its_row_and_what_is_not_counted_says_so():
    races = {size: [(run(3.0, matte=1.0 * size, score=0.5), run(6.0))] for size in (4, 24)}
    lines = race.stages_table(races, {size: run(9.0, previews=0.25) for size in (4, 24)}).splitlines()
    assert [line.split() for line in lines] == [
        ["A", "by", "stage", "(s)", "4", "MP", "24", "MP"],
        ["matte", "4.000", "24.000"],
        ["score", "0.500", "0.500"],
        ["(not", "counted:", "previews)", "0.250", "0.250"],
    ]


def test_a_doubtful_frame_is_held_against_a_confident_one():
    rows = race.doubt_table({4: run(9, 5.0), 64: run(9, 20.0)}, {4: run(9, 10.0), 64: run(9, 30.0)}).splitlines()[1:]
    told = {name.strip(): figures.split() for name, figures in ((row[:-20], row[-20:]) for row in rows)}
    assert told["doubtful / confident"] == ["2.000", "1.500"]
    assert told["photos an hour a core, 80% confident"] == ["600.000", "163.636"]
    assert told["confident, against the smallest"] == ["1.000", "4.000"]


def test_a_doubtful_frame_is_taken_to_the_queue_with_all_that_was_tried(photo, matter):
    raced = race.measure(race.doubtful_frame, photo)
    assert raced.files == 1 and {"matte", "second look", "difference"} <= raced.stages.keys()


@pytest.mark.slow
def test_the_race_is_run(monkeypatch, capsys):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "MEGAPIXELS", (1,))
    monkeypatch.setattr(bench, "LARGEST", 2)
    call_command("bench")
    told = capsys.readouterr().out
    assert "A / B, median of the pairs" in told and "doubtful / confident" in told
