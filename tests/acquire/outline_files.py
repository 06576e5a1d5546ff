"""Files of outlines as Caltech-101 has them, written by SciPy."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from scipy.io import savemat


def outline(
    box: tuple[int, int, int, int], points: Sequence[tuple[float, float]], *, packed: bool = False
) -> bytes:
    """``box``: top, bottom, left, right, counted from 1; ``points``: x and y from its upper left corner."""
    buffer = io.BytesIO()
    savemat(
        buffer,
        {"box_coord": np.array([box], np.uint16), "obj_contour": np.array(points, float).T, "id": "x"},
        do_compression=packed,
    )
    return buffer.getvalue()
