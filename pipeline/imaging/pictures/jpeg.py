"""Whether a JPEG that decodes without a word lacks a part of its data."""

from io import BytesIO

from PIL import Image, ImageChops

TAIL_ROWS = 8
GREY = 128
END_OF_IMAGE, START_OF_SCAN = b"\xff\xd9", 0xDA
# Any bytes will do that say something in any code; 0xff would start a marker.
FILLER = bytes(range(1, 255)) * 4


def lacks_data(image: Image.Image, data: bytes) -> bool:
    """Whether the decoder put plain grey where data is missing.

    A flat floor of the same grey is told from that by more bytes at the end of the data: a picture that has all its own
    doesn't change.

    Parameters
    ----------
    image : PIL image
        Loaded.
    data : bytes
        The file that it was loaded from.
    """
    if not _has_grey_tail(image):
        return False
    start = _scan(data)
    scans = data[start:]
    longer = scans.replace(END_OF_IMAGE, FILLER + END_OF_IMAGE) if END_OF_IMAGE in scans else scans + FILLER
    try:
        other = Image.open(BytesIO(data[:start] + longer), formats=("JPEG",)).convert(image.mode)
    except OSError:
        return True
    return ImageChops.difference(image, other).getbbox() is not None


def _has_grey_tail(image: Image.Image) -> bool:
    width, height = image.size
    tail = image.crop((0, max(0, height - TAIL_ROWS), width, height)).convert("RGB")
    return tail.getextrema() == ((GREY, GREY),) * 3


def _scan(data: bytes) -> int:
    """Where the first scan starts: after the segments, whose thumbnails have ends of their own."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != START_OF_SCAN:
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return place
