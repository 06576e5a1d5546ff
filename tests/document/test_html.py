"""One page from results, figures and words; the templates of these tests are written in the test."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from small_page import SmallPage
from small_results import document, results_of, small_results

from reportgen.document import html, template_errors
from reportgen.document.html import Content, Document, embedded_files, render_html
from reportgen.document.numbers import direction_of
from reportgen.errors import FontMissingError, RenderError
from reportgen.figures.figure import Figure, Picture
from reportgen.outline.kind import find_kind
from reportgen.results import Results
from reportgen.templates import Templates, open_templates

ALT = 'of "cat" & <dog>'
SHOW_ALL = (
    '{% for name in ["images", "history"] %}<figure>{{ image(name) }}'
    '{{ show("figure", name, name) }}</figure>{% endfor %}'
    '{% for name in TABLES %}{{ show("table", name, name) }}{% endfor %}'
)


def picture(width: int = 20) -> Picture:
    buffer = io.BytesIO()
    Image.new("RGB", (width, 10), (9, 9, 9)).save(buffer, "PNG")
    return Picture(buffer.getvalue(), "image/png", width, 10)


def album() -> dict[str, Figure]:
    names = ("images", "gradient_0_0", "history")
    return {name: Figure(name, picture(), f"{name} {ALT}") for name in names}


def content(results: Results | None = None, words: dict[str, str] | None = None) -> Content:
    return Content(find_kind(), results or small_results(), album(), words or {})


def render(
    folder: Path, template: str, words: dict[str, str] | None = None, results: Results | None = None
) -> Document:
    tables = [name for kind, name in html._plan(content()).numbers if kind == "table"]
    displayed = SHOW_ALL.replace("TABLES", str(tables))
    (folder / "report.html.j2").write_text(template + displayed, encoding="utf-8")
    return render_html(content(results, words), Templates((folder,)))


def parse(folder: Path, template: str, words: dict[str, str] | None = None) -> BeautifulSoup:
    return BeautifulSoup(render(folder, template, words).html, "html.parser")


def test_values_are_printed_with_their_pointers(tmp_path: Path) -> None:
    soup = parse(tmp_path, "{{ r.transfer.accuracy.test | share }}")
    assert soup.a is not None
    assert (soup.a["data-ptr"], soup.a.get_text()) == ("/transfer/accuracy/test", "0.62")


def test_text_of_the_results_is_escaped(tmp_path: Path) -> None:
    changed = document()
    changed["report"]["course"] = "<script>alert(1)</script>"
    page = render(tmp_path, "<p>{{ r.report.course }}</p>", results=results_of(changed)).html
    assert "<script" not in page
    soup = BeautifulSoup(page, "html.parser")
    assert soup.p is not None
    assert soup.p.get_text() == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ r.transfer.acuracy }}", "acuracy"),
        ("{{ r.report.course.x }}", "x"),
        ("{{ r.convolution.classes['lion'] }}", "lion"),
        ("{{ nonsense }}", "nonsense"),
        ("{{ r.report.course | nonsense }}", "nonsense"),
        ("\n{% if %}", "line 2"),
        ("{% include 'sections/none.html.j2' %}", "none.html.j2"),
        ("{{ ref('figure', 'none') }}", "figure 'none'"),
        ("{{ source('none.css') }}", "none.css"),
    ],
)
def test_a_mistake_in_a_template_is_an_error_that_names_it(tmp_path: Path, template: str, said: str) -> None:
    with pytest.raises(RenderError, match=said):
        render(tmp_path, template)


def test_a_mistake_in_an_included_template_names_that_one_and_its_line(tmp_path: Path) -> None:
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections/edges.html.j2").write_text("\n\n{{ r.transfer.acuracy }}")
    with pytest.raises(RenderError, match=r"^templates/sections/edges\.html\.j2, line 3: .*acuracy"):
        render(tmp_path, "{% include 'sections/edges.html.j2' %}")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ r.transfer.accuracy.test * 2 }}", "no arithmetic.*/transfer/accuracy/test.*compute.py"),
        ("{{ 1 - r.transfer.accuracy.test }}", "no arithmetic.*/transfer/accuracy/test.*compute.py"),
        ("{{ (r.transfer.accuracy.test * 100) | decimal(1) }}", "no arithmetic.*compute.py"),
        ("{{ r.transfer.accuracy.test | int }}", "no arithmetic.*compute.py"),
        ("{{ r.report.course | percent }}", "ValueError|TypeError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
    ],
)
def test_a_calculation_in_a_template_names_it_with_its_line(tmp_path: Path, template: str, said: str) -> None:
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections/edges.html.j2").write_text(f"\n\n{template}")
    with pytest.raises(RenderError, match=rf"^templates/sections/edges\.html\.j2, line 3: .*({said})"):
        render(tmp_path, "{% include 'sections/edges.html.j2' %}")


def test_an_error_in_a_template_of_reportgen_is_not_told_as_that_of_an_author(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of this page's template is declared to be reportgen's own."""
    monkeypatch.setattr(template_errors, "templates_folder", lambda: tmp_path)
    with pytest.raises(ZeroDivisionError):
        render(tmp_path, "{{ 1 / 0 }}")


