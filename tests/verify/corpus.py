"""The corpus of forgeries and honest variations as submissions, and what ``reportgen verify`` says of each.

As a program (``make corpus``) it runs all of them, and prints a line for each and a table of exit codes.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import forged_pages
import forged_pdfs
import small_report
from forged_pdfs import changed
from forging import Home
from PIL import Image
from sharing import MakeOnce
from stand_in import counting, make_home

from reportgen.engine import pipeline
from reportgen.errors import UserError
from reportgen.settings import load_settings

Kind = Literal["page", "pdf"]

SETTINGS = f"""
sections = ["convolution", "transfer"]
weights = "embedded"
group = "Seven"

[[authors]]
name = "דנה כהן"
roll_number = "7"

[[authors]]
name = "Ann"
roll_number = "8"

[commentary]
convolution = {json.dumps(small_report.WORDS["convolution"])}
transfer = {json.dumps(small_report.WORDS["transfer"])}
"""
"""Of the small report that the corpus was written for, with a section less than the assignment's eleven."""

NO_PLACE = (AssertionError, LookupError, ValueError)
"""What a forgery raises whose place a report does not have."""


@dataclass(frozen=True)
class Case:
    """A file of a build folder, changed; ``position``: in which of two places, -1 for an honest variation."""

    kind: Kind
    name: str
    position: int = -1

    @property
    def honest(self) -> bool:
        """Whether it is what other machines, programs and transports make of a report."""
        return self.position < 0

    def make(self, honest: bytes) -> bytes:
        """The changed file."""
        if self.kind == "page":
            html = honest.decode("utf-8")
            made = (
                forged_pages.HONEST[self.name](html)
                if self.honest
                else forged_pages.FORGERIES[self.name](html, self.position)
            )
            return made.encode("utf-8", "surrogatepass")
        if self.honest:
            return forged_pdfs.HONEST[self.name](honest)
        return changed(honest, lambda pdf: forged_pdfs.FORGERIES[self.name](pdf, self.position))


@dataclass(frozen=True)
class Verdict:
    """What the command ended with, how many rows differ, and the object that the first of them names, or why
    the report cannot be read.
    """

    code: int
    differing: int
    named: str


def list_cases() -> list[Case]:
    """The whole corpus: each forgery in two places, each honest variation once."""
    pages, pdfs = forged_pages.FORGERIES, forged_pdfs.FORGERIES
    forged = [Case("page", name, position) for name in pages for position in (0, 1)]
    forged += [Case("pdf", name, position) for name in pdfs for position in (0, 1)]
    honest = [Case("page", name) for name in forged_pages.HONEST]
    return [*forged, *honest, *(Case("pdf", name) for name in forged_pdfs.HONEST)]


def corpus_home(make_once: MakeOnce) -> Home:
    """A project with an honest build of the report that the corpus changes."""

    def fill(folder: Path) -> None:
        home = make_home(folder / "home")
        # Smooth as photographs are: noise is another picture once a JPEG is written again.
        for seed, file in enumerate(sorted((home / "data").rglob("*.png"))):
            with Image.open(io.BytesIO(small_report.picture(seed))) as picture:
                picture.save(file)
        (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
        with counting():
            built = pipeline.build(load_settings(folder=home), home / "data")
        assert built.problem is None

    return Home(make_once("corpus", fill) / "home", make_once)


def submit(home: Home, case: Case, folder: Path) -> Path:
    """What a group hands in: the build folder with the changed page, or the changed PDF alone."""
    if case.kind == "pdf":
        target = folder / "report.pdf"
        target.write_bytes(case.make(home.pdf.read_bytes()))
        return target
    build = folder / "build"
    shutil.copytree(home.build, build, ignore=shutil.ignore_patterns(".*", "previous"))
    page = build / "report.html"
    page.write_bytes(case.make(page.read_bytes()))
    return build


def verify_as_typed(home: Home, submission: Path, folder: Path) -> Verdict:
    """``reportgen verify``, in this process and with what is computed and printed only once."""
    out = folder / "rows.json"
    given = ("--data", home.data, "--cache", home.settings.cache, "--json", out, "--quiet")
    done = home.run(["verify", str(submission), *map(str, given)])
    # What cannot be read is told by whoever starts the program, with the error's exit code and words.
    if isinstance(done.exception, UserError):
        return Verdict(done.exception.exit_code, 0, done.exception.problem)
    # A fault of ours is no verdict.
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    rows = json.loads(out.read_text(encoding="utf-8"))["rows"] if out.exists() else []
    differing = [row for row in rows if row["status"] == "differs"]
    return Verdict(done.exit_code, len(differing), differing[0]["pointer"] if differing else "")


def judge(home: Home, case: Case) -> Verdict | None:
    """What the command says of one case, None if the report has no place for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            submission = submit(home, case, folder)
        except NO_PLACE:
            return None
        return verify_as_typed(home, submission, folder)


def tabulate(verdicts: Sequence[tuple[Case, Verdict | None]]) -> Iterator[str]:
    """A table in Markdown: how many of each kind ended with which exit code."""
    yield "| corpus | all | exit 1 | exit 2 | exit 3 | exit 0 | names the object |"
    yield "|---|---|---|---|---|---|---|"
    groups: list[tuple[str, Callable[[Case], bool]]] = [
        ("forged `report.html`, each in two places", lambda case: case.kind == "page" and not case.honest),
        ("forged `report.pdf`, each in two places", lambda case: case.kind == "pdf" and not case.honest),
        ("honest `report.html`", lambda case: case.kind == "page" and case.honest),
        ("honest `report.pdf`", lambda case: case.kind == "pdf" and case.honest),
    ]
    for title, belongs in groups:
        found = [verdict for case, verdict in verdicts if belongs(case) and verdict is not None]
        codes = Counter(verdict.code for verdict in found)
        named = sum(bool(verdict.named) for verdict in found)
        cells = (title, len(found), *(codes[code] for code in (1, 2, 3, 0)), named)
        yield f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Run all of them: a line for each on the way, and the table."""
    from reportgen.runtime import configure_environment

    configure_environment()
    with tempfile.TemporaryDirectory() as scratch:

        def make_once(name: str, fill: Callable[[Path], None]) -> Path:
            folder = Path(scratch) / name
            if not folder.exists():
                folder.mkdir()
                fill(folder)
            return folder

        home, verdicts = corpus_home(make_once), []
        for case in list_cases():
            verdicts.append((case, judge(home, case)))
            sys.stderr.write(f"{case} {verdicts[-1][1]}\n")
        sys.stdout.write("\n".join(tabulate(verdicts)) + "\n")


if __name__ == "__main__":
    main()
