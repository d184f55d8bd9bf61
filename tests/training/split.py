"""Which products a fit may learn from: by a checksum of the product, so that it never depends on the others."""

import zlib


def is_for_the_end(product: str) -> bool:
    """A third of the products is looked at once, when all is fitted."""
    return zlib.crc32(f"end {product}".encode()) % 3 == 0


def fold_of(product: str, folds: int) -> int:
    return zlib.crc32(product.encode()) % folds
