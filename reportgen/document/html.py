"""Renders results, figures and the author's commentary to one self-contained HTML document."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen.document.commentary import CommentaryContext, reference_names, render_commentary
from reportgen.document.environment import (
    compiled_templates,
    content_security_policy,
    embed,
    lean,
    read_template,
)
from reportgen.document.fonts import font_css, mark_words
from reportgen.document.formulas import FormulaSetter
from reportgen.document.lineage import Lineage
from reportgen.document.numbering import Numbering
from reportgen.document.numbers import FILTERS, Sourced, direction_of, entries, mark_digits, shorten_name
from reportgen.document.template_errors import naming_templates
from reportgen.document.widths import cell_class, width_class, width_rules
from reportgen.errors import RenderError
from reportgen.figures.figure import Figure, Picture
from reportgen.memo import Memo, no_memo
from reportgen.networks import USUAL
from reportgen.outline.kind import ReportKind
from reportgen.outline.papers import CHEN_2016, OF_ARCHITECTURES, SIMONYAN_2015
from reportgen.outline.section import Reference, Section
from reportgen.results import Results
from reportgen.tables import Printing
from reportgen.templates import Templates
from reportgen.typefaces.face import OWN, Typefaces

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}
LISTED_IMAGES = 500
"""Above this number of images the document does not list the files; their hashes are in the results."""

PARTS = ("abstract", "findings", "appendix", "data", "provenance")
"""The further templates that a section may have."""

_INPUTS = "inputs"
"""What several explorers are about: the example images, exactly as the layers saw them."""

COMMON_TABLES = ("counts", "checks")
"""The tables that every report has at its end."""

MOST_FINDINGS = 8
"""More would be no choice."""

_STYLE_MARK = "/* fonts, formulas and pictures */"
_POLICY_MARK = "content-security-policy-of-this-page"


@dataclass(frozen=True)
class Content:
    """The content of a document: the sections of its ``kind``, ``results``, every figure by name, the
    author's words by slot, and what is printed besides.

    ``unseen`` are pointers of values that words print which are not in ``commentary``, in the order of their
    rows' ids: these have rows among the sources all the same.
    """

    kind: ReportKind
    results: Results
    album: Mapping[str, Figure]
    commentary: Mapping[str, str]
    printing: Printing = field(default_factory=Printing)
    unseen: Sequence[str] = ()


@dataclass(frozen=True)
class Document:
    """The report as HTML, and the number of each figure and table by kind and name."""

    html: str
    numbers: Mapping[tuple[str, str], str]


def render_html(
    content: Content,
    templates: Templates,
    memo: Memo = no_memo,
    faces: Typefaces = OWN,
) -> Document:
    """Render ``report.html.j2`` of ``templates``; ``memo`` remembers formulas and fonts, ``faces`` set what
    the report's own fonts lack.

    Pictures, fonts, styles and the script are embedded. Raises ``FontMissingError`` for text in no font,
    ``RenderError`` for a mistake in a template or a commentary, such as a name that the results do not have,
    or a figure that is not shown where its number says.
    """
    page = _Page(content, templates, memo)
    html = mark_words(page.render(), faces)
    page.numbering.verify()
    page.require_whole_sheets()
    # Every character of the document is a superset of what is printed.
    generated = f"{font_css(html, memo, faces)}\n{page.formulas.css}\n{width_rules(content.album)}"
    # Only the first mark: an author may write the same words.
    html = html.replace(_STYLE_MARK, generated, 1)
    # Last, since it has hashes over the finished styles and scripts.
    html = html.replace(_POLICY_MARK, Markup.escape(content_security_policy(html)), 1)
    return Document(html, page.numbering.numbers)


class _Page:
    """The names that templates see, and the templates."""

    def __init__(self, content: Content, templates: Templates, memo: Memo) -> None:
        self.kind, self.results, self.album = content.kind, content.results, content.album
        self.commentary, self.printing, self.templates = content.commentary, content.printing, templates
        self.numbering = _plan(content)
        self.printed_pieces: Counter[str] = Counter()
        self.carriers: dict[str, str] = {}
        self.formulas = FormulaSetter(memo)
        self.document = self.results.model_dump(mode="json")
        self.lineage = Lineage(self.results, self.document, self.kind)
        # Words of authors are printed before all else.
        self.lineage.expect(content.unseen)
        self.root = Sourced(self.document, note=self.lineage.note)

    def render(self) -> str:
        """Fill in ``report.html.j2``; names and users' words are escaped, and templates run in a sandbox."""
        environment = ImmutableSandboxedEnvironment(
            loader=FunctionLoader(self._read),
            undefined=StrictUndefined,
            autoescape=True,
            bytecode_cache=compiled_templates("report"),
        )
        environment.filters.update(
            FILTERS,
            entries=entries,
            direction=direction_of,
            mark_digits=mark_digits,
            shortened=shorten_name,
        )
        # Globals, since macros imported from another template see nothing else.
        environment.globals.update(
            r=self.root,
            commentary=self._comment(),
            sections=self._sections(),
            has_section=lambda name: name in self.kind,
            uses_weights=self.kind.uses_weights,
            references=self._references(),
            passed=self._decide(),
            findings={check.name for check in self.results.checks if check.finding},
            ranked_findings=self._rank(),
            split_names=SPLIT_NAMES,
            listed_images=LISTED_IMAGES,
            style_mark=Markup(_STYLE_MARK),  # noqa: S704 - a constant
            policy_mark=_POLICY_MARK,
            source=self._embed,
            formula=self.formulas.set,
            output_size=self.formulas.output_size,
            is_rounded=self.formulas.is_rounded,
            sigma=self.formulas.sigma,
            ref=self.numbering.reference,
            show=self.numbering.show,
            listing=self.numbering.listing,
            sources_of_numbers=self.lineage.sources,
            computations=self.lineage.computations,
            printing=self.printing,
            listed_files=self.lineage.images,
            d=self.document,
            has_block=lambda name: name not in self.printing.leave_out,
            has_figure=lambda name: name in self.album,
            image=self._image,
            piece=self._piece,
            strip=self._strip,
            sheet_class=self._sheet_class,
            embedded=self._carry,
        )
        for section in self.kind.sections:
            if (module := section.load("page")) is not None:
                with section.attributing_errors():
                    environment.globals.update(module.template_values(self.results))
        with naming_templates(self.templates):
            return environment.get_template("report.html.j2").render()

    def _references(self) -> list[Reference]:
        """The references of all sections, and those for the network and its weights."""
        weights = self.results.provenance.weights
        own = OF_ARCHITECTURES.get(weights.architecture)
        embedded = weights.source == "embedded" and weights.architecture == USUAL
        more = [CHEN_2016] if self.kind.uses_weights and embedded else []
        more += [own] if self.kind.uses_weights and own else []
        listed = self.kind.list_references(*more)
        # Sections cite the paper of the architecture that is usual.
        return [each for each in listed if each != SIMONYAN_2015 or own == SIMONYAN_2015]

    def _sections(self) -> list[dict[str, Any]]:
        """For each section, the values that templates print and the templates that it has."""
        return [
            {
                "name": section.name,
                "slug": section.name.replace("_", "-"),
                "title": self._entitle(section.title),
                "phrase": section.phrase,
                "topic": self._entitle(section.topic),
                "template": f"sections/{section.name}.html.j2",
                **{
                    part: name
                    if (name := f"sections/{section.name}.{part}.html.j2") in self.templates.files
                    else ""
                    for part in PARTS
                },
            }
            for section in self.kind.sections
        ]

    def _entitle(self, title: str) -> str:
        """A section's title, which names the usual architecture, with the one of this report."""
        return title.replace(USUAL, self.results.provenance.weights.architecture)

    def _numbers(self) -> dict[str, Any]:
        """The results of each section by its name."""
        return {name: getattr(self.results, name) for name in self.kind.names}

    def _decide(self) -> dict[str, bool]:
        """By the name of each claim whether it is true, as the results say it; a claim that is younger than
        the results is decided by their numbers.
        """
        decided = {claim.name: claim.passed for claim in self.kind.decide_claims(self._numbers())}
        return decided | {check.name: check.passed for check in self.results.checks}

    def _rank(self) -> list[dict[str, Any]]:
        """The most important findings that their sections have words for, each with its section; of results
        of an earlier version only those that it had.
        """
        sections = {section["name"]: section for section in self._sections()}
        listed = {check.name for check in self.results.checks}
        ranked = [
            {"name": claim.name, "section": sections[section.name]}
            for section, claim in self.kind.rank_findings(self._numbers())
            if claim.name in listed and sections[section.name]["findings"]
        ]
        return ranked[:MOST_FINDINGS]

    def _comment(self) -> dict[str, Markup]:
        context = CommentaryContext(
            results=self.root,
            reference=self.numbering.reference,
            names=reference_names(self.numbering.numbers, self.results.dataset.classes, self.kind),
            formula=self.formulas.set,
        )
        return {
            slot: render_commentary(slot, text, context)
            for slot, text in self.commentary.items()
            if text.strip()
        }

    def _read(self, name: str) -> tuple[str, str, None] | None:
        # Only the files that the stage's key counts; their folders may hold others.
        path = self.templates.files.get(name)
        # Its path is what a trace names it by.
        return None if path is None else (read_template(path), str(path), None)

    def _embed(self, name: str) -> Markup:
        text = embed(name, self.templates.files.get(name))
        return lean(text) if name.endswith(".js") else text

    def _carry(self, figure: str) -> Markup:
        """What a figure carries for the script, as attributes ``data-…``; nothing if it carries nothing.

        Inputs that another figure carried before are not put into the page twice: the attribute then has that
        figure's name, by which the script finds it (``data-carries``). Other data are compared with a
        tolerance by ``verify``, and equal ones on one machine need not be equal on another.
        """
        loads = self.album[figure].embedded if figure in self.album else ()
        if not loads or "explorers" in self.printing.leave_out:
            return Markup()
        marks = []
        for each in loads:
            first = figure
            if each.name == _INPUTS:
                first = self.carriers.setdefault(each.address, figure)
                marks.append(("carries", figure))
            marks.append((each.name, each.address if first == figure else first))
        return Markup("").join(Markup(' data-{}="{}"').format(*mark) for mark in marks)

    def _find(self, name: str) -> Figure:
        if name not in self.album:
            raise RenderError(
                f"The template shows the figure '{name}', which was not drawn.",
                "Draw it in the section's figures.py, or correct the template.",
            )
        return self.album[name]

    def _image(self, name: str) -> Markup:
        figure = self._find(name)
        if not figure.alt.strip():
            raise RenderError(f"The figure '{name}' has no alternative text.", "Describe it in words.")
        return _embed_picture(figure.picture, width_class(figure.picture), figure.alt)

    def _piece(self, name: str) -> Markup:
        """The next picture of a figure's sheet.

        The first has the description of the whole figure, the others say which of them they are. A figure
        that could not be drawn again has none: its stand-in is shown instead of each picture.
        """
        figure = self._find(name)
        index = self.printed_pieces[name]
        self.printed_pieces[name] += 1
        if figure.sheet is None or index >= len(figure.sheet.pieces):
            return self._image(name)
        piece = figure.sheet.pieces[index]
        description = f"{index + 1} of {len(figure.sheet.pieces)}: {piece.name}" if index else figure.alt
        return _embed_picture(piece.picture, piece.look, description)

    def require_whole_sheets(self) -> None:
        """Raise ``RenderError`` if a template labels more or fewer pictures of a figure than there are.

        A label too few would put all that follow it below their neighbours' pictures.
        """
        for name, labels in self.printed_pieces.items():
            sheet = self.album[name].sheet
            if sheet is not None and labels != len(sheet.pieces):
                raise RenderError(
                    f"The figure '{name}' has {len(sheet.pieces)} pictures; the template labels {labels}.",
                    "Correct the template: it must call tile once for each picture.",
                )

    def _strip(self, name: str) -> Markup:
        """The colours of a figure's scale, nothing if it has none."""
        sheet = self._find(name).sheet
        if sheet is None or sheet.strip is None:
            return Markup()
        return _embed_picture(sheet.strip, "strip", "the scale's colours, from its low end to its high one")

    def _sheet_class(self, name: str) -> str:
        sheet = self._find(name).sheet
        return cell_class(sheet) if sheet else ""


