"""Feedback by student, and as the uploads of Moodle and Canvas read it, by readers that are not ours."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.batch import feedback
from reportgen.batch.class_file import Group, read_class
from reportgen.batch.deliveries import list_deliveries, pack
from reportgen.batch.feedback import address, write_feedback
from reportgen.batch.outcome import Outcome
from reportgen.batch.reception import receive
from reportgen.batch.roster import Student
from reportgen.batch.tables import GroupResult

STUDENTS = (
    Student("007", "zoe@uni.example", "Zoë Li", "A"),
    Student("12", "an@uni.example", "../An Bo", "A"),
    Student("13", "held@uni.example", "Held", "B"),
    Student("14", "open@uni.example", "Open", "C"),
    Student("15", "none@uni.example", "None", ""),
)


def row(name: str, **outcome: object) -> GroupResult:
    return GroupResult(Group(name, None, name.casefold()), Outcome(**outcome), None, {})  # type: ignore[arg-type]


ROWS = (
    row("A", score="7", points="10"),
    row("B", score="7", points="10", hold="2 findings"),
    row("C", score="7", points="10", undecided="7 of 7 points, 3 not graded yet"),
)


def read_moodle(data: bytes) -> dict[str, bytes]:
    """As Moodle's assignfeedback_file splits a path: name, number, two parts of the plugin, file."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for path in archive.namelist():
            _name, number, kind, plugin, file = path.split("_", 4)
            assert number.isdigit()
            assert (kind, plugin, file) == ("assignsubmission", "file", "/feedback.pdf")
            found[number] = archive.read(path)
    return found


def read_canvas(data: bytes) -> dict[tuple[str, str], bytes]:
    """Name, perhaps LATE, the numbers of the student and of the submission, and the file."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for path in archive.namelist():
            match = re.fullmatch(r"[a-z]+(?:_LATE)?_(\d+)_(\d+)_.+", path)
            assert match is not None
            found[match[1], match[2]] = archive.read(path)
    return found


DOWNLOADED = {
    "a": (
        "Zoë Li_11_assignsubmission_onlinetext_", "Zoë Li_11_assignsubmission_file_",
        "An Bo_12_assignsubmission_file_report.pdf", "lifan_LATE_21_901_our_report.pdf",
        "lifan_LATE_21_902_data.zip", "gomezeva_22_903_work.zip",
    ),
    "b": ("Held_13_assignsubmission_file_",), "c": ("open_23_904_r.pdf",),
}  # fmt: skip


def test_each_student_of_a_decided_group_gets_it_and_nobody_else() -> None:
    found = list_deliveries(ROWS, STUDENTS, DOWNLOADED)
    assert found.files == {
        "students/zoë-li-007/feedback.pdf": "A", "students/an-bo-12/feedback.pdf": "A",
    }  # fmt: skip
    packed = {
        name: pack({member: group.encode() for member, group in members.items()})
        for name, members in found.archives.items()
    }
    assert read_moodle(packed["feedback-moodle.zip"]) == {"11": b"A", "12": b"A"}
    assert read_canvas(packed["feedback-canvas.zip"]) == {("21", "901"): b"A", ("22", "903"): b"A"}
    assert "lifan_LATE_21_901_our_report.pdf" in found.archives["feedback-canvas.zip"]


def test_without_names_of_an_lms_there_is_no_zip_for_it() -> None:
    assert list_deliveries(ROWS, STUDENTS, {}).archives == {}
    assert list_deliveries(ROWS, (), {}).files == {}


def test_the_names_are_those_of_the_download(tmp_path: Path) -> None:
    files = ("Ann Lee_12_assignsubmission_file_/report.pdf", "Bo Li_13_assignsubmission_file_report.pdf")
    for name in (*files, "Group 3/report.pdf"):
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    received = receive(read_class(tmp_path / "given", tmp_path / "out"), tmp_path / "out")
    assert received.downloaded == {
        "ann-lee": ("Ann Lee_12_assignsubmission_file_",),
        "bo-li": ("Bo Li_13_assignsubmission_file_report.pdf",),
        "group-3": (),
    }


def test_copies_are_written_once_kept_if_edited_and_removed_if_nobody_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.pdf.printer.print_pdf", lambda html: b"%PDF " + html.encode()[-9:])
    monkeypatch.setattr(feedback, "make_page", lambda each, _title: SimpleNamespace(group=each.label))
    monkeypatch.setattr("reportgen.document.class_pages.render_feedback", lambda page, _templates: page.group)
    labels = {each.group.name: each.group.name for each in ROWS}
    addressees = address(ROWS, ROWS, labels, tmp_path)
    said: list[str] = []
    write_feedback(addressees, "T", tmp_path, said.append, list_deliveries(ROWS, STUDENTS, DOWNLOADED))
    zoe, folder = tmp_path / "feedback/students/zoë-li-007/feedback.pdf", tmp_path / "feedback"
    assert zoe.read_bytes() == (folder / "a.pdf").read_bytes() == b"%PDF A"
    assert read_moodle((folder / "feedback-moodle.zip").read_bytes())["11"] == b"%PDF A"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*") if not path.name.startswith(".")}
    write_feedback(addressees, "T", tmp_path, said.append, list_deliveries(ROWS, STUDENTS, DOWNLOADED))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    zoe.write_bytes(b"mine")
    write_feedback(addressees, "T", tmp_path, said.append, list_deliveries(ROWS, STUDENTS[:1], {}))
    assert zoe.read_bytes() == b"%PDF A"
    assert zoe.with_name("feedback-edited-1.pdf").read_bytes() == b"mine"
    assert len(said) == 1
    # Who is in the group no longer has none, and the LMS's zip would be an old one.
    assert not (folder / "students/an-bo-12").exists()
    assert not list(folder.glob("*.zip"))
