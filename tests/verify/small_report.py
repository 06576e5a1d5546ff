"""A report of few pages for the corpus of forgeries: two sections, with figures, tables and formulas."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from small_results import document

from reportgen.contract.reader import load_results
from reportgen.contract.schema import results_type
from reportgen.document.html import Content, render_html
from reportgen.engine.stages.pdf import DESCRIPTIONS
from reportgen.figures.figure import Figure, Picture
from reportgen.outline.kind import Outline, ReportKind
from reportgen.pdf.printer import Attachment, print_pdf
from reportgen.progress import Silent
from reportgen.results import Check, Results
from reportgen.templates import open_templates
from reportgen.verify.documents import compare_documents
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.submitted import SubmittedReport
from reportgen.verify.tolerances import Finding
from reportgen.verify.verification import _render as render_submitted

SECTIONS = ("convolution", "transfer")

WORDS = {
    "convolution": "Our **own** words, with $a^2 + 1$.\n\n* one\n* two\n",
    "transfer": "עברית and `code`, see {@fig:images}.",
}


def kind() -> ReportKind:
    """The kind of report that the corpus is about."""
    return Outline(sections=SECTIONS).kind


def results() -> Results:
    """Its results, written by hand."""
    made = document()
    made["kind"]["sections"] = list(SECTIONS)
    made["report"] |= {
        "group": "Seven",
        "authors": [{"name": "דנה כהן", "roll_number": "7"}, {"name": "Ann", "roll_number": "8"}],
    }
    for name in set(made) - {
        "kind",
        "report",
        "schema_version",
        "provenance",
        "dataset",
        "checks",
        *SECTIONS,
    }:
        del made[name]
    made["checks"] = []
    bare = results_type(kind(), Results).model_validate(made)
    claims = kind().decide_claims({name: getattr(bare, name) for name in SECTIONS})
    return bare.model_copy(update={"checks": [Check.model_validate(asdict(claim)) for claim in claims]})


def picture(seed: int, quality: int = 92) -> bytes:
    """A small photograph-like JPEG."""
    rng = np.random.default_rng(seed)
    rough = Image.fromarray(rng.integers(30, 220, (6, 8, 3), np.uint8)).resize(
        (160, 120), Image.Resampling.BICUBIC
    )
    target = io.BytesIO()
    rough.save(target, "JPEG", quality=quality)
    return target.getvalue()


@cache
def html() -> str:
    """The page."""
    return page(WORDS)


@cache
def bare() -> str:
    """The page without the authors' words, as it is made where their report.toml did not come along."""
    return page({})


def page(words: Mapping[str, str]) -> str:
    """The page with these words of the authors."""
    return render_html(Content(kind(), results(), album(), words), open_templates(kind=kind())).html


def album() -> dict[str, Figure]:
    """Its figures, each another picture."""
    made = results()
    names = [
        name
        for section in kind().sections
        for name in section.list_figures(getattr(made, section.name), len(made.dataset.classes))
    ]
    return {name: figure(name, seed) for seed, name in enumerate(names)}


def figure(name: str, seed: int) -> Figure:
    return Figure(name, Picture(picture(seed), "image/jpeg", 160, 120), f"A picture of {name}.")


RESULTS, SETTINGS = b'{"schema_version": "1.2"}\n', b'group = "Seven"\n'


@cache
def pdf() -> bytes:
    """The PDF as it is printed, with two files attached."""
    attached = (
        Attachment("results.json", RESULTS, DESCRIPTIONS["results.json"], "application/json", "Data"),
        Attachment("report.toml", SETTINGS, DESCRIPTIONS["report.toml"], "application/toml", "Source"),
    )
    return print_pdf(html(), attached)


@cache
def reprint() -> bytes:
    """The same, printed again without them, as verify does."""
    return print_pdf(html())


def verify_page(page: str, folder: Path, drawn: Mapping[str, Figure]) -> list[Finding]:
    """The rows on a page that came without a PDF, and so without report.toml; ``drawn``: the recomputed
    figures, none if they could not be recomputed.
    """
    written = results().model_dump(mode="json")
    read_from = folder / "results.json"
    read_from.write_text(json.dumps(written), encoding="utf-8")
    (folder / "report.html").write_text(page, encoding="utf-8")
    read = load_results(read_from)
    made = Outline(sections=SECTIONS)
    submitted = SubmittedReport(read_from, read, None, folder / "report.html", None, made, ())
    missing = {} if drawn else {"transfer": "there are no weights"}
    recomputed = Recomputed(written, read.provenance.versions, album=drawn, missing=missing)
    rendered = render_submitted(submitted, recomputed, None)
    return list(compare_documents(submitted, recomputed, rendered, Silent()))
