"""What an engine must offer; each vendor's file implements one of these."""

from typing import Protocol

from pipeline.imaging.types import RGB, Matte


class Matter(Protocol):
    """Cuts a product out; `sha256` is of its weights, and stamps every score made with them."""

    name: str
    sha256: str

    def matte(self, rgb: RGB) -> Matte: ...
