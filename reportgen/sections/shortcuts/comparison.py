"""How ``verify`` compares the section's numbers: what the network predicts, and which images are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.outline.section import MARGIN
from reportgen.pointer import join_pointer
from reportgen.sections.shortcuts.result import choose_classes, count_examples
from reportgen.verify.tolerances import Findings, Pair, judge

_TIE = "the recomputed probabilities of the two classes are nearly equal"
_OTHER = "the recomputed probabilities of the two classes are not nearly equal"
_CLASS = "it is no image of this class"
_COUNT = "so many different images of each class are shown, if the cue identifies so many correctly"
_PREDICTED = {"as_it_is": "probabilities_as_it_is", "without_ring": "probabilities_without_ring"}


def compare(pair: Pair) -> Findings:
    """Rows for the tested images and for those shown."""
    yield from _compare_tested(pair)
    yield from _compare_examples(pair.submitted["examples"], _count_due(pair), pair.dataset["images"])


def find_comparable(pair: Pair) -> dict[str, list[bool]]:
    """Whether each image is the same one in both: others may be shown where two are as good."""
    submitted, wanted = (
        [file for files in each["examples"].values() for file in files]
        for each in (pair.submitted, pair.recomputed)
    )
    return {"shown": [n < len(submitted) and submitted[n] == file for n, file in enumerate(wanted)]}


def _compare_tested(pair: Pair) -> Findings:
    """An image may be taken for another class whose recomputed probability is nearly as high."""
    submitted, wanted = pair.submitted["tested"], pair.recomputed["tested"]
    classes = list(pair.dataset["classes"])
    files, same_files = ([each["file"] for each in tested] for tested in (submitted, wanted))
    yield judge("numbers", "/shortcuts/tested", files == same_files, files, same_files)
    # Row by row other images would be compared with each other.
    if files != same_files:
        return
    for n, (one, other) in enumerate(zip(submitted, wanted, strict=True)):
        here = ("shortcuts", "tested", n)
        yield judge(
            "numbers", join_pointer([*here, "true"]), one["true"] == other["true"], one["true"], other["true"]
        )
        for field, array in _PREDICTED.items():
            shares = dict(zip(classes, map(float, pair.arrays[array][n]), strict=True))
            same = one[field] == other[field]
            # A name that is no class agrees with nothing, whatever a stranger wrote.
            agrees = one[field] in shares and shares[other[field]] - shares[one[field]] <= MARGIN
            reason = "" if same else _TIE if agrees else _OTHER
            yield judge("numbers", join_pointer([*here, field]), agrees, one[field], other[field], reason)


def _count_due(pair: Pair) -> dict[str, int]:
    """How many examples of each class there must be.

    By the report's own matrix, which is compared with the recomputed one: where two classes are about as
    likely, another machine may classify one more image correctly.
    """
    classes = list(pair.dataset["classes"])
    submitted = pair.submitted
    # Of a cue that may be luck nothing is shown; documents without the stricter list go by the other one.
    if submitted.get("shown") not in submitted.get("beyond_chance", submitted.get("found", ())):
        return {}
    # A stranger's cue may be none, and the matrix of any size.
    matrix = submitted["confusion"].get(submitted.get("shown"), [])
    right = [row[i] if i < len(row) else 0 for i, row in enumerate(matrix)]
    most = count_examples(len(classes))
    due = {label: min(count, most) for label, count in zip(choose_classes(classes), right, strict=False)}
    return due if any(due.values()) else {}


def _compare_examples(
    submitted: Mapping[str, Any], due: Mapping[str, int], images: list[Mapping[str, Any]]
) -> Findings:
    """Any image of the class may be shown, for which one is surest of is a matter of the last digits."""
    labels = {image["file"]: image["label"] for image in images}
    for label in dict.fromkeys((*submitted, *due)):
        files, count = submitted.get(label, []), due.get(label, 0)
        # Or one could be shown three times, or none that looks odd.
        agrees = len(set(files)) == len(files) == count
        pointer = join_pointer(["shortcuts", "examples", label])
        yield judge("numbers", pointer, agrees, list(files), count, "" if agrees else _COUNT)
        for n, file in enumerate(files):
            agrees = labels.get(file) == label
            pointer = join_pointer(["shortcuts", "examples", label, n])
            yield judge("numbers", pointer, agrees, file, label, "" if agrees else _CLASS)
