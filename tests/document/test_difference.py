"""The page of a difference: whole, self-contained, and harmless whatever the reports say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from small_results import document

from reportgen.diff import compare
from reportgen.document.comparison_pages import OPEN_ROWS, render_difference
from reportgen.errors import RenderError
from reportgen.store.ownership import is_difference
from reportgen.submission import Submission
from reportgen.templates import Templates, open_templates

HOSTILE = "<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(2)</script></svg>'


def numbers() -> dict[str, Any]:
    return {"schema_version": "1.0", **json.loads(json.dumps(document()))}


def render(
    old: dict[str, Any],
    new: dict[str, Any],
    figures: tuple[dict[str, bytes], dict[str, bytes]] = ({}, {}),
    names: tuple[str, str] = ("first", "second"),
) -> str:
    sides = (Submission(*side) for side in zip(names, (old, new), figures, strict=True))
    return render_difference(compare(*sides), open_templates())


def parse(*args: Any, **options: Any) -> BeautifulSoup:
    return BeautifulSoup(render(*args, **options), "html.parser")


def texts(soup: BeautifulSoup, selector: str) -> list[str]:
    return [" ".join(tag.get_text(" ").split()) for tag in soup.select(selector)]


def only(soup: BeautifulSoup | Tag, selector: str) -> Tag:
    (found,) = soup.select(selector)
    return found


def test_a_page_is_known_for_one_again(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "diff.html", tmp_path / "report.html"
    mine.write_text(render(numbers(), numbers()), encoding="utf-8")
    theirs.write_text("<meta name='generator' content='reportgen 0.1.0'>", encoding="utf-8")
    assert (is_difference(mine), is_difference(theirs)) == (True, False)


def test_a_changed_number_stands_under_its_report() -> None:
    new = numbers()
    new["transfer"]["training"]["learning_rate"] = 0.04
    soup = parse(numbers(), new)
    assert texts(soup, "header dd") == ["first", "second"]
    assert texts(soup, "#values thead th") == ["Value", "A", "B", "Difference"]
    (row,) = soup.select("#values tbody tr")
    cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
    assert cells == ["/transfer/training/learning_rate", "0.01", "0.04", "+0.03"]


def test_keys_of_one_report_say_of_which() -> None:
    old, new = numbers(), numbers()
    old["transfer"]["gone"] = 1
    new["transfer"]["come"] = 2
    rows = [
        [cell.get_text() for cell in row.find_all("td")] for row in parse(old, new).select("#values tbody tr")
    ]
    assert rows == [["1", "–", "only in A"], ["–", "2", "only in B"]]


def test_the_headline_tells_accuracies_and_which_way_they_went() -> None:
    new = numbers()
    new["transfer"]["confusion"]["test"] = [[4, 0], [2, 2]]
    new["transfer"]["confusion"]["val"] = [[1, 3], [0, 4]]
    soup = parse(numbers(), new)
    assert texts(soup, ".accuracy") == [
        "Accuracy test 75.0 % ▲ +12.5 points 5/8 (62.5 %) → 6/8 (75.0 %)",
        "Accuracy val 62.5 % ▼ −12.5 points 6/8 (75.0 %) → 5/8 (62.5 %)",
        "Accuracy train 100 % ± 0 points 8/8 (100 %) → 8/8 (100 %)",
    ]
    assert texts(soup, "b.better") == ["▲ +12.5 points"]
    assert texts(soup, "b.worse") == ["▼ −12.5 points"]


def test_versions_and_weights_stand_above_everything_else() -> None:
    new = numbers()
    new["provenance"]["versions"]["reportgen"] = "9"
    new["provenance"]["seed"] = 8
    soup = parse(numbers(), new)
    assert [section["id"] for section in soup.select("main > section")] == ["causes", "headline", "values"]
    assert texts(soup, "#causes .pointer") == ["/provenance/versions/reportgen"]
    assert texts(soup, "#values .pointer") == ["/provenance/seed"]


def test_the_cause_comes_first_with_how_many_numbers_follow_from_it() -> None:
    """Counted by hand: three numbers and no word, no setting and no version."""
    new = numbers()
    new["provenance"]["seed"] = 2
    new["transfer"]["training"]["learning_rate"] = 0.04
    new["neurons"]["positive_share"]["cat"] = 0.5
    new["transfer"]["training"]["epochs_run"] = 2
    new["report"]["course"] = "Another"
    soup = parse(numbers(), new)
    assert texts(soup, "header .cause") == ["seed 1 → 2: 3 numbers follow from it."]
    new["occlusion"]["step"] = 48
    (said,) = texts(parse(numbers(), new), ".cause")
    assert said == "seed 1 → 2 and occlusion.step 32 → 48: 3 numbers follow from them."
    new["provenance"]["seed"], new["occlusion"]["step"] = 1, 32
    (said,) = texts(parse(numbers(), new), ".cause")
    assert said == "Images, seed, weights and versions are the same; 3 numbers differ all the same."


def test_flips_and_images_are_listed() -> None:
    old, new = numbers(), numbers()
    old["dataset"]["images"] += [
        {"file": "test/y.jpg", "split": "test", "label": "dog", "sha256": "2" * 64},
        {"file": "train/gone.jpg", "split": "train", "label": "dog", "sha256": "3" * 64},
    ]
    new["dataset"]["images"] += [
        {"file": "test/z.jpg", "split": "test", "label": "dog", "sha256": "2" * 64},
        {"file": "val/new.jpg", "split": "val", "label": "cat", "sha256": "4" * 64},
    ]
    new["transfer"]["misclassified"] = [
        {"file": "test/z.jpg", "true": "dog", "predicted": "cat", "probabilities": {}}
    ]
    soup = parse(old, new)
    assert texts(soup, "#predictions tbody tr") == [
        "test/x.jpg cat dog cat ✓ now right",
        "test/z.jpg in A test/y.jpg dog dog cat ✗ now wrong",
    ]
    assert texts(soup, "#images h3") == ["Only in B", "Only in A", "Renamed or moved"]
    assert texts(soup, "#images li") == [
        "+ val/new.jpg val, cat",
        "− train/gone.jpg train, dog",
        "~ test/y.jpg → test/z.jpg",
    ]


def test_changed_figures_stand_side_by_side_and_unchanged_ones_are_left_out() -> None:
    old = {"fig-01-same.png": b"same", "fig-02-maps.jpg": b"old", "fig-A1-lost.svg": SVG}
    new = {"fig-02-same.png": b"same", "fig-01-maps.jpg": b"new"}
    soup = parse(numbers(), numbers(), (old, new))
    assert texts(soup, "figure > figcaption") == ["maps", "lost"]
    maps, lost = soup.select("figure")
    sources = [only(maps, f".side.{side} img")["src"] for side in ("old", "new")]
    assert sources == [f"data:image/jpeg;base64,{base64.b64encode(d).decode()}" for d in (b"old", b"new")]
    assert only(lost, ".side.old img")["src"] == f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"
    assert only(lost, ".side.new").get_text(" ", strip=True) == "B not in B"
    assert base64.b64encode(b"same").decode() not in str(soup)


def test_the_page_fetches_nothing_and_runs_its_own_script_alone() -> None:
    soup = parse(numbers(), numbers(), ({"a.svg": SVG}, {"a.svg": SVG + b" "}))
    policy = str(only(soup, 'meta[http-equiv="Content-Security-Policy"]')["content"])
    rules = {name: values for name, *values in (rule.split() for rule in policy.split(";"))}
    digest = hashlib.sha256(only(soup, "style").decode_contents().encode()).digest()
    assert rules["style-src"] == [f"'sha256-{base64.b64encode(digest).decode()}'"]
    assert rules["default-src"] == ["'none'"]
    assert rules["img-src"] == rules["font-src"] == ["data:"]
    script = only(soup, "script").decode_contents().encode()
    assert rules["script-src"] == [f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"]
    assert soup.select("link, iframe, object, embed, svg, form, base") == []
    alone = parse(numbers(), numbers(), ({"a.svg": SVG}, {"b.svg": SVG}))
    assert alone.select("script") == []
    assert [image["src"][:26] for image in soup.select("img")] == ["data:image/svg+xml;base64,"] * 2
    assert {address[:10] for address in re.findall(r'url\("?(.*?)[")]', str(soup))} == {"data:font/"}
    assert "@import" not in str(soup)


def hostile() -> dict[str, Any]:
    """A report in which every text that may be, is a script."""
    results = json.loads(json.dumps(numbers()).replace("cat", json.dumps(HOSTILE)[1:-1]))
    results["dataset"]["images"] = [
        {"file": f'test/"{HOSTILE}.jpg', "split": "test", "label": HOSTILE, "sha256": "1" * 64},
        {"file": HOSTILE, "split": HOSTILE, "label": HOSTILE, "sha256": HOSTILE},
    ]
    results["transfer"]["misclassified"] = []
    results["provenance"]["versions"][HOSTILE] = HOSTILE
    results["checks"][0].update(claim=HOSTILE, passed=False)
    results[HOSTILE] = {HOSTILE: [HOSTILE]}
    return dict(results)


def test_whatever_a_report_says_is_text() -> None:
    figures = ({"a.png": b"1"}, {f'"><{HOSTILE}.png'.replace("/", ""): b"1"})
    page = render(numbers(), hostile(), figures, names=(HOSTILE, f'"{HOSTILE}'))
    assert "<script" not in page.lower()
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(lambda tag: any(name.startswith("on") for name in tag.attrs))
    assert texts(soup, "header dd") == [HOSTILE, f'"{HOSTILE}']
    for section in ("#causes", "#headline", "#predictions", "#images", "#values"):
        assert HOSTILE in only(soup, section).get_text()


def test_characters_that_do_not_print_are_shown_as_escapes() -> None:
    new = numbers()
    new["report"]["course"] = "a\u202eb\x1b\ud800"
    page = render(numbers(), new, names=("\u202e", "\ud800"))
    assert not {"\u202e", "\x1b"} & set(page)
    assert r"a\u202eb\x1b\ud800" in page
    page.encode()


def test_a_difference_of_nothing_says_so() -> None:
    soup = parse(numbers(), numbers())
    assert texts(soup, "h1") == ["Nothing changed"]
    assert [section["id"] for section in soup.select("main > section")] == ["headline"]
    changed = numbers()
    changed["provenance"]["seed"] = 2
    assert texts(parse(numbers(), changed), "h1") == ["What changed"]


@pytest.mark.parametrize(("rows", "folded"), [(OPEN_ROWS, False), (OPEN_ROWS + 1, True)])
def test_a_long_table_is_folded_but_whole(rows: int, folded: bool) -> None:
    new = numbers()
    new["extra"] = {}
    old = {**numbers(), "extra": {f"k{n}": n for n in range(rows)}}
    soup = parse(old, new)
    details = only(soup, "#values details")
    assert ("open" not in details.attrs) is folded
    assert len(details.select("tbody tr")) == rows


def test_a_mistake_in_the_template_is_named(tmp_path: Path) -> None:
    same = compare(*(Submission("x", numbers(), {}) for _ in range(2)))
    with pytest.raises(RenderError, match=r"diff\.html\.j2"):
        render_difference(same, Templates((tmp_path,)))
    (tmp_path / "diff.html.j2").write_text("{{ source('diff.css') }}")
    with pytest.raises(RenderError, match=r"diff\.css"):
        render_difference(same, Templates((tmp_path,)))
    (tmp_path / "diff.html.j2").write_text("{{ d.nonsense }}")
    with pytest.raises(RenderError, match="nonsense"):
        render_difference(same, Templates((tmp_path,)))


def test_the_style_can_be_one_s_own(tmp_path: Path) -> None:
    (tmp_path / "diff.css").write_text("p { color: rebeccapurple }")
    same = compare(*(Submission("x", numbers(), {}) for _ in range(2)))
    assert "rebeccapurple" in render_difference(same, open_templates(tmp_path))
