"""The photo that everything else works on: relit after Gemini's picture where that is faithful, else locally."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pipeline.cutout.matte import Scene, look, scene_of, untold_matte_of
from pipeline.engines.protocols import Matter
from pipeline.imaging.light import enhance, fidelity
from pipeline.imaging.light.registration import box_of, cut
from pipeline.imaging.light.transfer import transfer
from pipeline.imaging.matte.lenses import LensRule
from pipeline.imaging.scale import shrink
from pipeline.imaging.types import RGB, Alpha, ProductClass

Mode = Literal["transfer", "replace"]
IDENTITY = "identity"
"""What the scorecards of before the local enhancer name: the photo as it was."""
GENERATED = "gemini-replace"
"""Gemini's own pixels, which published files must say."""
GEMINI = {"transfer": "gemini-transfer", "replace": GENERATED}
# Photo and picture are held against each other at the size that the network sees.
COMPARED_SIDE = 1024


@dataclass(frozen=True)
class Enhanced:
    """A photo as it is matted, by which enhancer; and how Gemini's picture differed from it, if there was one.

    `why_not` is why Gemini's picture was not used.
    """

    rgb: RGB
    enhancer: str
    fidelity: Mapping[str, Any] | None = None
    why_not: str = ""


def locally(rgb: RGB) -> Enhanced:
    return Enhanced(enhance.enhance(rgb), enhance.NAME)


def after_gemini(
    rgb: RGB, answer: RGB, product_class: ProductClass, matter: Matter, mode: Mode, lens: LensRule
) -> Enhanced:
    """Relit as Gemini's picture shows, unless that changed the product: then locally."""
    photo = shrink(rgb, COMPARED_SIDE)
    box = box_of(photo, answer)
    registered = cut(answer, box, photo.shape)
    alpha = _alpha_of(scene_of(photo, product_class, lens), matter)
    if not (alpha > 0.5).any():
        return replace(locally(rgb), why_not="nothing-found")
    other = _alpha_of(scene_of(registered, product_class, lens), matter)
    found = fidelity.compare(photo, registered, alpha, other)
    measured, changes = asdict(found), fidelity.changes(found)
    if changes:
        return replace(locally(rgb), fidelity=measured, why_not=changes[0])
    relit = transfer(rgb, registered, alpha) if mode == "transfer" else cut(answer, box, rgb.shape)
    return Enhanced(relit, GEMINI[mode], measured)


def _alpha_of(scene: Scene, matter: Matter) -> Alpha:
    return untold_matte_of(scene, look(scene, matter)).alpha
