"""Whether a report is what its data give, and the verdict in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reportgen.contract.lookup import join_pointer
from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.document.html import Content
from reportgen.engine.plan import named_versions
from reportgen.errors import SettingsError, UserError
from reportgen.intake import check_folder
from reportgen.outline.kind import DEFAULT, Outline, ReportKind, find_kind
from reportgen.progress import Progress, Silent
from reportgen.runtime import processor
from reportgen.settings import Printing, Settings
from reportgen.templates import open_templates
from reportgen.text import plural, printable
from reportgen.verify.choices import compare_settings, derive_settings
from reportgen.verify.documents import SubmittedReport, compare_documents, has_same_bytes, open_submitted
from reportgen.verify.numbers import compare_arrays, compare_dataset, compare_derived, compare_numbers
from reportgen.verify.recomputation import (
    Recomputed,
    Rendered,
    find_weights,
    fit_examples,
    recompute,
    render_again,
)
from reportgen.verify.tolerances import (
    Finding,
    Findings,
    Pair,
    Rebuild,
    Subject,
    Tolerances,
    Verification,
    judge,
)

_LONGEST = 500


@dataclass(frozen=True)
class Examination:
    """A verification, and all that it was found out with: what was submitted, what it was recomputed to, and
    the document rendered again.
    """

    verification: Verification
    submitted: SubmittedReport
    recomputed: Recomputed
    rendered: Rendered


def verify(
    submission: Path,
    data: Path,
    *,
    settings: Settings,
    outline: Outline | None = None,
    progress: Progress | None = None,
) -> Verification:
    """The verdict of :func:`examine`, which raises the same errors."""
    found = examine(submission, data, settings=settings, outline=outline, progress=progress)
    return found.verification


def examine(
    submission: Path,
    data: Path,
    *,
    settings: Settings,
    outline: Outline | None = None,
    progress: Progress | None = None,
) -> Examination:
    """Find out whether a report's text, results, arrays, figures and pages are what its data give.

    ``submission`` is a PDF, a build folder or a ``results.json`` of a stranger, ``data`` the images; of
    ``settings``, the caller's own, cache, weights and templates are used. ``outline``: the sections that the
    report must have; without it, those that it has are looked at, as far as they are installed here. Nothing
    of the submission is run and none of its files is written to; what is in it of paths, templates and
    weights is ignored.
    Raises ``IntakeError``, ``SubmissionError`` or ``PointerError`` if it cannot be read, ``DataError`` or
    ``IntakeError`` if the data folder cannot be looked at.
    """
    progress = progress or Silent()
    check_folder(data)
    # Mistakes of the caller are told before anything is computed.
    open_templates(settings.templates)
    submitted = open_submitted(submission, outline)
    results, kind = submitted.results, submitted.outline.kind
    inventory = take_inventory(data, results.provenance.seed, strict=True)
    rows = [
        *submitted.rows,
        *_compare_sections(submitted, demanded=outline is not None),
        *_settings_rows(submitted),
        *compare_dataset(results, inventory),
        *compare_derived(results, kind),
    ]
    recomputed, more = _recompute(submitted, inventory, settings, progress)
    rows += [*more, *_compare_numbers(submitted, recomputed, kind)]
    with progress.stage("Rendering the document again"):
        rendered = _render(submitted, recomputed, settings.templates)
    rows += compare_documents(submitted, recomputed, rendered, progress)
    rebuild = Rebuild(
        results.document, recomputed.document, recomputed.arrays, recomputed.missing, rendered.html
    )
    notes = tuple(_notes(submitted, recomputed))
    verdict = Verification(str(submission), str(data), tuple(rows), notes, rebuild=rebuild)
    return Examination(verdict, submitted, recomputed, rendered)


def _settings_rows(submitted: SubmittedReport) -> list[Finding]:
    try:
        return list(compare_settings(submitted.results, submitted.settings, submitted.outline.kind))
    except SettingsError as error:
        return [Finding("settings", "/report", "differs", reason=error.problem)]


def _recompute(
    submitted: SubmittedReport, inventory: Inventory, own: Settings, progress: Progress
) -> tuple[Recomputed, list[Finding]]:
    """All that can be recomputed, and why the rest cannot."""
    results = submitted.results
    if not submitted.outline.kind.names:
        return Recomputed({}, named_versions()), []
    weights = find_weights(results.provenance.weights, own.weights)
    if weights.file is None:
        progress.say(f"Without its weights most of the report cannot be checked: {weights.reason}")
    problems = [*inventory.survey.problems, *inventory.faults.values()]
    rows: list[Finding] = []
    try:
        if problems:
            raise SettingsError(f"the data folder cannot be reported on: {problems[0][:300]}", "")
        chosen = derive_settings(results, submitted.settings, submitted.outline)
        chosen, rows = fit_examples(chosen, inventory)
        # Where something is written, only the caller's own settings say.
        chosen = chosen.model_copy(update={"cache": own.cache, "cache_limit_mb": own.cache_limit_mb})
        rows += weights.rows
        recomputed = recompute(chosen, inventory, weights, progress)
    except UserError as error:
        names = ("provenance", "dataset", *submitted.outline.kind.names)
        missing = dict.fromkeys(names, error.problem)
        recomputed = Recomputed({}, named_versions(), missing=missing)
    for section, reason in recomputed.missing.items():
        rows.append(Finding("numbers", f"/{section}", "not recomputable", reason=reason))
    return recomputed, rows


def _compare_numbers(submitted: SubmittedReport, recomputed: Recomputed, kind: ReportKind) -> Findings:
    results, document = submitted.results, recomputed.document
    tolerances = Tolerances.of(kind)
    yield from compare_numbers(results.document, document, kind)
    comparable: dict[str, Mapping[str, Any]] = {}
    for section in kind.sections:
        module = section.load("comparison")
        if (
            module is None
            or not hasattr(module, "compare")
            or section.name not in document
            or not results.has(section.name)
        ):
            continue
        pair = Pair(
            results.document[section.name],
            document[section.name],
            recomputed.arrays[section.name],
            document["dataset"],
            tolerances,
            recomputed.stages,
        )
        yield from module.compare(pair)
        if hasattr(module, "find_comparable"):
            comparable[section.name] = module.find_comparable(pair)
    yield from compare_arrays(results, recomputed.arrays, comparable, tolerances)


def _render(submitted: SubmittedReport, recomputed: Recomputed, templates: Path | None) -> Rendered:
    commentary = submitted.settings.commentary.model_dump() if submitted.settings else {}
    if submitted.unknown:
        return Rendered(reason=f"the section {printable(submitted.unknown[0])} is not installed here")
    reason = next(iter(recomputed.missing.values()), "")
    printing = submitted.settings.print if submitted.settings else Printing()
    content = Content(submitted.outline.kind, submitted.results, recomputed.album, commentary, printing)
    return render_again(content, recomputed.memo, reason, templates)


def _compare_sections(submitted: SubmittedReport, *, demanded: bool) -> Findings:
    """Whether the report has the sections that it must have, and which of its own are not known here."""
    listed, due = submitted.results.kind.sections, list(submitted.outline.kind.names)
    if demanded or not submitted.unknown:
        reason = "" if listed == due else "the report has other sections than it must have"
        yield judge("numbers", "/kind/sections", listed == due, listed, due, reason)
    for name in () if demanded else submitted.unknown:
        pointer = join_pointer([name])
        yield Finding("numbers", pointer, "not recomputable", reason="this section is not installed here")


def _notes(submitted: SubmittedReport, recomputed: Recomputed) -> Iterator[str]:
    """Notes for a grader that are not faults."""
    theirs, ours = submitted.results.provenance.versions, recomputed.versions
    names = [name for name in {**theirs, **ours} if theirs.get(name) != ours.get(name)]
    listed = ", ".join(
        f"{name} {theirs.get(name, 'without')} → {ours.get(name, 'without')}" for name in names
    )
    if names:
        yield f"Recomputed with other versions, which is no fault: {printable(listed)[:_LONGEST]}."
    else:
        yield "Recomputed with the same versions; the tolerances are the same as with others."
    if (kind := submitted.results.provenance.processor) not in ("", processor()):
        yield f"Computed on a processor of another kind, which is no fault: {printable(kind)[:_LONGEST]}."
    if submitted.results.folder is None:
        yield "No arrays came along; their summaries were compared (shape, type, range, mean, norm)."
    for name in recomputed.files:
        if submitted.folder is not None and has_same_bytes(submitted.folder, name, recomputed) is False:
            yield (
                f"{name} has other bytes, as on another machine; strangers' weights are not opened, but what "
                "they gave is among the arrays."
            )
    if len(left := [each for each in find_kind() if each.name not in submitted.outline.kind]) and (
        submitted.outline.report == DEFAULT
    ):
        missing = ", ".join(section.name for section in left)
        yield f"Of the assignment's sections the report does not have {missing}."


_MOST_DIFFERING, _MOST_OTHERS = 12, 6
"""Rows of one subject that are shown; the JSON has them all."""

_LONGEST_VALUE, _LONGEST_REASON = 60, 240

_SUBJECTS: Mapping[Subject, str] = {
    "attachment": "Attachments of the PDF",
    "settings": "Settings",
    "images": "Images",
    "numbers": "Numbers of results.json",
    "arrays": "Arrays",
    "text": "Numbers printed in the text",
    "pages": "Pages of report.pdf",
    "page": "report.html",
    "figures": "Figures",
}

_LABELS = {
    "attachment": ("in the folder", "attached"),
    "settings": ("results.json says", "report.toml says"),
    "text": ("printed", "results.json says"),
    "pages": ("handed in", "rendered again"),
    "page": ("handed in", "rendered again"),
}
"""The labels of a row's two values, if not submitted and recomputed."""


