"""Choices that may fall either way: settings that the results report, and rankings of nearly equal values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from reportgen.contract.reader import LoadedResults
from reportgen.dataset.names import composed
from reportgen.errors import SettingsError
from reportgen.networks import ARCHITECTURES
from reportgen.outline.kind import Outline, ReportKind
from reportgen.outline.section import MARGIN, Section
from reportgen.pointer import PointerError, join_pointer, split_pointer
from reportgen.results import SCHEMA_VERSION
from reportgen.settings import Settings, understand_settings
from reportgen.split import SPLITS
from reportgen.verify.tolerances import Finding, Findings, Pair, Tolerances, judge, within

if TYPE_CHECKING:
    from numpy.typing import NDArray


_TITLE = ("course", "assignment", "group", "date", "theme")


def derive_settings(results: LoadedResults, attached: Settings | None, outline: Outline) -> Settings:
    """The settings that the results themselves report, with the commentary of ``attached`` and the kind and
    sections of ``outline``.

    Nothing is taken from ``attached`` that the results say too; nothing in it names a file but the example
    images. Raises ``SettingsError`` if no settings can lead to such results.
    """
    table: dict[str, Any] = {
        **_title(results),
        **outline.table,
        "seed": results.provenance.seed,
        **_network(results),
        "example_images": dict(results.dataset.examples),
    }
    for name, value in _reported(results, outline.kind):
        # Merged, since several settings may be of one table.
        _merge(table, _nest(name, value))
    for section, module in _choosing(results, outline.kind):
        with section.attributing_errors():
            choices = module.read_choices(getattr(results, section.name), attached)
        _merge(table, choices)
    # Words of the authors are no result; whether these are what is printed, the document's comparison says.
    settings = understand_settings(table, f"{results.name}, what it says of its settings")
    return settings.model_copy(update={"commentary": attached.commentary}) if attached else settings


def _network(results: LoadedResults) -> dict[str, Any]:
    """The network by name. A path in a report would be a stranger's, and is never followed."""
    named, layers = results.provenance.weights.architecture, list(results.provenance.layers)
    found: dict[str, Any] = {"layers": layers} if layers else {}
    return {**found, "architecture": named} if named in ARCHITECTURES else found


def _reported(results: LoadedResults, kind: ReportKind) -> Iterator[tuple[str, Any]]:
    """The settings by dotted name that sections have in their results."""
    for section in kind.sections:
        for name, pointer in section.recorded_settings if results.has(section.name) else ():
            try:
                value = results.at(f"/{section.name}{pointer}")
            except PointerError:
                # A setting that came later has its default in the reports from before.
                if results.schema_version == SCHEMA_VERSION:
                    raise
            else:
                yield name, value


def _nest(name: str, value: Any) -> dict[str, Any]:
    """The table that sets one setting: ``{"show": {"filters": 10}}``."""
    for part in reversed(name.split(".")):
        value = {part: value}
    nested: dict[str, Any] = value
    return nested


def _choosing(results: LoadedResults, kind: ReportKind) -> Iterator[tuple[Section, ModuleType]]:
    """The sections whose results imply settings, with the module that derives them."""
    for section in kind.sections:
        module = section.load("comparison") if results.has(section.name) else None
        if module is not None and hasattr(module, "read_choices"):
            yield section, module


