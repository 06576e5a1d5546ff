"""Predictions: another class is as good if the recomputed probabilities of the two are nearly equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.diff.values import is_number
from reportgen.outline.section import MARGIN, Tolerance
from reportgen.pointer import join_pointer
from reportgen.sections.transfer.result import Transfer
from reportgen.verify.tolerances import NO_CONSEQUENCE, Finding, Findings, Pair, Tolerances, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Quotients of the same counts: only the last digit may depend on who divides.
_SAME = Tolerance(1e-12)
_TIE = "the recomputed probabilities of the two classes are nearly equal"
_CLEAR = "images with nearly equal probabilities of two classes do not explain it"
_OTHER = "the recomputed probabilities are {:.3f} for {} and {:.3f} for {}"


def compare(pair: Pair) -> Findings:
    """Rows for what the network predicts."""
    splits = {split: pair.arrays[f"probabilities_{split}"] for split in pair.recomputed["confusion"]}
    return compare_predictions(
        pair.submitted, pair.recomputed, pair.dataset["images"], splits, pair.tolerances
    )


def judge_itself(numbers: Transfer) -> Findings:
    """Rows for what follows from the section's own matrices and is not derived by its result type."""
    wrong, listed = numbers.total["test"] - numbers.correct["test"], len(numbers.misclassified)
    yield _judge("/transfer/misclassified", listed, wrong)
    for split, matrix in numbers.confusion.items():
        # A stranger's matrix may have fewer rows than there are classes, and shorter ones.
        for i, label in enumerate(numbers.classes[: len(matrix)]):
            right = matrix[i][i] if i < len(matrix[i]) else 0
            predicted, present = sum(row[i] for row in matrix if i < len(row)), sum(matrix[i])
            pointer = join_pointer(["transfer", "per_class", split, label])
            reported = numbers.per_class[split].get(label)
            for name, value in {
                "precision": right / predicted if predicted else None,
                "recall": right / present if present else None,
                "support": present,
            }.items():
                # A class that is left out is called missing: None is a rate without a denominator.
                yield _judge(f"{pointer}/{name}", getattr(reported, name, "missing"), value)


def _judge(pointer: str, reported: Any, value: Any) -> Finding:
    numbers = is_number(reported) and is_number(value)
    agrees = _SAME.equal(reported, value) if numbers else reported == value
    return judge("numbers", pointer, agrees, reported, value, "" if agrees else NO_CONSEQUENCE)


@dataclass(frozen=True)
class Guess:
    """What the recomputed network says of one image: its class, and those of nearly the same probability."""

    true: int
    best: int
    ties: tuple[int, ...]


