"""The arrays of a build folder beside the recomputed ones, element by element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.contract.lookup import PointerError, join_pointer, split_pointer
from reportgen.contract.reader import ARRAYS_FOLDER, LoadedResults
from reportgen.outline.tolerance import Rule
from reportgen.verify.finding import Finding, Findings, judge
from reportgen.verify.tolerances import Tolerances

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare_arrays(
    results: LoadedResults,
    recomputed: Mapping[str, Mapping[str, NDArray[Any]]],
    comparable: Mapping[str, Mapping[str, Sequence[bool]]],
    tolerances: Tolerances,
) -> Findings:
    """A row for each array; ``comparable`` tells by section and array which elements along the first axis
    belong to the same in both, where not all do.

    A PDF brings no arrays; their summaries are compared with the other numbers.
    """
    if results.folder is None:
        return
    for section, arrays in recomputed.items():
        if not (results.folder / ARRAYS_FOLDER / f"{section}.npz").exists():
            reason = "the file did not come along; the summaries are compared with the other numbers"
            yield Finding("arrays", f"/{section}/arrays", "not recomputable", reason=reason)
            continue
        for key, wanted in arrays.items():
            pointer = join_pointer([section, ARRAYS_FOLDER, key])
            rule = tolerances.find(pointer, 0.0)
            yield _compare(results, pointer, wanted, comparable.get(section, {}).get(key), rule)


def _compare(
    results: LoadedResults, pointer: str, wanted: NDArray[Any], rows: Sequence[bool] | None, rule: Rule
) -> Finding:
    section, _, key = split_pointer(pointer)
    try:
        told = results.array(section, key)
    except PointerError as error:
        return Finding("arrays", pointer, "differs", reason=error.problem)
    if told.shape != wanted.shape:
        return Finding("arrays", pointer, "differs", list(told.shape), list(wanted.shape), "another shape")
    kept = wanted
    if rows is not None and not all(rows):
        told, kept = told[np.array(rows)], wanted[np.array(rows)]
    return _judge(pointer, told, kept, float(np.abs(wanted.astype(np.float64)).max()), rule)


def _judge(pointer: str, told: NDArray[Any], wanted: NDArray[Any], scale: float, rule: Rule) -> Finding:
    allowed = rule.tolerance.atol + rule.tolerance.rtol * scale
    differences = np.abs(told.astype(np.float64) - wanted.astype(np.float64))
    beyond = differences > allowed
    if not beyond.any():
        return judge("arrays", pointer, True, None, None)
    first = tuple(int(i) for i in np.argwhere(beyond)[0])
    count = int(beyond.sum())
    reason = (
        f"{count} of {told.size} elements differ by more than {allowed:.3g} ({rule.reason}), "
        f"the first at {list(first)}"
    )
    return judge("arrays", pointer, False, float(told[first]), float(wanted[first]), reason)
