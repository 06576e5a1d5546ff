"""The settings that a report was made with: told by its results, and again by the attached report.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.contract.reader import LoadedResults
from reportgen.errors import SettingsError
from reportgen.grading.verify.row import Row, Rows, judge
from reportgen.results import GuidedRow
from reportgen.settings import NeuronChoice, Settings, understand_settings

_TITLE = ("course", "assignment", "group", "date")


def derive_settings(results: LoadedResults, attached: Settings | None) -> Settings:
    """The settings that the results tell of themselves, with the commentary of ``attached``.

    Nothing is taken from ``attached`` that the results say too; nothing in it names a file but the example
    images. Raises ``SettingsError`` if no settings can lead to such results.
    """
    table: dict[str, Any] = {
        **_title(results),
        "seed": results.provenance.seed,
        "show": _shown(results),
        "example_images": dict(results.dataset.examples),
        "guided_backprop": {
            "neurons": _merged(_choices(results), _listed(attached)),
            "shared_scale": results.guided_backprop.shared_scale,
        },
    }
    settings = understand_settings(table, f"{results.name}, what it says of its settings")
    return settings.model_copy(update={"commentary": attached.commentary}) if attached else settings


def compare_settings(results: LoadedResults, attached: Settings | None) -> Rows:
    """Whether the attached settings are those that the results tell of."""
    if attached is None:
        reason = "no report.toml came along that says the same again"
        yield Row("settings", "/report", "not recomputable", reason=reason)
        return
    title = _title(results)
    for name in _TITLE:
        yield _judge(name, title.get(name), getattr(attached, name))
    authors = [author.model_dump() for author in attached.authors]
    yield _judge("authors", title["authors"], authors)
    yield _judge("seed", results.provenance.seed, attached.seed)
    for name, value in _shown(results).items():
        yield _judge(f"show.{name}", value, getattr(attached.show, name))
    yield _judge(
        "guided_backprop.shared_scale",
        results.guided_backprop.shared_scale,
        attached.guided_backprop.shared_scale,
    )
    listed = _listed(attached)
    for label, choices in _choices(results).items():
        told = [item if isinstance(item, str) else list(item) for item in choices]
        agrees = _is_part(choices, listed)
        yield judge(
            "settings",
            f"report.toml: guided_backprop.neurons ({label})",
            agrees,
            told,
            list(listed),
            _reason(agrees),
        )
    yield from _compare_examples(results.dataset.examples, attached.example_images)


def _compare_examples(examples: Mapping[str, str], chosen: Mapping[str, str]) -> Rows:
    for label, file in chosen.items():
        used = examples.get(label, "")
        agrees = used == file or used.endswith(f"/{file}")
        yield judge(
            "settings", f"report.toml: example_images.{label}", agrees, used or None, file, _reason(agrees)
        )


def _judge(name: str, told: Any, attached: Any) -> Row:
    return judge(
        "settings",
        f"report.toml: {name}",
        told == attached,
        _plain(told),
        _plain(attached),
        _reason(told == attached),
    )


def _reason(agrees: bool) -> str:
    return "" if agrees else "results.json and the attached report.toml disagree"


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _title(results: LoadedResults) -> dict[str, Any]:
    import datetime

    report = results.report
    title: dict[str, Any] = {
        **{name: getattr(report, name) for name in ("course", "assignment", "group")},
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


def _shown(results: LoadedResults) -> dict[str, Any]:
    return {
        "filters": results.conv_stack.shown,
        "neurons": max((len(neurons) for neurons in results.neurons.top.values()), default=0),
        "colour": results.convolution.colour,
    }


def _choices(results: LoadedResults) -> dict[str, list[NeuronChoice]]:
    return {label: [_choice(row) for row in rows] for label, rows in results.guided_backprop.rows.items()}


def _choice(row: GuidedRow) -> NeuronChoice:
    return row.position if row.choice == "position" else row.choice


def _listed(attached: Settings | None) -> Sequence[NeuronChoice]:
    return attached.guided_backprop.neurons if attached else ()


def _is_part(choices: Sequence[NeuronChoice], listed: Sequence[NeuronChoice]) -> bool:
    """Whether ``choices`` are what is left of ``listed`` if some are left out: rules that find no neuron."""
    rest = iter(listed)
    return all(choice in rest for choice in choices)


def _merged(
    choices: Mapping[str, Sequence[NeuronChoice]], listed: Sequence[NeuronChoice]
) -> list[NeuronChoice]:
    """The rules that lead to the tables of all classes; an image without such a neuron leaves its row out."""
    if listed and all(_is_part(each, listed) for each in choices.values()):
        return list(listed)
    longest = max(choices.values(), key=len, default=())
    more = [choice for each in choices.values() for choice in each if choice not in longest]
    return [*longest, *dict.fromkeys(more)]
