"""The pictures of a frame that a browser may ask for; the large ones are made when they are first zoomed."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline import naming, work_files
from pipeline.engines import object_store
from pipeline.imaging.pictures import previews, renditions
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.words import RUNG_WORDS

SMALL = {
    "original.webp",
    "gemini.webp",
    "preview.webp",
    "thumb.webp",
    "cutout.webp",
    "cutout_thumb.webp",
    "doubt.webp",
    "alpha.png",
}
SMALL |= {naming.alternative_name(rung, "webp") for rung in RUNG_WORDS}
SHOP = re.compile(r"shop-(transparent|white|half-glass)(-\d+\.\d\d)?\.(jpg|png|webp)")


@dataclass(frozen=True)
class ShopPicture:
    """One file as the shop will show it; `size` in bytes."""

    name: str
    variant: str
    extension: str
    size: int


def _photo(frame_id: int, attempt: int) -> bytes:
    return previews.full_photo(work_files.enhanced_photo(Frame.objects.get(pk=frame_id)))


def _mask_of(name: str) -> Callable[[int, int], bytes]:
    def mask(frame_id: int, attempt: int) -> bytes:
        return previews.full_mask(renditions.decode_alpha(_load(frame_id, attempt, name)))

    return mask


FULL: dict[str, Callable[[int, int], bytes]] = {
    "photo.jpg": _photo,
    naming.mask_name(): _mask_of("alpha.png"),
} | {naming.mask_name(rung): _mask_of(naming.alternative_name(rung, "png")) for rung in RUNG_WORDS}


def is_known(name: str) -> bool:
    return name in SMALL or name in FULL or SHOP.fullmatch(name) is not None


def load(frame_id: int, attempt: int, name: str) -> bytes:
    """A picture's bytes.

    Raises
    ------
    MissingObjectError
        It was not made, or is gone.
    ObjectStoreError
        The bucket does not answer.
    """
    try:
        return _load(frame_id, attempt, name)
    except object_store.MissingObjectError:
        if name not in FULL:
            raise
    data = FULL[name](frame_id, attempt)
    object_store.save_work(naming.work_key(frame_id, attempt, name), data)
    return data


def _load(frame_id: int, attempt: int, name: str) -> bytes:
    return object_store.load_work(naming.work_key(frame_id, attempt, name))


def make_shop_pictures(frame: Frame, bridge_x: float | None) -> list[ShopPicture]:
    """All the files that publishing would make, parted where the bridge stands; raises what `render` there does."""
    shown = []
    for file in publish.render(frame, bridge_x):
        name = naming.shop_name(file.variant, file.extension, bridge_x)
        work_files.save(frame, name, file.data)
        shown.append(ShopPicture(name, file.variant, file.extension, len(file.data)))
    return shown
