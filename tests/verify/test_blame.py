"""What fails in templates, or in a section of another package, says nothing of a report."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_report import kind, results

from reportgen.batch.worker import _find_cause
from reportgen.cli.task import Task, TaskHandler, TaskResult
from reportgen.document.html import Content
from reportgen.errors import RenderError, UserError
from reportgen.memo import no_memo
from reportgen.outline.kind import Outline, OutlineError, ReportKind
from reportgen.outline.section import Reads, Section, SectionError
from reportgen.progress import Silent
from reportgen.results import Results
from reportgen.templates import templates_folder
from reportgen.verify.numbers import compare_derived
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.rendering import _figure_names, render_again
from reportgen.verify.verification import _compare_numbers


def templates_with(folder: Path, mistake: str) -> Path:
    shutil.copytree(templates_folder(), folder / "templates")
    with (folder / "templates/sections/transfer.html.j2").open("a", encoding="utf-8") as file:
        file.write(mistake)
    return folder / "templates"


def report(read: Results | None = None) -> Content:
    return Content(kind(), read or results(), {}, {})


@pytest.mark.parametrize("mistake", ["{{ r.transfer.nothing }}", "{% if %}"])
def test_a_mistake_in_a_template_is_told_and_no_evidence(tmp_path: Path, mistake: str) -> None:
    templates = templates_with(tmp_path, mistake)
    with pytest.raises(RenderError, match=r"templates/"):
        render_again(report(), no_memo, "", templates, results)
    words = Content(kind(), results(), {}, {"transfer": "Ours."})
    with pytest.raises(RenderError, match=r"templates/"):
        render_again(words, no_memo, "", templates, results)


def test_results_that_are_not_printed_where_ours_are_come_from_elsewhere() -> None:
    read = results()
    # A split of which the section on transfer learning has no images.
    counts = {"bonus": read.dataset.counts["test"]}
    dataset = read.dataset.model_copy(update={"counts": counts})
    forged = report(read.model_copy(update={"dataset": dataset}))
    assert render_again(forged, no_memo, "", None, results).failed
    # Nothing to be compared with: it may be the templates' fault.
    left = render_again(forged, no_memo, "", None, lambda: None)
    assert (left.failed, left.page) == (False, None)


def test_refused_words_are_evidence_whatever_can_be_recomputed() -> None:
    content = Content(kind(), results(), {}, {"transfer": "{{ transfer.nothing }}"})
    found = render_again(content, no_memo, "", None, lambda: None)
    assert found.failed
    assert found.page is not None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SectionError("section 'x': 1 / 0"), 70),
        (RenderError("templates/x", "Correct it."), 70),
        (UserError("x", "y"), 2),
    ],
)
def test_no_error_ends_like_a_verdict(error: UserError, code: int) -> None:
    def fail(_task: Task, _progress: Any) -> TaskResult:
        raise error

    duty = TaskHandler("verify", "verifies", "verifying", Task, fail)
    with pytest.raises(UserError) as raised:
        duty.perform(Task(submission="x"), Silent())
    assert raised.value.exit_code == code
    reported = TaskHandler("grade", "grades", "grading", Task, lambda *_: TaskResult(code=1, error=error))
    said = reported.perform(Task(submission="x"), Silent())
    assert (said.code, said.error and said.error.exit_code) == (1, code)


@pytest.mark.parametrize(
    ("error", "outline", "cause"),
    [
        (SectionError("section 'x': 1 / 0"), Outline(), "fault"),
        (OutlineError("there is none", ""), Outline("no_such"), "fault"),
        (OutlineError("named twice", ""), Outline(), "data"),
        (UserError("x", "y"), Outline("no_such"), "data"),
    ],
)
def test_a_class_is_not_blamed_for_its_instructors_section(
    error: UserError, outline: Outline, cause: str
) -> None:
    job: Any = SimpleNamespace(config=SimpleNamespace(outline=outline))
    assert _find_cause(error, job) == cause


FAULTY = {
    "__init__.py": "",
    "result.py": "from reportgen.results.fields import Result\n\nclass Faulty(Result):\n    n: int = 1\n",
    "comparison.py": "def compare(pair):\n    1 / 0\n\n\ndef judge_itself(numbers):\n    yield 1 / 0\n",
    "claims.py": "def list_figures(numbers):\n    yield 1 / 0\n",
}


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Section]:
    """A section of another package, each function of which divides by zero."""
    (tmp_path / "faulty").mkdir()
    for name, text in FAULTY.items():
        (tmp_path / "faulty" / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield Section("faulty", "Faulty", "faulty", "Faulty", "Nothing.", Reads())
    for name in [name for name in sys.modules if name.partition(".")[0] == "faulty"]:
        del sys.modules[name]


def test_the_author_of_a_section_hears_of_its_faults_in_verify(faulty: Section) -> None:
    outline = ReportKind("assignment", "1.0", (faulty,))
    numbers = faulty.result_type()
    read: Any = SimpleNamespace(
        document={"faulty": {"n": 1}},
        has=lambda _name: True,
        faulty=numbers,
        folder=None,
        provenance=SimpleNamespace(versions={}),
    )
    recomputed = Recomputed({"faulty": {"n": 1}, "dataset": {}}, {}, arrays={"faulty": {}})
    submitted: Any = SimpleNamespace(results=read)
    with pytest.raises(SectionError, match=r"'faulty': ZeroDivisionError.*comparison\.py, line 2"):
        list(_compare_numbers(submitted, recomputed, outline))
    with pytest.raises(SectionError, match=r"'faulty': ZeroDivisionError.*comparison\.py, line 6"):
        list(compare_derived(read, outline))
    described: Results = SimpleNamespace(dataset=SimpleNamespace(classes=[]), faulty=numbers)  # type: ignore[assignment]
    with pytest.raises(SectionError, match=r"'faulty': ZeroDivisionError.*claims\.py"):
        list(_figure_names(described, outline))
