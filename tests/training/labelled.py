"""What the commands share that make something of each labelled photograph of a folder."""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import django
import numpy as np
from PIL import Image

from pipeline.cutout import matte_models
from pipeline.imaging.types import Alpha, ProductClass

Told = dict[str, Any]


def still_to_make(labelled: Path, out: Path) -> Iterator[Told]:
    """The rows of the set's meta.jsonl of which `out` has no NAME.json yet."""
    for line in (labelled / "meta.jsonl").read_text().splitlines():
        told = json.loads(line)
        if not (out / f"{told['name']}.json").exists():
            yield told


def class_of(told: Told) -> ProductClass:
    return "watch" if told["kind"] == "watch" else "eyewear"


def read(path: Path) -> Alpha:
    """A true or a made matte."""
    return np.asarray(Image.open(path).convert("L"), np.float32) / np.float32(255)


def run(words: str | None, make: Callable[..., Iterator[str]], folders: Sequence[str] = ("labelled", "out")) -> None:
    """The command that gives `make` these folders, and a matter: says the name of each photograph when it is made."""
    parser = argparse.ArgumentParser(description=words)
    for folder in folders:
        parser.add_argument(folder, type=Path)
    options = vars(parser.parse_args())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for name in make(**options, matter=matte_models.matter()):
        print(name, flush=True)
