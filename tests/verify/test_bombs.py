"""``verify``, ``grade`` and ``batch`` as they are typed, on files that were made to harm whoever opens them.

Each ends with the exit code of the documentation, within its limits of memory and time, and leaves nothing.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bombs
import psutil
import pytest
from bombs import COMMENTARY, FILES, ZIPS, copy_report

from reportgen.store.files import MEGABYTE

pytestmark = [pytest.mark.slow, pytest.mark.prints]

LAUNCHER = Path(__file__).parents[1] / "benchmarks/launcher.py"
COMMAND = Path(sys.executable).with_name("reportgen")

MOST_SECONDS = 600
"""Of processor time: a third of what is allowed, as on a machine with others on it."""

MOST_BYTES = 1_300 * MEGABYTE
"""An honest report takes 970 MB on two processors: a bomb may add a third of that, and no gigabyte."""


@dataclass(frozen=True)
class End:
    """How a command ended: its exit code, its words, processor seconds, and the largest process in bytes."""

    code: int
    said: str
    cpu: float
    peak: int


def run(folder: Path, *arguments: object, program: Sequence[str] = (str(COMMAND),)) -> End:
    """Run a command in a folder, and require that it leaves no process and no temporary file."""
    scratch, cost, mark = folder / "scratch", folder / "cost.json", uuid.uuid4().hex
    scratch.mkdir(exist_ok=True)
    done = subprocess.run(
        # A small process in between: Linux counts the memory of whoever starts a process.
        [sys.executable, "-S", str(LAUNCHER), str(cost), *program, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=3000,
        env={**os.environ, "TMPDIR": str(scratch), "STARTED_BY": mark},
    )
    assert list(scratch.iterdir()) == []
    assert list(find_started(mark)) == []
    taken = json.loads(cost.read_text(encoding="utf-8"))
    return End(done.returncode, done.stdout + done.stderr, taken["cpu"], taken["peak"])


def find_started(mark: str) -> list[psutil.Process]:
    """Those that have this in their environment, whoever is their parent by now."""

    def is_marked(process: psutil.Process) -> bool:
        try:
            return process.environ().get("STARTED_BY") == mark
        # It has ended since, or is somebody else's.
        except psutil.Error:
            return False

    # What was killed a moment ago may still be listed.
    end = time.monotonic() + 5
    while (found := [each for each in psutil.process_iter() if is_marked(each)]) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_who_leaves_a_process_or_a_file_is_found(tmp_path: Path) -> None:
    """The helpers above, on programs that do what they look for."""
    python = (sys.executable, "-c")
    fork = "import os, time\nif not os.fork(): os.setsid(); os.close(1); os.close(2); time.sleep(30)"
    with pytest.raises(AssertionError) as caught:
        run(tmp_path, program=(*python, fork))
    (left,) = find_started_by(caught)
    left.kill()
    with pytest.raises(AssertionError):
        run(tmp_path, program=(*python, "import tempfile; tempfile.mkstemp()"))
    (tmp_path / "scratch").rename(tmp_path / "old")
    assert run(tmp_path, program=(*python, "x = b'1' * 300_000_000; raise SystemExit(3)")).peak > 300e6


def find_started_by(caught: pytest.ExceptionInfo[AssertionError]) -> list[psutil.Process]:
    """The processes that the helper found."""
    frame = next(each for each in caught.traceback if each.name == "run")
    return find_started(str(frame.frame.f_locals["mark"]))


CANNOT_BE_READ = {
    "packed_attachment": "more than the 52428800 that a report may have",
    "doubly_packed_attachment": "is packed with /FlateDecode, /FlateDecode, which is not read",
    "deep_json": "is nested more than 64 levels deep",
}
"""Exit code 2, and what is said of the file."""

DIFFERS = {
    "packed_page": "something unpacks to more than 67108864 bytes",
    "doubly_packed_page": "something is packed with /FlateDecode, /FlateDecode, as reportgen never does",
    "repeated_page": "the instructions of a page unpack to more than 67108864 bytes",
    "picture_in_page": "it is another picture",
}
"""Exit code 1, and what is said of the object."""


def harmed(windows: Path, folder: Path, name: str) -> Path:
    """A report that one of the bombs was put into."""
    build = copy_report(windows, folder / "build")
    FILES[name](build)
    return build


def require_limits(end: End) -> None:
    assert end.cpu < MOST_SECONDS
    assert end.peak < MOST_BYTES
    assert "Traceback" not in end.said


# The attachment is the cheap one for every run; whatever is refused later needs a report computed again.
@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[pytest.mark.long] * (each != "packed_attachment")) for each in CANNOT_BE_READ],
)
def test_what_cannot_be_read_ends_both_commands_with_2(windows: Path, tmp_path: Path, name: str) -> None:
    """Red if an attachment is unpacked to its end, whatever it says of itself."""
    pdf = harmed(windows, tmp_path, name) / "report.pdf"
    for verb in (("verify", pdf, "--data", windows.parent / "data"), ("grade", pdf)):
        end = run(tmp_path, *verb)
        assert end.code == 2, end.said
        assert CANNOT_BE_READ[name] in end.said
        require_limits(end)
        assert end.peak < 400e6, "neither TensorFlow nor four gigabytes"


@pytest.mark.long
@pytest.mark.parametrize("name", DIFFERS)
def test_what_no_report_has_differs_and_is_named(windows: Path, tmp_path: Path, name: str) -> None:
    build = harmed(windows, tmp_path, name)
    end = run(tmp_path, "verify", build, "--data", windows.parent / "data")
    assert end.code == 1, end.said
    assert DIFFERS[name] in end.said
    assert "NOT CONFIRMED" in end.said
    require_limits(end)


@pytest.mark.long
@pytest.mark.parametrize("name", COMMENTARY)
def test_words_that_take_for_ever_are_stopped_and_are_no_fault_of_ours(
    windows: Path, tmp_path: Path, name: str
) -> None:
    """The page and the PDF have no such words: they differ, or the words are refused."""
    build = harmed(windows, tmp_path, f"commentary, {name}")
    end = run(tmp_path, "verify", build / "report.pdf", "--data", windows.parent / "data")
    assert end.code in (1, 2), end.said
    require_limits(end)


@pytest.mark.long
def test_an_image_of_a_gigabyte_of_pixels_is_an_image_that_differs(windows: Path, tmp_path: Path) -> None:
    """Among the images, which in a class are the group's own."""
    data = shutil.copytree(windows.parent / "data", tmp_path / "data")
    some = next(path for path in data.rglob("*.*") if path.is_file())
    some.with_suffix(".webp").write_bytes(bombs.large_webp())
    end = run(tmp_path, "verify", windows, "--data", data)
    assert end.code == 1, end.said
    assert "16383×16383 pixels; at most 100 million are allowed" in end.said
    require_limits(end)


