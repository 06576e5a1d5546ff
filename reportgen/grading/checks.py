"""Built-in checks that every rubric may name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from reportgen.grading.report import NotAvailable, Report, require
from reportgen.outline.kind import ReportKind, list_sections
from reportgen.outline.section import SectionError
from reportgen.results import SPLITS


@dataclass(frozen=True)
class NamedCheck:
    """``cases`` gives what the check goes through in a report, ``judge`` looks at one of them."""

    cases: Callable[[Report], list[str]]
    judge: Callable[[Report, str], None]

    @property
    def meaning(self) -> str:
        """The condition for passing, as a sentence."""
        return " ".join((self.judge.__doc__ or "").split())


def whole(_report: Report) -> list[str]:
    """The report, once."""
    return ["report"]


def classes(report: Report) -> list[str]:
    """Each class."""
    return list(report.results.dataset.classes)


def splits(_report: Report) -> list[str]:
    """Training, validation and test."""
    return list(SPLITS)


def judge_disjoint(report: Report, _case: str) -> None:
    """No two splits contain an image of the same content."""
    where: dict[str, set[str]] = {}
    for image in report.results.dataset.images:
        # By content and not by name: a copy under another name is a leak just the same.
        where.setdefault(image.sha256, set()).add(image.split)
    shared = [image for image in report.results.dataset.images if len(where[image.sha256]) > 1]
    require(
        not shared,
        f"{len(shared)} images are in more than one split, as {shared[0].file}" if shared else "",
    )


def judge_counts(report: Report, split: str) -> None:
    """The counts of a split are those of the list of images, with at least one image a class."""
    dataset = report.results.dataset
    listed = Counter(image.label for image in dataset.images if image.split == split)
    counts = dataset.counts[split]  # type: ignore[index]
    for label in dataset.classes:
        pointer = f"/dataset/counts/{split}/{label}"
        require(
            counts.get(label) == listed[label],
            f"{pointer} is {counts.get(label)}, {listed[label]} are listed",
        )
        require(listed[label] > 0, f"{pointer}: there is no image")


def find_outputs(report: Report, label: str) -> NDArray[Any]:
    """The outputs (rows, columns, channels) of the explained layer for the example image of a class, from the
    section whose checks have a ``read_outputs`` of their own. Raises ``NotAvailable`` if there is none.
    """
    for section in report.results.report_kind.sections:
        module = section.load("checks")
        # Called otherwise than this function, which checks of sections import: of a report without such
        # outputs the search would find itself and never end.
        if module is not None and hasattr(module, "read_outputs"):
            outputs: NDArray[Any] = module.read_outputs(report, label)
            return outputs
    raise NotAvailable("the outputs of the explained layer are in no section of the report")


def require_output(pointer: str, value: float, outputs: NDArray[Any], position: tuple[int, int, int]) -> None:
    """Require that a neuron lies in the layer and that its output is the one that is stated."""
    inside = all(0 <= step < size for step, size in zip(position, outputs.shape, strict=True))
    require(inside, f"{pointer}/position: {list(position)} is outside the layer")
    found = float(outputs[position])
    require(is_close(value, found), f"{pointer}/value: found {value:.6g}, the layer has {found:.6g} there")


def is_close(a: float, b: float) -> bool:
    """Equal as float32 numbers are that were printed and read."""
    return abs(a - b) <= 1e-5 * max(abs(a), abs(b))


_FEWEST_WORDS = 3

_FIGURE = re.compile(r"Fig(?:ure|\.)\s*(A?\d+)")

_TABLE = re.compile(r"Table\s*(A?\d+)")


def judge_figures(report: Report, _case: str) -> None:
    """Every figure of the HTML has a caption of its own with number and words, and there are as many as the
    assignment asks for.
    """
    page = report.parsed_page
    require(page.bare_figures <= 0, f"{page.bare_figures} figures have no caption")
    classes = len(report.results.dataset.classes)
    # Images, filter, maps; filters and maps of two layers; the matrix or curves; each class's neurons twice.
    # A report of other sections owes no figures that none of them draws.
    fewest = min(7 + 2 * classes, _count_declared(report, classes))
    _judge(page.figures, _FIGURE, "figure", fewest)


def judge_tables(report: Report, _case: str) -> None:
    """Each class's table of guided gradients, and every other captioned table, has a caption with number and
    words.
    """
    classes = len(report.results.dataset.classes)
    sections = report.results.report_kind.sections
    # Of tables that need boxes none is asked for: images may come without.
    tables = sum(len(section.table_names(classes, "body", annotated=False)) for section in sections)
    _judge(report.parsed_page.tables, _TABLE, "table", min(classes, tables))


def judge_weights(report: Report, _case: str) -> None:
    """The document names the weights that were used, as the results do."""
    text = report.parsed_page.text
    name = " ".join(report.results.provenance.weights.name.split())
    require(name in text, f"the document does not name the weights, {name}")


def _count_declared(report: Report, classes: int) -> int:
    """The figures that the report's sections always have."""
    sections = report.results.report_kind.sections
    return sum(len(section.figure_names(classes, always=True)) for section in sections)


def _judge(captions: Sequence[str], pattern: re.Pattern[str], kind: str, fewest: int) -> None:
    numbers = []
    for caption in captions:
        found = pattern.match(caption)
        require(found is not None, f"a {kind}'s caption has no number: '{caption[:60]}'")
        numbers.append(found[1] if found else "")
        # Letters of any script, and two at least: neither a number nor a symbol such as σ says what is shown.
        words = re.findall(r"[^\W\d_]{2,}", caption[found.end() :] if found else "")
        require(
            len(words) >= _FEWEST_WORDS, f"the caption of {kind} {numbers[-1]} says nothing: '{caption[:60]}'"
        )
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    require(not twice, f"the number {', '.join(twice)} is used for two {kind}s")
    require(len(numbers) >= fewest, f"there are {len(numbers)} {kind}s with captions; {fewest} are asked for")


_BEFORE = {
    "splits_disjoint": NamedCheck(whole, judge_disjoint),
    "counts_true": NamedCheck(splits, judge_counts),
}

_AFTER = {
    "figures_captioned": NamedCheck(whole, judge_figures),
    "tables_captioned": NamedCheck(whole, judge_tables),
    "weights_named": NamedCheck(whole, judge_weights),
}


def find_checks(kind: ReportKind | None = None) -> Mapping[str, NamedCheck]:
    """The checks for every report and those of the sections that are installed here or in ``kind``, by
    name.
    """
    brought: dict[str, NamedCheck] = {}
    for section in dict.fromkeys([*list_sections(), *(kind.sections if kind else ())]):
        try:
            module = section.load("checks")
        except SectionError:
            # One that only happens to be installed says nothing of a report without it.
            if kind and section in kind.sections:
                raise
            continue
        if module is not None:
            brought |= module.CHECKS
    # In the order of a report: its data, its sections, its document.
    return {**_BEFORE, **brought, **_AFTER}


# No section declares these two, which the document prints itself.
_EVERYWHERE = ("counts", "checks")
"""The tables that every report has, whatever its sections."""


def list_exhibits(kind: ReportKind | None = None) -> list[tuple[str, str]]:
    """Kinds (fig, tab) and names of what the sections that are installed here or in ``kind`` show."""
    sections = dict.fromkeys([*list_sections(), *(kind.sections if kind else ())])
    exhibits = [("fig", each.name) for section in sections for each in section.figures]
    exhibits += [("tab", each.name) for section in sections for each in section.tables]
    return [*exhibits, *(("tab", name) for name in _EVERYWHERE)]
