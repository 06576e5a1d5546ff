"""A submitted report, checked against itself and against its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.diff.wording import printable
from reportgen.errors import SettingsError, UserError
from reportgen.grading.verify.arrays import compare_arrays
from reportgen.grading.verify.choices import compare_settings, derive_settings
from reportgen.grading.verify.dataset import compare_dataset
from reportgen.grading.verify.derived import compare_derived
from reportgen.grading.verify.documents import compare_documents, has_same_head
from reportgen.grading.verify.handed import Handed, open_handed
from reportgen.grading.verify.numbers import compare_numbers
from reportgen.grading.verify.predictions import compare_predictions
from reportgen.grading.verify.rankings import compare_rows, compare_top, same_neurons
from reportgen.grading.verify.recomputation import Recomputed, find_weights, fit_examples, recompute
from reportgen.grading.verify.rendering import Rendered, render_anew
from reportgen.grading.verify.row import Row, Rows, Verification
from reportgen.intake import check_folder
from reportgen.plan import SECTION_STAGES, named_versions
from reportgen.progress import Progress, Silent
from reportgen.runtime import processor
from reportgen.settings import Commentary, Settings
from reportgen.stages.files import HEAD_FILE

_LONGEST = 500


def verify(
    submission: Path, data: Path, *, settings: Settings, progress: Progress | None = None
) -> Verification:
    """Find out whether a report's text, results, arrays, figures and pages are what its data give.

    ``submission`` is a PDF, a build folder or a ``results.json`` of a stranger, ``data`` the images; of
    ``settings``, the caller's own, cache and weights are used. Nothing of the submission is run and none of
    its files is written to; what stands in it of paths, templates and weights is ignored.
    Raises ``IntakeError``, ``SubmissionError`` or ``PointerError`` if it cannot be read, ``DataError`` or
    ``IntakeError`` if the data folder cannot be looked at.
    """
    progress = progress or Silent()
    check_folder(data)
    handed = open_handed(submission)
    results = handed.results
    inventory = take_inventory(data, results.provenance.seed, strict=True)
    rows = [
        *handed.rows,
        *_settings_rows(handed),
        *compare_dataset(results, inventory),
        *compare_derived(results),
    ]
    recomputed, more = _recompute(handed, inventory, settings, progress)
    rows += [*more, *_compare_numbers(handed, recomputed)]
    with progress.stage("Writing the document anew"):
        rendered = _render(handed, recomputed)
    rows += compare_documents(handed, recomputed, rendered, progress)
    return Verification(str(submission), str(data), tuple(rows), tuple(_notes(handed, recomputed)))


def _settings_rows(handed: Handed) -> list[Row]:
    try:
        return list(compare_settings(handed.results, handed.settings))
    except SettingsError as error:
        return [Row("settings", "/report", "differs", reason=error.problem)]


def _recompute(
    handed: Handed, inventory: Inventory, own: Settings, progress: Progress
) -> tuple[Recomputed, list[Row]]:
    """All that can be recomputed, and why the rest cannot."""
    results = handed.results
    weights = find_weights(results.provenance.weights, own.weights)
    if weights.file is None:
        progress.say(f"Without its weights most of the report cannot be checked: {weights.reason}")
    problems = [*inventory.survey.problems, *inventory.faults.values()]
    rows: list[Row] = []
    try:
        if problems:
            raise SettingsError(f"the data folder cannot be reported on: {problems[0][:300]}", "")
        chosen = derive_settings(results, handed.settings)
        chosen, rows = fit_examples(chosen, inventory)
        chosen = chosen.model_copy(update={"cache": own.cache, "cache_limit_mb": own.cache_limit_mb})
        rows += weights.rows
        recomputed = recompute(chosen, inventory, weights, progress)
    except UserError as error:
        missing = dict.fromkeys(("provenance", "dataset", *SECTION_STAGES), error.problem)
        recomputed = Recomputed({}, named_versions(), missing=missing)
    for section, reason in recomputed.missing.items():
        rows.append(Row("numbers", f"/{section}", "not recomputable", reason=reason))
    return recomputed, rows


def _compare_numbers(handed: Handed, recomputed: Recomputed) -> Rows:
    results, document = handed.results, recomputed.document
    submitted = dict(results.document)
    yield from compare_numbers(submitted, document)
    if "neurons" in document:
        labels = list(document["neurons"]["files"])
        arrays = recomputed.arrays["neurons"]
        layers = {label: arrays[f"activations_{i}"] for i, label in enumerate(labels)}
        yield from compare_top(submitted["neurons"], document["neurons"], layers)
        if "guided_backprop" in document:
            yield from compare_rows(submitted["guided_backprop"], document["guided_backprop"], layers)
    if "transfer" in document:
        splits = {
            split: recomputed.arrays["transfer"][f"probabilities_{split}"]
            for split in document["transfer"]["confusion"]
        }
        yield from compare_predictions(
            submitted["transfer"], document["transfer"], document["dataset"]["images"], splits
        )
    same: Mapping[str, Any] = {}
    if "guided_backprop" in document:
        same = same_neurons(submitted["guided_backprop"], document["guided_backprop"])
    yield from compare_arrays(results, recomputed.arrays, same)


def _render(handed: Handed, recomputed: Recomputed) -> Rendered:
    commentary = handed.settings.commentary if handed.settings else Commentary()
    reason = next(iter(recomputed.missing.values()), "")
    return render_anew(handed.results, recomputed.album, commentary, recomputed.keep, reason)


def _notes(handed: Handed, recomputed: Recomputed) -> Iterator[str]:
    """What a grader should know and what is no fault."""
    told, here = handed.results.provenance.versions, recomputed.versions
    names = [name for name in {**told, **here} if told.get(name) != here.get(name)]
    listed = ", ".join(f"{name} {told.get(name, 'without')} → {here.get(name, 'without')}" for name in names)
    if names:
        yield f"Recomputed with other versions, which is no fault: {printable(listed)[:_LONGEST]}."
    else:
        yield "Recomputed with the same versions; the tolerances are the same as with others."
    if (theirs := handed.results.provenance.processor) not in ("", processor()):
        yield f"Computed on a processor of another kind, which is no fault: {printable(theirs)[:_LONGEST]}."
    if handed.results.folder is None:
        yield "No arrays came along; their summaries were compared (shape, type, range, mean, norm)."
    elif handed.folder is not None and has_same_head(handed.folder, recomputed) is False:
        yield (
            f"{HEAD_FILE} has other bytes, as on another machine; strangers' weights are not opened, but the "
            "probabilities that they gave are among the arrays."
        )
