"""A verified report with all that did not come along, arrays and document, for those who grade it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportgen.contract.reader import ARRAYS_FOLDER, load_results
from reportgen.grading.report import Rebuilt
from reportgen.outline.kind import ReportKind
from reportgen.store.packing import pack_arrays
from reportgen.submission import RESULTS_FILE
from reportgen.text import plural
from reportgen.verify.tolerances import Finding, Rebuild, Verification

_DOCUMENT = ("text", "pages", "page")
"""Subjects of the document, of which a report has handed in one at least."""

_LONGEST = 200


@contextmanager
def open_rebuild(found: Verification, kind: ReportKind | None = None) -> Iterator[Rebuilt]:
    """The recomputation of a report, as far as it may stand for the report itself.

    Nothing of it may if anything differs: then it is another report. Sections that could not be recomputed
    are named, and the document is there if that of the report was confirmed. Its files lie in a folder of
    their own, until the block is left.
    """
    rebuild, differing = found.rebuild, found.of("differs")
    if differing:
        first = differing[0]
        many = plural(len(differing), "value differs", "values differ")
        yield Rebuilt(
            reason=f"and the recomputation is of another report: {many}, first {first.pointer[:_LONGEST]}"
        )
        return
    if rebuild is None:
        yield Rebuilt(reason="and it was not recomputed")
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-rebuilt-") as name:
        folder = Path(name)
        _write(rebuild, folder)
        document = [row for row in found.rows if row.subject in _DOCUMENT]
        problem = _find_problem(document)
        yield Rebuilt(
            load_results(folder, kind), "" if problem else rebuild.html, problem, dict(rebuild.missing)
        )


def _find_problem(document: list[Finding]) -> str:
    """Why the document that was rendered again may not stand for the one that was handed in; "" if it may."""
    unsure = [row for row in document if row.status != "confirmed"]
    if unsure:
        return f"it could not be compared with the one that was handed in: {unsure[0].reason[:_LONGEST]}"
    if not any(row.subject in ("pages", "page") for row in document):
        return "no document was handed in"
    return ""


def _write(rebuild: Rebuild, folder: Path) -> None:
    """A build folder, but for the document and the figures."""
    (folder / ARRAYS_FOLDER).mkdir()
    text = json.dumps(merge_documents(rebuild.submitted, rebuild.recomputed))
    (folder / RESULTS_FILE).write_text(text, encoding="utf-8")
    for section, arrays in rebuild.arrays.items():
        (folder / ARRAYS_FOLDER / f"{section}.npz").write_bytes(pack_arrays(arrays))


def merge_documents(submitted: Mapping[str, Any], recomputed: Mapping[str, Any]) -> dict[str, Any]:
    """The recomputed numbers, so that they are those of the arrays to the last digit; all others, as the
    names of the authors, are those that were handed in.
    """
    partial = ("provenance", "dataset")
    merged = {
        name: {**submitted[name], **value} if name in partial and name in submitted else value
        for name, value in recomputed.items()
    }
    return {**submitted, **merged}
