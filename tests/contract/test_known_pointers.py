"""What a results.json can have at all, against the list of pointers and documents written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from small_results import small_results

from reportgen.contract.known_pointers import KnownPointers, find_limits, know_pointers
from reportgen.pointer import PointerError, join_pointer


@pytest.fixture(scope="module")
def known() -> KnownPointers:
    return know_pointers()


def locations(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[str]:
    yield join_pointer(steps)
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from locations(item, (*steps, key))


def test_every_pointer_of_a_document_is_known(known: KnownPointers) -> None:
    document = small_results().model_dump(mode="json")
    unknown = [pointer for pointer in locations(document) if not known.find(pointer)]
    assert unknown == []


@pytest.mark.parametrize(
    "pointer",
    [
        "/transfer/accuracy/*",
        "/*/arrays/*/min",
        "/neurons/top/a class that nobody has/99/value",
        "/provenance/versions/numpy",
        "/transfer/confusion/*/0/*",
        "/neurons/top/cat/0/position/2",
    ],
)
def test_what_another_report_may_have_is_known(known: KnownPointers, pointer: str) -> None:
    assert known.find(pointer)


@pytest.mark.parametrize(
    ("pointer", "near"),
    [
        ("/transfer/acuracy/test", "/transfer/accuracy/test"),
        ("/transfer/accuracy/tests", "/transfer/accuracy/test"),
        ("/transfer/confusion/val/x/0", "/transfer/confusion/val/0/0"),
        ("/neurons/tops/owl/*/value", "/neurons/top/owl/*/value"),
        ("/neurons/top/cat/0/position/3", "/neurons/top/cat/0/position/2"),
        ("/x", ""),
    ],
)
def test_what_no_report_can_have_is_not_and_the_nearest_is_suggested(
    known: KnownPointers, pointer: str, near: str
) -> None:
    assert known.find(pointer) == []
    assert known.suggest(pointer) == near
    assert not near or known.find(near)


@pytest.mark.parametrize("index", ["00", "0000000009", "٣", "²", "9" * 5000, "-1"])
def test_an_index_is_written_in_one_way_only(known: KnownPointers, index: str) -> None:
    """As results are looked up by it: RFC 6901 has no leading zeros and no digits of other scripts."""
    assert known.find("/transfer/accuracy_interval/test/1")
    assert known.find(f"/transfer/accuracy_interval/test/{index}") == []
    assert known.find("/neurons/top/ant/1/value")
    assert known.find(f"/neurons/top/ant/{index}/value") == []


def test_what_is_no_pointer_is_an_error(known: KnownPointers) -> None:
    with pytest.raises(PointerError):
        known.find("transfer")


@pytest.mark.parametrize(
    ("pointer", "limits"),
    [
        ("/transfer/accuracy/test", (0, 1)),
        ("/convolution/init_check/p_value", (0, 1)),
        ("/neurons/layer", None),
        ("/convolution/matches", None),
        ("/transfer/accuracy", None),
    ],
)
def test_limits_are_those_of_the_schema(
    known: KnownPointers, pointer: str, limits: tuple[float, float] | None
) -> None:
    assert find_limits(known.find(pointer)) == limits
