"""Compares every number that a report states with the recomputed one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.contract.reader import ARRAYS_FOLDER, LoadedResults
from reportgen.dataset.inventory import Inventory
from reportgen.diff.images import Image, compare_images
from reportgen.diff.summary import pair_texts
from reportgen.diff.values import Tolerance, is_number
from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Claim, Rule
from reportgen.pointer import PointerError, find_value, join_pointer, split_pointer
from reportgen.results import SCHEMA_VERSION, Check, ImageFile, Results
from reportgen.text import printable
from reportgen.verify.releases import is_later_release
from reportgen.verify.tolerances import NO_CONSEQUENCE, Finding, Findings, Status, Tolerances, judge, scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


ELSEWHERE = (
    ("dataset", "images"),
    # The machine's own: another one may be honest. With other fonts the pages are not compared.
    ("provenance", "versions"),
    ("provenance", "processor"),
    ("provenance", "fonts"),
    ("provenance", "weights", "sha256"),
)
"""Parts of every report that have a comparison of their own."""

WORDS = (("provenance", "weights", "note"), ("dataset", "warnings"))
"""Sentences of the program, which another version may word in another way."""

DERIVED = (("checks",),)
"""Values derived from other numbers of the document, which are compared with that derivation."""

OTHER_WORDS = "another version of the program words it so"
"""The reason of a row for a sentence that cannot be compared."""

Steps = tuple[str | int, ...]

_WEIGHTS = ("provenance", "weights")


def compare_numbers(
    submitted: Mapping[str, Any], recomputed: Mapping[str, Any], kind: ReportKind, *, later: bool = False
) -> Findings:
    """Rows for all values of the sections that could be recomputed, in the order of the document.

    What ``ELSEWHERE`` and ``DERIVED`` name is left out, and what the sections compare or derive themselves.
    Another version of the contract may have other keys, and a ``later`` version of the program other words.
    """
    same = submitted.get("schema_version") == recomputed.get("schema_version")
    comparison = _Comparison(Tolerances.of(kind), same=same, words=same and not later)
    left_out = _left_out(kind)
    for section, values in recomputed.items():
        if section == "schema_version":
            continue
        before = dict(_leaves(submitted.get(section), (section,)))
        after = dict(_leaves(values, (section,)))
        for steps in [*before, *(steps for steps in after if steps not in before)]:
            if not any(steps[: len(each)] == each for each in left_out):
                yield comparison.compare(steps, before, after)


def _leaves(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*steps, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*steps, index))
    else:
        yield steps, value


def _left_out(kind: ReportKind) -> list[Steps]:
    """What is compared elsewhere; what a section only says is, and no module does, is compared here."""
    left_out: list[Steps] = [*ELSEWHERE, *DERIVED]
    for section in kind.sections:
        module = section.load("comparison")
        compared = section.compared if hasattr(module, "compare") else ()
        computed = section.result_type.model_computed_fields
        derived = [
            pointer
            for pointer in section.derived
            if split_pointer(pointer)[0] in computed or hasattr(module, "judge_itself")
        ]
        left_out += [(section.name, *split_pointer(pointer)) for pointer in (*compared, *derived)]
    return left_out


@dataclass(frozen=True)
class _Comparison:
    """``same``: both documents are of the same version of the contract; ``words``: they have the same
    sentences of the program.
    """

    tolerances: Tolerances
    same: bool
    words: bool

    def compare(self, steps: Steps, before: Mapping[Steps, Any], after: Mapping[Steps, Any]) -> Finding:
        pointer = join_pointer(steps)
        # Without the weights nothing of them was recomputed, for which the report cannot be blamed.
        if steps[:2] == _WEIGHTS and not any(each[:2] == _WEIGHTS for each in after):
            reason = "these weights are not here"
            return Finding("numbers", pointer, "not recomputable", before[steps], None, reason)
        if steps not in before or steps not in after:
            reason = "the report lacks it" if steps not in before else "the recomputation has no such value"
            status: Status = "differs" if self.same else "not recomputable"
            return Finding("numbers", pointer, status, before.get(steps), after.get(steps), reason)
        old, new = before[steps], after[steps]
        if not self.words and old != new and any(steps[: len(each)] == each for each in WORDS):
            return Finding("numbers", pointer, "not recomputable", old, new, OTHER_WORDS)
        agrees = self.tolerances.agree(pointer, old, new, _scale(steps, after))
        # A sum over all elements: the tolerance of one of them says nothing of it.
        if steps[1:2] == ("arrays",) and steps[-1] == "norm" and is_number(old):
            agrees = abs(old - new) <= self._norm_tolerance(pointer, steps, after)
        reason = "" if agrees else self.tolerances.explain(pointer, new)
        return judge("numbers", pointer, agrees, old, new, reason)

    def _norm_tolerance(self, pointer: str, steps: Steps, after: Mapping[Steps, Any]) -> float:
        """How far the norm moves if every element moves as far as it may, and not more than all the norm."""
        # Two norms differ by no more than the norm of the difference, which is atol·√n if every element moves
        # by atol.
        tolerance = self.tolerances.find(pointer, after[steps]).tolerance
        size = math.prod(value for each, value in after.items() if each[:-1] == (*steps[:3], "shape"))
        # 1e-9 at least: where all elements are equal, too, their squares may be summed in another order.
        return float(tolerance.atol * math.sqrt(size) + max(tolerance.rtol, 1e-9) * abs(after[steps]))


def _scale(steps: Steps, after: Mapping[Steps, Any]) -> float:
    """The scale of the array that a number describes, 0 for all others."""
    if steps[1:2] != ("arrays",) or len(steps) < 4:
        return 0.0
    around = {name: after.get((*steps[:3], name)) for name in ("min", "max")}
    return scale_of(around) if all(map(is_number, around.values())) else 0.0


def compare_dataset(results: Results, inventory: Inventory) -> Findings:
    """A row for each image: confirmed, missing in the folder, changed, moved, or not in the report."""
    named = [_image(image) for image in results.dataset.images]
    there = [_image(image) for image in inventory.images]
    images = compare_images(named, there)
    for image in images.left:
        yield _row(image, "the report names it; the data folder has no such image", named=True)
    for image in images.entered:
        yield _row(image, "the data folder has it; the report does not name it", named=False)
    for pair in (*images.altered, *images.moved):
        reason = "another image now: " + ", ".join(pair_texts(pair)[1:] or pair_texts(pair))
        yield Finding("images", printable(pair.old.file), "differs", pair.old.sha256, pair.new.sha256, reason)
    for image in sorted(set(named) & set(there), key=lambda image: image.file):
        yield Finding("images", printable(image.file), "confirmed", image.sha256, image.sha256)


def _image(image: ImageFile) -> Image:
    return Image(image.file, image.split, image.label, image.sha256)


def _row(image: Image, reason: str, *, named: bool) -> Finding:
    submitted, found = (image.sha256, None) if named else (None, image.sha256)
    return Finding("images", printable(image.file), "differs", submitted, found, reason)


# A rate of the same counts may differ in the last digits of a float.
_SAME = Tolerance(1e-12)

_MISSING = "missing"


def compare_derived(results: LoadedResults, kind: ReportKind) -> Findings:
    """Rows for all values that follow from others of the same document, recomputed from those."""
    sections = [section for section in kind.sections if results.has(section.name)]
    for section in sections:
        numbers = getattr(results, section.name)
        # A derived value that the type computes is computed again whenever it is asked for.
        for pointer in section.derived:
            field = split_pointer(pointer)[0]
            if field in type(numbers).model_computed_fields:
                value = numbers.model_dump(mode="json", include={field})[field]
                yield from _judge_below(results, [section.name, field], value)
        yield from _judge_nested(results, section.name, numbers.model_dump(mode="json"))
        module = section.load("comparison")
        if module is not None and hasattr(module, "judge_itself"):
            with section.attributing_errors():
                rows = list(module.judge_itself(numbers))
            yield from rows
        if module is not None and hasattr(module, "judge_beside"):
            others = {each.name: getattr(results, each.name) for each in sections}
            with section.attributing_errors():
                rows = list(module.judge_beside(numbers, others))
            yield from rows
    claims = kind.decide_claims({section.name: getattr(results, section.name) for section in sections})
    yield from _judge_claims(results, claims)


def _judge_nested(results: LoadedResults, section: str, derived: Any) -> Findings:
    """A row for each value, however deep, that the result types derive in another way than it is written."""
    written = dict(_leaves(results.document[section], (section,)))
    for steps, value in _leaves(derived, (section,)):
        # What is missing is reported where the numbers are compared.
        if steps in written and not _equal(written[steps], value):
            yield Finding("numbers", join_pointer(steps), "differs", written[steps], value, NO_CONSEQUENCE)


def _judge_claims(results: LoadedResults, claims: list[Claim]) -> Findings:
    if set(results.kind.sections) - set(results.report_kind.names):
        reason = "of sections that are not known here the claims are not known either"
        yield Finding("numbers", "/checks", "not recomputable", reason=reason)
        return
    if results.schema_version != SCHEMA_VERSION or is_later_release(results):
        yield from _judge_other_claims(results, claims)
        return
    for index, claim in enumerate(claims):
        yield from _judge_below(results, ["checks", index], _as_check(claim))
    # Each claim was compared in its place; one more, or one less, shows in the list of names only.
    names, due = [check.name for check in results.checks], [claim.name for claim in claims]
    yield judge("numbers", "/checks", names == due, names, due, "" if names == due else NO_CONSEQUENCE)


def _judge_other_claims(results: LoadedResults, claims: list[Claim]) -> Findings:
    """Rows for the claims of another version of the contract, each found by its name: it may make others, in
    another order and in other words.
    """
    due = {claim.name: claim for claim in claims}
    for index, check in enumerate(results.checks):
        pointer = join_pointer(["checks", index])
        if check.name not in due:
            reason = "this version of the program does not make this claim"
            yield Finding("numbers", pointer, "not recomputable", check.name, None, reason)
            continue
        for row in _judge_below(results, ["checks", index], _as_check(due[check.name])):
            if row.status == "differs" and row.pointer.endswith("/claim") and isinstance(row.submitted, str):
                yield replace(row, status="not recomputable", reason=OTHER_WORDS)
            else:
                yield row
    made = {check.name for check in results.checks}
    for name, claim in due.items():
        # Before 1.2 reports had no findings. Without one a report claims less, and hides no fault.
        if name not in made and not claim.finding:
            reason = "the report does not make this claim; its version may not have had it"
            yield Finding("numbers", "/checks", "not recomputable", None, name, reason)


def _as_check(claim: Claim) -> dict[str, Any]:
    return {name: each for name, each in asdict(claim).items() if name in Check.model_fields}


def _judge_below(results: LoadedResults, steps: list[str | int], value: Any) -> Iterator[Finding]:
    pointer = join_pointer(steps)
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _judge_below(results, [*steps, key], item)
        written = results.document
        for step in steps:
            written = written.get(str(step), {}) if isinstance(written, Mapping) else {}
        for key in written if isinstance(written, Mapping) else ():
            if key not in value:
                yield Finding("numbers", join_pointer([*steps, key]), "differs", reason=NO_CONSEQUENCE)
        return
    try:
        submitted = find_value(results.document, pointer, results.name)
    except PointerError:
        if results.schema_version != SCHEMA_VERSION:
            return  # a value that came later
        submitted = _MISSING
    agrees = _equal(submitted, value)
    yield judge("numbers", pointer, agrees, submitted, value, "" if agrees else NO_CONSEQUENCE)


def _equal(submitted: Any, value: Any) -> bool:
    if is_number(submitted) and is_number(value):
        return _SAME.equal(submitted, value)
    # To Python true is 1, in JSON it is not.
    return type(submitted) is type(value) and bool(submitted == value)


def compare_arrays(
    results: LoadedResults,
    recomputed: Mapping[str, Mapping[str, NDArray[Any]]],
    comparable: Mapping[str, Mapping[str, Sequence[bool]]],
    tolerances: Tolerances,
) -> Findings:
    """A row for each array; ``comparable`` says by section and array which elements along the first axis
    belong to the same in both, where not all do.

    A PDF brings no arrays; their summaries are compared with the other numbers.
    """
    if results.folder is None:
        return
    for section, arrays in recomputed.items():
        if not (results.folder / ARRAYS_FOLDER / f"{section}.npz").exists():
            reason = "the file did not come along; the summaries are compared with the other numbers"
            yield Finding("arrays", f"/{section}/arrays", "not recomputable", reason=reason)
            continue
        for key, wanted in arrays.items():
            pointer = join_pointer([section, ARRAYS_FOLDER, key])
            # Asked for with a float: an array without a rule was computed, and not counted, whatever is in
            # it.
            rule = tolerances.find(pointer, 0.0)
            yield _compare(results, pointer, wanted, comparable.get(section, {}).get(key), rule)


def _compare(
    results: LoadedResults, pointer: str, wanted: NDArray[Any], rows: Sequence[bool] | None, rule: Rule
) -> Finding:
    section, _, key = split_pointer(pointer)
    try:
        submitted = results.array(section, key)
    except PointerError as error:
        return Finding("arrays", pointer, "differs", reason=error.problem)
    if submitted.shape != wanted.shape:
        return Finding(
            "arrays", pointer, "differs", list(submitted.shape), list(wanted.shape), "another shape"
        )
    kept = wanted
    if rows is not None and not all(rows):
        submitted, kept = submitted[np.array(rows)], wanted[np.array(rows)]
    # The scale is that of all rows: leaving some out must not make the others stricter.
    # Of what is a number: with a scale that is none, nothing would be beyond it.
    scale = float(np.abs(wanted[np.isfinite(wanted)].astype(np.float64)).max(initial=0.0))
    return _judge(pointer, submitted, kept, scale, rule)


def _judge(pointer: str, submitted: NDArray[Any], wanted: NDArray[Any], scale: float, rule: Rule) -> Finding:
    allowed = rule.tolerance.atol + rule.tolerance.rtol * scale
    # As doubles, since a difference of unsigned integers would wrap round.
    found, expected = submitted.astype(np.float64), wanted.astype(np.float64)
    with np.errstate(invalid="ignore"):
        near = np.abs(found - expected) <= allowed
    # A NaN is near nothing, and an infinity not near itself; both may stand in both arrays.
    beyond = ~(near | (found == expected) | (np.isnan(found) & np.isnan(expected)))
    if not beyond.any():
        return judge("arrays", pointer, True, None, None)
    first = tuple(int(i) for i in np.argwhere(beyond)[0])
    count = int(beyond.sum())
    reason = (
        f"{count} of {submitted.size} elements differ by more than {allowed:.3g} ({rule.reason}), "
        f"the first at {list(first)}"
    )
    return judge("arrays", pointer, False, _as_json(found[first]), _as_json(expected[first]), reason)


def _as_json(number: float) -> float | str:
    return float(number) if math.isfinite(number) else str(number)
