"""Prints HTML to PDF with WeasyPrint, and refuses whatever would be missing or wrong on paper."""

from __future__ import annotations

import datetime
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import tomli_w
from fontTools import unicodedata

from reportgen.errors import RenderError
from reportgen.pdf.archive import find_limit_faults, stop_smoothing, withdraw_claim
from reportgen.pdf.conformity import find_faults
from reportgen.pdf.structure import find_missing_numbers, find_overflow
from reportgen.pdf.tagging import correct_tags
from reportgen.runtime import collecting_no_garbage
from reportgen.system.libraries import find_missing, propose_remedy

_LONGEST = 60

_ABOUT_THE_MACHINE = re.compile(
    r"Using fontTools instead of HarfBuzz-Subset"  # another program reduces the font
    r"|Unable to subset \".*\" with (HarfBuzz|fontTools)"  # the whole font is embedded instead
)
"""Complaints after which the document is whole all the same. After all others something is missing in it."""

_ABOUT_A_FONT = re.compile(
    r".*(COLR emoji|bitmap (metrics|glyph)|subglyph|glyphs missing|emoji font|variable font)"
)

# Common, inherited and unknown, by their codes in ISO 15924.
_NO_SCRIPT = {"Zyyy", "Zinh", "Zzzz"}


@contextmanager
def collect_complaints() -> Iterator[list[str]]:
    """Collect what WeasyPrint logs at warning level or above, instead of printing it."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger = logging.getLogger("weasyprint")
    handlers, propagate = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [Collector(logging.WARNING)], False
    try:
        yield messages
    finally:
        logger.handlers, logger.propagate = handlers, propagate


def sort_complaints(complaints: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divide what was logged: what the document lacks, and how the machine could be better equipped."""
    about_the_machine = [line for line in complaints if _ABOUT_THE_MACHINE.match(line)]
    return [line for line in complaints if line not in about_the_machine], about_the_machine


def require_no_complaint(complaints: Sequence[str], root: Any) -> None:
    """Raise ``RenderError`` if what was logged about the document ``root`` says that it is not whole."""
    complaints, _ = sort_complaints(complaints)
    if characters := _without_glyph(complaints):
        raise RenderError(
            f"The PDF cannot show {_with_scripts(characters)}: "
            "no font of the report or of this machine has what that takes.",
            "Install a font that does (for Chinese, Japanese and Korean on Debian or Ubuntu: "
            "sudo apt install fonts-noto-cjk), or write the name in other letters.",
        )
    if complaints:
        # Once each: WeasyPrint says the same again for each font.
        named = "; ".join(_with_names(complaint, root) for complaint in dict.fromkeys(complaints))
        raise RenderError(f"The PDF would not show everything: {named}", _remedy(complaints))


def _remedy(complaints: Sequence[str]) -> str:
    if all(_ABOUT_A_FONT.match(complaint) for complaint in complaints):
        return "Another font has to be used: write the text in characters that need no such font."
    return "Correct the template or the style sheet that it names."


def _without_glyph(complaints: Sequence[str]) -> list[str]:
    """The characters that WeasyPrint had no glyph for."""
    found = (re.search(r'unsupported by fonts: "(.+?)" \(', complaint) for complaint in complaints)
    return list(dict.fromkeys(match[1] for match in found if match))


def _with_scripts(characters: Sequence[str]) -> str:
    """Characters and the scripts they belong to, as "图 片 (Han)"; symbols belong to none."""
    scripts = dict.fromkeys(unicodedata.script(character) for character in characters)
    names = [unicodedata.script_name(script) for script in scripts if script not in _NO_SCRIPT]
    if len(names) < len(scripts):
        names.append("symbols")
    return f"{' '.join(characters)} ({', '.join(names)})"


def _with_names(complaint: str, root: Any) -> str:
    """A complaint with the description of a picture instead of its data."""
    for picture in root.iter("img"):
        source = picture.get("src", "")
        if source.startswith("data:") and source in complaint:
            complaint = complaint.replace(source, picture.get("alt", ""))
    return re.sub(r"data:[^\s\"')]+", lambda match: short(match[0]), complaint)


def short(text: str) -> str:
    """A text, or its beginning if it is long."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def quoted(texts: Sequence[str], most: int = 3) -> str:
    """The first of some texts in quotes, and how many more there are."""
    named = ", ".join(f"'{short(text)}'" for text in texts[:most])
    return named + (f" and {len(texts) - most} more" if len(texts) > most else "")


_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""The date of all attachments, fixed so that the same results give the same PDF on any day."""


