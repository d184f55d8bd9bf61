"""Try the pipeline on a folder of photos, without Redis, S3 or a single row."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.template.loader import render_to_string

from pipeline import naming, work_files
from pipeline.cutout.examine import examine
from pipeline.cutout.relight import locally
from pipeline.engines.protocols import Matter
from pipeline.imaging.pictures import previews
from pipeline.imaging.pictures.alpha_png import encode_alpha
from pipeline.imaging.pictures.decode import DecodeError
from pipeline.imaging.types import RGB, Candidate, Crop, Policy, ProductClass, View, named_estimates
from pipeline.words import in_words

log = logging.getLogger(__name__)
_SUFFIXES = "jpg jpeg jpe png webp tif tiff bmp gif mpo jp2 avif heic heif hif dng cr2 cr3 nef arw raf "
_SUFFIXES += "orf rw2 srw pef rwl 3fr iiq psd jxl svg"
PHOTO_SUFFIXES = {f".{suffix}" for suffix in _SUFFIXES.split()}
# Labels of a benchmark, and what an earlier run wrote, when photos and output share a folder.
NOT_PHOTOS = (".alpha.png", ".glass.png")
THUMB_SIDE = 360


@dataclass
class Row:
    """One line of report.jsonl."""

    name: str
    confidence: float = 0.0
    verdict: str = "review"
    bridge_x: float | None = None
    crop: str | None = None
    estimates: dict[str, float] = field(default_factory=dict)
    rung: str | None = None
    reasons: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


def find_photos(folder: Path) -> list[Path]:
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    return [p for p in files if p.suffix.lower() in PHOTO_SUFFIXES and not p.name.lower().endswith(NOT_PHOTOS)]


def assess(photos: list[Path], out: Path, matter: Matter, product_class: ProductClass, policy: Policy) -> Iterator[Row]:
    """Examine each photo, write its alpha and thumbnails to `out`, and yield its row."""
    (out / "thumbs").mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    for photo in photos:
        if photo.stem in seen:
            yield Row(photo.name, reasons=[f"{photo.name}: another photo here is called {photo.stem}; rename one"])
            continue
        seen.add(photo.stem)
        start = time.perf_counter()
        try:
            row = _assess_one(photo, out, matter, product_class, policy)
        except Exception as error:
            log.exception("%s: a fault in the program", photo)
            row = Row(photo.stem, reasons=[f"{photo.name}: a fault in the program ({error}); please report it"])
        row.seconds = round(time.perf_counter() - start, 3)
        yield row


def _assess_one(photo: Path, out: Path, matter: Matter, product_class: ProductClass, policy: Policy) -> Row:
    try:
        original = work_files.decoded(photo.read_bytes())
    except (DecodeError, OSError, MemoryError) as error:
        return Row(photo.stem, reasons=[f"{photo.name}: {error}"])
    view = _view(photo.name)
    rgb = locally(original.rgb).rgb
    best = examine(rgb, matter, product_class, view, policy, own=original.alpha).best
    _write_pictures(out, photo.stem, rgb, best)
    crop = best.crop
    return Row(
        name=photo.stem,
        confidence=round(best.score.confidence, 6),
        verdict="publish" if best.verdict.publish else "review",
        bridge_x=round(crop.bridge_x, 2) if crop else None,
        crop=None if crop is None else "sure" if crop.is_sure else "unsure",
        estimates=_estimates(crop),
        rung=best.rung,
        reasons=[in_words(reason) for reason in best.verdict.reasons],
        metrics=dict(best.score.metrics),
    )


def _estimates(crop: Crop | None) -> dict[str, float]:
    found = named_estimates(vars(crop.evidence)) if crop and crop.evidence else {}
    return {name: round(column, 2) for name, column in found.items()}


def _view(filename: str) -> View | None:
    try:
        return naming.parse_photo_name(filename).view
    except naming.NamingError:
        return None


def _write_pictures(out: Path, name: str, rgb: RGB, best: Candidate) -> None:
    (out / f"{name}.alpha.png").write_bytes(encode_alpha(best.alpha))
    (out / "thumbs" / f"{name}.photo.webp").write_bytes(previews.preview(rgb, THUMB_SIDE))
    (out / "thumbs" / f"{name}.cutout.webp").write_bytes(previews.cutout_preview(rgb, best.alpha, THUMB_SIDE))


def write_report(out: Path, rows: list[Row]) -> None:
    """report.jsonl and index.html. Rows of an earlier run on other photos stay: two classes make one report."""
    report = out / "report.jsonl"
    lines = report.read_text().splitlines() if report.exists() else []
    by_name = {row["name"]: row for row in map(json.loads, lines)} | {row.name: vars(row) for row in rows}
    report.write_text("".join(json.dumps(row) + "\n" for row in by_name.values()))
    ranked = sorted(by_name.values(), key=lambda row: row["confidence"])
    for row in ranked:
        row["has_pictures"] = (out / "thumbs" / f"{row['name']}.cutout.webp").exists()
    (out / "index.html").write_text(render_to_string("pipeline/contact_sheet.html", {"rows": ranked}))
