"""manage.py bench: our whole path raced against bare rembg."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline.engines import weights
from pipeline.management import race
from pipeline.management.race import Pair, Run

MEGAPIXELS = (4, 24)
LARGEST = 64
"""Megapixels that are not raced, only looked at: what a worker may be given."""
ROUNDS = 5
TELLING = ("amx_bf16", "avx512_bf16", "avx512_vnni", "avx512f", "avx2")
LIMITS = ("avx2", "avx512_core", "avx512_core_vnni", "avx512_core_bf16")


class Command(BaseCommand):
    help = "Race the whole path (from a photo to eight files) against bare rembg with one PNG, on this machine."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--isa", choices=LIMITS, help="pretend that the CPU has no more than this (oneDNN's names)")

    def handle(self, *args: Any, isa: str | None, **options: Any) -> None:
        try:
            model_file = weights.locate(settings.MATTE_MODEL, settings.WEIGHTS_DIR)
        except weights.WeightsError as error:
            raise CommandError(str(error)) from error
        os.environ["OMP_NUM_THREADS"] = "1"  # rembg takes its threads from here; a worker of ours has one
        os.environ.pop(race.CPU_LIMIT, None)
        if isa:
            os.environ[race.CPU_LIMIT] = isa.upper()
        with _own_process(_as_a_worker) as ours, _own_process() as theirs:
            self._race(ours, theirs, partial(race.bare_rembg, model_file=model_file), isa)

    def _race(
        self, ours: ProcessPoolExecutor, theirs: ProcessPoolExecutor, bare_rembg: race.Contender, isa: str | None
    ) -> None:
        sample, photos = self._find_photos(ours)
        self.stdout.write(_circumstances(sample, ours.submit(race.runtime).result(), isa))
        races, beside = {}, {}
        for size in MEGAPIXELS:
            photo = photos[size]
            self.stderr.write(f"{size} megapixels: {ROUNDS} rounds, after one to warm up …")
            a = _runner(ours, race.whole_path, photo)
            races[size] = _alternate(a, _runner(theirs, bare_rembg, photo))
            beside[size] = _runner(ours, race.reviewers_pictures, photo)()
        confident = {size: _runner(ours, race.whole_path, photo)() for size, photo in photos.items()}
        _runner(ours, race.doubtful_frame, photos[MEGAPIXELS[0]])()  # may load the second model
        doubtful = {size: _runner(ours, race.doubtful_frame, photo)() for size, photo in photos.items()}
        tables = (
            race.race_table(races),
            race.stages_table(races, beside),
            race.doubt_table(confident, doubtful),
        )
        self.stdout.write("\n" + "\n\n".join(tables))

    def _find_photos(self, ours: ProcessPoolExecutor) -> tuple[str, dict[int, bytes]]:
        """The first sample, angled ones before others, that has a bridge at all sizes."""
        samples = settings.BASE_DIR / "samples"
        for sample in [*sorted(samples.glob("*_2.jpg")), *sorted(samples.glob("*_1.jpg"))]:
            photos = {size: race.enlarged(sample.read_bytes(), size) for size in (*MEGAPIXELS, LARGEST)}
            if all(ours.submit(race.makes_eight_files, photo).result() for photo in photos.values()):
                return sample.name, photos
        raise CommandError(
            f"{samples}: no bridge is found in any of these, so there is nothing to make eight files of."
        )


def _as_a_worker() -> None:
    django.setup()
    from pipeline.engines.glibc import keep_freed_memory

    keep_freed_memory()


def _own_process(set_up: Callable[[], None] | None = None) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=set_up)


def _runner(process: ProcessPoolExecutor, contender: race.Contender, photo: bytes) -> Callable[[], Run]:
    return lambda: process.submit(race.measure, contender, photo).result()


def _alternate(a: Callable[[], Run], b: Callable[[], Run]) -> list[Pair]:
    return [(a(), b()) for _ in range(1 + ROUNDS)][1:]


def _circumstances(sample: str, runtime: str, isa: str | None) -> str:
    """What the figures hold for."""
    features = _cpu_features()
    target = 0.5 if "amx_bf16" in features and not isa else 1.0
    limit = "not limited" if isa is None else f"OpenVINO limited to {isa}; onnxruntime, which heeds no limit, is not"
    return (
        f"Photo: {sample}, taken for an angled view, scaled up, with sensor noise.\n"
        f"CPU: {', '.join(features) or 'none of ' + ', '.join(TELLING)}; {limit}.\n"
        f"A mattes on {runtime}, B on onnxruntime; same weights, one thread each, in turn, medians of {ROUNDS}.\n"
        f"Wanted: A / B at most {target:.2f}, and A within 1.50 GB."
    )


def _cpu_features() -> list[str]:
    cpuinfo = Path("/proc/cpuinfo").read_text()
    flags = set(next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "").split())
    return [name for name in TELLING if name in flags]