def _embed_picture(picture: Picture, kind: str, alt: str) -> Markup:
    # As data: by the addresses of files the PDF would differ from folder to folder.
    return Markup('<img class="{}" src="data:{};base64,{}" width="{}" height="{}" alt="{}">').format(
        kind, picture.mime, base64.b64encode(picture.data).decode(), picture.width, picture.height, alt
    )


def _plan(content: Content) -> Numbering:
    """Figures as they were drawn, section by section; then those of the appendix."""
    kind = content.kind
    by_location: dict[str, list[str]] = {"body": [], "appendix": [], "cell": []}
    for name in content.album:
        by_location[_find_location(name, kind)].append(name)
    tables: dict[str, list[str]] = {
        location: [
            name for section in kind.sections for name in _list_tables(content.results, section, location)
        ]
        for location in ("body", "appendix")
    }
    return Numbering.plan(
        {
            "figure": (by_location["body"], by_location["appendix"]),
            "table": (tables["body"], [*tables["appendix"], *COMMON_TABLES]),
        }
    )


def _list_tables(results: Results, section: Section, location: str) -> list[str]:
    """The section's tables at a location; of those that may be missing the ones that its ``claims`` list."""
    dataset = results.dataset
    names = section.table_names(len(dataset.classes), location, annotated=dataset.annotated)
    optional = {name for name in names if any(t.if_any and t.matches(name) for t in section.tables)}
    module = section.load("claims") if optional else None
    if module is None or not hasattr(module, "list_tables"):
        return names
    there = set(module.list_tables(getattr(results, section.name)))
    return [name for name in names if name not in optional or name in there]


def _find_location(figure: str, kind: ReportKind) -> str:
    return next(
        shown.location for section in kind.sections for shown in section.figures if shown.matches(figure)
    )


def embedded_files(album: Mapping[str, Figure], numbers: Mapping[tuple[str, str], str]) -> dict[str, bytes]:
    """Each figure as a file of its own, named by its number and name, for use outside the report."""
    endings = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
    files = {}
    for name, figure in album.items():
        number = numbers.get(("figure", name))
        # Two digits, so that files by name are in the order of the report.
        stem = f"fig-{number.zfill(2)}-{name}" if number else name
        files[f"{stem}.{endings[figure.picture.mime]}".replace("_", "-")] = figure.picture.data
    return files
