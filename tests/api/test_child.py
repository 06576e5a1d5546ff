"""The process that a build from Python runs in: what it is told, what it tells, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.api import child
from reportgen.api.child import Answer, BuildCrashError, Request, request_text, run_request
from reportgen.errors import DataError, UserError
from reportgen.progress import Silent

NOTHING = Request(None, None, {})

# Stands for the process that builds: it knows its job's file and the pipe for its messages, and hears of
# Ctrl-C whoever started it.
BEGIN = """\
import json, os, pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
job, handle = pathlib.Path(sys.argv[1]), int(sys.argv[3])
def tell(**message):
    os.write(handle, json.dumps(message).encode() + b"\\n")
def answer(**given):
    outline = {"report": "assignment", "sections": None}
    empty = {"folder": None, "changed": False, "error": None, "outline": outline}
    job.with_name("answer.json").write_text(json.dumps(empty | given))
"""

Stand = Callable[[str], None]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Call with what the process does instead of building."""

    def write(text: str) -> None:
        script = tmp_path / "stand_in.py"
        script.write_text(BEGIN + text)
        monkeypatch.setattr(child, "_COMMAND", (str(script),))

    return write


class Heard(Silent):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Any:
        self.calls.append((title, total))
        yield self.calls.append
        self.calls.append(f"end of {title}")

    def say(self, message: str) -> None:
        self.calls.append(message)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_it_tells_is_heard_and_its_answer_returned(stand_in: Stand) -> None:
    stand_in("""
tell(kind="stage", text="One", count=0, total=9)
tell(kind="advanced", text="One", count=4, total=9)
tell(kind="advanced", text="One", count=9, total=9)
tell(kind="stage", text="Two", count=0, total=0)
tell(kind="said", text="A word.", count=0, total=0)
tell(kind="advanced", text="One", count=3, total=9)
os.write(handle, b"no message\\n")
answer(folder="/somewhere", changed=True)
""")
    heard = Heard()
    assert run_request(NOTHING, heard) == Answer(Path("/somewhere"), True)
    assert heard.calls == [
        ("One", 9), 4, 5, "end of One", ("Two", None), "A word.", "end of Two", ("One", 9), 3, "end of One",
    ]  # fmt: skip


def test_its_folder_is_the_current_one_and_its_request_the_one_made(
    stand_in: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    stand_in("answer(folder=os.getcwd() + job.read_text())")
    request = Request(None, tmp_path / "r.toml", {"data": "/d"}, True)
    assert run_request(request, Silent()).folder == Path(f"{tmp_path}/here{request_text(request)}")


def test_a_crash_is_no_error_of_the_user_and_has_its_last_words(stand_in: Stand) -> None:
    stand_in("print('some noise'); raise OverflowError('in the middle')")
    with pytest.raises(BuildCrashError, match="OverflowError: in the middle") as caught:
        run_request(NOTHING, Silent())
    assert not isinstance(caught.value, UserError)
    assert "exit code 1" in str(caught.value)


def test_an_end_without_an_answer_is_a_crash(stand_in: Stand) -> None:
    stand_in("")
    with pytest.raises(BuildCrashError, match="exit code 0"):
        run_request(NOTHING, Silent())


def test_an_answer_does_not_hide_that_it_crashed(stand_in: Stand) -> None:
    stand_in("answer(folder='/somewhere'); sys.exit(70)")
    with pytest.raises(BuildCrashError, match="exit code 70"):
        run_request(NOTHING, Silent())


def test_who_is_killed_from_outside_lacked_memory_perhaps(stand_in: Stand) -> None:
    stand_in("os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(UserError, match=r"SIGKILL.*memory"):
        run_request(NOTHING, Silent())


class StoppedByUser(Silent):
    """Ctrl-C, at the first word of the process, which is its number."""

    def __init__(self) -> None:
        self.pid = 0

    def say(self, message: str) -> None:
        self.pid = int(message)
        raise KeyboardInterrupt


STOPPED = 'tell(kind="said", text=str(os.getpid()), count=0, total=0)\n'


def test_ctrl_c_ends_it_and_lets_it_clean_up(stand_in: Stand, tmp_path: Path) -> None:
    stand_in(f"""
try:
    {STOPPED}
    time.sleep(60)
finally:
    time.sleep(0.3)
    pathlib.Path({str(tmp_path / "cleaned")!r}).touch()
""")
    user = StoppedByUser()
    with pytest.raises(KeyboardInterrupt):
        run_request(NOTHING, user)
    assert (tmp_path / "cleaned").exists()
    assert not is_running(user.pid)


def test_the_real_one_hears_of_ctrl_c_where_a_shell_ignores_it(tmp_path: Path) -> None:
    code = """
import signal, sys
from reportgen.cli import building
signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    building.build_worker(__import__("pathlib").Path("nowhere"), 2)
except FileNotFoundError:
    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    # It ends itself when its standard input does.
    its_input, kept_open = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=its_input, capture_output=True, text=True, cwd=tmp_path
        )
    finally:
        os.close(its_input)
        os.close(kept_open)
    assert done.stdout == "True\n", done.stderr


def test_who_does_not_end_is_killed(stand_in: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_PATIENCE_SECONDS", 0.3)
    stand_in(f"signal.signal(signal.SIGINT, signal.SIG_IGN)\n{STOPPED}time.sleep(60)")
    user = StoppedByUser()
    with pytest.raises(KeyboardInterrupt):
        run_request(NOTHING, user)
    assert not is_running(user.pid)


def test_nothing_is_left_of_it(stand_in: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    stand_in("answer(folder=str(job.parent))")
    folder = run_request(NOTHING, Silent()).folder
    assert folder is not None
    assert folder.parent == tmp_path / "temporary"
    assert list((tmp_path / "temporary").iterdir()) == []


def test_modules_of_the_current_folder_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("typer", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.chdir(tmp_path)
    error = run_request(Request(None, None, {"data": str(tmp_path / "none")}), Silent()).error
    assert isinstance(error, DataError)
    assert "no such folder" in error.problem


def test_it_finds_the_reportgen_that_called_it(
    stand_in: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is only in this process's path, with everything on the way that it had before."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    stand_in("answer(folder=os.environ['PYTHONPATH'])")
    root = Path(reportgen.__file__).parents[1]
    assert str(run_request(NOTHING, Silent()).folder) == f"{root}{os.pathsep}{tmp_path}"


@pytest.mark.slow
def test_it_ends_when_who_asked_is_gone(copied: Path, tmp_path: Path) -> None:
    job = tmp_path / "request.json"
    job.write_text(request_text(Request(None, copied / "report.toml", {}, fresh=True)))
    reading, writing = os.pipe()
    command = [sys.executable, *child._COMMAND, str(job), "--progress-fd", str(writing)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, pass_fds=(writing,), start_new_session=True, cwd=copied
    ) as process:
        os.close(writing)
        os.read(reading, 1)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == -signal.SIGKILL
    os.close(reading)
    assert not (tmp_path / child.ANSWER_FILE).exists()