def describe(verification: Verification) -> list[str]:
    """The lines for a grader, the most important first. Texts of the submission are escaped."""
    differing, missing = verification.of("differs"), verification.of("not recomputable")
    lines = [_judge(verification), ""]
    totals = Counter(row.subject for row in verification.rows)
    if differing:
        lines += ["What differs:", *_list(differing, _MOST_DIFFERING, totals), ""]
    if missing:
        lines += ["What could not be recomputed:", *_list(missing, _MOST_OTHERS, totals), ""]
    lines += ["Confirmed:", *_count(verification.of("confirmed"))]
    lines += ["", *verification.notes] if verification.notes else []
    if verification.grades is not None:
        from reportgen.grading.exports.terminal import describe_grades

        lines += ["", *(line.text for line in describe_grades(verification.grades))]
    return lines


def _judge(verification: Verification) -> str:
    differing, missing = verification.of("differs"), verification.of("not recomputable")
    passed = f"{plural(len(verification.of('confirmed')), 'check', 'checks')} passed"
    rest = f"{len(missing)} could not be recomputed" if missing else ""
    name = printable(verification.submission)
    if differing:
        subjects = ", ".join(
            _SUBJECTS[row].lower() for row in dict.fromkeys(row.subject for row in differing)
        )
        verdict = f"NOT CONFIRMED: {name}: {plural(len(differing), 'differs', 'differ')} ({subjects})"
        return f"{verdict}; {passed}{'; ' + rest if rest else ''}."
    if missing:
        return f"NOTHING DIFFERS: {name}: {passed}, but {rest}."
    return f"CONFIRMED: {name}: {passed}."


