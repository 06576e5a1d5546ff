"""A report's results in ten lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.results import SPLITS

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
LONGEST = 160
"""Characters of a line; what is longer ends in an ellipsis."""


def describe_results(results: LoadedResults) -> list[str]:
    """A few lines for a terminal or a log, ten for the assignment, whatever stands in the document."""
    named = (
        ("Results of", f"{results.name}, schema {results.schema_version}"),
        ("Report", title_of(results)),
        ("Data", describe_data(results)),
        ("Weights", describe_weights(results)),
        *(line for module in find_summaries(results) for line in module.describe(results)),
        ("Checks", describe_checks(results)),
        ("More", ".tables, .table(name), .at(pointer), .array(section, name); attributes as in results.json"),
    )  # fmt: skip
    return [cut(f"{name + ':':<12}{plain(text)}") for name, text in named]


def find_summaries(results: LoadedResults) -> list[Any]:
    """The modules of the sections that say what their results are in short."""
    modules = [section.load("summary") for section in results.report_kind.sections]
    return [module for module in modules if module is not None]


def title_of(results: LoadedResults) -> str:
    """Course, assignment, group and authors, as far as they are given."""
    report = results.report
    return "; ".join(filter(None, [report.assignment, report.course, report.group, *_authors(results)]))


def describe_data(results: LoadedResults) -> str:
    """How many images of which classes."""
    data = results.dataset
    total = ", ".join(f"{split} {sum(data.counts[split].values())}" for split in SPLITS)
    return f"{len(data.images)} images ({total}) of {len(data.classes)} classes: {', '.join(data.classes)}"


def describe_weights(results: LoadedResults) -> str:
    """Where the weights are from, and the seed."""
    weights = results.provenance.weights
    return f"{weights.source} ({weights.name}); seed {results.provenance.seed}"


def describe_checks(results: LoadedResults) -> str:
    """How many of the report's claims its numbers bear out, and which they do not."""
    failed = [check.name for check in results.checks if not check.passed]
    passed = f"{len(results.checks) - len(failed)} of {len(results.checks)} passed"
    return f"{passed}; failed: {', '.join(failed)}" if failed else passed


def _authors(results: LoadedResults) -> list[str]:
    return [author.name for author in results.report.authors]


def plain(text: str) -> str:
    """A text without line breaks and control characters, which would play tricks with a terminal."""
    letters = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() or letter in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for letter in letters
    )


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of ``longest`` characters at most."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
