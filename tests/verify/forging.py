"""Honest reports of a small network, and what forgers make of them."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pikepdf
import pytest
from sharing import MakeOnce
from stand_in import counting, load_stand_in, make_home
from typer.testing import CliRunner, Result

from reportgen.cli.program import app
from reportgen.document.fonts import font_css
from reportgen.engine import pipeline
from reportgen.engine.execution import Execution
from reportgen.engine.preparation import plan_build
from reportgen.engine.stages import results as results_stage
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.network import Networks
from reportgen.models import backbone
from reportgen.pdf.printer import Attachment, PangoMissingError, print_pdf
from reportgen.progress import Silent
from reportgen.settings import Settings, load_settings
from reportgen.store.cache import Cache
from reportgen.verify import Verification, documents, verify

Alter = Callable[[Any], None]
"""Changes a parsed ``results.json`` in place."""


SECTIONS = ["convolution", "conv_stack", "transfer", "neurons", "guided_backprop"]
"""Of the honest report: the assignment's own. Each print of all eleven takes three times as long."""


class ReadOnly(Cache):
    """A cache that a forger reads and does not spoil for others."""

    def put(self, key: str, data: bytes) -> None:
        pass


@contextmanager
def small_network(printer: Callable[[str], bytes]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backbone, "load_backbone", load_stand_in)
        patch.setattr(documents, "print_pdf", printer)
        yield


@dataclass(frozen=True)
class Home:
    """A project folder with images, settings, cache and an honest build, which all test processes share."""

    folder: Path
    make_once: MakeOnce

    @property
    def settings(self) -> Settings:
        return load_settings(folder=self.folder)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def build(self) -> Path:
        return self.folder / "build"

    @property
    def pdf(self) -> Path:
        return self.build / "report.pdf"

    def results(self) -> Any:
        return json.loads((self.build / "results.json").read_bytes())

    def verify(self, submission: Path, data: Path | None = None, *, printing: bool = True) -> Verification:
        """Verify in this process, by the small network; what was printed once is not printed again.

        Without ``printing``, as on a machine that cannot print, which saves the time.
        """
        with small_network(self.print_once if printing else print_never):
            return verify(submission, data or self.data, settings=self.settings)

    def run(self, arguments: list[str], *, printing: bool = True) -> Result:
        """Run the command line in this process, by the small network; ``printing`` as in ``verify``."""
        with small_network(self.print_once if printing else print_never):
            return CliRunner().invoke(app, arguments)

    def print_once(self, html: str) -> bytes:
        """The pages of a document; whichever process asks for the same again gets the same."""

        def fill(folder: Path) -> None:
            (folder / "a.pdf").write_bytes(print_pdf(html))

        name = f"print-{hashlib.sha256(html.encode()).hexdigest()}"
        return (self.make_once(name, fill) / "a.pdf").read_bytes()

    def rebuild(self, folder: Path, alter: Alter, *, printing: bool = True) -> Path:
        """A whole build whose results were altered before anything was written or printed.

        Without ``printing`` it has no PDF.
        """

        def print_and_attach(
            html: str, attached: Sequence[Attachment], _note: object, **_options: object
        ) -> bytes:
            """As a PDF is printed, but the pages only once."""
            target = io.BytesIO()
            attach(io.BytesIO(self.print_once(html)), target, {each.name: each.data for each in attached})
            return target.getvalue()

        def run(context: StageContext) -> Artifacts:
            document = json.loads(honest(context)["results.json"])
            alter(document)
            return {"results.json": as_json(document)}

        honest = results_stage.run
        plan = plan_build(self.settings, self.data, Silent())
        cache = ReadOnly(self.settings.cache, 10**9)
        execution = Execution(plan, cache, Networks(), Silent(), fresh={"results", "html", "pdf"})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(results_stage, "run", run)
            patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_and_attach)
            stages = ("results", "html", "pdf") if printing else ("results", "html")
            files = {name: data for stage in stages for name, data in execution.obtain(stage).items()}
        files |= {
            f"arrays/{name}.npz": execution.obtain(name)["arrays.npz"] for name in self.settings.kind.names
        }
        for name, data in files.items():
            if "." in name and name != "figure_numbers.json":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        return folder


def print_never(html: str) -> bytes:
    raise PangoMissingError("There is no Pango.", "")


def as_json(document: Any) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()


Target = TypeVar("Target", Path, io.BytesIO)


def attach(pdf: Target, target: Target, files: Mapping[str, bytes | None]) -> Target:
    """A copy of a PDF with other files attached; None takes one away."""
    with pikepdf.open(pdf) as opened:
        if "/AF" in opened.Root:
            del opened.Root["/AF"]
        for name, data in files.items():
            if name in opened.attachments:
                del opened.attachments[name]
            if data is not None:
                opened.attachments[name] = pikepdf.AttachedFileSpec(opened, data, filename=name)
        opened.save(target)
    return target


def settings_of(pdf: Path) -> str:
    with pikepdf.open(pdf) as opened:
        return bytes(opened.attachments["report.toml"].get_file().read_bytes()).decode()


def copy_build(home: Home, target: Path) -> Path:
    return shutil.copytree(home.build, target)


def page(body: str) -> str:
    """A small HTML document in the fonts of the report."""
    style = f"{font_css(body)} html {{ font-family: Report }}"
    head = f"<title>T</title><style>{style}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>"


def honest_home(make_once: MakeOnce) -> Home:
    """One honest build for all tests, which change copies only."""

    def fill(folder: Path) -> None:
        home = make_home(folder / "home")
        settings = home / "report.toml"
        settings.write_text(
            f"sections = {json.dumps(SECTIONS)}\n{settings.read_text(encoding='utf-8')}", encoding="utf-8"
        )
        with counting():
            built = pipeline.build(load_settings(folder=home), home / "data")
        assert built.problem is None

    return Home(make_once("honest", fill) / "home", make_once)


def snapshot(folder: Path) -> dict[Path, int]:
    """The files of a home, but for its cache, and when each was written."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {path: path.stat().st_mtime_ns for path in files}


def pointers(found: Verification, subject: str = "") -> set[str]:
    """What differs."""
    return {row.pointer for row in found.of("differs") if subject in ("", row.subject)}