def test_a_mistake_in_a_macro_names_the_template_that_calls_it(tmp_path: Path) -> None:
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections/edges.html.j2").write_text(
        "{% from 'macros.html.j2' import verdict %}\n{{ verdict('none', 'Yes') }}"
    )
    (tmp_path / "macros.html.j2").write_text("{% macro verdict(name, yes) %}{{ passed[name] }}{% endmacro %}")
    place = r"^templates/macros\.html\.j2, line 1, called in sections/edges\.html\.j2, line 2: .*none"
    with pytest.raises(RenderError, match=place):
        render(tmp_path, "{% include 'sections/edges.html.j2' %}")


def test_a_reference_to_an_undeclared_figure_says_where_one_is_declared(tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        render(tmp_path, "{{ ref('figure', 'none') }}")
    assert "declare the figure in the section's section.py" in caught.value.remedy


def test_a_template_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"^templates/sections/none\.html\.j2: there is no such template"):
        render(tmp_path, "{% include 'sections/none.html.j2' %}")


@pytest.mark.parametrize("shown", ["image('none')", "piece('none')", "strip('none')", "sheet_class('none')"])
def test_a_figure_that_is_shown_and_was_not_drawn_is_named(tmp_path: Path, shown: str) -> None:
    with pytest.raises(RenderError, match="the figure 'none', which was not drawn"):
        render(tmp_path, f"{{{{ {shown} }}}}")


@pytest.mark.parametrize(
    "extra", ["{{ show('figure', 'images', '') }}", "{{ show('table', 'guided_0', '') }}"]
)
def test_a_figure_or_table_shown_twice_is_an_error(tmp_path: Path, extra: str) -> None:
    with pytest.raises(RenderError, match="numbered are"):
        render(tmp_path, extra)


def test_a_figure_that_is_not_shown_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "report.html.j2").write_text("<p>nothing</p>")
    with pytest.raises(RenderError, match="numbered are"):
        render_html(content(), Templates((tmp_path,)))


def test_pictures_are_embedded_with_size_and_alt_text(tmp_path: Path) -> None:
    images = parse(tmp_path, "").select("figure > img")
    assert [str(image["alt"]) for image in images] == [f"images {ALT}", f"history {ALT}"]
    head, data = str(images[0]["src"]).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == picture().data
    assert (images[0]["width"], images[0]["height"]) == ("20", "10")


def test_words_stand_where_the_template_wants_them_and_only_if_there_are_any(tmp_path: Path) -> None:
    template = "{{ 'transfer' in commentary }} {{ 'neurons' in commentary }} {{ commentary.transfer }}"
    soup = parse(tmp_path, template, {"transfer": "An *a*<b>", "neurons": " \n"})
    assert soup.get_text().startswith("True False ")
    assert [tag.get_text() for tag in soup.find_all("em")] == ["a"]
    assert soup.find_all("b") == []


def test_fonts_and_the_rules_of_formulas_stand_in_the_style(tmp_path: Path) -> None:
    page = render(tmp_path, "<style>{{ style_mark }}</style>{{ output_size('W', r.convolution, 1) }}").html
    soup = BeautifulSoup(page, "html.parser")
    assert soup.style is not None
    style = soup.style.get_text()
    (formula,) = soup.select(".math")
    name = str((formula["class"] or [""])[-1])
    assert f".{name}{{" in style
    assert style.count("@font-face") >= 4


