"""The first enhancer: leaves the photo as it is."""

from pipeline.imaging.types import RGB


class Identity:
    name = "identity"

    def enhance(self, rgb: RGB) -> RGB:
        return rgb
