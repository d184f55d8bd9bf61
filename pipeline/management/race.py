"""The race that `make bench` runs: our whole path against rembg as it comes, on one thread each.

Each contender runs in a process of its own and imports only what it needs, so that their memory can be told apart.
"""

import contextlib
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.engines.protocols import Matter
from pipeline.imaging.types import RGB, Examined
from pipeline.listing_spec import listing_spec

CPU_LIMIT = "ONEDNN_MAX_CPU_ISA"
NOISE = 2.0
"""Of luminance, in grey levels: a camera at a low ISO."""
JPEG_QUALITY = 92

NEVER = 2.0
"""A threshold that no confidence reaches."""
CONFIDENT = 0.8
"""The share of confident photos in the mix that photos an hour are told for."""

Stages = dict[str, float]
"""Seconds by stage."""

Contender = Callable[[bytes, Stages], list[bytes]]
"""Makes finished files of a photo, and may say how long each stage took."""


@dataclass(frozen=True)
class Run:
    """One photo through one contender: seconds by the clock and of the CPU, and the most memory held."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    files: int
    stages: Mapping[str, float]


Pair = tuple[Run, Run]


def enlarged(photo: bytes, megapixels: float) -> bytes:
    """The photo scaled up and given sensor noise, the same each time, as JPEG."""
    with Image.open(BytesIO(photo)) as picture:
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = int(picture.width * scale), int(picture.height * scale)  # never more: the largest that intake takes
        pixels = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal((*pixels.shape[:2], 1), np.float32)
    noisy = (pixels + np.float32(NOISE) * noise).clip(0, 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def makes_eight_files(photo: bytes) -> bool:
    """Whether the first matte has a bridge; a front view may stand in for an angled one."""
    from pipeline import work_files

    return _examined(work_files.decode_photo(photo)).best.crop is not None


def _examined(rgb: RGB, confident_from: float = 0.0) -> Examined:
    """As a confident frame, or as a doubtful one: how sure today's policy is of this photo doesn't matter."""
    from pipeline.cutout.examine import examine
    from pipeline.policies.shipped import shipped_policy

    thresholds = {"eyewear": {"angle": confident_from}}
    policy = {**shipped_policy(), "thresholds": thresholds, "vetoes": [], "sure_from": confident_from}
    return examine(rgb, matter(), "eyewear", "angle", policy)


def whole_path(photo: bytes, stages: Stages) -> list[bytes]:
    """What processing and publishing make of a confident frame, without the buckets."""
    from pipeline import work_files
    from pipeline.cutout.relight import locally
    from pipeline.imaging.matte import refine
    from pipeline.imaging.pictures import check, renditions

    files: dict[tuple[str, str], bytes] = {}
    spec = listing_spec()
    with _stage(stages, "decode"):
        original = work_files.decode_photo(photo)
    with _stage(stages, "enhance"):
        rgb = locally(original).rgb
    examined = _examined(rgb)
    stages.update(examined.seconds)
    best = examined.best
    with _stage(stages, "foreground"):
        colour = refine.estimate_foreground(rgb, best.alpha)
    with _stage(stages, "compose"):
        pictures = renditions.compose_all(colour, best.alpha, best.crop, spec)
    for variant, extensions in spec.formats.items():
        for extension in extensions:
            with _stage(stages, f"encode {extension}"):
                files[variant, extension] = renditions.encode(pictures[variant].pixels, extension, spec)
    with _stage(stages, "check"):
        check.faults_of(files, pictures, spec)
    return list(files.values())


def reviewers_pictures(photo: bytes, stages: Stages) -> list[bytes]:
    """What the worker stores beside, for people to look at."""
    from pipeline import work_files
    from pipeline.imaging.pictures import previews
    from pipeline.imaging.pictures.alpha_png import encode_alpha

    rgb = work_files.decode_photo(photo)
    alpha = _examined(rgb).best.alpha
    sides = work_files.PREVIEW_SIDE, work_files.THUMB_SIDE
    with _stage(stages, "previews, alpha.png"):
        photos = [previews.preview(rgb, side) for side in sides]
        cutouts = [previews.cutout_preview(rgb, alpha, side) for side in sides]
        return [*photos, *cutouts, encode_alpha(alpha)]


def doubtful_frame(photo: bytes, stages: Stages) -> list[bytes]:
    """What processing makes of a frame that no rung rescues, without the buckets and the pictures of it."""
    from pipeline import work_files
    from pipeline.cutout.relight import locally

    with _stage(stages, "decode, enhance"):
        rgb = locally(work_files.decode_photo(photo)).rgb
    examined = _examined(rgb, confident_from=NEVER)
    stages.update(examined.seconds)
    return [other.alpha_png for other in examined.others]


def bare_rembg(photo: bytes, stages: Stages, *, model_file: Path) -> list[bytes]:
    """rembg as it comes, but for the model: its remove(), which gives a PNG."""
    from rembg import remove

    return [remove(photo, session=_rembg_session(model_file))]


@cache
def _rembg_session(model_file: Path) -> object:
    os.environ["U2NET_HOME"] = str(model_file.parent)  # rembg refuses a model file outside its home
    from rembg import new_session

    return new_session("dis_custom", model_path=str(model_file))


def matter() -> Matter:
    """The product's own; with a limited instruction set, as it would be on such a CPU."""
    from pipeline.cutout import matte_models

    limit = os.environ.get(CPU_LIMIT, "")
    if not limit or limit.endswith("BF16"):
        return matte_models.matter()
    # OpenVINO asks the CPU, not the limit, whether it has bf16, and would emulate it. onnxruntime heeds no limit, so a
    # trial of both would be unfair.
    return _without_bf16()


