"""Values that know where in ``results.json`` they come from."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from jinja2 import Environment, StrictUndefined, UndefinedError
from printed import resolve_pointer

from reportgen.document.numbers import Sourced, entries, plain

NASTY = 'a/b~c "d" <e>'
DOCUMENT: dict[str, Any] = {
    "accuracy": {"test": 0.975},
    "top": {NASTY: [{"position": [3, 1, 4], "value": 2.5}]},
    "name": "<b>Tom & 'Jerry'</b>",
    "passed": True,
    "nothing": None,
    "empty": [],
    "zero": 0,
    "items": 5,
}


def render(template: str) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(template).render(r=Sourced(DOCUMENT))


def test_a_number_prints_with_its_pointer() -> None:
    assert render("{{ r.accuracy.test }}") == '<span class="n" data-ptr="/accuracy/test">0.975</span>'


def test_a_number_whose_source_is_told_links_to_it_wherever_it_is_found() -> None:
    asked: list[str] = []

    def note(pointer: str) -> str:
        asked.append(pointer)
        return f"row-{len(asked)}"

    node = Sourced(DOCUMENT, note=note)
    assert node.accuracy.test.__html__() == '<a class="n" href="#row-1" data-ptr="/accuracy/test">0.975</a>'
    (neuron,) = node.top[NASTY]
    assert 'href="#row-2"' in neuron["value"].__html__()
    assert asked == ["/accuracy/test", '/top/a~1b~0c "d" <e>/0/value']


def test_a_text_can_be_given_its_pointer_and_stays_escaped() -> None:
    (span,) = BeautifulSoup(Sourced(DOCUMENT).name.as_source("<3>", "n text"), "html.parser").find_all()
    assert (span["data-ptr"], span["class"], span.get_text()) == ("/name", ["n", "text"], "<3>")


@pytest.mark.parametrize(
    ("expression", "pointer"),
    [
        ("r.top[name][0].position[2]", '/top/a~1b~0c "d" <e>/0/position/2'),
        ("r.top[name][0]['value']", '/top/a~1b~0c "d" <e>/0/value'),
        ("(r.top | entries | first)[1][0].value", '/top/a~1b~0c "d" <e>/0/value'),
        ("(r.top[name] | first).value", '/top/a~1b~0c "d" <e>/0/value'),
        ("r['items']", "/items"),
        ("r.items", "/items"),
    ],
)
def test_the_pointer_leads_to_the_number_that_is_printed(expression: str, pointer: str) -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["entries"] = entries
    html = environment.from_string("{{ " + expression + " }}").render(r=Sourced(DOCUMENT), name=NASTY)
    span = BeautifulSoup(html, "html.parser").span
    assert span is not None
    assert span["data-ptr"] == pointer
    assert float(span.get_text()) == resolve_pointer(DOCUMENT, pointer)


def test_an_item_is_found_by_a_key_that_comes_from_the_results_itself() -> None:
    document = {"classes": ["cat", "dog"], "counts": {"cat": 1, "dog": 2}}
    template = Environment(autoescape=True).from_string("{{ r.counts[r.classes[1]] }}")
    assert template.render(r=Sourced(document)) == '<span class="n" data-ptr="/counts/dog">2</span>'


def test_text_is_escaped_and_has_no_pointer() -> None:
    assert render("{{ r.name }}") == "&lt;b&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt;"
    assert render('<p title="{{ r.name }}">').count('"') == 2


def test_truth_values_and_nothing_have_no_pointer() -> None:
    assert render("{{ r.passed }} {{ r.nothing }}") == "True None"


@pytest.mark.parametrize(
    "template", ["{{ r.acuracy }}", "{{ r.accuracy.vall }}", "{{ r.top['x'] }}", "{{ r.empty[0] }}"]
)
def test_a_name_that_the_results_do_not_have_is_an_error(template: str) -> None:
    with pytest.raises(UndefinedError):
        render(template)


def test_the_error_says_where_the_name_was_looked_for() -> None:
    with pytest.raises(AttributeError, match="no 'vall' at /accuracy"):
        _ = Sourced(DOCUMENT).accuracy.vall


def test_a_slice_has_no_pointer_and_is_refused() -> None:
    with pytest.raises(TypeError):
        _ = Sourced({"a": [1, 2, 3]})["a"][0:2]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("r.passed", True),
        ("r.zero", False),
        ("r.empty", False),
        ("r.nothing", False),
        ("r.zero == 0", True),
        ("r.accuracy.test > 0.9", True),
        ("r.accuracy.test < 0.9", False),
        ("r.name == 'x'", False),
        ("'test' in r.accuracy", True),
        ("'val' in r.accuracy", False),
        ("r.empty | length == 0", True),
    ],
)
def test_comparisons_and_truth_are_those_of_the_value(expression: str, expected: bool) -> None:
    assert render("{{ 'yes' if " + expression + " else 'no' }}") == ("yes" if expected else "no")


def test_equal_values_hash_alike() -> None:
    assert {Sourced(3, "/a"), Sourced(3, "/b")} == {3}


def test_the_entries_of_an_object_keep_their_order() -> None:
    node = Sourced({"b": 1, "a": 2})
    assert [(key, plain(value)) for key, value in entries(node)] == [("b", 1), ("a", 2)]
