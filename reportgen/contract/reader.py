"""Typed access to results: attributes, pointers, and arrays on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr, ValidationError

from reportgen.contract.schema import find_document_kind, results_type
from reportgen.outline.kind import ReportKind, list_sections
from reportgen.pointer import PointerError as PointerError
from reportgen.pointer import find_value, join_pointer, show_value
from reportgen.results import Results
from reportgen.submission import open_submission

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

ARRAYS_FOLDER = "arrays"
_MOST_PROBLEMS = 20
_REBUILD = "Use a report as 'reportgen build' wrote it; 'reportgen schema' prints what results.json must be."


class ArrayMissingError(PointerError):
    """An array is not part of what was submitted; ``not_at_hand`` marks this for graders: not checkable."""

    not_at_hand = True


class SectionMissingError(PointerError, AttributeError):
    """A report does not have a section that was asked for; as an attribute that is not there it is one."""


class LoadedResults(Results):
    """A report's results: typed attributes, as ``results.transfer.accuracy["test"]``; values as they are
    written, by pointer, with ``at``; arrays with ``array``; data frames with ``table``.

    Printed, they are ten lines; in a notebook they show themselves as a page of tables. Derived values
    (accuracies, counts) are computed again as attributes; ``at`` gives what the file says.
    """

    # Private to pydantic, so that none of these is taken for a key of results.json.
    _name: str = PrivateAttr()
    _folder: Path | None = PrivateAttr()
    _document: Mapping[str, Any] = PrivateAttr()
    _kind: ReportKind = PrivateAttr()
    _lender: LoadedResults | None = PrivateAttr(default=None)
    _missing: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        """Raise ``SectionMissingError`` for a section that the report does not have."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name not in {section.name for section in list_sections()}:
                raise
        raise SectionMissingError(
            f"{self._name}: the report has no section '{name}'.",
            f"Its sections are: {', '.join(self._kind.names)}.",
        )

    # The whole document, as pydantic would have it, would fill a screen, a log or a failed assertion.
    def __repr__(self) -> str:
        from reportgen.contract.summary import describe_results

        return "\n".join(describe_results(self))

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        from reportgen.contract.summary import render_results

        return render_results(self)

    @property
    def name(self) -> str:
        """The path by which the report was opened."""
        return self._name

    @property
    def folder(self) -> Path | None:
        """The build folder with the arrays and the document; None for a PDF."""
        return self._folder

    @property
    def report_kind(self) -> ReportKind:
        """Its sections, as far as they are understood."""
        return self._kind

    @property
    def document(self) -> Mapping[str, Any]:
        """``results.json`` as it is written."""
        return self._document

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that :meth:`table` gives, in the order of the report."""
        from reportgen.contract.summary import list_tables

        return list_tables(self)

    def table(self, name: str) -> DataFrame:
        """A table as a data frame of pandas, as ``table("confusion_test")``: true classes in rows.

        Its index says what a row is about: a class, an epoch, a neuron; shares are from 0 to 1, boxes
        half-open in pixels of the 224 × 224 image, and what is null in ``results.json`` is NaN. Raises
        ``PointerError`` if there is no such table, ``PandasMissingError`` (an ``ImportError``, too) without
        pandas.
        """
        from reportgen.contract.summary import make_table

        return make_table(self, name).frame()

    def at(self, pointer: str) -> Any:
        """The value at a JSON pointer (RFC 6901). Raises ``PointerError`` naming it if there is none."""
        return find_value(self._document, pointer, self._name)

    def array(self, section: str, key: str) -> NDArray[Any]:
        """An array of a section, read-only, as ``array("neurons", "activations_0")``.

        Raises ``PointerError`` if there is no such array, or if it is not the one that the summary at
        ``/<section>/arrays/<key>`` describes; ``ArrayMissingError``, which is one, if it did not come along
        (a PDF has none).
        """
        if section not in self._kind:
            raise PointerError(
                f"{self._name}: {show_value(section)} is no section with arrays.",
                f"These are: {', '.join(self._kind.names)}.",
            )
        pointer = join_pointer([section, ARRAYS_FOLDER, key])
        # Says what there is, and what may have been meant, if there is no such key.
        self.at(pointer)
        if self._folder is None and section in self._missing:
            raise ArrayMissingError(
                f"{self._name}: the array at {pointer} could not be recomputed: {self._missing[section]}.",
                "Grade the build folder.",
            )
        if self._folder is None and self._lender is not None:
            return self._lender.array(section, key)
        if self._folder is None:
            raise ArrayMissingError(
                f"{self._name}: the array at {pointer} did not come along.",
                "A PDF or a single results.json has numbers only; open the build folder instead.",
            )
        from reportgen.contract.arrays import read_array

        # Where the summary says that the file lies is not believed.
        file = self._folder / ARRAYS_FOLDER / f"{section}.npz"
        return read_array(file, pointer, getattr(self, section).arrays, key)

    def borrow_arrays(self, lender: LoadedResults, missing: Mapping[str, str]) -> None:
        """Take the arrays that did not come along from ``lender``, the same report with arrays; ``missing``
        says why it has none of a section.
        """
        self._lender, self._missing = lender, missing


def load_results(path: Path | str, kind: ReportKind | None = None) -> LoadedResults:
    """Open a build folder, a ``results.json`` or a PDF that reportgen wrote.

    With ``kind`` no other sections than those of that kind of report are understood; without it, all that are
    installed here.

    Raises ``SubmissionError`` if it is none of these, ``PointerError`` naming what is missing or wrong.
    """
    path = Path(path)
    submission = open_submission(path, with_figures=False)
    try:
        # As JSON and strictly: "5" is no number, and a list may be a tuple.
        # First what it is made of: its sections decide the type that it is read as.
        found = find_document_kind(submission.results, kind)
        results = results_type(found, LoadedResults).model_validate_json(
            json.dumps(submission.results), strict=True
        )
    except ValidationError as error:
        problems = [f"{submission.name}: {line}" for line in _describe(error, submission.results)]
        if len(problems) > _MOST_PROBLEMS:
            problems[_MOST_PROBLEMS:] = [f"… and {len(problems) - _MOST_PROBLEMS} more."]
        raise PointerError("\n".join(problems), _REBUILD) from None
    results._name = submission.name
    results._folder = _find_folder(path)
    results._document = submission.results
    results._kind = found
    return results


def _find_folder(path: Path) -> Path | None:
    if path.is_dir():
        return path
    beside = path.suffix.lower() == ".json" and (path.parent / ARRAYS_FOLDER).is_dir()
    return path.parent if beside else None


def _describe(error: ValidationError, document: Any) -> Iterator[str]:
    """One line for each pointer: what is there, and what should be."""
    wanted: dict[str, list[str]] = {}
    found: dict[str, str] = {}
    for each in error.errors(include_url=False, include_context=False):
        missing = each["type"] == "missing"
        steps = _follow(document, each["loc"], missing=missing)
        pointer = join_pointer(steps) or "the document"
        # By pointer: of a union pydantic reports a fault for each member, which are alternatives for the
        # reader.
        found[pointer] = "is missing" if missing else f"is {show_value(each['input'])}"
        text = "" if missing else each["msg"].replace("Input should ", "it should ")
        if text not in wanted.setdefault(pointer, []):
            wanted[pointer].append(text)
    for pointer, texts in wanted.items():
        reasons = ", or ".join(filter(None, texts))
        yield f"{pointer} {found[pointer]}" + (f"; {reasons}." if reasons else ".")


def _follow(document: Any, location: Sequence[str | int], *, missing: bool) -> list[str | int]:
    """The steps of a location as pydantic reports it, without those that only name a member of a union."""
    steps: list[str | int] = []
    value = document
    for number, step in enumerate(location, 1):
        inside = (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        )
        if inside:
            value = value[step]
        elif not (missing and number == len(location)):
            continue
        steps.append(step)
    return steps
