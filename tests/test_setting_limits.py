"""Every setting of every report: what is out of its range or of another type is told, and breaks nothing."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reportgen.errors import SettingsError
from reportgen.outline.kind import find_kind
from reportgen.settings import Settings, settings_type, understand_settings
from reportgen.toml.faults import write_value
from reportgen.toml.reading import parse_table

Place = tuple[str | int, ...]

REPORTS = ("assignment", "architectures")
OTHERS = ("true", '"x"', '""', "[]", "[[1]]", "[{}]", "{}", "{ a = 1 }", "2026-01-31", "12:00:00")
"""Values that are no numbers."""

NUMBERS = ("-1", "0", "1", "2", "9" * 26, "1" + "0" * 400, "1.5", "-1.0", "1e300", "nan", "inf", "-inf")

FRACTIONS = {"learning_rate": "more than 0 and at most 1", "rate": "more than 0 and less than 1"}
"""The settings that are no whole numbers, and what is said of their ranges."""


def walk(model: type[BaseModel], location: Place = ()) -> Iterator[tuple[Place, FieldInfo]]:
    """Every key of a model and of those inside it, with 0 for the first item of a list."""
    for name, field in model.model_fields.items():
        yield (*location, name), field
        for inner, way in find_models(field.annotation):
            yield from walk(inner, (*location, name, *way))


def find_models(annotation: Any) -> Iterator[tuple[type[BaseModel], Place]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, ()
    step = (0,) if typing.get_origin(annotation) in (tuple, list) else ()
    for inner in typing.get_args(annotation):
        yield from ((model, (*step, *way)) for model, way in find_models(inner))


def list_fields(*kinds: type) -> list[Any]:
    """The keys of both reports whose values are of these types; all of them without a type."""
    found: dict[Place, Any] = {}
    for report in REPORTS:
        for location, field in walk(settings_type(find_kind(report))):
            if not kinds or types_of(field) & set(kinds):
                name = ".".join(map(str, location))
                found.setdefault(location, pytest.param(report, location, field, id=name))
    return list(found.values())


def types_of(field: FieldInfo) -> set[Any]:
    """The types that a value may have: of a list that is the list."""
    listed = typing.get_origin(field.annotation) in (tuple, list, dict)
    return {field.annotation, *(() if listed else typing.get_args(field.annotation))}


def read(report: str, location: Place, value: str) -> Settings:
    """The settings of a file with one value in its second line, and what must stand beside it."""
    text = value
    for part in reversed(location[1:]):
        text = f"[{text}]" if part == 0 else f"{{ {part} = {text} }}"
    return understand_settings(*parse_table(f'report = "{report}"\n{location[0]} = {text}\n', "f.toml"))


def complain(report: str, location: Place, value: str) -> list[str]:
    """The lines about that key; none if only what should stand beside it is missing."""
    if location == ("report",):
        return []
    try:
        read(report, location, value)
    except SettingsError as error:
        lines = error.problem.splitlines()
        assert all(line.startswith("f.toml, line 2: ") for line in lines)
        return [line for line in lines if f"{location[-1]} = " in line and "is missing" not in line]
    return []


def bounds(field: FieldInfo) -> tuple[float, float]:
    """The least and the most that is allowed, for whole numbers; in fractions a bound may be out itself."""
    low, high = -math.inf, math.inf
    for limit in field.metadata:
        low = max(low, getattr(limit, "ge", -math.inf), getattr(limit, "gt", -math.inf) + 1)
        high = min(high, getattr(limit, "le", math.inf), getattr(limit, "lt", math.inf) - 1)
    return low, high


@pytest.mark.parametrize(("report", "location", "field"), list_fields(int))
def test_a_whole_number_out_of_its_range_is_told_both_ends(
    report: str, location: Place, field: FieldInfo
) -> None:
    low, high = bounds(field)
    assert math.isfinite(low), "a setting without a lower limit"
    said = f"allowed is {low:.0f} to {high:.0f}" if math.isfinite(high) else f"allowed is {low:.0f} or more"
    outside = [low - 1, -(10**30), *([high + 1, 10**30] if math.isfinite(high) else [])]
    for value in outside:
        (line,) = complain(report, location, f"{value:.0f}")
        assert line.endswith(f": {said}")
    for value in (low, *([high] if math.isfinite(high) else [])):
        assert not complain(report, location, f"{value:.0f}")


@pytest.mark.parametrize(("report", "location", "field"), list_fields(float))
def test_a_fraction_out_of_its_range_is_told_both_ends(
    report: str, location: Place, field: FieldInfo
) -> None:
    said = FRACTIONS[str(location[-1])]
    for value in ("-1", "-1.0", "0", "0.0", "1.5", "2", "1e300", "inf", "-inf", "nan", "9" * 26):
        (line,) = complain(report, location, value)
        assert line.endswith(f": allowed is {said}")
        assert field.annotation is not int
    for value in ("1", "1.0"):
        assert bool(complain(report, location, value)) == ("less than 1" in said)
    assert not complain(report, location, "0.5")


@pytest.mark.parametrize(("report", "location", "field"), list_fields(int, float))
def test_what_is_no_number_is_told_in_one_line(report: str, location: Place, field: FieldInfo) -> None:
    whole = ("0.5", "nan", "inf", "-inf") if int in types_of(field) else ()
    for value in (*OTHERS, *whole):
        (line,) = complain(report, location, value)
        assert "number" in line


LISTS = {"filters": (1, 128), "filter_size": (1, 31), "stride": (1, 31), "padding": (0, 31)}


@pytest.mark.parametrize(("key", "least", "most"), [(key, *ends) for key, ends in LISTS.items()])
def test_a_number_of_a_list_out_of_its_range_is_told_both_ends(key: str, least: int, most: int) -> None:
    location = ("conv_stack", key)
    for value in (least - 1, most + 1, -(10**30), 10**30):
        (line,) = complain("assignment", location, f"[1, {value}]")
        assert f"allowed is {least} to {most}, and layer 2 has {value}" in line
    for item in (*OTHERS, "0.5", "nan", "inf"):
        with pytest.raises(SettingsError, match=rf"f.toml, line 2: conv_stack\.{key} 2"):
            read("assignment", location, f"[1, {item}]")


@pytest.mark.parametrize(("report", "location", "field"), list_fields())
def test_no_value_of_any_setting_is_more_than_an_error_of_the_file(
    report: str, location: Place, field: FieldInfo
) -> None:
    """Whatever is written, it is understood, or refused in our own words."""
    for value in (*OTHERS, *NUMBERS):
        lines = complain(report, location, value)
        assert not any(word in line for line in lines for word in ("Input should", "pydantic", "validator"))
        assert lines or value == "true" or bool not in types_of(field)


def test_a_text_of_another_form_is_not_told_its_length() -> None:
    (line,) = complain("assignment", ("theme",), '"A B"')
    assert "3 characters" not in line
    assert "a-z" in line


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ([1] * 9, "[1, 1, 1, 1, 1, 1, 1, 1, 1]"),
        ([1] * 10, "[1, 1, 1, 1, 1, 1, 1, 1, 1, …]"),
        ([1] * 20, "[1, 1, 1, 1, 1, 1, 1, 1, 1, …]"),
        (dict.fromkeys("abcdefghij", 1), "{ a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1, i…"),
        ([[1] * 10], "[[1, 1, 1, 1, 1, 1, 1, 1, 1, …]]"),
    ],
)
def test_a_long_value_shows_that_there_is_more(value: object, written: str) -> None:
    assert write_value(value) == written
