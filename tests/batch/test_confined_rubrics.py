"""Rubrics in several folders, beside what was handed in: a group's process reads them, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from graded_class import SIZE, GradedClass, read_table, scores

from reportgen.system.confinement import landlock_version

TESTS = """
import os
from pathlib import Path
import pytest
from helper import HERE
CLASS = HERE.parent.parent
FORBIDDEN = (CLASS, HERE.parent, HERE.parent / "others", CLASS / "tables", CLASS / "class", CLASS / "class/b")

@pytest.mark.points(2, criterion="Beside")
def test_what_lies_beside(expected):
    assert expected == 512
    assert (HERE / "data/size.txt").read_text() == "512"

@pytest.mark.points(3, criterion="Names")
@pytest.mark.parametrize("folder", FORBIDDEN, ids=lambda folder: folder.name)
def test_no_name_is_listed(folder):
    assert folder.is_dir()
    with pytest.raises(PermissionError):
        os.listdir(folder)

@pytest.mark.points(1, criterion="Other table")
def test_no_other_table_is_read():
    with pytest.raises(PermissionError):
        (CLASS / "tables/roster.csv").read_bytes()
"""
CONFTEST = "import pytest\n@pytest.fixture\ndef expected(): return 512\n"


@pytest.mark.long
@pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")
def test_a_rubric_is_read_and_no_name_beside_it_is_listed(tmp_path: Path) -> None:
    """Group A's process grades; it can list neither group B nor the folders around and beside the rubrics."""
    scene = GradedClass(tmp_path, "A", "B")
    texts = {
        **{"tests/mine/test_it.py": TESTS, "tests/mine/conftest.py": CONFTEST},
        "tests/mine/helper.py": "from pathlib import Path\nHERE = Path(__file__).parent\n",
        **{"tests/mine/data/size.txt": "512", "tests/others/secret.txt": ""},
        **{"tables/mine.toml": SIZE, "tables/roster.csv": "Ann"},
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    scene.run(rubrics=(tmp_path / "tables/mine.toml", tmp_path / "tests/mine/test_it.py"))

    (row, _) = read_table(scene.out / "grades.csv")
    assert (row["status"], row["reason"]) == ("done", "")
    assert {name: row[name] for name in ("Size", "Beside", "Names", "Other table")} == {
        "Size": "6", "Beside": "2", "Names": "3", "Other table": "1",
    }  # fmt: skip
    assert scores(scene.out)["A"] == "12"