def _merge(table: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _merge(table.setdefault(key, {}), value)
        else:
            table[key] = value


def compare_settings(results: LoadedResults, attached: Settings | None, kind: ReportKind) -> Findings:
    """Whether the attached settings are those that the results report."""
    if attached is None:
        reason = "no report.toml came along that says the same again"
        yield Finding("settings", "/report", "not recomputable", reason=reason)
        return
    title = _title(results)
    for name in _TITLE:
        yield judge_setting(name, title.get(name), getattr(attached, name))
    authors = [author.model_dump() for author in attached.authors]
    yield judge_setting("authors", title["authors"], authors)
    yield judge_setting("seed", results.provenance.seed, attached.seed)
    for name, value in _reported(results, kind):
        yield judge_setting(name, value, attached.value(name))
    for section, module in _choosing(results, kind):
        with section.attributing_errors():
            rows = list(module.compare_choices(getattr(results, section.name), attached))
        yield from rows
    yield from _compare_examples(results.dataset.examples, attached.example_images)


def _compare_examples(examples: Mapping[str, str], chosen: Mapping[str, str]) -> Findings:
    # Of classes that the settings do not name, the program chose the image.
    # macOS writes names decomposed, and so do those who copy them from there (see composed()).
    images = {composed(label): composed(file) for label, file in examples.items()}
    for label, file in chosen.items():
        label, file = composed(label), composed(file)
        used = images.get(label, "")
        # The settings may name the file without its folder.
        agrees = used == file or used.endswith(f"/{file}")
        yield judge(
            "settings",
            f"report.toml: example_images.{label}",
            agrees,
            used or None,
            file,
            describe_disagreement(agrees),
        )


def judge_setting(name: str, submitted: Any, attached: Any) -> Finding:
    """A row for a setting by its dotted name: what the results report, and what the attached file has."""
    submitted, attached = _plain(submitted), _plain(attached)
    return judge(
        "settings",
        f"report.toml: {name}",
        submitted == attached,
        submitted,
        attached,
        describe_disagreement(submitted == attached),
    )


def describe_disagreement(agrees: bool) -> str:
    """Why a setting is judged as it is."""
    return "" if agrees else "results.json and the attached report.toml disagree"


def _plain(value: Any) -> Any:
    """A value of the settings as JSON has it: dates as text, tuples as lists."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _title(results: LoadedResults) -> dict[str, Any]:
    import datetime

    report = results.report
    title: dict[str, Any] = {
        **{name: getattr(report, name) for name in ("course", "assignment", "group", "theme")},
        "authors": [author.model_dump() for author in report.authors],
    }
    if report.date is not None:
        try:
            title["date"] = datetime.date.fromisoformat(report.date)
        except ValueError:
            raise SettingsError(
                f"/report/date is '{report.date}', which is no date.", "Name a report."
            ) from None
    return title


_SWAPPED = "another neuron than the recomputed one, with an output that is equal within the tolerance"

_OTHER = "its recomputed output is {} and not {}"

_UNKNOWN = "the recomputation chose another neuron here, and has no gradient of this one"

_MISSING = "one of the two has fewer neurons"


_TIE = "the recomputed probabilities of the two classes are nearly equal"

_FOLLOWS = "it follows from another class than the recomputed one, of nearly the same probability"


def is_tied(pair: Pair, file: str, submitted: str, wanted: str) -> bool:
    """Whether an image may be predicted as either of two classes: by the recomputed probabilities of a
    section that the pair's section reads (arrays ``probabilities_<split>``), both are the likeliest within
    ``MARGIN``.
    """
    told = {key: array for arrays in pair.upstream.values() for key, array in arrays.items()}
    for split in SPLITS:
        files = [image["file"] for image in pair.dataset["images"] if image["split"] == split]
        if file in files and f"probabilities_{split}" in told:
            row = told[f"probabilities_{split}"][files.index(file)].tolist()
            shares = dict(zip(pair.dataset["classes"], row, strict=True))
            return all(max(row) - shares.get(each, -1.0) <= MARGIN for each in (submitted, wanted))
    return False


def compare_class(pair: Pair, steps: Sequence[str], submitted: str, wanted: Mapping[str, Any]) -> Finding:
    """A row for the class that an image is predicted as, the last of the steps; ``wanted`` is the recomputed
    entry of the image.
    """
    expected = wanted[steps[-1]]
    tied = submitted != expected and is_tied(pair, wanted["file"], submitted, expected)
    agrees = submitted == expected or tied
    return judge("numbers", join_pointer(steps), agrees, submitted, expected, _TIE if tied else "")


Pattern = tuple[str | None, ...]
"""The beginning of a pointer, step by step; None is any step."""


def excuse(rows: Iterable[Finding], patterns: Sequence[Pattern]) -> Findings:
    """The rows; those that differ below one of the patterns were not recomputed, as they follow from another
    choice that is as good.
    """
    for row in rows:
        if row.status == "differs" and row.subject in ("numbers", "arrays"):
            steps = split_pointer(row.pointer)
            if any(_fits(steps, pattern) for pattern in patterns):
                row = replace(row, status="not recomputable", reason=_FOLLOWS)
        yield row


def _fits(steps: Sequence[str], pattern: Pattern) -> bool:
    beginning = zip(steps, pattern, strict=False)
    return len(steps) >= len(pattern) and all(name in (None, step) for step, name in beginning)


@dataclass(frozen=True)
class NeuronComparison:
    """Compares what two documents say of one neuron, by the tolerances of the report."""

    tolerances: Tolerances

    def compare_position(
        self,
        here: Sequence[str | int],
        submitted: Mapping[str, Any],
        wanted: Mapping[str, Any],
        layer: NDArray[Any],
    ) -> Finding:
        """A row for the position; another is as good if its recomputed output is nearly that of ``wanted``.

        ``layer`` is the recomputed output (rows, columns, channels). A position that the settings name admits
        no other.
        """
        pointer = join_pointer([*here, "position"])
        if submitted["position"] == wanted["position"]:
            return Finding("numbers", pointer, "confirmed", submitted["position"], wanted["position"])
        position = tuple(submitted["position"])
        # Else NumPy raises IndexError, and a forged position would be taken for a fault of ours.
        if any(index >= size for index, size in zip(position, layer.shape, strict=True)):
            return Finding(
                "numbers",
                pointer,
                "differs",
                submitted["position"],
                wanted["position"],
                "it lies outside the layer",
            )
        output = float(layer[position])
        rule = self.tolerances.find(join_pointer([*here, "value"]), output)
        chosen = wanted.get("choice") != "position"
        # By the layer's largest output: a small one, too, is a sum of large terms, whose rounding it carries.
        agrees = chosen and within(rule, output, wanted["value"], float(layer.max()))
        reason = _SWAPPED if agrees else _OTHER.format(f"{output:.6g}", f"{wanted['value']:.6g}")
        return judge("numbers", pointer, agrees, submitted["position"], wanted["position"], reason)

    def compare_value(
        self,
        here: Sequence[str | int],
        name: str,
        submitted: Mapping[str, Any],
        wanted: Mapping[str, Any],
        layer: NDArray[Any],
    ) -> Finding:
        """A row for an output, within the tolerance for the largest of ``layer``."""
        pointer = join_pointer([*here, name])
        agrees = self.tolerances.agree(pointer, submitted[name], wanted[name], float(layer.max()))
        return judge(
            "numbers",
            pointer,
            agrees,
            submitted[name],
            wanted[name],
            "" if agrees else self.tolerances.explain(pointer, wanted[name]),
        )

    def compare_if(self, same: bool, here: Sequence[str | int], submitted: Any, wanted: Any) -> Findings:
        """Rows for all numbers below ``here`` if both are about the same neuron."""
        if not same:
            yield Finding("numbers", join_pointer(here), "not recomputable", submitted, None, _UNKNOWN)
            return
        for steps, old, new in _pairs(tuple(here), submitted, wanted):
            yield self.compare_plainly(steps, old, new)

    def compare_plainly(self, steps: Sequence[str | int], submitted: Any, wanted: Any) -> Finding:
        """A row for one value, with the tolerance of its pointer alone."""
        pointer = join_pointer(steps)
        agrees = self.tolerances.agree(pointer, submitted, wanted)
        return judge(
            "numbers",
            pointer,
            agrees,
            submitted,
            wanted,
            "" if agrees else self.tolerances.explain(pointer, wanted),
        )


def compare_lengths(steps: Sequence[str | int], submitted: list[Any], expected: list[Any]) -> Findings:
    """A row if two lists differ in length; their common beginning is compared item by item."""
    if len(submitted) != len(expected):
        yield Finding("numbers", join_pointer(steps), "differs", len(submitted), len(expected), _MISSING)


def compare_labels(
    steps: Sequence[str], submitted: Mapping[str, Any], expected: Mapping[str, Any]
) -> Findings:
    """A row for each submitted class that the recomputation does not know."""
    for label in submitted:
        if label not in expected:
            yield Finding(
                "numbers", join_pointer([*steps, label]), "differs", reason="there is no such class"
            )


def _pairs(
    steps: tuple[str | int, ...], old: Any, new: Any
) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in new:
            yield from _pairs((*steps, key), old[key], new[key])
    # Lists of different lengths are one row: beyond the shorter there is nothing to pair.
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _pairs((*steps, i), a, b)
    else:
        yield steps, old, new