def compare_predictions(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    images: Sequence[Mapping[str, Any]],
    probabilities: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    """Rows for the confusion matrices and the list of misclassified images.

    ``images`` are those of the recomputation; ``probabilities[split]`` (N, classes) belong to the images of
    that split in order.
    """
    classes = list(recomputed["classes"])
    for split, wanted in recomputed["confusion"].items():
        labels = [classes.index(image["label"]) for image in images if image["split"] == split]
        guesses = [_guess(true, row) for true, row in zip(labels, probabilities[split], strict=True)]
        reported = submitted["confusion"].get(split)
        agrees, reason = reported == wanted, ""
        if not agrees:
            agrees = _is_reachable(reported, wanted, guesses)
            reason = _TIE if agrees else _CLEAR
        pointer = join_pointer(["transfer", "confusion", split])
        yield judge("numbers", pointer, agrees, reported, wanted, reason)
    tested = {image["file"]: image["label"] for image in images if image["split"] == "test"}
    for index, item in enumerate(submitted["misclassified"]):
        # The name of a file that is no test image is reported below.
        if (label := tested.get(item["file"])) is not None:
            pointer = f"/transfer/misclassified/{index}/true"
            yield judge("numbers", pointer, item["true"] == label, item["true"], label)
    yield from _compare_misclassified(
        submitted, recomputed, dict(zip(tested, probabilities["test"], strict=True)), tolerances
    )


def _guess(true: int, row: NDArray[Any]) -> Guess:
    best = int(row.argmax())
    ties = tuple(i for i, share in enumerate(row) if i != best and row[best] - share <= MARGIN)
    return Guess(true, best, ties)


def _is_reachable(reported: Any, wanted: list[list[int]], guesses: Sequence[Guess]) -> bool:
    """Whether the matrix comes out if images with a tie are counted for the other class of it."""
    # Whatever was handed in: no moving of images leads to a matrix of another size.
    if not isinstance(reported, list) or [len(row) for row in reported] != [len(row) for row in wanted]:
        return False
    rest = [[a - b for a, b in zip(*rows, strict=True)] for rows in zip(reported, wanted, strict=True)]
    return all(
        _can_move(row, [guess for guess in guesses if guess.true == true]) for true, row in enumerate(rest)
    )


def _can_move(row: Sequence[int], guesses: Sequence[Guess]) -> bool:
    """Whether images of one class, each moved once at most, change its row of the matrix by ``row``.

    A flow from the classes with fewer images than were counted to those with more, through one node for each
    image: moving one by one may take an image with two ties to where only another one could have gone.
    """
    # Only where a matrix differs: SciPy takes 0.4 s to import.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    tied = [guess for guess in guesses if guess.ties]
    moved = sum(change for change in row if change > 0)
    # A row counts the images of one class, whatever they are taken for, and each can move once only.
    if sum(row) or moved > len(tied):
        return False
    source = len(row) + len(tied)
    sink = source + 1
    edges = [(source, index, -change) for index, change in enumerate(row) if change < 0]
    edges += [(index, sink, change) for index, change in enumerate(row) if change > 0]
    for node, guess in enumerate(tied, len(row)):
        edges += [(guess.best, node, 1), *((node, other, 1) for other in guess.ties)]
    starts, ends, most = zip(*edges, strict=True) if edges else ((), (), ())
    graph = csr_array((most, (starts, ends)), shape=(sink + 1, sink + 1), dtype="int32")
    return bool(maximum_flow(graph, source, sink).flow_value == moved)


def _compare_misclassified(
    submitted: Mapping[str, Any],
    recomputed: Mapping[str, Any],
    probabilities: Mapping[str, NDArray[Any]],
    tolerances: Tolerances,
) -> Findings:
    classes = list(recomputed["classes"])
    listed = {item["file"]: (i, item) for i, item in enumerate(submitted["misclassified"])}
    wanted = {item["file"]: item for item in recomputed["misclassified"]}
    # The table by file has the last of them only, so that they are counted before.
    if len(listed) < len(submitted["misclassified"]):
        yield Finding("numbers", "/transfer/misclassified", "differs", reason="it names an image twice")
    for file in [*listed, *(file for file in wanted if file not in listed)]:
        index, item = listed.get(file, (None, None))
        pointer = f"/transfer/misclassified/{len(listed) if index is None else index}"
        if file not in probabilities:
            yield Finding(
                "numbers", f"{pointer}/file", "differs", file, None, "the data folder has no such test image"
            )
            continue
        guess = _Listed(pointer, item, wanted.get(file), probabilities[file])
        yield from guess.compare(classes, tolerances)


@dataclass(frozen=True)
class _Listed:
    """What report (``item``) and recomputation (``wanted``) list of an image; None where one has it right.

    ``row`` has the recomputed probabilities, class by class.
    """

    pointer: str
    item: Any
    wanted: Any
    row: NDArray[Any]

    def compare(self, classes: list[str], tolerances: Tolerances) -> Findings:
        """Rows for the predicted class and, if the report lists the image, for its probabilities."""
        pointer, item, row = self.pointer, self.item, self.row
        best = classes[int(row.argmax())]
        # Whoever does not list an image says that it was predicted as what it is.
        guess = item["predicted"] if item else self.wanted["true"]
        if guess not in classes:
            yield Finding("numbers", f"{pointer}/predicted", "differs", guess, best, "there is no such class")
            return
        share = float(row[classes.index(guess)])
        agrees = float(row.max()) - share <= MARGIN
        reason = (
            "" if guess == best else _TIE if agrees else _OTHER.format(float(row.max()), best, share, guess)
        )
        yield judge("numbers", f"{pointer}/predicted", agrees, guess, best, reason)
        if item is None:
            return
        for label, share in zip(classes, map(float, row), strict=True):
            below = pointer + join_pointer(["probabilities", label])
            value = item["probabilities"].get(label)
            agrees = tolerances.agree(below, value, share)
            yield judge(
                "numbers", below, agrees, value, share, "" if agrees else tolerances.explain(below, share)
            )
