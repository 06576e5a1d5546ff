"""A class of 24 as an instructor has it on disk: honest reports in every shape of delivery, and every trick.

Reports are really built, from few images, and each differs from the others in authors, words and perhaps the
seed. What each group hands in, ``list_moodle`` and ``list_loose`` say, and ``test_whole_class.py`` what comes
of it.

As a program, ``whole_class.py FOLDER IMAGES`` makes ``FOLDER/class.toml`` and the class from other images.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

SECTIONS = ("convolution", "transfer")
"""Of the whole report those that need no gradients: VGG19 runs forwards only."""

COUNTS = {"train": 4, "val": 2, "test": 2}
"""Images of each class."""

GROUPS = range(1, 25)

MOODLE = "Vision-Assignment 2-4711.zip"

RUBRIC = """
[late]
due = 2026-02-01T12:00:00
per_day = 10
most = 50

[[check]]
criterion = "Features"
points = 3
pointer = "/transfer/feature_size"
expected = 512

[[check]]
criterion = "Maps"
points = 2
check = "feature_map_true"

[[check]]
criterion = "Words"
points = 1
commentary = "transfer"
words = 20

[[check]]
criterion = "Observations"
points = 4
manual = true
text = "What does the group see in its maps?"
"""
"""Of 10 points: a number of the results, an array, the commentary, and what a person judges."""

TIMES = "group,submitted\n" + "".join(
    f"Group {number},2026-02-0{'2T18' if number == 20 else '1T10'}:00:00\n" for number in GROUPS
)
"""All in time, but group 20: a day and six hours late."""

_GIVEN = (
    "Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ina", "Jon", "Kim", "Leo", "Mia", "Nils",
    "Ola", "Paul", "Quin", "Rosa", "Sam", "Tea", "Udo", "Vera", "Wim", "Yara",
)  # fmt: skip
_FAMILY = ("Nordal", "Sundby")

_VOCABULARY = (
    "edges", "maps", "layers", "filters", "leopards", "wings", "spots", "images", "errors", "classes",
    "training", "weights", "features", "colours", "contrast", "patches", "rows", "columns", "grass",
    "shadows", "corners", "noise", "scale", "stride", "padding", "depth", "borders", "pixels", "texture",
    "outlines", "noses", "ears", "tails", "legs", "petals", "branches", "water", "sky", "stones", "leaves",
)  # fmt: skip


@dataclass(frozen=True)
class Student:
    """A student of a group; ``last_first``: as Canvas begins the names of files."""

    ident: str
    name: str
    group: str

    @property
    def last_first(self) -> str:
        return "".join(reversed(self.name.split())).casefold()


def members(number: int) -> tuple[Student, Student]:
    """The two students of a group."""
    first, second = (
        Student(f"{900 + 2 * number + index}", f"{_GIVEN[number - 1]} {family}", f"Group {number}")
        for index, family in enumerate(_FAMILY)
    )
    return first, second


STUDENTS = tuple(student for number in GROUPS for student in members(number))


def words_of(number: int) -> str:
    """Thirty words that no other group has in this order."""
    return " ".join(random.Random(number).sample(_VOCABULARY, 30)).capitalize() + "."


def pick_images(source: Path, target: Path, first: int = 0) -> Path:
    """A data set of few images of another one, of each class those from the ``first`` on."""
    for split, count in COUNTS.items():
        for folder in sorted(path for path in (source / split).iterdir() if path.is_dir()):
            files = sorted(path for path in folder.iterdir() if path.is_file())[first : first + count]
            assert len(files) == count, f"{folder} has too few images"
            (target / split / folder.name).mkdir(parents=True)
            for file in files:
                shutil.copyfile(file, target / split / folder.name / file.name)
    return target


@dataclass(frozen=True)
class Workshop:
    """Where the groups build their reports: ``images`` is what they were given, ``others`` what was not."""

    home: Path

    @property
    def images(self) -> Path:
        return self.home / "images"

    @property
    def others(self) -> Path:
        return self.home / "others"

    def build(self, number: int, *, of: int = 0, seed: int = 671, data: Path | None = None) -> Path:
        """The project of a group, built, with the words of group ``of`` if it has none of its own."""
        from reportgen.engine.pipeline import build
        from reportgen.progress import Silent
        from reportgen.settings import load_settings

        project = self.home / f"projects/{number}-{of}"
        if project.exists():
            return project
        project.mkdir(parents=True)
        authors = "".join(
            f'[[authors]]\nname = "{each.name}"\nroll_number = "{each.ident}"\n' for each in members(number)
        )
        (project / "report.toml").write_text(
            f'sections = {json.dumps(SECTIONS)}\nweights = "embedded"\ngroup = "Group {number}"\n'
            f'seed = {seed}\ncache = "{self.home / "cache"}"\n{authors}'
            f"[commentary]\ntransfer = {json.dumps(words_of(of or number))}\n",
            encoding="utf-8",
        )
        built = build(load_settings(folder=project), data or self.images, Silent())
        assert built.problem is None, built.problem
        return project

    def pdf(self, number: int, **options: Any) -> bytes:
        return (self.build(number, **options) / "build/report.pdf").read_bytes()

    def whole(self, number: int, **options: Any) -> dict[str, bytes]:
        """All that a build leaves, by its path in the project."""
        project = self.build(number, **options)
        files = sorted(path for path in (project / "build").rglob("*") if path.is_file())
        return {
            path.relative_to(project).as_posix(): path.read_bytes() for path in files if path.name != ".lock"
        }


Handed = Mapping[str, bytes]
"""Files by their path in what all groups handed in."""


def packed(files: Handed) -> bytes:
    """A zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def changed(pdf: bytes, change: Callable[[pikepdf.Pdf], None] = lambda _pdf: None, **saving: Any) -> bytes:
    """A PDF after a change, or saved again as it was."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        opened.save(target, **saving)
    return target.getvalue()


def cover_number(pdf: pikepdf.Pdf) -> None:
    """A form field with another number, white, over a line of the second page."""
    form = pdf.make_stream(b"1 1 1 rg 0 0 90 12 re f", Type=Name.XObject, Subtype=Name.Form)
    form.BBox = Array([0, 0, 90, 12])
    field = pdf.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=Array([100, 300, 190, 312]), F=4)
    )
    field.FT, field.T, field.V, field.AP = Name.Tx, String("a"), String("100 %"), Dictionary(N=form)
    page = pdf.pages[1].obj
    page.Annots = Array([*page.get("/Annots", []), field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


def add_program(pdf: pikepdf.Pdf) -> None:
    """JavaScript that runs when the PDF is opened."""
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def boast(results: bytes) -> bytes:
    """Results with nine test images of each class, all of them right, where there were fewer."""
    document = json.loads(results)
    confusion = document["transfer"]["confusion"]
    size = range(len(confusion["test"]))
    assert COUNTS["test"] < 9
    confusion["test"] = [[9 * (row == column) for column in size] for row in size]
    return (json.dumps(document, indent=2) + "\n").encode()


def moodle(number: int, files: Handed) -> dict[str, bytes]:
    """A folder of Moodle's download, which names the group, a hyphen, and who uploaded."""
    folder = f"Group {number}-{members(number)[0].name}_{1000 + number}_assignsubmission_file_"
    return {f"{folder}/{name}": data for name, data in files.items()}


