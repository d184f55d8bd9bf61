"""What the fidelity gate says of honest and of tampered answers made from labelled photos, with the network's mattes.

    python -m tests.imaging.bench_fidelity [FOLDER] [--seeds 1 2]

Limits were chosen on the products of the fitting part; the other part tells how they do on products they don't know.
"""

import argparse
import json
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "bench" / "dev"
FITTING = 0.67
"""Share of the products whose answers the limits were chosen on."""


@dataclass(frozen=True)
class Labelled:
    name: str
    kind: str
    photo: np.ndarray
    alpha: np.ndarray

    @property
    def is_fitting(self) -> bool:
        """By product, so that no view of it is on the other side."""
        return zlib.crc32(self.name.partition("_")[0].encode()) % 100 < 100 * FITTING


def labelled(folder: Path) -> Iterator[Labelled]:
    for line in (folder / "meta.jsonl").read_text().splitlines():
        meta = json.loads(line)
        name = meta["name"]
        photo = np.asarray(Image.open(folder / f"{name}.jpg").convert("RGB"))
        alpha = np.asarray(Image.open(folder / f"{name}.alpha.png").convert("L"), np.float32) / 255
        yield Labelled(name, meta["kind"], photo, alpha)


def answers_of(each: Labelled, seed: int) -> Iterator[tuple[str, bool, Any]]:
    """Each light and each tampering once: its name, whether it is honest, and the case."""
    from tests.imaging import answers

    for light in answers.LIGHTS:
        yield light, True, answers.honest(light, each.photo, each.alpha, seed)
    for tampering in answers.TAMPERINGS:
        yield tampering, False, answers.tampered(tampering, each.photo, each.alpha, seed)


def codes_of(case: Any, kind: str, mattes: dict[bytes, Any]) -> tuple[str, ...]:
    """What the gate would say, as `enhancing.after_gemini` asks it."""
    from pipeline.enhancing import COMPARED_SIDE
    from pipeline.imaging import fidelity
    from pipeline.imaging.registration import register
    from pipeline.imaging.scale import shrink

    photo = shrink(case.photo, COMPARED_SIDE)
    registered = register(photo, case.answer)
    alpha = mattes.get(photo.tobytes())
    if alpha is None:
        alpha = mattes[photo.tobytes()] = _matte(photo, kind)
    return fidelity.changes(fidelity.compare(photo, registered, alpha, _matte(registered, kind)))


def _matte(rgb: np.ndarray, kind: str) -> np.ndarray:
    from pipeline import matting, processing
    from pipeline.listing import listing_spec

    return matting.matte(matting.scene_of(rgb, kind, listing_spec().lens), processing.matter()).alpha


def report(found: dict[tuple[bool, bool, str], list[tuple[str, ...]]]) -> None:
    for is_fitting in (True, False):
        print(f"\n{'products the limits were chosen on' if is_fitting else 'products they do not know'}")
        for is_honest in (True, False):
            rows = {kind: found[key] for key in found if key[:2] == (is_fitting, is_honest) for kind in [key[2]]}
            for kind, codes in [*rows.items(), ("together", [each for row in rows.values() for each in row])]:
                says = Counter(code for each in codes for code in each)
                share = sum(map(bool, codes)) / max(1, len(codes))
                word = "refused" if is_honest else "caught"
                print(f"  {kind:18} {word} {100 * share:5.1f} % of {len(codes):4d}   {dict(says) or ''}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.imaging.bench_fidelity", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    options = parser.parse_args()
    import django
    from tqdm import tqdm

    django.setup()
    found: dict[tuple[bool, bool, str], list[tuple[str, ...]]] = defaultdict(list)
    for each in tqdm(list(labelled(options.folder)), unit="photo"):
        mattes: dict[bytes, Any] = {}
        for seed in options.seeds:
            for kind, is_honest, case in answers_of(each, 1000 * seed + zlib.crc32(each.name.encode()) % 1000):
                codes = codes_of(case, each.kind, mattes)
                found[each.is_fitting, is_honest, kind].append(codes)
                if bool(codes) == is_honest:
                    tqdm.write(f"{each.name} seed {seed}: {kind} in {case.light}: {', '.join(codes) or 'not caught'}")
    report(found)


if __name__ == "__main__":
    main()
