"""ICC profiles written for what files say of their colours by other means."""

import struct

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Primaries = tuple[Point, Point, Point, Point]
"""Chromaticities (CIE x, y) of white, red, green and blue."""

D65, DCI_WHITE, ILLUMINANT_C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
BT709: Primaries = (D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE_RGB: Primaries = (D65, (0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
DISPLAY_P3: Primaries = (D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
# Type 3 of a parametric curve: gamma, a, b, c, d (ICC.1:2022, 10.18; IEC 61966-2-1).
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
ADOBE_GAMMA = (563 / 256,)
Curve = tuple[float, ...]

D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def matrix_profile(primaries: Primaries, curve: Curve) -> bytes:
    """An RGB display profile (ICC.1:2022) of these primaries and this curve.

    Parameters
    ----------
    primaries : Primaries
    curve : tuple of float
        One number, an exponent; or the five of a parametric curve of type 3.

    Raises
    ------
    ValueError
        No profile can hold them: the primaries lie on one line, or a number is out of range.
    """
    trc = b"para" + bytes(4) + struct.pack(">Hxx", 3 if len(curve) == 5 else 0) + _fixed(curve)
    columns = _adapted(primaries).T
    tags = {b"wtpt": _xyz(D50), b"rTRC": trc, b"gTRC": trc, b"bTRC": trc}
    tags |= {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    return _file(tags)


def _adapted(primaries: Primaries) -> NDArray[np.float64]:
    """RGB to XYZ as seen by D50: columns are the primaries (Lindbloom; Bradford)."""
    white, *colours = (np.array([x / y, 1.0, (1 - x - y) / y]) if y else np.full(3, np.nan) for x, y in primaries)
    try:
        matrix = np.column_stack(colours)
        matrix = matrix * np.linalg.solve(matrix, white)
    except np.linalg.LinAlgError as error:
        raise ValueError("these primaries span no colours") from error
    cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    adapted: NDArray[np.float64] = np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ matrix
    return adapted


def _fixed(numbers: Curve | NDArray[np.float64]) -> bytes:
    values = np.asarray(numbers, np.float64)
    if not (np.isfinite(values).all() and (np.abs(values) < 32768).all()):
        raise ValueError("a number that no profile can hold")
    return (values * 65536).round().astype(">i4").tobytes()


def _xyz(numbers: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(numbers)


def _file(tags: dict[bytes, bytes]) -> bytes:
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _fixed(D50)
    return head.ljust(128, b"\0") + table + body
