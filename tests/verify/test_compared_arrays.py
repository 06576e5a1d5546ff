"""When an array that was handed in is the recomputed one, number by number."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen.contract.reader import LoadedResults
from reportgen.diff.values import Tolerance
from reportgen.outline.section import Rule
from reportgen.verify import write_json
from reportgen.verify.numbers import compare_arrays
from reportgen.verify.tolerances import Finding, Tolerances, Verification

NAN, INF = math.nan, math.inf
TOLERANCES = Tolerances((Rule("/neurons/arrays/maps", Tolerance(atol=0.5), "so", of_scale=True),))


class Handed:
    """Results with one array, whose summary nobody has looked at."""

    def __init__(self, folder: Path, array: NDArray[Any]) -> None:
        self.folder, self._array = folder, array
        (folder / "arrays").mkdir(exist_ok=True)
        (folder / "arrays/neurons.npz").touch()

    def array(self, _section: str, _key: str) -> NDArray[Any]:
        return self._array


def compare(folder: Path, submitted: Any, recomputed: Any, rows: list[bool] | None = None) -> Finding:
    results = cast(LoadedResults, Handed(folder, np.asarray(submitted, np.float32)))
    comparable = {"neurons": {"maps": rows}} if rows else {}
    wanted = {"neurons": {"maps": np.asarray(recomputed, np.float32)}}
    (found,) = compare_arrays(results, wanted, comparable, TOLERANCES)
    return found


def refuse(constant: str) -> None:
    raise AssertionError(constant)


@pytest.mark.parametrize(
    ("submitted", "recomputed", "equal"),
    [
        ([1, 2, 3], [1, 2, 3.5], True),
        ([1, 2, 3], [1, 2, 3.6], False),
        ([1, NAN, 3], [1, 2, 3], False),
        ([NAN, NAN, NAN], [1, 2, 3], False),
        ([1, 2, 3], [1, NAN, 3], False),
        ([1, NAN, 3], [1, NAN, 3], True),
        # One number that is none on both sides must not excuse the others.
        ([9, NAN, 3], [1, NAN, 3], False),
        ([1, INF, 3], [1, 2, 3], False),
        ([1, INF, -INF], [1, INF, -INF], True),
        ([9, INF, 3], [1, INF, 3], False),
        ([1, INF, 3], [1, -INF, 3], False),
        ([], [], True),
    ],
)
def test_what_is_no_number_agrees_with_itself_alone(
    tmp_path: Path, submitted: list[float], recomputed: list[float], *, equal: bool
) -> None:
    """By hand: half a unit is allowed, and a NaN is near nothing."""
    found = compare(tmp_path, submitted, recomputed)
    assert (found.status == "confirmed") == equal
    # JSON has neither NaN nor an infinity.
    json.loads(write_json(Verification("a", "b", (found,))), parse_constant=refuse)


def test_rows_that_are_not_compared_are_not_looked_at(tmp_path: Path) -> None:
    assert compare(tmp_path, [[NAN], [2]], [[1], [2]], [False, True]).status == "confirmed"
    assert compare(tmp_path, [[1], [NAN]], [[1], [2]], [False, True]).status == "differs"
