"""Rubrics without code: a TOML table whose rows become checks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from reportgen.errors import SettingsError, UserError
from reportgen.grading.checks import NamedCheck, find_checks
from reportgen.grading.exports.table import one_line
from reportgen.grading.formula import FormulaError, count_stars, parse_formula
from reportgen.grading.points import MAXIMUM
from reportgen.grading.report import CheckFailure, GradingError, NotAtHand, Report
from reportgen.grading.rubric_item import Computed, Expected, Judge, Named, Range, RubricItem, Test, Tolerance
from reportgen.grading.score import VISIBILITIES, Visibility
from reportgen.grading.source import load_report, locate_report, read_page
from reportgen.outline.kind import ReportKind, find_kind
from reportgen.text import find_nearest
from reportgen.toml.reading import decode_text, parse_table

_KINDS = {
    "expected": {"pointer", "expected", "tolerance", "relative"},
    "range": {"pointer", "range"},
    "formula": {"pointer", "formula", "tolerance", "relative"},
    "check": {"check"},
}

_COMMON = {"criterion", "points", "message", "visibility", "tags", "depends"}

_KEYS = sorted(_COMMON.union(*_KINDS.values()))

_ROUNDING = 1e-9
"""Relative; a formula is computed in floating point, in which a / b need not be the decimal written."""

_MAX_BYTES = 2**20

RUBRIC_FILE = "rubric.toml"

_HEAD = """\
# The rubric of this report. Change it, and grade with: reportgen grade --rubric rubric.toml

