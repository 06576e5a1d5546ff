"""What an instructor names in class.toml is refused if it was handed in: nobody grades themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_reception import packed, write

from reportgen.batch.class_file import ClassError, read_class
from reportgen.batch.reception import receive

TABLE = "group,submitted\nA,\n"
FILES = {"checks.py": "x = 1\n", "w.h5": "", "table.csv": TABLE, "images/train/cat/a.png": "i", "c/x": ""}
"""All that a class file may name, as it would lie in a folder."""

NAMED = {
    "rubric": "checks.py", "weights": "w.h5", "manual": "table.csv", "submissions_times": "table.csv",
    "roster": "table.csv", "data": "images", "cache": "c",
}  # fmt: skip

in_every_key = pytest.mark.parametrize("key", list(NAMED))


def refused(home: Path, text: str) -> str:
    """The words in which the class is refused, at reading or when everything was received."""
    (home / "class.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ClassError) as caught:
        receive(read_class(home / "class.toml", home / "out"), home / "out")
    assert caught.value.exit_code == 2
    assert "somewhere else" in caught.value.remedy
    return caught.value.problem


@in_every_key
def test_nothing_of_a_group_s_folder_is_the_instructor_s(tmp_path: Path, key: str) -> None:
    write(tmp_path / "dl/Group 1/sub", {"report.pdf": "1", **FILES})
    problem = refused(
        tmp_path, f'{key} = "dl/Group 1/sub/{NAMED[key]}"\n[[group]]\nname = "A"\nfolder = "dl/Group 1"\n'
    )
    assert f": {key} = '" in problem
    assert "the folder of 'A'" in problem
    assert "not run" in problem


@in_every_key
@pytest.mark.parametrize("inside", ["Group 1", "Ann_12_assignsubmission_file_", "Group 1/deep/deeper"])
def test_nor_is_anything_of_a_download(tmp_path: Path, key: str, inside: str) -> None:
    write(tmp_path / "dl" / inside, {"report.pdf": "1", **FILES})
    write(tmp_path / "dl", {"Group 2/report.pdf": "2"})
    problem = refused(tmp_path, f'submissions = "dl"\n{key} = "dl/{inside}/{NAMED[key]}"\n')
    assert f": {key} = '" in problem
    assert f"'{inside.partition('/')[0]}', which was handed in" in problem


@in_every_key
def test_a_link_to_it_does_not_help(tmp_path: Path, key: str) -> None:
    write(tmp_path / "dl/Group 1", {"report.pdf": "1", **FILES})
    suffix = Path(NAMED[key]).suffix
    (tmp_path / f"mine{suffix}").symlink_to(tmp_path / "dl/Group 1" / NAMED[key])
    assert "which was handed in" in refused(tmp_path, f'submissions = "dl"\n{key} = "mine{suffix}"\n')


def test_the_images_of_one_group_are_not_another_s(tmp_path: Path) -> None:
    for name in "AB":
        write(tmp_path / "dl" / name, {"report.pdf": name, **FILES})
    text = 'submissions = "dl"\n[[group]]\nname = "A"\ndata = "dl/B/images"\n'
    assert "group 'A': data = '" in refused(tmp_path, text)


@pytest.mark.parametrize("name", ["Ann_12_assignsubmission_file_checks.py", "ann_12_34_checks.py"])
def test_a_loose_file_that_an_lms_named_is_a_student_s(tmp_path: Path, name: str) -> None:
    write(tmp_path / "dl", {name: "x = 1\n", "B/report.pdf": "2"})
    assert f"'{name}', which was handed in" in refused(
        tmp_path, f'submissions = "dl"\nrubric = "dl/{name}"\n'
    )


def test_what_a_zip_was_unpacked_to_was_handed_in(tmp_path: Path) -> None:
    write(tmp_path / "dl", {"A.zip": packed({"report.pdf": "1", "checks.py": "x = 1\n"})})
    (tmp_path / "class.toml").write_text('submissions = "dl"\n', encoding="utf-8")
    receive(read_class(tmp_path / "class.toml"), tmp_path / "out")
    (unpacked,) = (tmp_path / "out").rglob("checks.py")
    named = unpacked.relative_to(tmp_path).as_posix()
    assert "'unpacked', which was handed in" in refused(tmp_path, f'submissions = "dl"\nrubric = "{named}"\n')


def beside(home: Path) -> str:
    write(home, {"dl/A/report.pdf": "1", **FILES})
    return ""


def in_the_folder_of_all(home: Path) -> str:
    write(home / "dl", {"A/report.pdf": "1", "B/report.pdf": "2", **FILES})
    return "dl/"


@pytest.mark.parametrize(
    ("location", "key"),
    # No cache among the folders of groups, where it would be taken for one of them.
    [*((beside, key) for key in NAMED), *((in_the_folder_of_all, key) for key in NAMED if key != "cache")],
)
def test_what_lies_beside_it_is_the_instructor_s(
    tmp_path: Path, key: str, location: Callable[[Path], str]
) -> None:
    prefix = location(tmp_path)
    if key == "roster":
        write(tmp_path, {f"{prefix}table.csv": "id,email,name,group\n1,,Ann,A\n"})
    (tmp_path / "class.toml").write_text(f'submissions = "dl"\n{key} = "{prefix}{NAMED[key]}"\n')
    received = receive(read_class(tmp_path / "class.toml", tmp_path / "out"), tmp_path / "out")
    assert "A" in [group.name for group in received.groups]