def _list(rows: Sequence[Finding], most: int, totals: Mapping[Subject, int]) -> list[str]:
    lines = []
    for subject, title in _SUBJECTS.items():
        of_subject = [row for row in rows if row.subject == subject]
        if of_subject:
            lines.append(f"  {title}: {len(of_subject)} of {totals[subject]}")
            lines += [f"    {_line(row)}" for row in of_subject[:most]]
        if len(of_subject) > most:
            lines.append(f"    … and {len(of_subject) - most} more")
    return lines


def _line(row: Finding) -> str:
    parts = [printable(row.pointer)]
    known = row.submitted is not None or row.recomputed is not None
    # Of images the values are hashes, and the reason says what there is to say.
    if known and row.subject != "images":
        submitted, recomputed = _LABELS.get(row.subject, ("submitted", "recomputed"))
        parts.append(f"{submitted} {_show(row.submitted)}, {recomputed} {_show(row.recomputed)}")
    if row.reason:
        parts.append(_cut(printable(row.reason), _LONGEST_REASON))
    return ": ".join(parts[:2]) + (f"; {parts[2]}" if len(parts) > 2 else "")


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    return _cut(printable(json.dumps(value, ensure_ascii=False)), _LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _count(rows: Sequence[Finding]) -> list[str]:
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        section = (
            row.pointer.split("/")[1] if row.pointer.startswith("/") and row.subject == "numbers" else ""
        )
        counts.setdefault(row.subject, Counter())[section] += 1
    lines = []
    for subject, title in _SUBJECTS.items():
        found = counts.get(subject)
        if found:
            parts = [f"{section} {count}" for section, count in found.items() if section]
            lines.append(f"  {title}: {sum(found.values())}" + (f" ({', '.join(parts)})" if parts else ""))
    return lines or ["  nothing"]


FORMAT = 1


def write_json(verification: Verification) -> str:
    """The verdict, a list of all rows, the notes, and the points if there are any."""
    content = {
        "format": FORMAT,
        "submission": verification.submission,
        "data": verification.data,
        "confirmed": verification.confirmed,
        "complete": verification.complete,
        "rows": [asdict(row) for row in verification.rows],
        "notes": list(verification.notes),
    }
    if verification.grades is not None:
        grades = verification.grades
        content["grades"] = {
            "score": f"{grades.score:f}",
            "points": f"{grades.points:f}",
            "checked": f"{grades.checked:f}",
            "not_checkable": f"{grades.not_checkable:f}",
            "not_graded": f"{grades.not_graded:f}",
        }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