def test_characters_that_no_face_has_are_an_error(tmp_path: Path) -> None:
    changed = document()
    changed["report"]["group"] = "豹 Größe"
    results = results_of(changed)
    with pytest.raises(FontMissingError, match=r"“豹 Größe”.*Han"):
        render(tmp_path, "{{ r.report.group }}", results=results)
    assert render(tmp_path, "x", results=results)


@pytest.mark.parametrize(
    ("name", "direction"),
    [("cat", "ltr"), ("שלום, cat", "rtl"), ("12 قطة", "rtl"), ("7", "auto"), ("豹", "ltr")],
)
def test_a_name_says_which_way_it_runs(name: str, direction: str) -> None:
    assert direction_of(name) == direction


def test_of_two_folders_the_first_has_the_say(tmp_path: Path) -> None:
    own, usual = tmp_path / "own", tmp_path / "usual"
    for folder, text in ((own, "mine"), (usual, "theirs")):
        (folder / "sections").mkdir(parents=True)
        (folder / "sections/a.j2").write_text(text, encoding="utf-8")
    (usual / "sections/b.j2").write_text(" other", encoding="utf-8")
    tables = [name for kind, name in html._plan(content()).numbers if kind == "table"]
    template = "<p>{% include 'sections/a.j2' %}{% include 'sections/b.j2' %}</p>"
    (usual / "report.html.j2").write_text(
        template + SHOW_ALL.replace("TABLES", str(tables)), encoding="utf-8"
    )
    page = render_html(content(), Templates((own, usual))).html
    assert BeautifulSoup(page, "html.parser").p == BeautifulSoup("<p>mine other</p>", "html.parser").p


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ r.__init__.__globals__ }}",
        "{{ image.__globals__ }}",
        "{{ source.__closure__ }}",
        "{{ (1).__class__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{% include '../../secret' %}",
        "{% include '/etc/hostname' %}",
        "{{ source('../secret') }}",
        "{{ passed.update(x=1) }}",
        "{{ d.clear() }}",
    ],
)
def test_templates_reach_nothing_but_what_they_are_given(tmp_path: Path, template: str) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "a/b"
    folder.mkdir(parents=True)
    with pytest.raises(RenderError):
        render(folder, template)


def test_a_link_to_another_folder_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "own", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "a.j2").write_text("x")
    (folder / "linked").symlink_to(outside)
    assert dict(Templates((folder,)).files) == {}
    with pytest.raises(RenderError, match=r"linked/a\.j2"):
        render(folder, "{% include 'linked/a.j2' %}")


def test_a_picture_without_words_is_an_error(tmp_path: Path) -> None:
    figures = album() | {"images": Figure("images", picture(), " ")}
    (tmp_path / "report.html.j2").write_text("{{ image('images') }}")
    with pytest.raises(RenderError, match="'images' has no alternative text"):
        render_html(replace(content(), album=figures), Templates((tmp_path,)))


def test_a_script_that_would_end_its_own_tag_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("x = '</SCRIPT>'")
    with pytest.raises(RenderError, match=r"a\.js"):
        render(tmp_path, "<script>{{ source('a.js') }}</script>")


