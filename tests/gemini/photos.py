"""Photos for the tests of Gemini: small, and each one different."""

import io

from PIL import Image


def photo(number: int = 0, padding: int = 0) -> bytes:
    """A JPEG; padding after its end makes it large, and no reader minds."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (40 + 10 * number, 90, 60)).save(buffer, "JPEG")
    return buffer.getvalue() + bytes(padding)
