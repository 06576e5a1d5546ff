"""The commands ``verify`` and ``grade`` read a report in a process that has no right but to do that."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from finished_report import snapshot

from reportgen.grading.run import grade
from reportgen.grading.shipped import shipped_rubrics
from reportgen.system.confinement import landlock_version

pytestmark = [pytest.mark.slow, pytest.mark.prints]

TESTS = """
import os, socket, tempfile
from pathlib import Path
import pytest
HERE = Path(__file__).parent

@pytest.mark.points(1)
def test_what_lies_beside():
    assert (HERE / "data.txt").read_text() == "512"

@pytest.mark.points(1)
def test_its_own_scratch():
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a").write_text("b")

@pytest.mark.points(1)
@pytest.mark.parametrize("path", {forbidden}, ids=str)
def test_nothing_else_is_read(path):
    assert Path(path).exists()
    with pytest.raises(PermissionError):
        os.listdir(path) if os.path.isdir(path) else open(path).read()

@pytest.mark.points(1)
@pytest.mark.parametrize("folder", {unwritable}, ids=str)
def test_nothing_is_written(folder):
    with pytest.raises(PermissionError):
        (Path(folder) / "new.txt").write_text("x")

@pytest.mark.points(1)
def test_nobody_is_called():
    with pytest.raises(PermissionError):
        socket.create_connection(("127.0.0.1", 9))
"""


WITH_DATA = ("--data", "data")
READING = {
    "verify": ("verify", "build", *WITH_DATA),
    "grade with data": ("grade", "build/report.pdf", *WITH_DATA),
    "grade": ("grade", "build"),
    "grade own": ("grade",),
}
"""The commands that read what may be a stranger's."""

SIZE = '[[check]]\ncriterion = "Size"\npointer = "/convolution/filter_size"\nexpected = 5\npoints = 5\n'