@dataclass(frozen=True)
class Attachment:
    """A file to attach; ``relationship`` as in PDF/A-3: what the PDF shows, or what it was made from."""

    name: str
    data: bytes
    description: str
    media_type: str
    relationship: Literal["Data", "Source"]

    def for_weasyprint(self, weasyprint: Any) -> Any:
        """The file as an ``Attachment`` of WeasyPrint."""
        return weasyprint.Attachment(
            string=self.data,
            name=self.name,
            description=self.description,
            created=_DATE,
            modified=_DATE,
            relationship=self.relationship,
        )


def correct_attachments(pdf: Any, attached: Iterable[Attachment]) -> None:
    """Give each attached file its own type, and list it once; WeasyPrint guesses and lists it twice."""
    types = {attachment.name: attachment.media_type for attachment in attached}
    for entry in pdf.objects:
        if isinstance(entry, dict) and entry.get("Type") == "/Filespec":
            # A reference is written as number, generation and R.
            file = pdf.objects[int(entry["EF"]["F"].split()[0])]
            if media_type := types.get(entry["UF"].string):
                file.extra["Subtype"] = "/" + media_type.replace("/", "#2f")
    if "AF" in pdf.catalog:
        # A dict drops what comes again, and keeps the order.
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


_END = b"</rdf:RDF>"

_PART = (
    b"""<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />"""
)

# PDF/A allows only properties that it knows or that are described in the file itself.
_SCHEMA = b"""<rdf:Description rdf:about=""\
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"\
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"\
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""


def declare_accessible(pdf: Any) -> None:
    """Write that the PDF conforms to PDF/UA-1 into its metadata, together with what PDF/A requires."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (packet,) = metadata.stream
    # Replaced nowhere or twice, the metadata would be wrong without a word.
    if packet.count(_END) != 1:
        raise ValueError("WeasyPrint's metadata are not as expected")
    metadata.stream[:] = [packet.replace(_END, _SCHEMA + _PART + _END)]


_HEAD = "# The settings of this report as they were understood, those not given at their defaults.\n"


def write_settings(values: Mapping[str, Any], weights: str) -> bytes:
    """``report.toml`` with these settings, by name, and the weights that were in fact used."""
    table = {name: _plain(value) for name, value in values.items() if value is not None}
    text = _HEAD + tomli_w.dumps({**table, "weights": weights})
    # A path may have bytes that are no UTF-8.
    return text.encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        # TOML has no null: a key of a table that is not given is left out.
        return value.model_dump(exclude_none=True)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


# A variant that keeps tags and attachments, and gave the same bytes twice.
# Part 3, since part 2 allows no attachments but PDF/A; level a, since level b has no tags.
_VARIANT = {"pdf_variant": "pdf/a-3a", "pdf_tags": True}


def describe_limits(faults: Sequence[str], most: int = 3) -> str:
    """Why a PDF makes no claim to PDF/A, for its user."""
    listed = "; ".join(
        [*faults[:most], *([f"{len(faults) - most} more of the kind"] if faults[most:] else [])]
    )
    return f"The PDF is complete, but does not call itself PDF/A, because it has {listed}."


class PangoMissingError(RenderError):
    """WeasyPrint is there but a system library it prints with is not."""


@collecting_no_garbage()
def print_pdf(
    html: str,
    attached: Sequence[Attachment] = (),
    note: Callable[[str], None] = lambda _note: None,
    *,
    whole_fonts: bool = False,
) -> bytes:
    """Print a self-contained HTML document as PDF; returns the PDF's bytes, with the files attached.

    ``whole_fonts``: the fonts of the document are embedded as they are, and not reduced once more.

    It claims PDF/UA-1 if its structure has no violation, and PDF/A-3a if it keeps the limits of that. Only
    ``data:`` addresses are fetched. ``note`` is called with what WeasyPrint says about the machine, the
    document being whole, and with why PDF/A is not claimed.
    Raises ``RenderError`` for whatever else it logs as a warning or an error (a missing picture, an unknown
    style), for a picture without a description, a page number that is not known and what is too large for
    the page; and ``PangoMissingError`` without Pango.
    """
    weasyprint = _weasyprint()
    # WeasyPrint names an image in the PDF by a hash of its address: with file: the bytes would differ from
    # folder to folder. And http: would print what somebody else may change.
    fetcher = weasyprint.URLFetcher(allowed_protocols=("data",))
    # The tree of names in a PDF is sorted.
    ordered = sorted(attached, key=lambda attachment: attachment.name)

    def finish(document: Any, pdf: Any) -> None:
        # Corrected first and checked then: what the PDF claims must be true of the objects that are written.
        correct_tags(document, pdf)
        correct_attachments(pdf, ordered)
        stop_smoothing(pdf)
        if not find_faults(pdf):
            declare_accessible(pdf)
        if beyond := find_limit_faults(pdf):
            withdraw_claim(pdf)
            note(describe_limits(beyond))

    # Of a missing picture or a broken SVG WeasyPrint only logs a line, and a PDF appears all the same.
    with collect_complaints() as complaints:
        # No base_url: a relative address then is a complaint, and not a file of the current folder.
        source = weasyprint.HTML(string=html, url_fetcher=fetcher)
        _require_descriptions(source.etree_element)
        _retarget_links_for_print(source.etree_element)
        _leave_out(source.etree_element, "on-screen")
        document = _lay_out(source)
        require_no_complaint(complaints, source.etree_element)
        _require_whole(document.pages)
        # As bytes: WeasyPrint's own way to a file would leave half of one after a failure.
        pdf: bytes = document.write_pdf(
            finisher=finish,
            attachments=[file.for_weasyprint(weasyprint) for file in ordered],
            full_fonts=whole_fonts,
            **_VARIANT,
        )
    # Once more, since fonts are reduced only while the file is written.
    require_no_complaint(complaints, source.etree_element)
    for remark in dict.fromkeys(sort_complaints(complaints)[1]):
        note(remark)
    return pdf


