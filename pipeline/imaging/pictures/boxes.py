"""What HEIC and AVIF files say of their main picture, and PNGs of their colours, where Pillow doesn't tell."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_BYTES = 4_000_000  # of what is read beside pixels
Cicp = tuple[int, int]
"""Colour primaries and transfer characteristics by their numbers (ITU-T H.273)."""


@dataclass(frozen=True)
class Item:
    """The main picture of a HEIF file, as its header says; size before any turn."""

    size: tuple[int, int] | None = None
    profile: bytes | None = None
    cicp: Cicp | None = None


def main_item(file: BinaryIO) -> Item:
    """Size and colours of the main picture of a HEIC or AVIF file (ISO/IEC 23008-12); nothing of it if unreadable.

    Parameters
    ----------
    file : binary file
        Open for reading; left at any place.
    """
    try:
        meta = _meta(file)
        return _described(_properties(meta)) if meta else Item()
    except (struct.error, IndexError, OSError):
        return Item()


def png_cicp(file: BinaryIO) -> Cicp | None:
    """The numbers of a PNG's cICP chunk (PNG, third edition, 11.3.2.6)."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"cICP" and length == 4:
            return _pair(file.read(4))
        if kind in (b"IDAT", b"IEND"):
            break
        file.seek(length + 4, 1)
    return None


def _pair(numbers: bytes) -> Cicp | None:
    return (numbers[0], numbers[1]) if len(numbers) == 4 else None


def _meta(file: BinaryIO) -> bytes | None:
    file.seek(0)
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        size, used = (struct.unpack(">Q", file.read(8))[0], 16) if size == 1 else (size, 8)
        if kind == b"meta":
            return file.read(min(size - used, MOST_BYTES))[4:] if size > used else None
        if size < used:
            return None
        file.seek(size - used, 1)
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if size < 8:
            return
        yield kind, data[place + 8 : place + size]
        place += size


def _properties(meta: bytes) -> list[tuple[bytes, bytes]]:
    """Those of the main item; all, if none are said to be its."""
    inside = dict(_boxes(meta))
    iprp = dict(_boxes(inside[b"iprp"])) if b"iprp" in inside else {}
    all_of_them = list(_boxes(iprp.get(b"ipco", b"")))
    if b"pitm" not in inside or b"ipma" not in iprp:
        return all_of_them
    version, wanted = inside[b"pitm"][0], inside[b"pitm"][4:]
    number = struct.unpack_from(">I" if version else ">H", wanted)[0]
    own = [all_of_them[index - 1] for index in _associated(iprp[b"ipma"], number) if 0 < index <= len(all_of_them)]
    return own or all_of_them


def _associated(ipma: bytes, wanted: int) -> list[int]:
    is_wide, has_long_numbers = ipma[3] & 1, ipma[0] >= 1
    (entries,) = struct.unpack_from(">I", ipma, 4)
    place = 8
    for _ in range(entries):
        (number,) = struct.unpack_from(">I" if has_long_numbers else ">H", ipma, place)
        place += 4 if has_long_numbers else 2
        count = ipma[place]
        indices = struct.unpack_from(f">{count}{'H' if is_wide else 'B'}", ipma, place + 1)
        if number == wanted:
            return [index & (0x7FFF if is_wide else 0x7F) for index in indices]
        place += 1 + count * (2 if is_wide else 1)
    return []


def _described(properties: list[tuple[bytes, bytes]]) -> Item:
    size = profile = cicp = None
    for kind, body in properties:
        if kind == b"ispe" and size is None:
            size = struct.unpack_from(">II", body, 4)
        elif kind == b"colr" and body[:4] in (b"prof", b"rICC"):
            profile = profile or body[4:]
        elif kind == b"colr" and body[:4] == b"nclx" and cicp is None:
            cicp = struct.unpack_from(">HH", body, 4)
    return Item(size, profile, cicp)