def run(
    home: Path, *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command of reportgen in a process of its own and in the folder ``home``."""
    command = [sys.executable, "-m", "reportgen", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=500,
        env={**os.environ, **(environment or {})},
    )


@pytest.mark.long
def test_an_honest_report_is_confirmed_and_what_is_asked_for_is_written(
    windows: Path, tmp_path: Path
) -> None:
    """Red if the rows or the page stay in the folder of the other process, if anything else is written."""
    before = snapshot(windows)
    asked = ("--json", tmp_path / "a.json", "--page", tmp_path / "a.html")
    done = run(windows.parent, *READING["verify"], *asked)
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "CONFIRMED"), done.stderr
    assert "Printing the PDF again" in done.stderr
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["confirmed"] is True
    assert (tmp_path / "a.html").read_text(encoding="utf-8").lstrip().startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json"]
    assert snapshot(windows) == before


@pytest.mark.long
def test_an_honest_pdf_has_the_points_of_its_build_folder_and_every_file_that_is_asked_for(
    windows: Path, tmp_path: Path
) -> None:
    """Red if a file stays in the folder of the other process, if anything else is written, if points differ
    from those that this process gives without any confinement.
    """
    before = snapshot(windows)
    names = {
        "json": "a.json",
        "csv": "a.csv",
        "markdown": "a.md",
        "junitxml": "a.xml",
        "gradescope": "g.json",
    }
    asked = [part for option, name in names.items() for part in (f"--{option}", tmp_path / name)]
    done = run(windows.parent, *READING["grade with data"], *asked)
    assert (done.returncode, done.stdout.split(":")[0]) == (1, "CONFIRMED"), done.stderr
    assert "Printing the PDF again" in done.stderr
    expected = grade(windows, shipped_rubrics(), show=False)
    graded = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [(item["name"], item["score"], item["status"]) for item in graded["criteria"]] == [
        (item.name, f"{item.score:f}", item.status) for item in expected.criteria
    ]
    # What a PDF lacks can be looked at only with the images.
    assert {item["status"] for item in graded["criteria"] if item["name"].startswith("Q1")} == {"passed"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names.values())
    assert all("Q1 Size" in (tmp_path / name).read_text(encoding="utf-8") for name in names.values())
    assert snapshot(windows) == before


@pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    # With data the report is computed once more before the rubric's turn comes, in the same confinement.
    "command",
    [pytest.param(name, marks=[pytest.mark.long] * ("--data" in READING[name])) for name in READING],
)
def test_who_takes_the_process_over_can_read_and_write_nothing_else(
    windows: Path, tmp_path: Path, command: str
) -> None:
    """What a rubric's tests may do there, whatever read the report before may do. Red without confinement."""
    for folder in ("rubric", "others"):
        (tmp_path / folder).mkdir()
    (tmp_path / "others/grades.csv").write_text("secret")
    (tmp_path / "rubric/data.txt").write_text("512")
    forbidden = [str(tmp_path / "others"), str(tmp_path / "others/grades.csv"), str(Path.home())]
    unwritable = [str(tmp_path), str(tmp_path / "rubric"), str(windows), str(windows.parent / "data")]
    tests = TESTS.replace("{forbidden}", repr(forbidden)).replace("{unwritable}", repr(unwritable))
    (tmp_path / "rubric/test_rights.py").write_text(tests)
    done = run(windows.parent, *READING[command], "--rubric", tmp_path / "rubric/test_rights.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(
        r"read +1 +1 +passed 3/3\n.*written +1 +1 +passed 4/4\n(.*\n)?Total +5 +5\n", done.stdout
    )


def test_a_rubric_finds_what_pytest_loads_for_it_and_a_link_leads_to_it(
    windows: Path, tmp_path: Path
) -> None:
    """A fixture beside two folders with tests, packages around them; red if only these folders are read."""
    texts = {
        "all/conftest.py": "import pytest\n@pytest.fixture\ndef size(): return 5\n",
        "all/one/test_it.py": ONE,
        "all/two/test_it.py": ONE.replace("points(1)", "points(2)"),
        **dict.fromkeys(("all/__init__.py", "all/one/__init__.py", "all/two/__init__.py"), ""),
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / "all/two/test_it.py")
    named = ("--rubric", tmp_path / "all/one/test_it.py", "--rubric", tmp_path / "link.py")
    done = run(windows.parent, *READING["grade"], *named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Total +3 +3\n", done.stdout)


ONE = """
import pytest

@pytest.mark.points(1)
def test_size(results, size):
    assert results.at("/convolution/filter_size") == size
"""


def test_points_typed_by_hand_go_the_same_way(windows: Path, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        '[[check]]\ncriterion = "Talk"\npoints = 3\nmanual = true\ntext = "Was it?"\n' + SIZE
    )
    table = tmp_path / "points.csv"
    given = (*READING["grade"], "--rubric", tmp_path / "r.toml")
    asked = run(windows.parent, *given, "--write-manual", table)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout == (
        f"Wrote {table}: type the points of 1 criteria, and grade with --manual {table}.\n"
    )
    table.write_bytes(table.read_bytes().replace(b"Talk,,", b"Talk,2,"))
    typed = table.read_bytes()
    assert run(windows.parent, *given, "--write-manual", table).returncode == 2
    assert table.read_bytes() == typed
    done = run(windows.parent, *given, "--manual", table)
    assert done.returncode == 1
    assert re.search(r"Total +7 +8\n", done.stdout)


LINKING = """
import atexit, pytest, tempfile
from pathlib import Path

def leave():
    for file in Path(tempfile.gettempdir()).parent.glob("wanted-*"):
        file.unlink()
        file.symlink_to("{secret}")

@pytest.mark.points(1)
def test_it():
    atexit.register(leave)
"""


def test_a_link_that_the_process_leaves_is_not_followed(windows: Path, tmp_path: Path) -> None:
    """Red if what only the other process may read is copied into the grades, which go to students."""
    (tmp_path / "rubric").mkdir()
    (tmp_path / "secret.txt").write_text("the secret", encoding="utf-8")
    text = LINKING.replace("{secret}", str(tmp_path / "secret.txt"))
    (tmp_path / "rubric/test_it.py").write_text(text, encoding="utf-8")
    given = ("--rubric", tmp_path / "rubric/test_it.py", "--json", tmp_path / "a.json")
    done = run(windows.parent, *READING["grade"], *given)
    assert done.returncode == 70, done.stdout
    assert "wanted-json" in done.stderr
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(("command", "doing"), [("verify", "verifying"), ("grade with data", "grading")])
def test_whoever_takes_too_much_is_stopped_and_told_of_it(
    windows: Path, tmp_path: Path, command: str, doing: str
) -> None:
    report = READING[command][1]
    for option, most, said in (("--megabytes", 60, "60 MB of memory"), ("--seconds", 1, "1 s")):
        done = run(windows.parent, *READING[command], option, most, "--json", tmp_path / "a.json")
        assert done.returncode == 2, done.stdout
        first, second = done.stderr.splitlines()[-2:]
        assert first == (
            f"reportgen: {report}: {doing} it took more than the {said} that are allowed, and was stopped."
        )
        assert option in second
    assert list(tmp_path.iterdir()) == []


BREAKING = """
import importlib.abc, os, sys

class Break(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            {end}

if "{worker}" in sys.orig_argv:
    sys.meta_path.insert(0, Break())
"""


@pytest.mark.parametrize(
    # They end by the same code; with "grade" the report is read by another module.
    "command",
    ["verify", *(pytest.param(name, marks=pytest.mark.long) for name in ("grade with data", "grade"))],
)
@pytest.mark.parametrize(
    ("end", "code", "words"),
    [
        ("os.kill(os.getpid(), 9)", 2, "was ended by SIGKILL"),
        ("raise LookupError('x')", 70, "fault of reportgen"),
        ("raise MemoryError", 2, "4000 MB of memory"),
        ("os._exit(0)", 70, "with exit code 0 and gave no answer"),
        ("os._exit(1)", 70, "with exit code 1 and gave no answer"),
        ("os._exit(3)", 70, "with exit code 3 and gave no answer"),
    ],
)
def test_a_process_that_ends_otherwise_is_no_verdict(
    windows: Path, tmp_path: Path, command: str, end: str, code: int, words: str
) -> None:
    """Red if it ends as "something differs" or "points are lost" does, or in silence."""
    verb, *_ = READING[command]
    module = "reportgen.contract.reader" if command == "grade" else "reportgen.verify.verification"
    text = BREAKING.replace("{module}", module).replace("{worker}", f"{verb}-worker").replace("{end}", end)
    (tmp_path / "sitecustomize.py").write_text(text, encoding="utf-8")
    done = run(windows.parent, *READING[command], environment={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stdout == ""


def test_what_cannot_be_read_is_told_as_ever(windows: Path) -> None:
    done = run(windows.parent, *READING["verify"], "--section", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    for arguments in (
        ("verify", "none.pdf", *WITH_DATA),
        ("grade", "none.pdf", *WITH_DATA),
        ("grade", "none.pdf"),
    ):
        done = run(windows.parent, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("reportgen: none.pdf: is no file and no folder.\n  → ")


def test_a_rubric_that_breaks_leaves_files_that_say_what_is_missing(windows: Path, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(SIZE)
    (tmp_path / "t").mkdir()
    (tmp_path / "t/test_it.py").write_text("import nothing_of_that_name\n")
    given = (
        "--rubric",
        tmp_path / "r.toml",
        "--rubric",
        tmp_path / "t/test_it.py",
        "--json",
        tmp_path / "a.json",
    )
    done = run(windows.parent, *READING["grade"], *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing_of_that_name" in done.stderr
    graded = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (graded["score"], len(graded["gaps"])) == ("5", 1)
