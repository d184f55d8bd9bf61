"""The whole product as `make run` starts it: its supervisor killed, its disk full."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.plant import SHADES, photo
from tests.faults.product import Product, is_alive
from tests.faults.table import Record
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
DISK_MB, LEFT_MB = 1500, 400


def on_trial(folder: Path) -> Product:
    """With short waits and stand-ins; started for the second time, so that it takes no samples in."""
    faults = folder / "faults"
    faults.mkdir()
    told = {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "FAULTS": str(faults), "TEST_DATABASE": ""}
    product = Product(folder, **told, MIN_FREE_MB=str(LEFT_MB))
    product.skip_the_samples()
    return product


@pytest.fixture
def small_disk(tmp_path: Path, database_server: None) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "tests", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted: that takes root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def send(product: Product, folder: Path, shades: tuple[int, ...] = SHADES) -> None:
    """By the command, which returns when all are stored."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"AURA{shade}_1.png" for shade in shades]
    for path, shade in zip(paths, shades, strict=True):
        path.write_bytes(photo(shade))
    product.manage("ingest", *map(str, paths), "--batch", "Trial", "--class", "watch")


def published(product: Product) -> int:
    [(count,)] = product.rows("SELECT count(*) FROM pipeline_frame WHERE state='published'")
    return int(count)


def conclude(product: Product, fault: Record, since: float, sent: int) -> None:
    wait_for(lambda: published(product) == sent, 120)
    fault.recovered(time.monotonic() - since)
    twice = "SELECT count(*) FROM pipeline_transition WHERE target='published' GROUP BY frame_id HAVING count(*) > 1"
    assert product.rows(twice) == []
    assert ": no disagreements" in product.manage("verify")


def test_a_supervisor_is_killed_in_the_middle_of_a_photo_and_started_again(tmp_path, database_server, fault):
    fault.is_("supervisor of make run killed (-9), started again")
    product = on_trial(tmp_path)
    try:
        product.start_and_wait()
        children = product.descendants()
        (tmp_path / "faults" / "matte").write_text("SIGSTOP")
        send(product, tmp_path / "photos")
        wait_for((tmp_path / "faults" / "matte-by").exists, 60)
        assert product.process
        product.process.kill()
        product.process.wait()
        os.kill(int((tmp_path / "faults" / "matte-by").read_text()), signal.SIGCONT)
        wait_for(lambda: not any(is_alive(pid) for pid in children), 60)
        since = time.monotonic()
        product.start_and_wait()
        conclude(product, fault, since, len(SHADES))
    finally:
        product.close()


def test_a_disk_is_full_for_a_while(small_disk, tmp_path, fault):
    """All that the product keeps is on it; photos wait meanwhile, and those that come are refused in words."""
    fault.is_("disk full, and everything on it")
    product = on_trial(small_disk)
    product.output = tmp_path / "terminal.txt"  # what is logged has no room
    filler = small_disk / "filler"
    try:
        product.start_and_wait()
        (small_disk / "faults" / "render").write_text("SIGSTOP")
        send(product, tmp_path / "photos")
        wait_for((small_disk / "faults" / "render-by").exists, 60)
        fill(filler)
        os.kill(int((small_disk / "faults" / "render-by").read_text()), signal.SIGCONT)
        with pytest.raises(AssertionError, match="disk is full"):
            send(product, tmp_path / "more", (120,))
        wait_for(lambda: "begins no photo until" in product.terminal(), 60)
        filler.unlink()
        since = time.monotonic()
        send(product, tmp_path / "more", (120,))
        conclude(product, fault, since, len(SHADES) + 1)
    finally:
        product.close()


def fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(1_000_000))
            except OSError:
                return