def canvas(number: int, files: Handed, late: str = "") -> dict[str, bytes]:
    """Loose files as Canvas calls them, by the student and not by the group."""
    student = members(number)[1]
    return {
        f"{student.last_first}_{late}{2000 + number}_{3000 + index}_{name}": data
        for index, (name, data) in enumerate(files.items())
    }


def list_moodle(shop: Workshop) -> Iterator[Handed]:
    """What lies in Moodle's download, a folder a group."""
    yield moodle(1, {"report.pdf": shop.pdf(1)})
    # The whole project, with the images, in a zip.
    project = {"report.toml": (shop.build(2) / "report.toml").read_bytes(), **shop.whole(2)}
    for path in sorted(shop.images.rglob("*.*")):
        project[f"data/{path.relative_to(shop.images).as_posix()}"] = path.read_bytes()
    yield moodle(2, {"project.zip": packed({f"project/{name}": data for name, data in project.items()})})
    # In capitals, one folder deeper, beside what a disk station leaves.
    deeper = {"Hand in/REPORT.PDF": shop.pdf(3), "Hand in/@eaDir/REPORT.PDF/THUMB.jpg": b"thumb"}
    yield moodle(3, deeper)
    # The page alone, and the results alone.
    yield moodle(4, {"report.html": shop.whole(4)["build/report.html"]})
    yield moodle(5, {"results.json": shop.whole(5)["build/results.json"]})
    yield moodle(6, {"all.zip": packed({"all/inner.zip": packed(shop.whole(6, seed=6))})})
    # Saved again by another program.
    yield moodle(7, {"report.pdf": changed(shop.pdf(7), linearize=True)})
    # Line ends that a system changed on the way.
    yield moodle(8, {name: _end_lines(name, data) for name, data in shop.whole(8).items()})
    forged = shop.whole(9)
    forged["build/results.json"] = boast(forged["build/results.json"])
    yield moodle(9, forged)
    yield moodle(10, {"report.pdf": changed(shop.pdf(10), cover_number)})
    yield moodle(11, {"report.pdf": changed(shop.pdf(11), add_program)})


