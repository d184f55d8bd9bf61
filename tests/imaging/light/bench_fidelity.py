"""What the fidelity gate says of honest and of tampered answers, with the network's mattes of photo and answer.

    python -m tests.imaging.light.bench_fidelity [FOLDER] [--seeds 1 2] [--json FILE]

In a folder without meta.jsonl the network's matte stands for the truth. The gate's limits were chosen on seed 21 of
the development set.
"""

import argparse
import json
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.cutout import matte_models
from pipeline.imaging.types import ProductClass

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
DEV = Path(__file__).resolve().parents[4] / "shared" / "bench" / "dev"


@dataclass(frozen=True)
class Row:
    """One answer, how it was made, and what the gate measured."""

    name: str
    kind: str
    light: str
    is_honest: bool
    measured: Any

    @property
    def codes(self) -> tuple[str, ...]:
        from pipeline.imaging.light.fidelity import changes

        return changes(self.measured)


def set_up() -> None:
    import django

    django.setup()


def photos_in(folder: Path) -> list[tuple[Path, ProductClass]]:
    """Photos and their product classes."""
    meta = folder / "meta.jsonl"
    if meta.exists():
        rows = map(json.loads, meta.read_text().splitlines())
        return [(folder / f"{row['name']}.jpg", row["kind"]) for row in rows]
    return [(path, "eyewear") for path in sorted(folder.glob("*.jpg"))]


def rows_of(photo: tuple[Path, ProductClass], seeds: list[int]) -> list[Row]:
    """What is measured of every light and every tampering of a photo."""
    path, kind = photo
    rgb = np.asarray(Image.open(path).convert("RGB"))
    truth = path.with_suffix(".alpha.png")
    alpha = np.asarray(Image.open(truth).convert("L"), np.float32) / 255 if truth.exists() else _matte(rgb, kind)
    mattes: dict[bytes, Any] = {}
    cases = (case for seed in seeds for case in _cases(rgb, alpha, 1000 * seed + zlib.crc32(path.stem.encode()) % 1000))
    return [Row(path.stem, name, case.light, honest, _measured(case, kind, mattes)) for name, honest, case in cases]


def _cases(rgb: np.ndarray, alpha: np.ndarray, seed: int) -> Iterator[tuple[str, bool, Any]]:
    from tests.imaging.light import answers

    for light in answers.LIGHTS:
        yield light, True, answers.honest(light, rgb, alpha, seed)
    for tampering in answers.TAMPERINGS:
        yield tampering, False, answers.tampered(tampering, rgb, alpha, seed)


def _measured(case: Any, kind: ProductClass, mattes: dict[bytes, Any]) -> Any:
    """As `enhancing.after_gemini` has it."""
    from pipeline.cutout.relight import COMPARED_SIDE
    from pipeline.imaging.light import fidelity
    from pipeline.imaging.light.registration import box_of, cut
    from pipeline.imaging.scale import shrink

    photo = shrink(case.photo, COMPARED_SIDE)
    registered = cut(case.answer, box_of(photo, case.answer), photo.shape)
    alpha = mattes.get(photo.tobytes())
    if alpha is None:
        alpha = mattes[photo.tobytes()] = _matte(photo, kind)
    return fidelity.compare(photo, registered, alpha, _matte(registered, kind))


def _matte(rgb: np.ndarray, kind: ProductClass) -> np.ndarray:
    from pipeline.cutout.matte import matte_once, scene_of
    from pipeline.listing_spec import listing_spec

    return matte_once(scene_of(rgb, kind, listing_spec().lens), matte_models.matter()).alpha


def report(rows: list[Row]) -> None:
    for is_honest, word in ((True, "refused"), (False, "caught")):
        group = [row for row in rows if row.is_honest == is_honest]
        by_kind: dict[str, list[Row]] = defaultdict(list)
        for row in group:
            by_kind[row.kind].append(row)
        for kind, those in [*by_kind.items(), ("together", group)]:
            _print_share(kind, those, word)
        print()


def _print_share(kind: str, rows: list[Row], word: str) -> None:
    says = Counter(code for row in rows for code in row.codes)
    share = sum(bool(row.codes) for row in rows) / max(1, len(rows))
    print(f"  {kind:18} {word} {100 * share:5.1f} % of {len(rows):4d}   {dict(says) or ''}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.imaging.light.bench_fidelity")
    parser.add_argument("folder", nargs="?", type=Path, default=DEV)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--json", type=Path, help="write what was measured of each answer")
    options = parser.parse_args()
    from tqdm import tqdm

    set_up()
    photos = photos_in(options.folder)
    with ProcessPoolExecutor(os.cpu_count(), initializer=set_up) as workers:
        found = workers.map(partial(rows_of, seeds=options.seeds), photos)
        rows = [row for each in tqdm(found, total=len(photos), unit="photo") for row in each]
    for row in rows:
        if bool(row.codes) == row.is_honest:
            print(f"{row.name}: {row.kind} in {row.light}: {', '.join(row.codes) or 'not caught'}")
    report(rows)
    if options.json:
        options.json.write_text(
            "".join(json.dumps(vars(row) | {"measured": asdict(row.measured)}) + "\n" for row in rows)
        )


if __name__ == "__main__":
    main()
