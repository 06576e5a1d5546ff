"""Results, figures and the author's words become one self-contained HTML document."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.figures.figure import Figure, Picture
from reportgen.render.commentary import render_commentary
from reportgen.render.fonts import font_css, missing_characters
from reportgen.render.formulas import FormulaSetter
from reportgen.render.keep import Keep, make_always
from reportgen.render.numbering import Numbering
from reportgen.render.numbers import FILTERS
from reportgen.render.sourced import Sourced, entries
from reportgen.results import Results

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}
APPENDIX_FIGURES = ("history", "misclassified")
TEXT_WIDTH_MM = 160
_EMBEDDED = re.compile(r"<style.*?</style>|<svg.*?</svg>|<img[^>]*>", re.DOTALL)
_STYLE_MARK = "/* fonts, formulas and pictures */"


@dataclass(frozen=True)
class Document:
    """The report as HTML, the number of each figure and table by kind and name, and the characters that
    the report's own typefaces lack, so that they depend on the fonts of the machine.
    """

    html: str
    numbers: Mapping[tuple[str, str], str]
    missing_characters: str


def render_html(
    results: Results,
    album: Mapping[str, Figure],
    commentary: Mapping[str, str],
    templates: Path,
    keep: Keep = make_always,
) -> Document:
    """Render ``report.html.j2`` of ``templates``; ``keep`` remembers formulas and fonts.

    Pictures, fonts and styles are embedded. Raises ``RenderError`` for a mistake in a template, such as a
    name that the results do not have, or a figure that is not shown where its number says.
    """
    numbering = _plan(results, album)
    formulas = FormulaSetter(keep)
    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=True,
    )
    environment.filters.update(FILTERS, entries=entries)
    # Globals, since macros imported from another template see nothing else.
    environment.globals.update(
        r=Sourced(results.model_dump(mode="json")),
        commentary={slot: render_commentary(text) for slot, text in commentary.items() if text.strip()},
        passed={check.name: check.passed for check in results.checks},
        split_names=SPLIT_NAMES,
        style_mark=Markup(_STYLE_MARK),  # noqa: S704 - a constant
        style=lambda name: Markup(_read_style(templates / name)),  # noqa: S704 - the project's own file
        formula=formulas.set,
        output_size=formulas.output_size,
        sigma=formulas.sigma,
        ref=numbering.reference,
        show=numbering.show,
        has_figure=lambda name: name in album,
        image=lambda name: _image(album, name),
    )
    try:
        html = environment.get_template("report.html.j2").render()
    except TemplateError as error:
        place = getattr(error, "name", None) or "report.html.j2"
        line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        raise RenderError(f"templates/{place}{line}: {error}", "Correct the template.") from error
    numbering.verify()
    # Every character of the document, its embedded pictures included, is a superset of what is printed.
    generated = f"{font_css(html, keep)}\n{formulas.css}\n{_width_rules(album)}"
    text = Markup(_EMBEDDED.sub("", html)).striptags()  # noqa: S704 - only read, never printed
    return Document(
        html.replace(_STYLE_MARK, generated, 1), numbering.numbers, missing_characters(text, keep)
    )


def _read_style(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror}.", "Restore the style sheet.") from None


def _plan(results: Results, album: Mapping[str, Figure]) -> Numbering:
    names = [name for name in album if not name.startswith("gradient_")]
    count = range(len(results.dataset.classes))
    appendix = ["scores", "distinct", "counts", "checks"]
    if results.dataset.annotated:
        appendix.insert(2, "heads")
    return Numbering.plan(
        {
            "figure": (
                [name for name in names if name not in APPENDIX_FIGURES],
                [name for name in names if name in APPENDIX_FIGURES],
            ),
            "table": ([f"guided_{i}" for i in count], appendix),
        }
    )


def _image(album: Mapping[str, Figure], name: str) -> Markup:
    figure = album[name]
    picture = figure.picture
    return Markup('<img class="{}" src="data:{};base64,{}" width="{}" height="{}" alt="{}">').format(
        _width_class(picture),
        picture.mime,
        base64.b64encode(picture.data).decode(),
        picture.width,
        picture.height,
        figure.alt,
    )


def _width_class(picture: Picture) -> str:
    return f"mm{min(round(picture.print_width), TEXT_WIDTH_MM)}"


def _width_rules(album: Mapping[str, Figure]) -> str:
    """A picture is printed at the width for which its lettering was drawn, as far as the page allows."""
    names = sorted({_width_class(figure.picture) for figure in album.values()})
    return "\n".join(f".{name}{{width:{name[2:]}mm}}" for name in names)


def embedded_files(album: Mapping[str, Figure], numbers: Mapping[tuple[str, str], str]) -> dict[str, bytes]:
    """Each figure as a file of its own, named by its number and name, for use outside the report."""
    endings = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
    files = {}
    for name, figure in album.items():
        number = numbers.get(("figure", name))
        stem = f"fig-{number.zfill(2)}-{name}" if number else name
        files[f"{stem}.{endings[figure.picture.mime]}".replace("_", "-")] = figure.picture.data
    return files
