"""What an LMS or a person gives, taken in: whose it is, and a row for every file of it."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from class_scene import COMMAND, read_rows

from reportgen.batch.accounting import FileRow, account
from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import ClassError, read_class
from reportgen.batch.outcome import Outcome
from reportgen.batch.parts import find_parts
from reportgen.batch.progress_view import SilentView
from reportgen.batch.reception import Received, receive
from reportgen.batch.run import Options, run_batch

BUILD = {"build/results.json": "{}", "build/report.html": "page", "build/figures/a.png": "1"}


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def packed(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def take_in(source: Path, out: Path) -> Received:
    """The groups of a folder, zip or class file; nothing of what was given changes."""
    before = snapshot(source) if source.is_dir() else source.read_bytes()
    received = receive(read_class(source, out), out)
    assert (snapshot(source) if source.is_dir() else source.read_bytes()) == before
    return received


def reports(received: Received) -> dict[str, str]:
    """What would be graded of each group, by the end of its path."""
    found = {group.name: find_parts(group.roots).submission for group in received.groups}
    return {name: path.name if path else "" for name, path in found.items()}


def rows_of(received: Received, outcome: Outcome = Outcome(score="1")) -> list[FileRow]:  # noqa: B008
    return list(account(received, [(group, find_parts(group.roots), outcome) for group in received.groups]))


def reported(rows: list[FileRow]) -> dict[str, tuple[str, str]]:
    return {row.file: (row.group, row.status) for row in rows}


def test_a_folder_with_everything_that_people_hand_in(tmp_path: Path) -> None:
    given = tmp_path / "given"
    write(
        given,
        {
            "Group 1/report.pdf": "1",
            "Group 1/notes.txt": "n",
            "Group 1/@eaDir/x": "s",
            "Group 2/hand in/Report.PDF": "2",
            "Group 2/hand in/DATA/cat/a.png": "i",
            "Group 2/hand in/Thumbs.db": "t",
            "group 3.zip": packed({"group 3/report.pdf": "3", "__MACOSX/group 3/._report.pdf": "m"}),
            "group4_1234_report.pdf": "4",
            "group4_1234_data.zip": packed({"data/cat/a.png": "i"}),
            "Group 5/build.zip": packed(BUILD),
            "Group 5/images.zip": packed({"data/cat/b.png": "i"}),
            "Group 6/essay.docx": "w",
            ".DS_Store": "d",
            "report.pdf": "whose",
            "list.xlsx": "x",
        },
    )
    received = take_in(given, tmp_path / "out")
    assert reports(received) == {
        "Group 1": "report.pdf", "Group 2": "Report.PDF", "Group 5": "build", "Group 6": "",
        "group 3": "report.pdf", "group4": "report.pdf",
    }  # fmt: skip
    rows = rows_of(received)
    graded, ignored, lost = "graded", "ignored", "not understood"
    assert reported(rows) == {
        "Group 1/report.pdf": ("Group 1", graded),
        "Group 1/notes.txt": ("Group 1", ignored),
        "Group 1/@eaDir/x": ("Group 1", ignored),
        "Group 2/hand in/Report.PDF": ("Group 2", graded),
        "Group 2/hand in/DATA/cat/a.png": ("Group 2", graded),
        "Group 2/hand in/Thumbs.db": ("Group 2", ignored),
        "group 3.zip": ("group 3", ignored),
        "group 3.zip/group 3/report.pdf": ("group 3", graded),
        "group 3.zip/__MACOSX/group 3/._report.pdf": ("group 3", ignored),
        "group4_1234_report.pdf": ("group4", graded),
        "group4_1234_data.zip": ("group4", ignored),
        "group4_1234_data.zip/data/cat/a.png": ("group4", graded),
        "Group 5/build.zip": ("Group 5", ignored),
        "Group 5/build.zip/build/results.json": ("Group 5", graded),
        "Group 5/build.zip/build/report.html": ("Group 5", graded),
        "Group 5/build.zip/build/figures/a.png": ("Group 5", graded),
        "Group 5/images.zip": ("Group 5", ignored),
        "Group 5/images.zip/data/cat/b.png": ("Group 5", graded),
        "Group 6/essay.docx": ("Group 6", lost),
        ".DS_Store": ("", ignored),
        "report.pdf": ("", lost),
        "list.xlsx": ("", lost),
    }
    assert all(row.reason for row in rows if row.status != "graded")


@pytest.mark.parametrize("packing", ["folder", "zip", "folder in a folder", "zip in a folder"])
def test_downloads_of_moodle_and_canvas(tmp_path: Path, packing: str) -> None:
    files: dict[str, str | bytes] = {
        "Zoë Li_11_assignsubmission_file_/report.pdf": "1",
        "Zoë Li_11_assignsubmission_onlinetext_/onlinetext.html": "see the file",
        "An Bo_12_assignsubmission_file_/work.zip": packed({"work/Report.pdf": "2"}),
        "An Bo_13_assignsubmission_file_/report.pdf": "3",
        "lifan_LATE_21_901_our_report.pdf": "4",
        "lifan_LATE_21_902_data.zip": packed({"data/cat/a.png": "i"}),
        "gomezeva_22_903_report-1.pdf": "5",
        "gomezeva_22_904_report-2.pdf": "6",
    }
    source = tmp_path / "given"
    if packing == "zip":
        source = tmp_path / "given.zip"
        source.write_bytes(packed(files))
    elif packing == "zip in a folder":
        write(source, {"Course-Assignment 2-4711.zip": packed(files)})
    else:
        write(source / "download" if "in" in packing else source, files)
    received = take_in(source, tmp_path / "out")
    # Two people of one name are two.
    assert reports(received) == {
        "Zoë Li": "report.pdf", "An Bo 12": "Report.pdf", "An Bo 13": "report.pdf",
        "lifan": "our_report.pdf", "gomezeva": "report-2.pdf",
    }  # fmt: skip
    assert received.late == {"lifan"}
    rows = rows_of(received)
    # 8 files and 2 that lie in zips; and the zip around them.
    assert len(rows) == 10 + ("zip" in packing)
    states = {row.file.rpartition("given.zip/")[2]: row.status for row in rows}
    ends = {name: next(state for file, state in states.items() if file.endswith(name)) for name in files}
    assert list(ends.values()) == [
        "graded", "ignored", "ignored", "graded", "graded", "ignored", "ignored", "graded",
    ]  # fmt: skip


def test_a_zip_that_is_refused_is_a_row_of_its_group(tmp_path: Path) -> None:
    write(tmp_path / "given", {
        "A.zip": packed({"../evil.pdf": "x", "report.pdf": "1"}), "B/report.pdf": "2",
        "B/more.zip": b"PK no more", "C/report.rar": "Rar!", "D/images.zip": packed({"data/cat/a.png": "i"}),
    })  # fmt: skip
    chosen = read_class(tmp_path / "given", tmp_path / "out")
    chosen = chosen.__class__(**{**vars(chosen), "weights": "embedded"})
    report = run_batch(chosen, tmp_path / "out", LocalRunner(1), SilentView(), Options(command=COMMAND))
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    assert (rows["A"]["status"], rows["A"]["score"]) == ("failed", "")
    assert rows["A"]["reason"] == "A.zip: ../evil.pdf: leads out of the folder"
    assert rows["B"]["reason"] == "not checkable: no images"
    # What may have been meant as the report is no zero.
    assert rows["C"]["reason"] == "no report.pdf and no build folder, but report.rar"
    # Images alone are not the report.
    assert (rows["D"]["status"], rows["D"]["score"]) == ("nothing handed in", "0")
    states = {row.file: row.status for row in report.files if row.group != "D"}
    assert states == {
        "A.zip": "not understood", "B/more.zip": "not understood", "B/report.pdf": "not understood",
        "C/report.rar": "not understood",
    }  # fmt: skip
    assert not list(tmp_path.rglob("evil.pdf"))
    csv = (tmp_path / "out/files.csv").read_bytes().decode().split("\r\n")
    assert csv[0] == "file,group,status,reason"
    assert len(csv) == 8


def test_groups_that_class_toml_names_are_found_in_a_download_or_have_no_points(tmp_path: Path) -> None:
    write(tmp_path / "given", {
        "Group 5-Zoë Li_11_assignsubmission_file_/report.pdf": "5",
        "Group 5-An Bo_12_assignsubmission_file_/report.pdf": "5",
        "group6.zip": packed({"report.pdf": "6"}),
        "Guests/report.pdf": "g",
        "images/train/cat/a.png": "i",
    })  # fmt: skip
    names = "".join(f'[[group]]\nname = "Group {number}"\n' for number in (5, 6, 7))
    text = f'submissions = "given"\ndata = "given/images"\n{names}'
    (tmp_path / "class.toml").write_text(text, encoding="utf-8")
    received = receive(read_class(tmp_path / "class.toml"), tmp_path / "out")
    assert reports(received) == {
        "Group 5": "report.pdf", "Group 6": "report.pdf", "Group 7": "", "Guests": "report.pdf",
    }  # fmt: skip
    assert [group.folder is None for group in received.groups] == [False, False, True, False]
    assert {group.data for group in received.groups} == {tmp_path / "given/images"}
    assert [stray.file for stray in received.unassigned] == ["images"]


def test_two_different_reports_of_one_standing_are_not_guessed_about(tmp_path: Path) -> None:
    for second, found in (("1", "report.pdf"), ("2", "")):
        write(tmp_path / "given", {"A/x/report.pdf": "1", "A/y/report.pdf": second, "B/x.pdf": "2"})
        assert reports(take_in(tmp_path / "given", tmp_path / "out")) == {"A": found, "B": "x.pdf"}
    rows = reported(rows_of(take_in(tmp_path / "given", tmp_path / "out"), Outcome("data", "several PDFs")))
    assert rows == {
        "A/x/report.pdf": ("A", "not understood"), "A/y/report.pdf": ("A", "not understood"),
        "B/x.pdf": ("B", "not understood"),
    }  # fmt: skip


def test_zips_are_unpacked_once_and_go_with_what_they_came_from(tmp_path: Path) -> None:
    given, out = tmp_path / "given", tmp_path / "out"
    write(given, {"A.zip": packed({"report.pdf": "1"}), "B_1_report.pdf": "2"})
    take_in(given, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    take_in(given, out)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    write(given, {"A.zip": packed({"report.pdf": "3"})})
    take_in(given, out)
    assert sorted(path.read_bytes() for path in out.rglob("*.pdf")) == [b"2", b"3"]


def test_nothing_is_followed_out_of_what_was_given(tmp_path: Path) -> None:
    given = tmp_path / "given"
    write(given, {"A/report.pdf": "1"})
    write(tmp_path / "secret", {"report.pdf": "s"})
    (given / "B").symlink_to(tmp_path / "secret")
    (given / "C_1_report.pdf").symlink_to(tmp_path / "secret/report.pdf")
    (given / "A/data").symlink_to(tmp_path / "secret")
    received = take_in(given, tmp_path / "out")
    assert reports(received) == {"A": "report.pdf"}
    assert {stray.file: stray.ignored for stray in received.unassigned} == {
        "B": False,
        "C_1_report.pdf": False,
    }
    assert "A/data" in reported(rows_of(received))
    assert not any(path.read_bytes() == b"s" for path in (tmp_path / "out").rglob("*.pdf"))


def test_a_folder_without_a_single_group(tmp_path: Path) -> None:
    write(tmp_path / "given", {"list.xlsx": "x"})
    with pytest.raises(ClassError, match="no folders of groups"):
        receive(read_class(tmp_path / "given"), tmp_path / "out")
    (tmp_path / "broken.zip").write_bytes(b"PK")
    with pytest.raises(ClassError, match="no zip or a damaged one"):
        receive(read_class(tmp_path / "broken.zip"), tmp_path / "out")
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    with pytest.raises(ClassError, match="no such file"):
        read_class(tmp_path / "none.zip")


def declared(tmp_path: Path, *names: str) -> Path:
    """A class file that names groups of which whatever is handed in lies in ``given``."""
    groups = "".join(f'[[group]]\nname = "{name}"\n' for name in names)
    file = tmp_path / "class.toml"
    file.write_text(f'submissions = "given"\n{groups}', encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("team_1", "team_1-Ann Lee_12_assignsubmission_file_"),
        ("team_1", "Team 1-Ann Lee_12_assignsubmission_file_"),
        ("Team 1", "team_1-Ann_Lee_12_assignsubmission_file_"),
        ("Team  1", "team 1-Jean-Luc Li_12_assignsubmission_file_"),
        # One letter, or an e and an accent.
        ("Caf\u00e9", "Cafe\u0301-Ann Lee_12_assignsubmission_file_"),
        ("a_-_b", "a - b-Ann Lee_12_assignsubmission_file_"),
    ],
)
def test_a_declared_group_is_found_before_moodle_s_hyphen_however_it_is_spelt(
    tmp_path: Path, name: str, written: str
) -> None:
    write(tmp_path / "given", {f"{written}/report.pdf": "1"})
    received = receive(read_class(declared(tmp_path, name, "zeta")), tmp_path / "out")
    assert reports(received) == {name: "report.pdf", "zeta": ""}


def test_a_longer_name_goes_before_one_that_it_begins_with(tmp_path: Path) -> None:
    write(tmp_path / "given", {"A_1-B-Ann Lee_12_assignsubmission_file_/report.pdf": "1"})
    received = receive(read_class(declared(tmp_path, "a 1", "a_1-b")), tmp_path / "out")
    assert reports(received) == {"a 1": "", "a_1-b": "report.pdf"}


@pytest.mark.parametrize(
    "written", ["team_1-Ann Lee_12_assignsubmission_file_/x.pdf", "Team 1_12_assignsubmission_file_/x.pdf"]
)
def test_a_name_that_two_declared_groups_share_is_not_guessed_about(tmp_path: Path, written: str) -> None:
    write(tmp_path / "given", {written: "1"})
    with pytest.raises(ClassError, match="'team_1' or 'team 1'") as caught:
        receive(read_class(declared(tmp_path, "team_1", "team 1")), tmp_path / "out")
    assert "differ" in caught.value.remedy


def test_of_two_groups_that_differ_in_punctuation_each_gets_its_own(tmp_path: Path) -> None:
    names = ("Group 11", "Group 1.1", "team_1", "team 1")
    write(tmp_path / "given", {f"{name}/{number}.pdf": "1" for number, name in enumerate(names)})
    received = receive(read_class(declared(tmp_path, *names)), tmp_path / "out")
    assert reports(received) == {name: f"{number}.pdf" for number, name in enumerate(names)}


def test_a_download_in_a_download_ends_somewhere(tmp_path: Path) -> None:
    """Red if each is unpacked for ever: of a zip that holds itself there is always one more."""
    data = b""
    for number in range(12):
        inner: dict[str, str | bytes] = {"all.zip": data} if data else {}
        data = packed({f"Ann {number}_{number}_assignsubmission_file_/report.pdf": "r", **inner})
    write(tmp_path / "in", {"all.zip": data})
    received = take_in(tmp_path / "in", tmp_path / "out")
    # What is deeper than downloads are is taken for what somebody handed in, and has its row.
    assert set(reports(received)) == {"Ann 11", "Ann 10", "Ann 9", "all"}


FOREIGN = {
    "group7_1_assignsubmission_file_/build/results.json": '{"forged": 1}',
    "Ann Lee_2_assignsubmission_file_/report.pdf": "forged",
}


@pytest.mark.parametrize(
    "name", ["group5.zip", "Group 5.zip", "group5_1234_report.zip", "GROUP-5.zip", "5.zip", "everything.zip"]
)
def test_nobody_hands_in_for_another(tmp_path: Path, name: str) -> None:
    """Red if a zip is the download of a class by what is in it: the build would be group 7's."""
    given = tmp_path / "given"
    write(given, {name: packed(FOREIGN), "group7.pdf": "7", "Ann Lee/report.pdf": "A"})
    received = take_in(given, tmp_path / "out")
    found = {group.name: find_parts(group.roots) for group in received.groups}
    for honest, own in (("group7", b"7"), ("Ann Lee", b"A")):
        submission = found[honest].submission
        assert submission is not None
        assert submission.read_bytes() == own
        assert not found[honest].rivals
    rows = {row.file: row for row in rows_of(received)}
    files = [file for file in rows if file.startswith(f"{name}/")]
    assert len(files) == len(FOREIGN), "each part of the zip has a row"
    if name == "everything.zip":
        for file in files:
            assert rows[file].status == "not understood"
            assert f"in {name}, and not added to what lies outside of it" in rows[file].reason


