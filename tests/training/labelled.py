"""What the commands share that make something of each labelled photograph of a folder."""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django

from pipeline.cutout import matte_models
from pipeline.engines.protocols import Matter
from pipeline.imaging.types import ProductClass

Told = dict[str, Any]


def still_to_make(labelled: Path, out: Path) -> Iterator[Told]:
    """The rows of the set's meta.jsonl of which `out` has no NAME.json yet."""
    for line in (labelled / "meta.jsonl").read_text().splitlines():
        told = json.loads(line)
        if not (out / f"{told['name']}.json").exists():
            yield told


def class_of(told: Told) -> ProductClass:
    return "watch" if told["kind"] == "watch" else "eyewear"


def run(words: str | None, make: Callable[[Path, Path, Matter], Iterator[str]]) -> None:
    """The command LABELLED OUT: says the name of each photograph when it is made."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for name in make(options.labelled, options.out, matte_models.matter()):
        print(name, flush=True)
