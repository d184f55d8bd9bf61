"""Published files as somebody fetches them: one, all of a frame's in one archive, or by a link that was passed on."""

import hashlib
import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.core import signing

from pipeline import naming
from pipeline.engines import object_store
from pipeline.engines.object_store import MissingObjectError
from pipeline.imaging.pictures import renditions
from pipeline.imaging.pictures.filenames import file_name
from pipeline.models import Frame, Rendition
from pipeline.states import State

LINK_LASTS = timedelta(days=7)
SALT = "a published file, passed on"


def of(frame: Frame) -> list[Rendition]:
    """What the shop shows of the frame. In any other state its names may show nothing, or a newer photo's files."""
    return list(frame.renditions.all()) if frame.state == State.PUBLISHED else []


def find(frame_id: int, name: str) -> Rendition | None:
    frame = Frame.objects.filter(pk=frame_id, state=State.PUBLISHED)  # of a number too large for a column, none
    shown = Rendition.objects.filter(frame__in=frame).select_related("frame__batch__spec")
    shown = shown.prefetch_related("frame__renderings__spec")  # its name is asked for more than once
    return next((file for file in shown if file.name == name), None)


def names(files: Iterable[Rendition]) -> dict[int, str]:
    """What each is called where they are handed on together, by primary key: as its listing spec says, or as in the
    bucket where files of several specs would have one name."""
    files = list(files)
    templates = {frame.pk: frame.listing_spec.file_name for frame in {file.frame for file in files}}
    told = {
        file.pk: file_name(templates[file.frame_id], file.frame.code, file.frame.view, file.variant, file.extension)
        for file in files
    }
    while alike := _alike(files, told):
        told |= {file.pk: file.name for file in alike}
    return told


def name_of(file: Rendition) -> str:
    """What it is called where it is handed on by itself."""
    return names([file])[file.pk]


def _alike(files: list[Rendition], told: dict[int, str]) -> list[Rendition]:
    """Those that share a name with another, also on disks that tell no small letters from capitals, and can have
    theirs of the bucket."""
    count = Counter(name.lower() for name in told.values())
    return [file for file in files if count[told[file.pk].lower()] > 1 and told[file.pk] != file.name]


def load(file: Rendition) -> bytes:
    """Its bytes, if the bucket still holds those that were published.

    Raises
    ------
    MissingObjectError
        The file is gone, or another one lies under its name.
    ObjectStoreError
        The bucket does not answer.
    """
    data = object_store.load_published(file.key)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise MissingObjectError(f"{file.key}: another file lies there now")
    return data


def measure(file: Rendition) -> None:
    """Note the size in pixels of one that was published before sizes were."""
    file.width, file.height = renditions.size_of(load(file))
    file.save(update_fields=["width", "height"])


def archive_name(frame: Frame) -> str:
    return f"{frame.code}_{naming.view_number(frame.view)}.zip"


class _Sink(io.RawIOBase):
    """What an archive was written so far and nobody took yet. It can't be sought, so nothing is written twice."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.waiting += data  # type: ignore[arg-type]
        return len(data)  # type: ignore[arg-type]

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def archive(files: Iterable[Rendition]) -> Iterator[bytes]:
    """A ZIP of them, a file at a time. They are compressed already, so it only stores them."""
    sink, files = _Sink(), list(files)
    called = names(files)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as made:
        for file in files:
            made.writestr(called[file.pk], load(file))
            yield sink.take()
    yield sink.take()


def sign(file: Rendition) -> str:
    """A token for whoever is to see the file without an account: it lasts for LINK_LASTS, from now on."""
    return signing.dumps([file.frame_id, file.name], salt=SALT)


def signed_for(token: str) -> Rendition | None:
    """The file that a token was made for; None if it is none of ours, or lapsed, or the file is in the shop no more."""
    try:
        frame_id, name = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except signing.BadSignature:
        return None
    return find(frame_id, name)
