"""Colour profiles written by hand, and what they mean: published primaries, formulas in NumPy, no library."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Columns: the XYZ of red, green and blue, adapted to D50 (Bradford), as these spaces' own profiles have them.
ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
DISPLAY_P3 = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
SRGB = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
D50 = np.array([0.9642, 1.0, 0.8249])
ADOBE_GAMMA = 563 / 256


def srgb_to_linear(values: Floats) -> Floats:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(values: Floats) -> Floats:
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def xyz_to_srgb(xyz: Floats) -> Floats:
    """Levels 0–255 of colours (..., 3), relative to D50."""
    return linear_to_srgb(xyz @ np.linalg.inv(SRGB).T) * 255


def lab_to_srgb(lightness: float, a: float, b: float) -> Floats:
    """CIE 1976 L*a*b* as sRGB levels."""
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    return xyz_to_srgb(D50 * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)))


def _profile(space: bytes, connection: bytes, kind: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    tags = {b"desc": _text(b"desc"), b"cprt": _text(b"text"), b"wtpt": _xyz(D50), **tags}
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", offset + len(body), bytes(4), 0x02400000, kind, space, connection)
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _s15(D50) + bytes(48)
    assert len(head) == 128
    return head + table + body


def matrix_profile(primaries: Floats, curve: bytes, white: Floats = D50) -> bytes:
    """``white`` is what the medium's own white measures, of which only absolute colours know."""
    columns = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, primaries.T), strict=True))
    return _profile(
        b"RGB ",
        b"XYZ ",
        b"mntr",
        {b"wtpt": _xyz(white), **columns, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve},
    )


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", b"mntr", {b"kTRC": gamma_curve(gamma)})


def ink_profile(lab_of: Callable[[tuple[int, int, int, int]], tuple[float, float, float]]) -> bytes:
    """Of a press: ``lab_of`` says which L*a*b* the 16 combinations of full and no C, M, Y, K have.

    That is as measured (relative colorimetric); the maker's taste (perceptual) is grey throughout.
    """
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    tables = []
    for mean in (lab_of, lambda _: (50.0, 0.0, 0.0)):
        levels = [[lightness * 2.55, a + 128, b + 128] for lightness, a, b in map(mean, corners)]
        tables.append(_lut(bytes(round(level) for corner in levels for level in corner)))
    return _profile(b"CMYK", b"Lab ", b"prtr", {b"A2B1": tables[0], b"A2B0": tables[1]})


def _lut(grid: bytes) -> bytes:
    matrix = struct.pack(">9i", *(np.eye(3).ravel() * 65536).astype(int).tolist())
    ramp = bytes(range(256))
    return b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + grid + ramp * 3


def gamma_curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def srgb_curve() -> bytes:
    table = np.rint(srgb_to_linear(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", 1024) + table.tobytes()


def _text(kind: bytes) -> bytes:
    if kind == b"text":
        return b"text" + bytes(4) + b"none\0"
    return b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)


def _xyz(values: Floats) -> bytes:
    return b"XYZ " + bytes(4) + _s15(values)


def _s15(values: Floats) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))