def _end_lines(name: str, data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n") if name.endswith((".html", ".json", ".svg")) else data


def list_loose(shop: Workshop) -> Iterator[Handed]:
    """What lies beside Moodle's download: files as Canvas names them, zips, and folders that people named."""
    # The PDF of group 1, byte for byte.
    yield canvas(13, {"report.pdf": shop.pdf(1)})
    # A report of their own with the words of group 2.
    yield canvas(14, {"report.pdf": shop.pdf(14, of=2, seed=14)})
    # A zip that would hand in for group 16.
    foreign = boast(shop.whole(16)["build/results.json"])
    yield {"group15.zip": packed(moodle(16, {"build/results.json": foreign}))}
    yield canvas(16, {"report.pdf": shop.pdf(16)})
    # 50 MB of zeros in 50 kB.
    yield {"Group 17.zip": packed({"report.pdf": bytes(50_000_000)})}
    yield canvas(18, {"report.pdf": shop.pdf(1)[:20_000]})
    yield {"Group 19/essay.docx": b"PK an essay"}
    yield canvas(20, {"report.pdf": shop.pdf(20)}, late="LATE_")
    yield {"Group 21/report.pdf": shop.pdf(21)}
    # Handed in twice, as Canvas numbers it.
    yield canvas(22, {"report-1.pdf": shop.pdf(22, of=23), "report-2.pdf": shop.pdf(22)})
    # The PDF of group 3, saved again so that no byte is where it was.
    yield {"group23_1234_report.pdf": changed(shop.pdf(3), linearize=True)}
    # An honest report on other images than those of the class.
    yield {f"Group 24/{name}": data for name, data in shop.whole(24, data=shop.others).items()}


def make_class(home: Path, source: Path) -> Path:
    """Make the class in ``home`` from few images of ``source``; the path of ``class.toml``."""
    shop = Workshop(home)
    pick_images(source, shop.images)
    pick_images(source, shop.others, first=COUNTS["train"])
    given = home / "downloads"
    inside = {name: data for files in list_moodle(shop) for name, data in files.items()}
    loose = {name: data for files in list_loose(shop) for name, data in files.items()}
    for name, data in {MOODLE: packed(inside), **loose, ".DS_Store": b"\0"}.items():
        (given / name).parent.mkdir(parents=True, exist_ok=True)
        (given / name).write_bytes(data)
    roster = "".join(
        f"{each.ident},{each.last_first}@uni.example,{each.name},{each.group}\n" for each in STUDENTS
    )
    (home / "roster.csv").write_text(f"id,email,name,group\n{roster}", encoding="utf-8")
    (home / "times.csv").write_text(TIMES, encoding="utf-8")
    (home / "mine.toml").write_text(RUBRIC, encoding="utf-8")
    return write_class(home)


def write_class(home: Path, **more: object) -> Path:
    """Write ``class.toml``, with further keys, and return its path."""
    keys: dict[str, object] = {
        "title": "A class of 24", "assignment": "Assignment 2", "submissions": "downloads", "data": "images",
        "roster": "roster.csv", "submissions_times": "times.csv", "rubric": "mine.toml",
        "sections": list(SECTIONS), "weights": "embedded", **more,
    }  # fmt: skip
    file = home / "class.toml"
    file.write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()), encoding="utf-8"
    )
    return file


def list_files(given: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of what was handed in, and of the zips in it, as ``a.zip/b``; each zip before its files."""
    for path in sorted(given.rglob("*")):
        if path.is_file():
            yield from _look_into(path.relative_to(given).as_posix(), path.read_bytes())


def _look_into(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if name.casefold().endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    yield from _look_into(f"{name}/{entry.filename}", archive.read(entry))


if __name__ == "__main__":
    from reportgen.runtime import configure_environment

    configure_environment()
    make_class(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
