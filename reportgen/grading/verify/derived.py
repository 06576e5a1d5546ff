"""What follows from a report's own numbers: rates, counts and claims, derived once more."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.checks import check_claims
from reportgen.contract.lookup import PointerError, find_value, join_pointer
from reportgen.contract.reader import LoadedResults
from reportgen.diff.values import Tolerance, is_number
from reportgen.grading.verify.row import Rows, judge

_SAME = Tolerance(1e-12)
_REASON = "does not follow from the report's own numbers"
_MISSING = "missing"


def compare_derived(results: LoadedResults) -> Rows:
    """Rows for all values that follow from others of the same document, recomputed from those."""
    for pointer, value in _derive(results).items():
        try:
            told = find_value(results.document, pointer, results.name)
        except PointerError:
            told = _MISSING
        agrees = _equal(told, value)
        yield judge("numbers", pointer, agrees, told, value, "" if agrees else _REASON)
    wrong = results.transfer.total["test"] - results.transfer.correct["test"]
    listed = len(results.transfer.misclassified)
    yield judge(
        "numbers",
        "/transfer/misclassified",
        listed == wrong,
        listed,
        wrong,
        _REASON if listed != wrong else "",
    )
    names = [check.name for check in results.checks]
    due = [check.name for check in _claims(results)]
    yield judge("numbers", "/checks", names == due, names, due, "" if names == due else _REASON)


def _derive(results: LoadedResults) -> dict[str, Any]:
    transfer, guided = results.transfer, results.guided_backprop
    derived: dict[str, Any] = {
        "/convolution/matches": results.convolution.matches,
        "/conv_stack/matches": results.conv_stack.matches,
        "/guided_backprop/zero_neurons": guided.zero_neurons,
        "/guided_backprop/zero_neurons_blank": guided.zero_neurons_blank,
    }
    for split in transfer.confusion:
        derived |= {
            f"/transfer/correct/{split}": transfer.correct[split],
            f"/transfer/total/{split}": transfer.total[split],
            f"/transfer/accuracy/{split}": transfer.accuracy[split],
        }
    for split, matrix in transfer.confusion.items():
        derived |= _scores(split, matrix, transfer.classes)
    for place, check in enumerate(_claims(results)):
        derived |= {f"/checks/{place}/{key}": value for key, value in check.model_dump().items()}
    return derived


def _claims(results: LoadedResults) -> list[Any]:
    return check_claims(
        results.convolution, results.conv_stack, results.transfer, results.neurons, results.guided_backprop
    )


def _scores(split: str, matrix: list[list[int]], classes: list[str]) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    for i, label in enumerate(classes[: len(matrix)]):
        right = matrix[i][i] if i < len(matrix[i]) else 0
        predicted, present = sum(row[i] for row in matrix if i < len(row)), sum(matrix[i])
        pointer = join_pointer(["transfer", "per_class", split, label])
        scores[f"{pointer}/precision"] = right / predicted if predicted else None
        scores[f"{pointer}/recall"] = right / present if present else None
        scores[f"{pointer}/support"] = present
    return scores


def _equal(told: Any, value: Any) -> bool:
    if is_number(told) and is_number(value):
        return _SAME.equal(told, value)
    return type(told) is type(value) and bool(told == value)
