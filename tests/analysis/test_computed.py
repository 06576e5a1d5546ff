"""The summaries of arrays that stand in results.json."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.computed import summarise


def test_a_summary_says_where_the_array_is_and_what_it_is_like() -> None:
    summary = summarise("neurons", {"image_0": np.array([[3, 4], [0, 12]], np.uint8)})["image_0"]

    assert (summary.file, summary.key) == ("arrays/neurons.npz", "image_0")
    assert (summary.shape, summary.dtype) == ([2, 2], "uint8")
    assert (summary.min, summary.max, summary.mean, summary.norm) == (0, 12, 4.75, 13)


def test_sums_do_not_overflow_or_lose_digits() -> None:
    small = np.full(200_000, 200, np.uint8)
    large = np.full(3, 3e30, np.float32)  # its square is beyond float32
    half = np.full(4, 300, np.float16)  # its square is beyond float16

    summaries = summarise("x", {"small": small, "large": large, "half": half})

    assert (summaries["small"].mean, summaries["small"].max) == (200, 200)
    assert summaries["large"].norm == pytest.approx(3e30 * 3**0.5, rel=1e-6)
    assert summaries["half"].norm == 600