class Ear:
    """Listens on this machine, and knows whether anybody came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])

    def __enter__(self) -> Ear:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def heard(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.mark.long
def test_programs_that_come_with_a_report_are_never_run(windows: Path, tmp_path: Path) -> None:
    """Modules, plug-ins, start files and templates under names that Python, pytest and reportgen look for, in
    the folder of the submission, which is the current one. Nothing of a report is code, so nothing of it is
    run; a parser that a file has taken over is confined, which tests/system/test_confinement.py looks at.
    """
    ran, data = tmp_path / "ran.txt", windows.parent / "data"
    build = copy_report(windows, tmp_path / "build")
    with Ear() as ear:
        bombs.add_programs(build, ran, ear.port)
        for verb, code in ((("verify", build, "--data", data), 0), (("grade", build), 1)):
            end = run(build, *verb)
            assert end.code == code, end.said
            assert not ran.exists()
            for left in ("scratch", "cost.json"):
                remove(build / left)
        assert not ear.heard()
        # They do harm where somebody runs them: the test listens where they speak.
        subprocess.run([sys.executable, "conftest.py"], cwd=build, check=False, timeout=60, env=MARKED)
        assert ran.read_text(encoding="utf-8").endswith("conftest.py\n")
        assert ear.heard()
    for process in find_started(MARKED["STARTED_BY"]):
        process.kill()


MARKED = {"PATH": os.environ["PATH"], "STARTED_BY": f"{os.getpid()} itself"}


def remove(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()


CLASS = """
weights = "embedded"
sections = ["convolution", "conv_stack"]
submissions = "class"
data = "{data}"
"""


@pytest.mark.long
def test_a_class_with_a_bomb_in_every_group_has_a_row_for_each(windows: Path, tmp_path: Path) -> None:
    """Nobody's bomb costs another group anything: the honest one has its points."""
    groups = tmp_path / "class"
    groups.mkdir()
    copy_report(windows, groups / "honest" / "build")
    for name in ("packed_attachment", "packed_page", "repeated_page", "deep_json"):
        (groups / name).mkdir()
        build = harmed(windows, tmp_path / "made", name)
        (build / "report.pdf").rename(groups / name / "report.pdf")
        (tmp_path / "made").rename(tmp_path / f"made {name}")
    for name, make in ZIPS.items():
        make(groups / f"{name}.zip")
    programs, ran = copy_report(windows, groups / "programs" / "build"), tmp_path / "ran.txt"
    (tmp_path / "class.toml").write_text(CLASS.format(data=windows.parent / "data"), encoding="utf-8")
    with Ear() as ear:
        bombs.add_programs(programs, ran, ear.port)
        end = run(tmp_path, "batch", "class.toml", "--out", "out")
        assert not ear.heard()
    assert end.code == 1, end.said
    require_limits(end)
    assert not ran.exists()
    text = (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    rows = {row["group"]: row for row in csv.DictReader(io.StringIO(text))}
    found = {name: row["status"] for name, row in rows.items()}
    assert {name: found.pop(name) for name in ("honest", "programs")} == dict.fromkeys(
        ("honest", "programs"), "done"
    )
    assert set(found.values()) <= {"failed", "held"}, found
    assert len(found) == 4 + len(ZIPS)
    assert all(rows[name]["reason"] for name in found)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) < 50e6