def _lay_out(source: Any) -> Any:
    try:
        return source.render(**_VARIANT)
    # An assertion fails, for example, where pictures are direct children of a CSS grid at the end of a page.
    except (ValueError, OSError, AssertionError) as error:  # What WeasyPrint does not log, but fails on.
        raise RenderError(
            f"WeasyPrint cannot lay out the page: {short(str(error)) or 'an assertion failed'}",
            "Correct the template or the style sheet; all that they ask for must be in them as data.",
        ) from error


def _require_descriptions(root: Any) -> None:
    bare = [picture for picture in root.iter("img") if not (picture.get("alt") or "").strip()]
    if bare:
        raise RenderError(
            f"A picture has no description: <img{_describe_position(root, bare[0])} "
            f'src="{short(bare[0].get("src", ""))}">.',
            "Give it a text in its alt attribute that says what it shows.",
        )


def _retarget_links_for_print(root: Any) -> None:
    """Move the id of each element that only a screen shows to its counterpart on paper, which it names in
    ``data-paper``.

    Links keep their names, by which ``verify`` knows what each of them is about.
    """
    asked = {link.get("href") for link in root.iter("a")}
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    for name, element in named.items():
        stand_in = named.get(element.get("data-paper"))
        if stand_in is None or f"#{name}" not in asked:
            continue
        del element.attrib["id"]
        # An element has one id, and many links may lead to this one.
        stand_in.append(stand_in.makeelement(stand_in.tag, {"id": name}))


def _leave_out(root: Any, name: str) -> None:
    """Take away the elements of a class that the style sheet hides on paper: half of a report, whose styles
    would be computed all the same.
    """
    for parent in list(root.iter()):
        before = None
        for child in list(parent):
            if name not in (child.get("class") or "").split():
                before = child
                continue
            # The text behind the element is its parent's.
            if before is None:
                parent.text = (parent.text or "") + (child.tail or "")
            else:
                before.tail = (before.tail or "") + (child.tail or "")
            parent.remove(child)


def _describe_position(root: Any, wanted: Any) -> str:
    """The innermost element with an id around an element, in words."""
    around = [element.get("id") for element in root.iter() if element.get("id") and wanted in element.iter()]
    return f" (in #{around[-1]})" if around else ""


def _require_whole(pages: Sequence[Any]) -> None:
    # WeasyPrint prints page 0 for a link with display: flex, and does not complain.
    if links := find_missing_numbers(pages):
        raise RenderError(
            f"The PDF would show no page number, or 0, for {quoted(links)}.",
            "Give links with target-counter() no other display than inline or block in the style sheet.",
        )
    if boxes := find_overflow(pages):
        raise RenderError(
            f"{quoted(boxes)} does not fit the page.",
            "Make it smaller in the style sheet (max-width: 100%), let its text break, or shorten it.",
        )


def find_obstacle() -> PangoMissingError | None:
    """Why this machine cannot print PDFs, with the line that helps, or None. WeasyPrint is not loaded."""
    missing = [library for library in find_missing() if not library.optional]
    if not missing:
        return None
    return PangoMissingError(
        "The PDF cannot be printed: WeasyPrint needs libraries that are not on this machine: "
        f"{', '.join(library.name for library in missing)}.",
        propose_remedy(),
    )


def _weasyprint() -> Any:
    if obstacle := find_obstacle():
        raise obstacle
    try:
        with warnings.catch_warnings():
            # About HarfBuzz-Subset, which reportgen reports itself, and only to users who print.
            warnings.simplefilter("ignore", DeprecationWarning)
            import weasyprint
    except OSError as error:
        raise PangoMissingError(
            f"The PDF cannot be printed: WeasyPrint cannot load a library ({error}).".replace("\n", " "),
            propose_remedy(),
        ) from None
    return weasyprint
