"""The C library's memory allocator."""

import contextlib
import ctypes

# malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
FREE_BYTES, LARGEST_BYTES = 1 << 28, 1 << 30


def keep_freed_memory() -> None:
    """Reuse the memory of large arrays: handing each back and asking anew took a quarter of a 24-MP photo's time."""
    with contextlib.suppress(OSError, AttributeError):  # another C library goes its own way
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_TRIM_THRESHOLD, FREE_BYTES)
        libc.mallopt(_M_MMAP_THRESHOLD, LARGEST_BYTES)
