"""The command ``verify`` reads a report in a process that has no right but to do that."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from finished_report import snapshot

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


def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Verify the report in ``home`` by the command line, in its folder."""
    command = [sys.executable, "-m", "reportgen", "verify", "build", "--data", "data", *map(str, arguments)]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=500)


@pytest.mark.long
def test_an_honest_report_is_confirmed_and_what_is_asked_for_is_written(
    windows: Path, tmp_path: Path
) -> None:
    """Red if the rows or the page stay in the folder of the other process, if anything else is written."""
    before = snapshot(windows)
    done = run(windows.parent, "--json", tmp_path / "a.json", "--page", tmp_path / "a.html")
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "CONFIRMED"), done.stderr
    assert "Printing the PDF again" in done.stderr
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["confirmed"] is True
    assert (tmp_path / "a.html").read_text(encoding="utf-8").lstrip().startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json"]
    assert snapshot(windows) == before


@pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")
def test_who_takes_the_process_over_can_read_and_write_nothing_else(windows: Path, tmp_path: Path) -> None:
    """What a rubric's tests may do there, whatever read the report before may do. Red without confinement."""
    for folder in ("rubric", "others"):
        (tmp_path / folder).mkdir()
    (tmp_path / "others/grades.csv").write_text("secret")
    (tmp_path / "rubric/data.txt").write_text("512")
    forbidden = [str(tmp_path / "others"), str(tmp_path / "others/grades.csv"), str(Path.home())]
    unwritable = [str(tmp_path), str(tmp_path / "rubric"), str(windows), str(windows.parent / "data")]
    tests = TESTS.replace("{forbidden}", repr(forbidden)).replace("{unwritable}", repr(unwritable))
    (tmp_path / "rubric/test_rights.py").write_text(tests)
    done = run(windows.parent, "--rubric", tmp_path / "rubric/test_rights.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(
        r"read +1 +1 +passed 3/3\n.*written +1 +1 +passed 4/4\n(.*\n)?Total +5 +5\n", done.stdout
    )


def test_whoever_takes_too_much_is_stopped_and_told_of_it(windows: Path, tmp_path: Path) -> None:
    for option, most, told in (("--megabytes", 60, "60 MB of memory"), ("--seconds", 1, "1 s")):
        done = run(windows.parent, option, most, "--json", tmp_path / "a.json")
        assert done.returncode == 2, done.stdout
        first, second = done.stderr.splitlines()[-2:]
        assert first == (
            f"reportgen: build: verifying it took more than the {told} that are allowed, and was stopped."
        )
        assert option in second
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("end", "code", "words"),
    [
        ("os.kill(os.getpid(), 9)", 2, "was ended by SIGKILL"),
        ("raise LookupError('x')", 70, "fault of reportgen"),
        ("raise MemoryError", 2, "4000 MB of memory"),
    ],
)
def test_a_process_that_ends_otherwise_is_no_verdict(
    windows: Path, tmp_path: Path, end: str, code: int, words: str
) -> None:
    """Red if it ends as "something differs" does, or in silence."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'verify-worker' in sys.orig_argv:\n"
        "    import importlib.abc\n"
        "    class Break(importlib.abc.MetaPathFinder):\n"
        "        def find_spec(self, name, path, target=None):\n"
        "            if name == 'reportgen.verify.verification':\n"
        f"                import os\n                {end}\n"
        "    sys.meta_path.insert(0, Break())\n"
    )
    command = [sys.executable, "-m", "reportgen", "verify", "build", "--data", "data"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=windows.parent, capture_output=True, text=True, timeout=100, env=environment
    )
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stdout == ""


def test_what_cannot_be_read_is_told_as_ever(windows: Path, tmp_path: Path) -> None:
    done = run(windows.parent, "--section", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    command = [sys.executable, "-m", "reportgen", "verify", "none.pdf", "--data", "data"]
    done = subprocess.run(command, cwd=windows.parent, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("reportgen: none.pdf: is no file and no folder.\n  → ")