title = "Convolution, transfer learning and guided backpropagation"
"""


class RubricError(GradingError):
    """A rubric cannot be used; ``problem`` has one line for each fault."""


@dataclass(frozen=True)
class Rubric:
    """The rows of a rubric, in order."""

    title: str
    rows: tuple[RubricItem, ...]

    @property
    def points(self) -> Decimal:
        """The most that can be reached."""
        return sum((row.points for row in self.rows), Decimal(0))


class _Fault(Exception):  # noqa: N818 - becomes a line of a RubricError
    """The error of a row, in words that follow its number."""


def shipped_rubrics(kind: ReportKind | None = None) -> list[Path]:
    """The rubrics of all sections of a kind of report that have one, and the one for every report."""
    sections = (kind or find_kind()).sections
    files = [section.folder / RUBRIC_FILE for section in sections]
    return [*(file for file in files if file.is_file()), Path(__file__).with_name("report.rubric.toml")]


def write_rubric(kind: ReportKind | None = None) -> str:
    """The same in one file, to be copied and changed."""
    texts = [file.read_text(encoding="utf-8") for file in shipped_rubrics(kind)]
    return "\n".join([_HEAD, *texts])


def load_rubric(path: Path, kind: ReportKind | None = None) -> Rubric:
    """Read a rubric. Raises ``RubricError`` naming file and, of every wrong row, number, key and value."""
    table = _read(path)
    faults = [
        f"unknown key '{key}'; allowed are title, check" for key in table if key not in ("title", "check")
    ]
    title, listed = table.get("title", ""), table.get("check")
    checks = find_checks(kind)
    if not isinstance(title, str):
        faults.append(f"title = {title!r} is no text")
    if not isinstance(listed, list) or not listed or not all(isinstance(row, dict) for row in listed):
        faults.append("it has no [[check]]")
        listed = []
    rows: list[RubricItem] = []
    for number, row in enumerate(listed, 1):
        try:
            rows.append(_read_row(number, row, checks))
        except _Fault as fault:
            name = row.get("criterion")
            faults.append(
                f"check {number}{f' ({one_line(name)[:60]})' if isinstance(name, str) else ''}: {fault}"
            )
    faults += _twice(rows)
    if faults:
        raise RubricError(
            "\n".join(f"{path}: {fault}." for fault in faults),
            "Correct the rubric; docs/graders.md explains its keys.",
        )
    return Rubric(one_line(str(title)), tuple(rows))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise RubricError(f"{path}: more than {_MAX_BYTES} bytes.", "Name a rubric.")
        return parse_table(decode_text(data, str(path)), str(path))[0]
    except OSError as error:
        raise RubricError(
            f"{path}: cannot be read: {error.strerror}.", "Check the path and who may read it."
        ) from None
    except SettingsError as error:
        raise RubricError(error.problem, error.remedy) from None


def _twice(rows: list[RubricItem]) -> Iterator[str]:
    first: dict[str, RubricItem] = {}
    for row in rows:
        if (other := first.setdefault(row.criterion, row)) is not row:
            yield f"check {row.number} ({row.criterion}): check {other.number} has the same criterion"
    for row in rows:
        for name in row.depends:
            if name not in first:
                near = find_nearest(name, first)
                hint = f"; did you mean '{near}'?" if near else ""
                yield f"check {row.number} ({row.criterion}): depends on '{name}', no criterion{hint}"


def _read_row(number: int, row: Mapping[str, Any], checks: Mapping[str, NamedCheck]) -> RubricItem:
    for key in row:
        if key not in _KEYS:
            near = find_nearest(key, _KEYS)
            raise _Fault(f"unknown key '{key}'" + (f"; did you mean '{near}'?" if near else ""))
    criterion = row.get("criterion")
    if not isinstance(criterion, str) or not one_line(criterion):
        raise _Fault("it has no criterion, a text")
    visibility = row.get("visibility", "visible")
    if visibility not in VISIBILITIES:
        raise _Fault(f"visibility = {visibility!r}; allowed are {', '.join(VISIBILITIES)}")
    return RubricItem(
        number,
        one_line(criterion),
        _points(row.get("points")),
        _test(row, checks),
        _text(row, "message"),
        cast(Visibility, visibility),
        _names(row, "tags"),
        _names(row, "depends"),
    )


def _points(value: Any) -> Decimal:
    try:
        # By way of text, since Decimal(0.1) is 0.1000000000000000055…; by type(), since True is an int.
        points = Decimal(str(value)) if type(value) in (int, float, str) else Decimal("nan")
    except InvalidOperation:
        points = Decimal("nan")
    if not points.is_finite() or not 0 <= points <= MAXIMUM:
        raise _Fault(f"points = {value!r}; a number from 0 to {MAXIMUM} is needed, as 2 or 2.5")
    return points


def _test(row: Mapping[str, Any], checks: Mapping[str, NamedCheck]) -> Test:
    kinds = [kind for kind in _KINDS if kind in row]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        raise _Fault(f"it needs one of {', '.join(_KINDS)}, and has {found}")
    kind = kinds[0]
    for key in row:
        if key not in _COMMON | _KINDS[kind]:
            raise _Fault(f"{key} does not go with {kind}")
    if kind == "check":
        return _named(row["check"], checks)
    pointer = row.get("pointer")
    if not isinstance(pointer, str):
        raise _Fault('it has no pointer, as "/transfer/accuracy/test"')
    try:
        stars = count_stars(pointer)
    except UserError as error:
        raise _Fault(f"pointer: {error.problem.rstrip('.')}") from None
    if kind == "range":
        return _range(pointer, row["range"])
    if kind == "expected":
        return Expected(pointer, row["expected"], _tolerance(row, 0.0))
    return _computed(pointer, stars, row)


def _named(name: Any, checks: Mapping[str, NamedCheck]) -> Named:
    if name not in checks:
        near = find_nearest(str(name), checks)
        hint = f"did you mean '{near}'?" if near else f"there are {', '.join(checks)}"
        raise _Fault(f"check = {name!r} is no check; {hint}")
    return Named(name, checks[name])


def _range(pointer: str, value: Any) -> Range:
    edges = value if isinstance(value, list) else []
    if (
        len(edges) != 2
        or not all(type(edge) in (int, float) and not math.isnan(edge) for edge in edges)
        or edges[0] > edges[1]
    ):
        raise _Fault(
            f"range = {value!r}; two numbers are needed, the lower first, as [0.8, 1]; inf is no limit"
        )
    return Range(pointer, *(edge if math.isfinite(edge) else None for edge in edges))


def _computed(pointer: str, stars: int, row: Mapping[str, Any]) -> Computed:
    text = row["formula"]
    if not isinstance(text, str):
        raise _Fault(f"formula = {text!r} is no text")
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        raise _Fault(f"formula = {text[:80]!r}: {error}") from None
    if formula.stars > stars:
        raise _Fault(f"formula = {text[:80]!r}: a pointer in it has more stars than {pointer}")
    return Computed(pointer, formula, _tolerance(row, _ROUNDING))


def _tolerance(row: Mapping[str, Any], relative: float) -> Tolerance:
    values = {"tolerance": row.get("tolerance", 0.0), "relative": row.get("relative", relative)}
    for key, value in values.items():
        if type(value) not in (int, float) or not 0 <= value < math.inf:
            raise _Fault(f"{key} = {value!r}; a number from 0 up is needed")
    return Tolerance(float(values["tolerance"]), float(values["relative"]))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise _Fault(f"{key} = {value!r} is no text")
    return one_line(value)


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and one_line(name) for name in names):
        raise _Fault(f"{key} = {value!r} is no list of texts")
    return tuple(dict.fromkeys(one_line(name) for name in names))


def collect_rubric(file_path: Path, parent: pytest.Collector) -> pytest.File:
    """The collector of a rubric."""
    file: pytest.File = RubricFile.from_parent(parent, path=file_path)
    return file


class RubricFile(pytest.File):
    """A rubric; each of its rows is a test function, with a case for all that its pointer fits."""

    def collect(self) -> Iterator[pytest.Item]:
        """The cases, which depend on the report: it is read here."""
        try:
            results = load_report(self.config)
            rubric = load_rubric(self.path, results.report_kind)
        except UserError as error:
            raise self.CollectError(str(error)) from None
        report = Report(results, partial(read_page, locate_report(self.config)))
        for row in rubric.rows:
            # A row without a case would not be collected, and the most that can be reached would be less.
            cases = row.test.cases(report) or [("nothing", _find_nothing)]
            for case, judge in cases:
                name = f"{row.criterion}[{case}]"
                item: RubricCase = RubricCase.from_parent(
                    self, name=name, row=row, judge=judge, report=report
                )
                item.case_name = case
                item.rubric_title = rubric.title
                yield item


class RubricCase(pytest.Item):
    """One case of a row; ``case_name`` tells it from the others in tables."""

    case_name: str
    rubric_title: str

    def __init__(self, *, row: RubricItem, judge: Judge, report: Report, **rest: Any) -> None:
        super().__init__(**rest)
        # As tests of pytest with parameters have it: by this name the plan joins the cases to one check.
        self.originalname = row.criterion
        self._row, self._judge, self._report = row, judge, report
        self.add_marker(
            pytest.mark.points(
                row.points,
                criterion=row.criterion,
                depends=row.depends or None,
                visibility=row.visibility,
                tags=row.tags,
            )
        )

    def runtest(self) -> None:
        """Judge the case."""
        try:
            self._judge(self._report)
        except NotAtHand as reason:
            pytest.skip(str(reason))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The numbers and the grader's word, without a trace."""
        if isinstance(excinfo.value, CheckFailure):
            return "\n".join(filter(None, [str(excinfo.value), self._row.message]))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The location of the row."""
        return self.path, None, self.name


def is_verdict(error: BaseException) -> bool:
    """Whether this is how a row's case ends that was judged; anything else is a fault of a check."""
    return isinstance(error, CheckFailure | UserError | pytest.skip.Exception)


def _find_nothing(_report: Report) -> None:
    raise CheckFailure("nothing in the results fits this check")
