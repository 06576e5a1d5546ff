"""Whether a report is what its data give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from reportgen.contract.schema import read_results
from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.document.html import Content
from reportgen.engine.plan import named_versions
from reportgen.errors import SettingsError, UserError
from reportgen.intake import check_folder
from reportgen.networks import ARCHITECTURES
from reportgen.outline.kind import DEFAULT, Outline, ReportKind, find_kind
from reportgen.outline.section import SectionError
from reportgen.pointer import join_pointer
from reportgen.progress import Progress, Silent
from reportgen.results import Results
from reportgen.runtime import processor
from reportgen.settings import Settings
from reportgen.templates import open_templates
from reportgen.text import printable
from reportgen.verify.choices import Pattern, compare_settings, derive_settings, excuse
from reportgen.verify.documents import compare_documents, has_same_bytes, read_page
from reportgen.verify.numbers import compare_arrays, compare_dataset, compare_derived, compare_numbers
from reportgen.verify.own_claims import describe_false_claims
from reportgen.verify.own_words import read_unknown_words
from reportgen.verify.page_settings import choose_printing
from reportgen.verify.printed_numbers import describe_own_numbers
from reportgen.verify.recomputation import Recomputed, find_weights, fit_examples, recompute
from reportgen.verify.releases import compare_release, is_later_release, is_other_release
from reportgen.verify.rendering import Rendered, count_values, needs_fonts, render_again
from reportgen.verify.sheets import SheetCollector
from reportgen.verify.submitted import SubmittedReport, open_submitted, require_state, take_state
from reportgen.verify.tolerances import (
    Finding,
    Findings,
    Pair,
    Rebuild,
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
    pictures: bool = False,
) -> Verification:
    """The verdict of :func:`examine`, which raises the same errors."""
    found = examine(
        submission, data, settings=settings, outline=outline, progress=progress, pictures=pictures
    )
    return found.verification


def examine(
    submission: Path,
    data: Path,
    *,
    settings: Settings,
    outline: Outline | None = None,
    progress: Progress | None = None,
    pictures: bool = False,
) -> Examination:
    """Find out whether a report's text, results, arrays, figures and pages are what its data give.

    ``submission`` is a PDF, a build folder or a ``results.json`` of a stranger, ``data`` the images; of
    ``settings``, the caller's own, cache, weights and templates are used. ``outline``: the sections that the
    report must have; without it, those that it has are looked at, as far as they are installed here.
    ``pictures``: whether to keep pictures of pages of the PDF that differ. Nothing of the submission is run
    and none of its files is written to; what is in it of paths, templates and weights is ignored.
    Raises ``IntakeError``, ``SubmissionError`` or ``PointerError`` if it cannot be read or changes meanwhile,
    ``DataError`` or ``IntakeError`` if the data folder cannot be looked at.
    """
    progress = progress or Silent()
    # Before anything in it is opened: the images may be a stranger's, too.
    check_folder(data)
    # Mistakes of the caller are reported before anything is computed.
    open_templates(settings.templates)
    before = take_state(submission)
    submitted = open_submitted(submission, outline)
    results, kind = submitted.results, submitted.outline.kind
    # With the report's seed, which decides how images without splits are divided.
    inventory = take_inventory(data, results.provenance.seed, strict=True)
    rows = [
        *submitted.rows,
        *_compare_sections(submitted, demanded=outline is not None),
        *_settings_rows(submitted),
        *compare_dataset(results, inventory),
        *compare_derived(results, kind),
        *compare_release(results),
        *_compare_fonts(submitted, settings.templates),
    ]
    # Last, since it takes minutes: what cannot be read has raised its error by now.
    recomputed, more = _recompute(submitted, inventory, settings, progress)
    numbers = _compare_numbers(submitted, recomputed, kind)
    rows += [*more, *_judge_kind(numbers, demanded=outline is not None)]
    with progress.stage("Rendering the document again"):
        rendered = _render(submitted, recomputed, settings.templates)
    rows += _judge_letters(submitted, recomputed, rendered)
    collector = SheetCollector() if pictures else None
    rows += compare_documents(submitted, recomputed, rendered, progress, collector)
    # At the end, for the files are read at different times in between.
    require_state(submission, before)
    rebuild = Rebuild(
        results.document, recomputed.document, recomputed.arrays, recomputed.missing, rendered.html
    )
    notes = tuple(_notes(submitted, recomputed))
    sheets = collector.sheets if collector else None
    verdict = Verification(str(submission), str(data), tuple(rows), notes, rebuild=rebuild, sheets=sheets)
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
    # None of its sections is installed here: there is nothing to recompute.
    if not submitted.outline.kind.names:
        return Recomputed({}, named_versions()), []
    named = results.provenance.weights
    weights = find_weights(named, own.weights, results.provenance.seed)
    # Said before the minutes that follow, and not only in the table after them.
    if weights.file is None:
        progress.say(f"Without its weights most of the report cannot be checked: {weights.reason}")
    problems = [*inventory.survey.problems, *inventory.faults.values()]
    rows: list[Finding] = []
    try:
        if problems:
            raise SettingsError(f"the data folder cannot be reported on: {problems[0][:300]}", "")
        chosen = derive_settings(results, submitted.settings, submitted.outline)
        # An image that is not there would stop the plan; as a row it costs its own comparison only.
        chosen, rows = fit_examples(chosen, inventory)
        if weights.file is not None and named.architecture not in ARCHITECTURES:
            # The file that the caller named, and which was found to be the one of the report.
            chosen = chosen.model_copy(update={"architecture": str(weights.file.path)})
        # Where something is written, only the caller's own settings say.
        chosen = chosen.model_copy(update={"cache": own.cache, "cache_limit_mb": own.cache_limit_mb})
        rows += weights.rows
        recomputed = recompute(chosen, inventory, weights, progress)
    # A mistake in what is installed here says nothing about the report.
    except SectionError:
        raise
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
    rows = list(compare_numbers(results.document, document, kind, later=is_later_release(results)))
    comparable: dict[str, Mapping[str, Any]] = {}
    excused: list[Pattern] = []
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
            {name: recomputed.arrays[name] for name in section.reads.sections if name in recomputed.arrays},
        )
        with section.attributing_errors():
            rows += module.compare(pair)
            if hasattr(module, "find_comparable"):
                comparable[section.name] = module.find_comparable(pair)
            if hasattr(module, "find_excused"):
                excused += module.find_excused(pair)
    rows += compare_arrays(results, recomputed.arrays, comparable, tolerances)
    yield from excuse(rows, excused)


def _judge_kind(rows: Findings, *, demanded: bool) -> Findings:
    """The rows, with what may be honest of another kind of report, or of another version of it, left to a
    person. If a kind is ``demanded``, a report of another one is not what was asked for.
    """
    unknown = False
    for row in rows:
        reason = ""
        if row.status == "differs" and isinstance(row.submitted, str):
            if row.pointer == "/kind/name" and not demanded:
                unknown, reason = True, "this kind of report is not installed here"
            elif row.pointer == "/kind/version":
                reason = (
                    "its kind is not installed here" if unknown else "another version of this kind of report"
                )
            # Its own sections were taken, so that only one that is not installed can be missing.
            elif row.pointer.startswith("/kind/sections/") and not demanded:
                reason = "not all of its sections are installed here"
        yield replace(row, status="not recomputable", reason=reason) if reason else row


def _render(submitted: SubmittedReport, recomputed: Recomputed, templates: Path | None) -> Rendered:
    if submitted.unknown:
        return Rendered(reason=f"the section {printable(submitted.unknown[0])} is not installed here")
    if submitted.missing:
        # Its own pages are those of fewer sections, and nobody's fault but what it lacks.
        return Rendered(reason=f"the report has no section {submitted.missing[0]!r}, which it must have")
    reason = next(iter(recomputed.missing.values()), "")
    usual = count_values(recomputed.document)

    def render(content: Content) -> Rendered:
        # Our own results are hardly ever asked for.
        ours = partial(_read_recomputed, submitted, recomputed)
        return render_again(content, recomputed.memo, reason, templates, ours, usual)

    plain = Content(submitted.outline.kind, submitted.results, recomputed.album, {})
    if submitted.settings is not None:
        commentary = submitted.settings.commentary.model_dump()
        return render(replace(plain, commentary=commentary, printing=submitted.settings.print))
    # Neither the commentary nor what was chosen for the page is known: the page shows what words bring along,
    # with the pointers of the values that they print, and what it leaves out.
    html = (read_page(submitted.page) if submitted.page else None) or ""
    words = read_unknown_words(html)
    content = replace(plain, commentary=words.commentary, unseen=words.pointers)
    rendered = render(content)
    printing = choose_printing(html, rendered.html)
    return rendered if printing is None else render(replace(content, printing=printing))


def _read_recomputed(submitted: SubmittedReport, recomputed: Recomputed) -> Results | None:
    """The recomputed results as a report has them, with the submitted title page; None if a part is missing.

    Of what they were computed with, and of the title, nothing is printed but as it is.
    """
    kind, ours = submitted.outline.kind, recomputed.document
    if not {"dataset", "provenance", *kind.names} <= ours.keys():
        return None
    theirs = submitted.results.document
    whole = {**theirs, **ours, "provenance": {**theirs["provenance"], **ours["provenance"]}, "checks": []}
    return read_results(json.dumps(whole), kind)


def _compare_fonts(submitted: SubmittedReport, templates: Path | None) -> Findings:
    """A row if fonts are listed although no word needs one; without the commentary that is not known."""
    results, own = submitted.results, submitted.settings
    listed = [font.name for font in results.provenance.fonts]
    if not listed or own is None or templates is not None:
        return
    if not needs_fonts(results, own.commentary.model_dump()):
        reason = "no word of the report needs another font than its own"
        yield Finding("numbers", "/provenance/fonts", "differs", listed[:_MOST_FONTS], [], reason)


_MOST_FONTS = 5


def _judge_letters(submitted: SubmittedReport, recomputed: Recomputed, rendered: Rendered) -> Findings:
    """A row if the report has letters that no font has, neither here nor among those that it lists.

    A build would have refused to print them.
    """
    results = submitted.results
    if not rendered.lacking or results.provenance.fonts:
        return
    letters = "".join(sorted(rendered.lacking))[:_LONGEST]
    # Matplotlib brings the report's own fonts along, and reports of earlier releases listed none.
    same = results.provenance.versions.get("matplotlib") == recomputed.versions.get("matplotlib")
    is_difference = same and not is_other_release(results, recomputed.versions["reportgen"])
    reason = (
        "no font of this machine has these letters, and the report lists none that has: no build prints them"
    )
    yield Finding(
        "settings", "/commentary", "differs" if is_difference else "not recomputable", letters, None, reason
    )


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
    # Reports from before contract 1.1 name none.
    if (kind := submitted.results.provenance.processor) not in ("", processor()):
        yield f"Computed on a processor of another kind, which is no fault: {printable(kind)[:_LONGEST]}."
    for section in submitted.outline.kind.sections:
        if section.recomputation and section.name in recomputed.document:
            yield f"{section.title}: {section.recomputation}"
    if submitted.results.folder is None:
        yield "No arrays came along; their summaries were compared (shape, type, range, mean, norm)."
    commentary = submitted.settings.commentary.model_dump() if submitted.settings else {}
    if words := describe_own_numbers(commentary, submitted.results.document):
        yield words
    if words := describe_false_claims(commentary, submitted.results.document):
        yield words
    for name in recomputed.files:
        if submitted.folder is not None and has_same_bytes(submitted.folder, name, recomputed) is False:
            yield (
                f"{name} has other bytes: it is of another machine, or was exchanged. Strangers' weights are "
                "not opened, but what they gave is among the arrays."
            )
    if len(left := [each for each in find_kind() if each.name not in submitted.outline.kind]) and (
        submitted.outline.report == DEFAULT
    ):
        missing = ", ".join(section.name for section in left)
        yield f"Of the assignment's sections the report does not have {missing}."