@cache
def _without_bf16() -> Matter:
    from django.conf import settings

    from pipeline.engines import rembg_matter, weights

    for name, architecture in rembg_matter.ARCHITECTURES.items():
        rembg_matter.ARCHITECTURES[name] = replace(architecture, openvino_precision="f32")
    model_file = weights.locate(settings.MATTE_MODEL, settings.WEIGHTS_DIR)
    return rembg_matter.RembgMatter(name=settings.MATTE_MODEL, model_file=model_file, threads=1, runtime="openvino")


def runtime() -> str:
    """Which runtime our mattes come from."""
    return str(getattr(matter(), "runtime", "unknown"))


def measure(contender: Contender, photo: bytes) -> Run:
    """Run a contender on a photo, and watch the clock and the memory of this process."""
    stages: Stages = {}
    _forget_peak()
    start, cpu_start = time.perf_counter(), time.process_time()
    files = contender(photo, stages)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return Run(seconds, cpu_seconds, _peak_mb(), len(files), stages)


@contextlib.contextmanager
def _stage(stages: Stages, name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    stages[name] = stages.get(name, 0) + time.perf_counter() - start


def _forget_peak() -> None:
    with contextlib.suppress(OSError):  # then the peak is that since the process began
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


def race_table(races: Mapping[int, Sequence[Pair]]) -> str:
    """One column a photo size: the two contenders' medians, how they compare, and their memory."""
    files = next(iter(races.values()))[0][0].files
    rows = {
        f"A: the whole path, {files} files (s)": [_median(a.seconds for a, _ in pairs) for pairs in races.values()],
        "B: rembg remove(), 1 PNG (s)": [_median(b.seconds for _, b in pairs) for pairs in races.values()],
        "A / B, median of the pairs": [_median(a.seconds / b.seconds for a, b in pairs) for pairs in races.values()],
        "A / B, in CPU seconds": [_median(a.cpu_seconds / b.cpu_seconds for a, b in p) for p in races.values()],
        "A: most memory (GB)": [max(a.peak_mb for a, _ in pairs) / 1000 for pairs in races.values()],
        "B: most memory (GB)": [max(b.peak_mb for _, b in pairs) / 1000 for pairs in races.values()],
    }
    return table("", [f"{size} MP" for size in races], rows)


def stages_table(races: Mapping[int, Sequence[Pair]], beside: Mapping[int, Run]) -> str:
    """Where A's time goes: medians by stage, and what is made beside."""
    names = next(iter(races.values()))[0][0].stages
    rows = {name: [_median(a.stages[name] for a, _ in pairs) for pairs in races.values()] for name in names}
    for name in next(iter(beside.values())).stages:
        rows[f"(not counted: {name})"] = [run.stages[name] for run in beside.values()]
    return table("A by stage (s)", [f"{size} MP" for size in races], rows)


def doubt_table(confident: Mapping[int, Run], doubtful: Mapping[int, Run]) -> str:
    """What a doubtful frame costs against a confident one, what a core gets done of both, and how it grows."""
    pairs = [(confident[size], doubtful[size]) for size in confident]
    first = pairs[0][0].cpu_seconds
    rows = {
        "confident, to eight files (CPU s)": [sure.cpu_seconds for sure, _ in pairs],
        "doubtful, to the queue (CPU s)": [unsure.cpu_seconds for _, unsure in pairs],
        "doubtful / confident": [unsure.cpu_seconds / sure.cpu_seconds for sure, unsure in pairs],
        f"photos an hour a core, {CONFIDENT:.0%} confident": [3600 / _mixed(*pair) for pair in pairs],
        "confident, against the smallest": [sure.cpu_seconds / first for sure, _ in pairs],
        "confident: most memory (GB)": [sure.peak_mb / 1000 for sure, _ in pairs],
        "doubtful: most memory (GB)": [unsure.peak_mb / 1000 for _, unsure in pairs],
    }
    return table("A doubtful frame, and growth", [f"{size} MP" for size in confident], rows)


def _mixed(confident: Run, doubtful: Run) -> float:
    return CONFIDENT * confident.cpu_seconds + (1 - CONFIDENT) * doubtful.cpu_seconds


def table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[float]]) -> str:
    """Figures under their columns' heads, to be read in a terminal."""
    width = max(len(name) for name in (title, *rows))
    lines = [f"{title:{width}}" + "".join(f"{column:>10}" for column in columns)]
    lines += [f"{name:{width}}" + "".join(f"{value:10.3f}" for value in values) for name, values in rows.items()]
    return "\n".join(lines)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
