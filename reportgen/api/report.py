"""A report built from Python: its files and its results."""

from __future__ import annotations

import base64
import io
import os
import re
from collections import UserDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reportgen.api.child import Answer, Request, run_request
from reportgen.api.notebook import listening
from reportgen.contract.reader import LoadedResults, load_results
from reportgen.engine.explanation import read_record
from reportgen.errors import SettingsError, UserError
from reportgen.settings import Settings, resolve_paths, understand_settings
from reportgen.toml.locations import Origin
from reportgen.weights import SOURCES

_NUMBERED = re.compile(r"fig-(?P<number>A?\d+)-(?P<name>.+)")

_SHOWN = ("images", "patches-0", "guided-input-0", "misclassified")

_WIDTH, _HEIGHT, _QUALITY = 420, 260, 70


@dataclass(frozen=True)
class Figure:
    """A figure of a report; in a notebook it shows itself."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the figure: the file's name without number and suffix."""
        found = _NUMBERED.fullmatch(self.path.stem)
        return found["name"] if found else self.path.stem

    @property
    def number(self) -> str:
        """Its number in the report, as ``14`` or ``A2``; empty for a picture inside a table."""
        found = _NUMBERED.fullmatch(self.path.stem)
        # The number has two digits in the file's name, so that files sort as the figures of the report.
        return found["number"].lstrip("0") if found else ""

    def _repr_png_(self) -> bytes | None:
        return self._read(".png")

    def _repr_jpeg_(self) -> bytes | None:
        return self._read(".jpg")

    def _repr_svg_(self) -> str | None:
        content = self._read(".svg")
        return content.decode("utf-8") if content else None

    def _read(self, ending: str) -> bytes | None:
        return self.path.read_bytes() if self.path.suffix == ending else None


class Figures(UserDict[str, Figure]):
    """Figures by name."""

    def __missing__(self, name: str) -> Figure:
        raise KeyError(f"{name}: no such figure; there are {', '.join(self)}")


@dataclass(frozen=True)
class Page:
    """A whole report that a notebook shows in a frame: nothing in it reaches the notebook, or another
    report.
    """

    html: str
    height: int

    def __repr__(self) -> str:
        return f"<a report of {len(self.html):,} characters, for a notebook>"

    def _repr_html_(self) -> str:
        # Scripts may run, but as if the page came from elsewhere; printing and links to papers open windows.
        return (
            f'<iframe title="Report" sandbox="allow-scripts allow-popups allow-modals" width="100%" '
            f'height="{int(self.height)}" style="border:1px solid rgba(128,128,128,.5);background:white" '
            f'srcdoc="{escape(self.html)}"></iframe>'
        )


def render_thumbnails(figures: Mapping[str, Figure]) -> str:
    """Some of the figures, small, side by side."""
    chosen = [figures[name] for name in _SHOWN if name in figures]
    return f'<div style="display:flex;flex-wrap:wrap;gap:.8em">{"".join(map(_thumbnail, chosen))}</div>'


def _thumbnail(figure: Figure) -> str:
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(figure.path) as image:
        # JPEG has neither palettes nor transparency.
        small = image.convert("RGB")
        small.thumbnail((_WIDTH, _HEIGHT))
        # The picture goes into the notebook's file, and again with every run of the cell.
        small.save(stream, "JPEG", quality=_QUALITY)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    words = escape(f"Fig. {figure.number}: {figure.name}")
    return (
        '<figure style="margin:0">'
        f'<img alt="{words}" width="{small.width}" height="{small.height}" '
        f'src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{words}</figcaption></figure>"
    )


def link_to(file: Path) -> str:
    """A link to a file, as seen from the current folder, which is that of a notebook."""
    path = os.path.relpath(file)
    # Quoted, since a # or a ? in a file's name would end the path in the address.
    return f'<a href="{escape(quote(path))}" target="_blank">{escape(path)}</a>'


HTML_FILE, PDF_FILE = "report.html", "report.pdf"

_FIGURES = "figures/"


