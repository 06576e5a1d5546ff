"""Whose a file is, by names as Moodle, Canvas and people write them."""

from __future__ import annotations

import pytest

from reportgen.batch.roster import UploadName, read_name, simplify


@pytest.mark.parametrize(
    ("name", "owner", "ident", "file"),
    [
        ("Zoë de Vries_12345_assignsubmission_file_", "Zoë de Vries", "12345", ""),
        ("Zoë de Vries_12345_assignsubmission_file", "Zoë de Vries", "12345", ""),
        ("Group 5-Zoë de Vries_12345_assignsubmission_file_", "Group 5-Zoë de Vries", "12345", ""),
        ("Participant_77_assignsubmission_onlinetext_", "Participant", "77", ""),
        ("Group 5", "Group 5", "", ""),
        ("lastnamefirst_12345_67890_x", "lastnamefirst_12345_67890_x", "", ""),
        ("data", "", "", ""),
        ("Build", "", "", ""),
    ],
)
def test_folders(name: str, owner: str, ident: str, file: str) -> None:
    read = read_name(name, folder=True)
    assert (read.owner, read.ident, read.file) == (owner, ident, file)
    assert read.lms == ("assignsubmission" in name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("An Li_9_assignsubmission_file_my_report.pdf", UploadName("An Li", "9", "my_report.pdf", lms=True)),
        ("lastfirst_12345_67890_report.pdf", UploadName("lastfirst", "12345", "report.pdf", lms=True)),
        (
            "lastfirst_LATE_12345_67890_a_1_b.pdf",
            UploadName("lastfirst", "12345", "a_1_b.pdf", lms=True, late=True),
        ),
        ("group5_1234_report.pdf", UploadName("group5", "1234", "report.pdf")),
        ("group5_1234_Data.ZIP", UploadName("group5", "1234", "Data.ZIP")),
        ("Group 5 - Report.PDF", UploadName("Group 5", "", "Report.PDF")),
        ("Group_5_report.pdf", UploadName("Group", "5", "report.pdf")),
        ("Group 5.pdf", UploadName("Group 5", "", "Group 5.pdf")),
        ("report (1).pdf", UploadName("", "", "report (1).pdf")),
        ("data.zip", UploadName("", "", "data.zip")),
        ("reporters.pdf", UploadName("reporters", "", "reporters.pdf")),
    ],
)
def test_files(name: str, expected: UploadName) -> None:
    assert read_name(name, folder=False) == expected


def test_spellings_of_one_name() -> None:
    assert len({simplify(name) for name in ("Group 5", "group5", "GROUP-5", "Ｇroup_５")}) == 1
    assert simplify("Group 5") != simplify("Group 50")