def test_the_policy_of_the_page_covers_its_own_styles(tmp_path: Path) -> None:
    page = render(tmp_path, "<meta content='{{ policy_mark }}'><style>{{ style_mark }} p {}</style>").html
    soup = BeautifulSoup(page, "html.parser")
    assert soup.style is not None
    assert soup.meta is not None
    digest = base64.b64encode(hashlib.sha256(soup.style.get_text().encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in str(soup.meta["content"])


def test_the_claims_are_known_by_name(tmp_path: Path) -> None:
    assert parse(tmp_path, "<p>{{ passed.frozen_base }}</p>").get_text().startswith("True")
    with pytest.raises(RenderError, match="no_such_check"):
        render(tmp_path, "{% if passed.no_such_check %}{% endif %}")


def test_each_figure_becomes_a_file_named_by_its_number(tmp_path: Path) -> None:
    figures = album() | {"maps": Figure("maps", Picture(b"<svg/>", "image/svg+xml", 1, 1), "")}
    files = embedded_files(
        figures, {("figure", "images"): "1", ("figure", "maps"): "12", ("figure", "history"): "A1"}
    )
    assert sorted(files) == ["fig-01-images.png", "fig-12-maps.svg", "fig-A1-history.png", "gradient-0-0.png"]
    assert files["fig-12-maps.svg"] == b"<svg/>"


def test_the_same_results_give_the_same_page(tmp_path: Path) -> None:
    template = "<style>{{ style_mark }}</style>{{ r.neurons.layer }}"
    assert render(tmp_path, template) == render(tmp_path, template)


def page_of_redrawn_networks(passed: dict[str, bool], theme: str = "report") -> str:
    """The page with the section on redrawn networks alone, its claims decided as told."""
    reported = document()
    reported["report"]["theme"] = theme
    reported["checks"] = [{"name": name, "claim": "So.", "passed": value} for name, value in passed.items()]
    kind = find_kind("assignment", ("randomisation",))
    results = results_of(reported)
    figures = ("randomised_0", "randomised_1", "likeness")
    pictures = {name: Figure(name, picture(), f"{name} {ALT}") for name in figures}
    return render_html(Content(kind, results, pictures, {}), open_templates()).html


def section_of_redrawn_networks(**passed: bool) -> str:
    """The words of that section."""
    section = BeautifulSoup(page_of_redrawn_networks(passed), "html.parser").find(id="randomisation")
    assert section is not None
    return " ".join(section.get_text().split())


def test_what_may_be_concluded_turns_round_with_each_claim() -> None:
    words = {
        "guided_survives": ("cannot show what the network has learnt", "does not speak against them"),
        "plain_changes": ("They do depend on the weights, as", "keep some likeness"),
        "sizes_survive": ("by itself no evidence", "does depend on what was learnt"),
    }
    for outcome in (True, False):
        for name in words:
            passed = dict.fromkeys(words, True) | {name: outcome}
            text = section_of_redrawn_networks(**passed)
            for each, (holds, fails) in words.items():
                assert (holds in text) == passed[each], each
                assert (fails in text) != passed[each], each
    assert "the 4 cases" not in text
    assert "In 2 of 4 cases the redrawn neuron is silent" in text
    assert "drawn from the seed 1;" in text
    assert "for each of 2 example images" in text
    assert "block5_conv4 passes its input on unchanged" in text


@pytest.mark.parametrize(("theme", "columns"), [("report", False), ("paper", True)])
def test_the_theme_of_the_results_sets_the_page_for_paper(theme: str, columns: bool) -> None:
    claims = dict.fromkeys(("guided_survives", "plain_changes", "sizes_survive"), True)
    page = page_of_redrawn_networks(claims, theme)
    assert ("main { columns: 2;" in page) == columns
    assert page.count("@page :first") == 1


@pytest.mark.parametrize(
    ("redrawn", "said"),
    [
        (True, "the values come out the same, to the last bit"),
        (False, "the values come out differently: these were not drawn as stated"),
        (None, "draws these values again cannot be told: that was not recorded"),
    ],
)
def test_filters_of_older_documents_are_not_said_to_be_drawn_otherwise(
    redrawn: bool | None, said: str
) -> None:
    made = document()
    made["convolution"]["init_check"]["redrawn"] = redrawn
    for layer in made["conv_stack"]["layers"]:
        layer["init_check"]["redrawn"] = redrawn
    page = SmallPage(made)
    for section in ("#convolution", "#conv-stack"):
        assert said in page.words(section)
        assert ("not drawn as stated" in page.words(section)) == (redrawn is False)
        assert ("the values come out the same" in page.words(section)) == (redrawn is True)


@pytest.mark.parametrize("architecture", ["VGG19", "ResNet50"])
def test_that_all_relus_of_a_chain_are_guided_is_said_to_be_so_by_construction(architecture: str) -> None:
    made = document()
    made["provenance"]["weights"]["architecture"] = architecture
    assert ("that is so by construction" in SmallPage(made).words("#guided-backprop")) == (
        architecture == "VGG19"
    )
