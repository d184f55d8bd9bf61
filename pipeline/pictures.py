"""The pictures of a frame that a browser may ask for; the large ones are made when they are first zoomed.

Those that are made so are few a frame: the latest. Nobody fills the bucket by asking.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline import naming, work_files
from pipeline.engines import object_store
from pipeline.imaging.pictures import previews
from pipeline.imaging.pictures.alpha_png import decode_alpha
from pipeline.models import Frame
from pipeline.shop import publish
from pipeline.states import State
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
MOST_MADE = 40
"""A frame's large pictures: its photo, all of its masks, and what three or four places of the bridge come to."""
SHOP = re.compile(r"shop-(transparent|white|half-glass)(-\d+\.\d\d)?\.(jpg|png|webp)")


@dataclass(frozen=True)
class ShopPicture:
    """One file as the shop will show it; `size` in bytes."""

    name: str
    variant: str
    extension: str
    size: int


def _photo(frame: Frame, attempt: int) -> bytes:
    return previews.full_photo(work_files.enhanced_photo(frame, attempt))


def _mask_of(name: str) -> Callable[[Frame, int], bytes]:
    def mask(frame: Frame, attempt: int) -> bytes:
        data = object_store.load_work(naming.work_key(frame.pk, attempt, name))
        return previews.full_mask(decode_alpha(data))

    return mask


FULL: dict[str, Callable[[Frame, int], bytes]] = {
    "photo.jpg": _photo,
    naming.mask_name(): _mask_of("alpha.png"),
} | {naming.mask_name(rung): _mask_of(naming.alternative_name(rung, "png")) for rung in RUNG_WORDS}


def frame_of(frame_id: int, attempt: int, name: str) -> Frame | None:
    """The frame, if it ever had such an attempt, an attempt has pictures of that name, and they are kept still."""
    is_known = name in SMALL or name in FULL or SHOP.fullmatch(name) is not None
    frame = Frame.objects.filter(pk=frame_id, pictures=Frame.Pictures.KEPT).first() if is_known else None
    return frame if frame and 0 < attempt <= frame.attempt else None


def load(frame: Frame, attempt: int, name: str) -> bytes:
    """A picture's bytes.

    Raises
    ------
    MissingObjectError
        It was not made, or is gone.
    DecodeError
        The photo that it would be made of can't be read.
    ObjectStoreError
        The bucket does not answer.
    """
    if name in SMALL:
        return object_store.load_work(naming.work_key(frame.pk, attempt, name))
    try:
        return object_store.load_work(naming.made_key(frame.pk, attempt, name))
    except object_store.MissingObjectError:
        if name not in FULL or _is_at_work(frame, attempt):
            raise
    data = FULL[name](frame, attempt)
    _keep(frame, {naming.made_key(frame.pk, attempt, name): data})
    return data


def _is_at_work(frame: Frame, attempt: int) -> bool:
    """What the attempt comes to isn't known yet, and what is kept of it must never change."""
    return frame.state == State.PROCESSING and attempt == frame.attempt


def _keep(frame: Frame, made: dict[str, bytes]) -> None:
    """Store these, and let go of the frame's oldest: whoever wants one again has it made again."""
    for key, data in made.items():
        object_store.save_work(key, data)
    older = [key for key in object_store.list_work(naming.made_prefix(frame.pk)) if key not in made]
    for key in older[max(0, MOST_MADE - len(made)) :]:
        object_store.delete_work(key)


def make_shop_pictures(frame: Frame, bridge_x: float | None) -> list[ShopPicture]:
    """All the files that publishing would make, parted where the bridge stands; raises what `render` there does."""
    files = publish.render(frame, bridge_x)
    names = [naming.shop_name(file.variant, file.extension, bridge_x) for file in files]
    keys = [naming.made_key(frame.pk, frame.attempt, name) for name in names]
    _keep(frame, {key: file.data for key, file in zip(keys, files, strict=True)})
    return [
        ShopPicture(name, file.variant, file.extension, len(file.data)) for name, file in zip(names, files, strict=True)
    ]
