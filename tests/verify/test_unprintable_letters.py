"""A letter that no font here has hides nothing else of a report; nor do more values than any report has."""

from __future__ import annotations

import html
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import small_report
from forged_pages import other_number, other_word

from reportgen import __version__
from reportgen.document.html import Content
from reportgen.memo import no_memo
from reportgen.results import SCHEMA_VERSION
from reportgen.results.document import Font
from reportgen.verify import rendering
from reportgen.verify.markup import compare_markup
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.rendering import Rendered, render_again, replace_letters
from reportgen.verify.verification import _compare_fonts, _judge_letters

CUNEIFORM, PRIVATE = "\U00012000", "\ue000"


def rendered(words: Mapping[str, str], **options: Any) -> Rendered:
    names = [name for section in small_report.kind().sections for name in section.figure_names(2)]
    album = {name: small_report.figure(name, seed) for seed, name in enumerate(names)}
    content = Content(small_report.kind(), small_report.results(), album, words)
    return render_again(content, no_memo, "", **options)


@pytest.mark.parametrize("written", [CUNEIFORM, PRIVATE, "&#x12000;", "&#xE000;"])
def test_all_but_the_letter_is_compared(written: str) -> None:
    """The page of a machine that has the letter: that of this one with the letter in its place."""
    ours = rendered({"transfer": f"We saw {written} here."})
    assert ours.page is not None
    letter = html.unescape(written)
    assert ours.lacking == {letter}
    theirs = rendered({"transfer": "We saw ? here."}).html.replace("saw ? here", f"saw {letter} here")
    assert letter in theirs
    assert compare_markup(replace_letters(theirs, ours.lacking), ours.html).differences == ()
    for forge in (other_number, other_word):
        forged = replace_letters(forge(theirs, 0), ours.lacking)
        assert compare_markup(forged, ours.html).differences


def test_letters_that_are_here_stay() -> None:
    ours = rendered(small_report.WORDS)
    assert ours.lacking == frozenset()
    assert replace_letters("a&lt;b é", ours.lacking) == "a&lt;b é"


def judged(versions: dict[str, str], fonts: list[Any], schema: str = SCHEMA_VERSION) -> list[str]:
    ours = {"reportgen": __version__, "matplotlib": "3.11"}
    results = SimpleNamespace(
        provenance=SimpleNamespace(versions={**ours, **versions}, fonts=fonts),
        document={"schema_version": schema},
    )
    submitted: Any = SimpleNamespace(results=results)
    rows = _judge_letters(submitted, Recomputed({}, ours), Rendered(lacking=frozenset(CUNEIFORM)))
    return [row.status for row in rows]


def test_no_build_prints_a_letter_that_no_font_has() -> None:
    assert judged({}, []) == ["differs"]
    # A font of another machine may have it, or fonts of another Matplotlib; at first they were not listed.
    assert judged({}, ["a font"]) == []
    assert judged({"matplotlib": "3.9"}, []) == ["not recomputable"]
    assert judged({}, [], "1.0") == ["not recomputable"]


def test_a_font_that_no_word_needs_is_a_finding() -> None:
    def found(words: dict[str, str], *, listed: bool = True, known: bool = True) -> list[str]:
        fonts = [Font(name="Times", sha256="0" * 64)] if listed else []
        made = small_report.results()
        reported = made.report.model_copy(update={"authors": made.report.authors[1:]})
        provenance = made.provenance.model_copy(update={"fonts": fonts})
        results = made.model_copy(update={"report": reported, "provenance": provenance})
        commentary = SimpleNamespace(model_dump=lambda: words)
        settings = SimpleNamespace(commentary=commentary) if known else None
        submitted: Any = SimpleNamespace(results=results, settings=settings)
        return [row.pointer for row in _compare_fonts(submitted, None)]

    assert found({"transfer": "Plain words, naïve ones."}) == ["/provenance/fonts"]
    assert found({"transfer": "Plain words."}, listed=False) == []
    # STIX has no Hebrew: a font that the settings name may set it, though another one of the report could.
    assert found({"transfer": "עברית"}) == []
    assert found({"transfer": CUNEIFORM}) == []
    assert found({}, known=False) == []


def test_results_of_more_values_than_any_report_has_are_no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_MOST_VALUES", 100)
    refused = rendered({})
    assert (refused.page, refused.failed) == (None, True)
    assert "no report on these images has more than 100" in refused.reason
    # A large class of images has many, too.
    assert rendered({}, usual=5000).page is not None