@pytest.mark.parametrize("order", [("A", "Z"), ("Z", "A")])
def test_a_zip_adds_nothing_to_a_declared_group_however_it_calls_it(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    """By the group's name, by Moodle's with a hyphen, or by that of a member."""
    inside, outside = order
    forged = {
        "Group 7-Ann Lee_12_assignsubmission_file_/report.pdf": "f",
        "group7_3_assignsubmission_file_/build/results.json": "{}",
        "Bo Li_13_assignsubmission_file_/report.pdf": "f",
        # Looked alike, and folders of one name ended the whole batch.
        "GROUP 7/report.pdf": "f",
    }
    write(
        tmp_path / "given", {f"{inside}.zip": packed(forged), f"{outside}/x": "", "Group 7/report.pdf": "7"}
    )
    chosen = read_class(declared(tmp_path, "Group 7", "Group 8"))
    received = receive(chosen, tmp_path / "out", people={"boli": "Group 7"})
    (seven,) = (group for group in received.groups if group.name == "Group 7")
    assert [path.name for path in seven.roots] == ["Group 7"]
    refused = {each.label for each in received.archives.values() if each.refusal}
    assert refused == {f"{inside}.zip/{file.partition('/')[0]}" for file in forged}


def test_a_group_whose_report_came_beside_its_data_has_no_zero(tmp_path: Path) -> None:
    """The honest case of the same shape: the images came by e-mail, the report with the download."""
    write(
        tmp_path / "given",
        {
            "CNN-Assignment 2-4711.zip": packed({"Group 7_12_assignsubmission_file_/report.pdf": "7"}),
            "Group 7 data.zip": packed({"data/cat/a.png": "i"}),
            "Group 8/notes.txt": "n",
        },
    )
    chosen = read_class(tmp_path / "given", tmp_path / "out")
    chosen = chosen.__class__(**{**vars(chosen), "weights": "embedded"})
    run_batch(chosen, tmp_path / "out", LocalRunner(1), SilentView(), Options(command=COMMAND))
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    assert (rows["Group 7"]["status"], rows["Group 7"]["score"]) == ("failed", "")
    assert "Group 7_12_assignsubmission_file_: is in CNN-Assignment 2-4711.zip" in rows["Group 7"]["reason"]


@pytest.mark.parametrize("name", ["CNN-Assignment 2-4711.zip", "Exercise 2.zip", "submissions.zip"])
def test_a_download_beside_other_groups_is_unpacked(tmp_path: Path, name: str) -> None:
    download = {
        "Zoë Li_11_assignsubmission_file_/report.pdf": "1",
        "An Bo_12_assignsubmission_file_/r.pdf": "2",
    }
    write(tmp_path / "given", {name: packed(download), "Group 3/report.pdf": "3"})
    received = take_in(tmp_path / "given", tmp_path / "out")
    assert reports(received) == {"Zoë Li": "report.pdf", "An Bo": "r.pdf", "Group 3": "report.pdf"}


def test_the_only_zip_is_a_download_unless_a_group_is_called_so(tmp_path: Path) -> None:
    download = {"Zoë Li_11_assignsubmission_file_/report.pdf": "1"}
    write(tmp_path / "given", {"ws25.zip": packed(download), ".DS_Store": "d"})
    assert reports(take_in(tmp_path / "given", tmp_path / "out")) == {"Zoë Li": "report.pdf"}
    lines: list[str] = []
    received = receive(read_class(declared(tmp_path, "WS 25", "Zoë Li")), tmp_path / "out", lines.append)
    assert reports(received) == {"WS 25": "report.pdf", "Zoë Li": ""}
    assert lines == [
        "ws25.zip holds names as an LMS gives them, but is called like a group: it counts as what that group "
        "handed in. If it is the download of a class, name it alone."
    ]


def test_a_group_s_zip_has_the_limits_of_a_group(tmp_path: Path) -> None:
    """20,000 files and folders: a class may have 50 times as many."""
    many: dict[str, str | bytes] = {f"a_1_assignsubmission_file_/{number}": b"" for number in range(20_001)}
    write(tmp_path / "given", {"group5.zip": packed(many), "group7.pdf": "7"})
    received = take_in(tmp_path / "given", tmp_path / "out")
    refused = {each.label: each.refusal for each in received.archives.values()}
    assert refused == {"group5.zip": "group5.zip: holds more than 20000 files and folders"}
