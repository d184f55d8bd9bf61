"""Which kind of file this is by its first bytes, and why it isn't taken."""

from typing import Literal

SEND = "send JPEG, PNG, WebP, TIFF, AVIF, HEIC or DNG"
DAMAGED = "the file is cut off or damaged; copy it again from the camera or export it again"

Kind = Literal["HEIC", "RAW"]
"""What Pillow doesn't read: a decoder of its own is handed in for each."""

# (offset, first bytes, what such a file is); only for naming what was refused.
SIGNATURES = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"\0\0\1\0", "an icon"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"<", "a web page or XML"),
    *((0, f"P{kind}".encode(), "a Netpbm picture") for kind in range(1, 8)),
)
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
OTHER_SIGNATURES = (b"\xff\xd8", b"\x89PNG", b"RIFF")
# CR3, RAF, ORF (three kinds), RW2, CR2; the others are TIFFs, told by their tags.
RAW_SIGNATURES = (
    (4, b"ftypcrx "),
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),
    (8, b"CR\2\0"),
)
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
ANY_HEIF_BRANDS = (b"mif1", b"msf1")


class DecodeError(ValueError):
    """A file that cannot become a photo; the text says why and what to do."""


def kind_of(start: bytes) -> Kind | None:
    """Whether a decoder of its own reads it; None: Pillow does, or nobody.

    Parameters
    ----------
    start : bytes
        The first 64 bytes of the file.
    """
    if any(start[offset:].startswith(magic) for offset, magic in RAW_SIGNATURES):
        return "RAW"
    if start[4:8] != b"ftyp":
        return None
    major, compatible = start[8:12], start[16:]
    is_heic = major in HEIC_BRANDS or (major in ANY_HEIF_BRANDS and b"avif" not in compatible)
    return "HEIC" if is_heic else None


def why_unidentified(start: bytes) -> str:
    """What a file is that nobody reads, and what to send instead."""
    start = start.lstrip() if start.lstrip().startswith(b"<") else start
    for offset, magic, kind in SIGNATURES:
        if start[offset:].startswith(magic):
            return f"this is {kind}, which is not accepted; {SEND}"
    if start.startswith(TIFF_SIGNATURES):
        return f"this is a damaged or unusual TIFF; export it again, or {SEND}"
    if start.startswith(OTHER_SIGNATURES):
        return DAMAGED
    return f"this is not a picture that can be read; {SEND}"