@dataclass(frozen=True)
class Report:
    """A finished report. In a notebook it shows itself in short, with small pictures; ``show`` gives the
    whole.

    ``results`` are as they were when it was built (:class:`reportgen.contract.reader.LoadedResults`:
    attributes, ``table``, ``at``, ``array``); the files are what is in ``folder`` now. ``changed`` is
    False if the report was as it should be and nothing had to be done. ``problem`` is None or says why there
    is no PDF.
    """

    folder: Path
    results: LoadedResults = field(repr=False)
    changed: bool
    problem: UserError | None = None

    @property
    def html(self) -> Path:
        """The report as one self-contained HTML file."""
        return self.folder / HTML_FILE

    @property
    def pdf(self) -> Path | None:
        """The PDF; None if it could not be printed, see ``problem``."""
        file = self.folder / PDF_FILE
        return file if self.problem is None and file.is_file() else None

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Each figure by its name, as ``figures["patches-0"]``, in the order of the report.

        A number at the end is that of the class, from 0; gradient pictures have the class and the row of its
        table. A figure shows itself in a notebook and has ``path``, the file: JPEG, PNG or SVG.
        """
        # By the record: what a user puts into figures/ is none of the report's.
        files = sorted(file for file in read_record(self.folder).files if file.startswith(_FIGURES))
        figures = [Figure(self.folder / file) for file in files]
        return Figures({figure.name: figure for figure in figures})

    def show(self, height: int = 800) -> Page:
        """The whole report, to be shown in a notebook: a frame of ``height`` pixels.

        It carries the report with it, some megabytes, into the file of the notebook; the summary has some ten
        kilobytes.
        """
        return Page(self.html.read_text(encoding="utf-8"), height)

    def _repr_html_(self) -> str:
        from reportgen.contract.summary import render_note, render_results

        files = [link_to(file) for file in (self.html, self.pdf) if file]
        lack = render_note(f"{self.problem.problem} {self.problem.remedy}") if self.problem else ""
        pictures = render_thumbnails(self.figures)
        return f"{render_results(self.results)}{pictures}<p>{' · '.join(files)}</p>{lack}"


def open_report(answer: Answer) -> Report:
    """The report that was answered with, its results read.

    Raises the error that came instead of a report, ``UserError`` if its results cannot be read.
    """
    if answer.folder is None:
        raise answer.error or ValueError("an answer without a report and without an error")
    results = load_results(answer.folder, answer.outline.kind)
    return Report(answer.folder, results, answer.changed, answer.error)


PathLike = str | os.PathLike[str]


def build(
    settings: PathLike | Mapping[str, Any] | Settings | None = None,
    data: PathLike | None = None,
    *,
    weights: PathLike | None = None,
    build: PathLike | None = None,
    fresh: bool = False,
    quiet: bool = False,
) -> Report:
    """Build a report, or find that it is as it should be, and return it.

    ``settings``: the path of a ``report.toml``; or what may be in one, as a dictionary
    (``{"group": "One", "show": {"neurons": 3}}``) or as ``Settings``, whose paths count from the current
    folder. Without it ``report.toml`` in the current folder is read if there is one. ``data``, ``weights``
    and ``build`` are those of the command ``reportgen build``: the folder of images, ``auto``, ``imagenet``,
    ``embedded`` or a Keras file, and the folder of the report; they win over the settings. ``fresh`` uses
    nothing that an earlier build kept. ``quiet`` shows no progress, which else is a bar in a notebook and
    lines on standard error.

    The work is done in a fresh Python process with the usual environment: a Keras or TensorFlow that is
    imported here, and what was set in it, decide nothing, and its memory is free again afterwards. Ctrl-C, or
    the notebook's stop button, ends that process; the last report stays as it was.

    Raises ``UserError``, or the class of it that fits (``SettingsError``, ``DataError``, ``WeightsError`` …),
    with ``problem`` and ``remedy``, as the command prints them. That only the PDF is missing raises nothing:
    see ``Report.problem``.
    """
    request = _make_request(settings, {"data": data, "weights": weights, "build": build}, fresh=fresh)
    with listening(quiet=quiet) as progress:
        answer = run_request(request, progress)
    return open_report(answer)


def _make_request(
    settings: PathLike | Mapping[str, Any] | Settings | None,
    options: Mapping[str, PathLike | None],
    *,
    fresh: bool,
) -> Request:
    overrides = {
        name: _absolute(name, os.fspath(value)) for name, value in options.items() if value is not None
    }
    if settings is None or isinstance(settings, str | os.PathLike):
        file = Path(settings).expanduser().absolute() if settings is not None else None
        return Request(None, file, overrides, fresh)
    if isinstance(settings, Mapping):
        table = {
            name: os.fspath(value) if isinstance(value, os.PathLike) else value
            for name, value in settings.items()
        }
        # As if it were in a file, so that ~ and $NAME in paths mean something.
        settings = understand_settings(table, Origin(), written=table)
    if not isinstance(settings, Settings):
        raise SettingsError(
            f"settings: {type(settings).__name__} is nothing that settings can be made of.",
            "Give the path of a report.toml, a dictionary or reportgen.settings.Settings.",
        )
    update = {name: text if name == "weights" else Path(text) for name, text in overrides.items()}
    resolved = resolve_paths(settings, Path.cwd()).model_copy(update=update)
    return Request(resolved, None, {}, fresh)


def _absolute(name: str, text: str) -> str:
    if name == "weights" and text in SOURCES:
        return text
    return str(Path(text).expanduser().absolute())
