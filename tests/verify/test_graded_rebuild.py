"""What checks may take from a recomputation: by section, and nothing if more than a section differs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from small_results import LABELS, document, small_results

from reportgen.analysis.computed import summarise
from reportgen.grading.report import Supplement
from reportgen.grading.run import grade
from reportgen.grading.score import Grades
from reportgen.verify import open_rebuild
from reportgen.verify.rebuild import find_doubted, reconcile_document
from reportgen.verify.tolerances import Finding, Rebuild, Verification

SHAPE = (14, 14, 512)
PAGE = "<p>" + "w.h5" + "</p>"
ROWS = """
[[check]]
criterion = "Largest"
check = "largest_neurons"
points = 4
[[check]]
criterion = "Weights named"
check = "weights_named"
points = 2
[[check]]
criterion = "Size"
pointer = "/transfer/feature_size"
expected = 512
points = 1
"""
TESTS = """
import pytest
@pytest.mark.points(3, criterion="Sum")
def test_sum(results):
    assert abs(float(results.array("neurons", "activations_0").sum()) - {total}) < 1
@pytest.mark.points(1, criterion="Page")
def test_page(report_html):
    assert "w.h5" in report_html
"""
PAGES = Finding("pages", "page 1", "confirmed")
INSIDE = Finding("numbers", "/neurons/top/cat/0/value", "differs", 0.9, 0.6)


def activations() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {f"activations_{index}": rng.random(SHAPE).astype(np.float32) for index in range(len(LABELS))}


ARRAYS = activations()
SUMMARIES = {key: each.model_dump(mode="json") for key, each in summarise("neurons", ARRAYS).items()}


def recomputed_neurons() -> dict[str, Any]:
    """The part of a document that these arrays give, as far as it is looked at."""
    neurons = document()["neurons"]
    for index, label in enumerate(LABELS):
        outputs = ARRAYS[f"activations_{index}"]
        position = np.unravel_index(int(outputs.argmax()), SHAPE)
        largest = neurons["top"][label][0] | {
            "position": list(map(int, position)),
            "value": float(outputs.max()),
        }
        neurons["top"][label] = neurons["top_distinct"][label] = [largest]
    neurons["arrays"] = SUMMARIES
    return neurons  # type: ignore[no-any-return]


def submitted() -> dict[str, Any]:
    """What was handed in: other neurons, of the same arrays."""
    made = small_results().model_dump(mode="json")
    made["neurons"]["arrays"] = SUMMARIES
    return made


def verified(*rows: Finding, **changes: Any) -> Verification:
    rebuild = Rebuild(submitted(), {"neurons": recomputed_neurons()}, {"neurons": ARRAYS}, {}, PAGE)
    return Verification("r.pdf", "data", rows or (PAGES,), rebuild=replace(rebuild, **changes))


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.attachments["results.json"] = json.dumps(submitted()).encode()
        pdf.save(tmp_path / "report.pdf")
    (tmp_path / "r.toml").write_text(ROWS)
    total = float(ARRAYS["activations_0"].astype(np.float64).sum())
    (tmp_path / "test_r.py").write_text(TESTS.replace("{total}", str(total)))
    return tmp_path / "report.pdf"


def graded(paper: Path, found: Verification) -> tuple[dict[str, str], Grades]:
    rubrics = [paper.with_name("r.toml"), paper.with_name("test_r.py")]
    with open_rebuild(found) as rebuilt:
        grades = grade(paper, rubrics, show=False, supplement=Supplement(rebuilt=rebuilt))
    return {item.name: item.status for item in grades.criteria}, grades


def test_checks_take_what_a_pdf_lacks_from_the_recomputation(paper: Path) -> None:
    statuses, grades = graded(paper, verified())
    assert set(statuses.values()) == {"passed"}
    assert (f"{grades.score:f}", f"{grades.points:f}") == ("11", "11")


def test_a_check_may_still_fail_on_it(paper: Path) -> None:
    neurons = recomputed_neurons()
    neurons["top"]["cat"][0]["position"] = [0, 0, 0]
    statuses, grades = graded(paper, verified(recomputed={"neurons": neurons}))
    assert statuses["Largest"] == "failed"
    assert grades.score == 9  # one of two classes


NOTHING = {
    "Largest": "not checkable", "Weights named": "not checkable", "Size": "passed",
    "Sum": "not checkable", "Page": "not checkable",
}  # fmt: skip


@pytest.mark.parametrize(
    "differs",
    [
        Finding("images", "train/cat/a.png", "differs", "1", "2"),
        Finding("numbers", "/dataset/counts/train/cat", "differs", 3, 4),
        Finding("text", "/transfer/accuracy/test", "differs", "0.9", "0.6"),
        Finding("pages", "page 2", "differs"),
        Finding("attachment", "/neurons/top", "differs"),
    ],
)
@pytest.mark.parametrize("beside", [(), (INSIDE,)], ids=["alone", "beside a section"])
def test_nothing_is_taken_if_more_than_a_section_differs(
    paper: Path, differs: Finding, beside: tuple[Finding, ...]
) -> None:
    statuses, grades = graded(paper, verified(PAGES, *beside, differs))
    assert statuses == NOTHING
    assert grades.open_points == ["10 not checkable"]
    assert differs.pointer in grades.criteria[0].cases[0].message


@pytest.mark.parametrize("status", ["differs", "not recomputable"])
@pytest.mark.parametrize(
    ("pointer", "taken"), [("/neurons/top/cat/0/value", False), ("/transfer/accuracy/test", True)]
)
def test_sections_are_taken_one_by_one(paper: Path, pointer: str, status: Any, taken: bool) -> None:
    """The rebuild has arrays of two sections, and a number of one of them is not confirmed."""
    transfer = submitted()["transfer"]
    arrays = {"neurons": ARRAYS, "transfer": {}}
    recomputed = {"neurons": recomputed_neurons(), "transfer": transfer}
    row = Finding("numbers", pointer, status, 0.9, 0.6)
    statuses, grades = graded(paper, verified(PAGES, row, recomputed=recomputed, arrays=arrays))
    expected = "passed" if taken else "not checkable"
    assert (statuses["Largest"], statuses["Sum"]) == (expected, expected)
    # A document is of all sections.
    assert statuses["Weights named"] == ("not checkable" if status == "differs" else "passed")
    assert taken or pointer in grades.criteria[0].cases[0].message


@pytest.mark.parametrize(
    ("row", "recomputed_counts"),
    [
        (Finding("numbers", "/a/x", "differs"), False),
        (Finding("numbers", "/a/x", "not recomputable"), False),
        (Finding("arrays", "/a/arrays/w", "differs"), False),
        (Finding("arrays", "/a/arrays", "not recomputable"), True),
        (Finding("numbers", "/b/x", "differs"), True),
        (Finding("text", "/a/x", "differs"), True),
    ],
)
def test_a_class_and_a_single_report_take_the_same_numbers(row: Finding, recomputed_counts: bool) -> None:
    """To the last digit those of the arrays, or those that were handed in, with the new description."""
    submitted = {"a": {"x": 1.0, "arrays": {"w": "old"}, "said": "yes"}, "report": {"authors": ["me"]}}
    recomputed = {"a": {"x": 1.0000001, "arrays": {"w": "new"}}, "dataset": {"n": 2}}
    settled = reconcile_document(submitted, recomputed, ["a", "b"], find_doubted([row], ["a", "b"]))
    kept = {"x": 1.0, "arrays": {"w": "new"}, "said": "yes"}
    assert settled == {"a": recomputed["a"] if recomputed_counts else kept, "report": {"authors": ["me"]}}


def test_a_section_that_could_not_be_recomputed_is_not_checkable(paper: Path) -> None:
    row = Finding("numbers", "/neurons", "not recomputable", reason="no weights")
    statuses, grades = graded(
        paper, verified(PAGES, row, recomputed={}, arrays={}, missing={"neurons": "no weights"})
    )
    assert (statuses["Largest"], statuses["Sum"]) == ("not checkable", "not checkable")
    assert (statuses["Weights named"], statuses["Page"]) == ("passed", "passed")
    assert "no weights" in grades.criteria[0].cases[0].message


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((Finding("numbers", "/a", "confirmed"),), "no document was handed in"),
        ((Finding("pages", "page 1", "not recomputable", reason="no Pango"),), "no Pango"),
        ((PAGES, Finding("text", "/a", "not recomputable", reason="unreadable")), "unreadable"),
    ],
)
def test_the_document_is_taken_only_if_that_of_the_report_was_confirmed(
    paper: Path, rows: tuple[Finding, ...], reason: str
) -> None:
    statuses, grades = graded(paper, verified(*rows))
    assert (statuses["Weights named"], statuses["Largest"]) == ("not checkable", "passed")
    assert reason in grades.criteria[1].cases[0].message


def test_arrays_of_a_doubted_section_are_not_even_on_disk() -> None:
    """Tests of pytest run code of their own, and may look for files."""
    arrays = {"neurons": ARRAYS, "transfer": {}}
    recomputed = {"neurons": recomputed_neurons(), "transfer": submitted()["transfer"]}
    with open_rebuild(verified(PAGES, INSIDE, recomputed=recomputed, arrays=arrays)) as rebuilt:
        assert rebuilt.results is not None
        assert rebuilt.results.folder is not None
        assert [path.name for path in (rebuilt.results.folder / "arrays").iterdir()] == ["transfer.npz"]


def test_nothing_stays_behind(paper: Path) -> None:
    with open_rebuild(verified()) as rebuilt:
        assert rebuilt.results is not None
        folder = rebuilt.results.folder
        assert folder is not None
        assert folder.exists()
    assert not folder.exists()
