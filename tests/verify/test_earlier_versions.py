"""Pages and PDFs of reports of an earlier contract, or of a later program, are nobody's fault."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_report import figure, kind, results

from reportgen import __version__
from reportgen.contract.reader import LoadedResults, load_results
from reportgen.contract.schema import results_type
from reportgen.document.html import Content, render_html
from reportgen.engine.plan import named_versions
from reportgen.engine.stages.pdf import DESCRIPTIONS
from reportgen.figures.figure import Figure
from reportgen.memo import no_memo
from reportgen.outline.kind import Outline, ReportKind
from reportgen.pdf.printer import Attachment, print_pdf
from reportgen.pointer import PointerError
from reportgen.progress import Silent
from reportgen.results import Results
from reportgen.settings import Settings
from reportgen.templates import open_templates
from reportgen.verify.documents import compare_documents
from reportgen.verify.numbers import _judge_claims, compare_numbers
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.releases import compare_release
from reportgen.verify.rendering import _figure_names, render_again
from reportgen.verify.submitted import SubmittedReport
from reportgen.verify.tolerances import Finding

RELEASED = sorted((Path(__file__).parents[1] / "grader/released").glob("results-*.json"))

NUMBER = re.compile(r'(data-ptr="/transfer/correct/test">)(\d+)<')


@pytest.fixture(params=RELEASED, ids=lambda file: file.stem)
def earlier(request: pytest.FixtureRequest) -> LoadedResults:
    return load_results(request.param)


def album_of(read: Results, outline: ReportKind) -> dict[str, Figure]:
    return {name: figure(name, 0) for name in _figure_names(read, outline)}


def find_rows(
    read: LoadedResults, page: str | None, folder: Path, settings: Settings | None = None, pdf: bytes = b""
) -> list[Finding]:
    """The rows of the documents of a report whose numbers are right."""
    written = {"report.html": page.encode() if page else b"", "report.pdf": pdf}
    for name, data in written.items():
        (folder / name).write_bytes(data)
    there = {name: folder / name if data else None for name, data in written.items()}
    submitted = SubmittedReport(
        folder, read, there["report.pdf"], there["report.html"], settings, Outline(), ()
    )
    album = album_of(read, read.report_kind)
    recomputed = Recomputed(
        dict(read.document), {**read.provenance.versions, **named_versions()}, album=album
    )
    words = settings.commentary.model_dump() if settings else {}
    rendered = render_again(Content(read.report_kind, read, album, words), no_memo, "")
    return list(compare_documents(submitted, recomputed, rendered, Silent()))


def make_page(read: LoadedResults) -> str:
    """The page as templates of its version could have made it: of what came later it prints no number."""
    outline = read.report_kind
    content = Content(outline, read, album_of(read, outline), {})
    page = render_html(content, open_templates(kind=outline)).html
    linked = r'(?: href="#[^"]*")? data-ptr="([^"]*)"'
    return re.sub(linked, lambda found: found[0] if has(read, found[1]) else "", page)


def has(read: LoadedResults, pointer: str) -> bool:
    try:
        read.at(pointer)
    except PointerError:
        return False
    return True


def accused(rows: list[Finding]) -> list[tuple[str, Any, str]]:
    return [(row.pointer, row.submitted, row.reason) for row in rows if row.status == "differs"]


def test_the_page_of_an_earlier_version_is_rendered_again(earlier: LoadedResults, tmp_path: Path) -> None:
    rows = find_rows(earlier, make_page(earlier), tmp_path, Settings())
    assert accused(rows) == []
    assert sum(row.subject == "text" and row.status == "confirmed" for row in rows) > 200


@pytest.mark.long
@pytest.mark.prints
def test_so_is_its_pdf(tmp_path: Path) -> None:
    earlier = load_results(RELEASED[0])
    made = earlier.document, "group = 'Seven'\n"
    attached = (
        Attachment("results.json", json.dumps(made[0]).encode(), DESCRIPTIONS["results.json"],
                   "application/json", "Data"),
        Attachment("report.toml", made[1].encode(), DESCRIPTIONS["report.toml"],
                   "application/toml", "Source"),
    )  # fmt: skip
    pdf = print_pdf(make_page(earlier), attached)
    rows = find_rows(earlier, None, tmp_path, Settings(), pdf)
    assert accused(rows) == []
    assert sum(row.subject == "text" and row.status == "confirmed" for row in rows) > 200


def test_an_earlier_version_has_other_sentences_and_numbers(earlier: LoadedResults, tmp_path: Path) -> None:
    page = make_page(earlier)
    first = page.index("<h3>Accuracy")
    gone = page.index("<p>The intervals are", first)
    end = page.index("</p>", gone) + len("</p>")
    other = '<p>Of them <span class="n" data-ptr="/transfer/total/val">24</span> were kept aside.</p>'
    assert accused(find_rows(earlier, page[:gone] + other + page[end:], tmp_path, Settings())) == []


def test_a_number_in_it_that_is_not_the_one_of_its_results_differs(
    earlier: LoadedResults, tmp_path: Path
) -> None:
    forged = NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + 1}<", make_page(earlier), count=1)
    found = accused(find_rows(earlier, forged, tmp_path, Settings()))
    assert [pointer for pointer, _, _ in found] == ["/transfer/correct/test"]


def load(document: Any) -> LoadedResults:
    read = results_type(kind(), LoadedResults).model_validate(document)
    read._name, read._document, read._kind = "results.json", document, kind()
    return read


@pytest.mark.parametrize(("version", "differs"), [("1.2", True), ("1.1", False)])
def test_only_what_the_same_version_refuses_it_never_printed(
    version: str, differs: bool, tmp_path: Path
) -> None:
    document = results().model_dump(mode="json")
    document["schema_version"] = version
    document["provenance"]["versions"] |= named_versions()
    words = Settings.model_validate({"commentary": {"transfer": "It is {{ transfer.nothing }}."}})
    rows = find_rows(load(document), "<!DOCTYPE html><p>Ours.</p>", tmp_path, words)
    refused = [row for row in rows if row.pointer == "report.html"]
    assert [row.status for row in refused] == ["differs" if differs else "not recomputable"]
    assert "{{ transfer.nothing }}" in refused[0].reason


def judge(version: str, change: Callable[[list[Any]], None]) -> list[tuple[str, str]]:
    document = results().model_dump(mode="json")
    document["schema_version"] = version
    change(document["checks"])
    rows = _judge_claims(load(document), kind().decide_claims(results().__dict__))
    return [(row.pointer, row.status) for row in rows if row.status != "confirmed"]


def drop(checks: list[Any], name: str) -> None:
    checks[:] = [check for check in checks if check["name"] != name]


def test_a_claim_that_came_later_is_no_fault_of_an_earlier_report() -> None:
    assert judge("1.1", lambda checks: drop(checks, "frozen_base")) == [("/checks", "not recomputable")]
    assert judge("1.1", lambda checks: drop(checks, "above_majority")) == []
    assert ("/checks", "differs") in judge("1.2", lambda checks: drop(checks, "frozen_base"))


def test_nor_is_one_that_is_not_made_any_more_or_stands_elsewhere() -> None:
    more = {"name": "older", "claim": "Something else.", "passed": True, "finding": False}
    assert judge("1.1", lambda checks: checks.insert(0, more)) == [("/checks/0", "not recomputable")]
    assert judge("1.1", lambda checks: checks.reverse()) == []


def test_a_verdict_that_its_numbers_do_not_bear_out_differs_in_any_version() -> None:
    def lie(checks: list[Any]) -> None:
        checks[0]["passed"] = not checks[0]["passed"]

    assert ("/checks/0/passed", "differs") in judge("1.1", lie)
    assert ("/checks/0/passed", "differs") in judge("1.2", lie)


LATER = "0.2.0"
"""A version of the program that this one knows nothing of."""


def of_version(program: str, contract: str = "1.2") -> LoadedResults:
    document = results().model_dump(mode="json")
    document["schema_version"] = contract
    document["provenance"]["versions"] |= {**named_versions(), "reportgen": program}
    return load(document)


def render(read: LoadedResults) -> str:
    outline = read.report_kind
    content = Content(outline, read, album_of(read, outline), {})
    return render_html(content, open_templates(kind=outline)).html


def rescript(page: str, added: str) -> str:
    """The page with another script of its own, which its policy lets run, as a browser computes the hash."""
    code = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[-1]
    other = f"{added}{code}"

    def hashed(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert page.count(hashed(code)) == 1
    return page.replace(code, other, 1).replace(hashed(code), hashed(other), 1)


@pytest.mark.parametrize("contract", ["1.2", "1.3"])
def test_a_later_version_has_another_script_and_other_sentences(contract: str, tmp_path: Path) -> None:
    """Red if its page is called forged, and if it is confirmed: a person has to look."""
    read = of_version(LATER, contract)
    page = rescript(render(read), "/* of a later version */ document.title += '';")
    page = page.replace("</main>", "<p>A sentence of a later version.</p></main>")
    rows = find_rows(read, page, tmp_path, Settings())
    assert accused(rows) == []
    (row,) = (row for row in rows if row.subject == "page")
    assert (row.pointer, row.status) == ("report.html", "not recomputable")
    assert f"({LATER}, contract {contract})" in row.reason
    (release,) = compare_release(read)
    assert (release.pointer, release.status) == ("/provenance/versions/reportgen", "not recomputable")
    assert "verify it with that one" in release.reason


def test_the_same_script_in_a_page_of_this_version_is_refused(tmp_path: Path) -> None:
    read = of_version(__version__)
    for page, refused in ((render(read), False), (rescript(render(read), "alert(1);"), True)):
        rows = find_rows(read, page, tmp_path, Settings())
        found = [row.pointer for row in rows if row.subject == "page" and row.status == "differs"]
        assert any("<script>" in pointer for pointer in found) == refused


@pytest.mark.parametrize("program", ["0.0.9", "9", "0.2", "0.2.0rc1", "0.2.0 ", "00.2.0", "٠.٢.٠", "0.1.00"])
def test_what_is_no_later_version_is_believed_nothing(program: str, tmp_path: Path) -> None:
    read = of_version(program)
    (release,) = compare_release(read)
    assert release.status == "differs"
    assert accused(find_rows(read, rescript(render(read), "alert(1);"), tmp_path, Settings()))


def test_a_later_version_does_not_write_an_older_contract(tmp_path: Path) -> None:
    assert {row.status for row in compare_release(of_version(LATER, "1.1"))} == {"differs"}


@pytest.mark.parametrize(
    "forge",
    [
        lambda page: page.replace("<body", "<body onload='x()'", 1),
        lambda page: page.replace("</main>", "<script>x()</script></main>"),
        lambda page: page.replace(
            "<title>", "<meta http-equiv=refresh content='0;url=https://x.org'><title>"
        ),
        lambda page: page.replace("</main>", "<iframe src='https://x.org'></iframe></main>"),
        lambda page: NUMBER.sub(lambda found: f"{found[1]}{int(found[2]) + 1}<", page, count=1),
    ],
    ids=["handler", "second script", "refresh", "frame", "number"],
)
def test_no_claim_of_a_later_version_excuses_what_none_brings_about(
    forge: Callable[[str], str], tmp_path: Path
) -> None:
    read = of_version(LATER)
    page = render(read)
    assert forge(page) != page
    assert accused(find_rows(read, forge(page), tmp_path, Settings()))


def test_sentences_of_the_program_may_be_other_ones_in_a_later_version_and_numbers_may_not() -> None:
    theirs, ours = (results().model_dump(mode="json") for _ in range(2))
    theirs["provenance"]["weights"]["note"] = "As a later version words it."
    theirs["transfer"]["feature_size"] += 1
    for later, expected in ((True, "not recomputable"), (False, "differs")):
        rows = {row.pointer: row.status for row in compare_numbers(theirs, ours, kind(), later=later)}
        assert rows["/provenance/weights/note"] == expected
        assert rows["/transfer/feature_size"] == "differs"
