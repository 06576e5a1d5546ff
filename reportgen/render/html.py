"""Results, figures and the author's words become one self-contained HTML document."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.figures.figure import TEXT_WIDTH_MM, Figure, Picture
from reportgen.keep import Keep, make_always
from reportgen.render.commentary import CommentaryContext, reference_names, render_commentary
from reportgen.render.direction import direction_of
from reportgen.render.fonts import font_css, mark_words
from reportgen.render.formulas import FormulaSetter
from reportgen.render.lineage import Lineage
from reportgen.render.numbering import Numbering
from reportgen.render.numbers import FILTERS
from reportgen.render.overlay import Overlay, find_overlays
from reportgen.render.policy import content_security_policy
from reportgen.render.sourced import Sourced, entries
from reportgen.results import Results
from reportgen.templates import Templates
from reportgen.typefaces.chain import OWN, Typefaces

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}
APPENDIX_FIGURES = ("history", "misclassified")
LISTED_IMAGES = 500
"""Of more images than these the document does not list the files; their hashes stand in the results."""

_STYLE_MARK = "/* fonts, formulas and pictures */"
_POLICY_MARK = "content-security-policy-of-this-page"


@dataclass(frozen=True)
class Document:
    """The report as HTML, and the number of each figure and table by kind and name."""

    html: str
    numbers: Mapping[tuple[str, str], str]


def render_html(
    results: Results,
    album: Mapping[str, Figure],
    commentary: Mapping[str, str],
    templates: Templates,
    keep: Keep = make_always,
    faces: Typefaces = OWN,
) -> Document:
    """Render ``report.html.j2`` of ``templates``; ``keep`` remembers formulas and fonts, ``faces`` set what
    the report's own fonts lack.

    Pictures, fonts, styles and the script are embedded. Raises ``FontMissingError`` for text in no font,
    ``RenderError`` for a mistake in a template or a commentary, such as a name that the results do not have,
    or a figure that is not shown where its number says.
    """
    page = _Page(results, album, templates, keep)
    html = mark_words(page.render(commentary), faces)
    page.numbering.verify()
    # Every character of the document is a superset of what is printed.
    generated = f"{font_css(html, keep, faces)}\n{page.formulas.css}\n{_width_rules(album)}"
    html = html.replace(_STYLE_MARK, generated, 1)
    html = html.replace(_POLICY_MARK, Markup.escape(content_security_policy(html)), 1)
    return Document(html, page.numbering.numbers)


class _Page:
    """What the templates see, and the templates."""

    def __init__(
        self, results: Results, album: Mapping[str, Figure], templates: Templates, keep: Keep
    ) -> None:
        self.results, self.album, self.templates = results, album, templates
        self.numbering = _plan(results, album)
        self.formulas = FormulaSetter(keep)
        self.document = results.model_dump(mode="json")
        self.lineage = Lineage(results, self.document)
        self.root = Sourced(self.document, note=self.lineage.note)

    def render(self, commentary: Mapping[str, str]) -> str:
        """Fill in ``report.html.j2``; names and users' words are escaped, and templates run in a sandbox."""
        environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._read), undefined=StrictUndefined, autoescape=True
        )
        environment.filters.update(FILTERS, entries=entries, direction=direction_of)
        # Globals, since macros imported from another template see nothing else.
        environment.globals.update(
            r=self.root,
            commentary=self._comment(commentary),
            passed={check.name: check.passed for check in self.results.checks},
            split_names=SPLIT_NAMES,
            listed_images=LISTED_IMAGES,
            style_mark=Markup(_STYLE_MARK),  # noqa: S704 - a constant
            policy_mark=_POLICY_MARK,
            source=lambda name: Markup(self._embed(name)),  # noqa: S704 - a style sheet or script of the project
            formula=self.formulas.set,
            output_size=self.formulas.output_size,
            sigma=self.formulas.sigma,
            ref=self.numbering.reference,
            show=self.numbering.show,
            listing=self.numbering.listing,
            sources_of_numbers=self.lineage.sources,
            listed_files=self.lineage.images,
            d=self.document,
            overlays=self._overlays,
            has_figure=lambda name: name in self.album,
            image=self._image,
        )
        try:
            return environment.get_template("report.html.j2").render()
        except TemplateError as error:
            place = getattr(error, "name", None) or "report.html.j2"
            line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise RenderError(f"templates/{place}{line}: {error}", "Correct the template.") from error

    def _comment(self, commentary: Mapping[str, str]) -> dict[str, Markup]:
        context = CommentaryContext(
            results=self.root,
            reference=self.numbering.reference,
            names=reference_names(self.numbering.numbers, self.results.dataset.classes),
            formula=self.formulas.set,
        )
        return {
            slot: render_commentary(slot, text, context) for slot, text in commentary.items() if text.strip()
        }

    def _read(self, name: str) -> str | None:
        path = self.templates.files.get(name)
        return None if path is None else _read_text(path)

    def _embed(self, name: str) -> str:
        text = self._read(name)
        if text is None:
            raise RenderError(f"templates/{name}: there is no such file.", "Restore it.")
        if re.search(r"</(style|script)", text, re.IGNORECASE):
            raise RenderError(f"templates/{name}: it has an end tag in it.", "Write it in another way.")
        return text

    def _overlays(self, label: str) -> list[Overlay]:
        return find_overlays(self.results, str(label))

    def _image(self, name: str) -> Markup:
        figure = self.album[name]
        picture = figure.picture
        if not figure.alt.strip():
            raise RenderError(f"The figure '{name}' has no alternative text.", "Describe it in words.")
        return Markup('<img class="{}" src="data:{};base64,{}" width="{}" height="{}" alt="{}">').format(
            _width_class(picture),
            picture.mime,
            base64.b64encode(picture.data).decode(),
            picture.width,
            picture.height,
            figure.alt,
        )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror}.", "Restore the file.") from None
    except UnicodeDecodeError as error:
        raise RenderError(f"{path}: not UTF-8 text: {error}.", "Save the file as UTF-8.") from None


def _plan(results: Results, album: Mapping[str, Figure]) -> Numbering:
    names = [name for name in album if not name.startswith("gradient_")]
    count = range(len(results.dataset.classes))
    appendix = ["scores", "distinct", "counts", "checks", "sources"]
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


def _width_class(picture: Picture) -> str:
    return f"mm{min(round(picture.print_width), TEXT_WIDTH_MM)}"


def _width_rules(album: Mapping[str, Figure]) -> str:
    """A picture is printed at the width for which its lettering was drawn, as far as the page allows."""
    names = sorted({_width_class(figure.picture) for figure in album.values()})
    return "\n".join(f".{name}{{width:{name[2:]}mm;--mm:{name[2:]}}}" for name in names)


def embedded_files(album: Mapping[str, Figure], numbers: Mapping[tuple[str, str], str]) -> dict[str, bytes]:
    """Each figure as a file of its own, named by its number and name, for use outside the report."""
    endings = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
    files = {}
    for name, figure in album.items():
        number = numbers.get(("figure", name))
        stem = f"fig-{number.zfill(2)}-{name}" if number else name
        files[f"{stem}.{endings[figure.picture.mime]}".replace("_", "-")] = figure.picture.data
    return files
