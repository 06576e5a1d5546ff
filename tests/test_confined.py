"""What ``verify`` and ``grade`` make of the process that reads a stranger's report for them, which a file may
have taken over.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from reportgen.api.child import Relay
from reportgen.batch.class_file import Limits
from reportgen.batch.job import Message, message_text, parse_message
from reportgen.batch.process import ProcessResult
from reportgen.cli.confined import run_confined
from reportgen.cli.task import Task, TaskHandler, TaskResult
from reportgen.console import Bars
from reportgen.errors import UserError
from reportgen.progress import Silent

HANDLER = TaskHandler("grade", "grades", "grading", Task, lambda _task, _progress: TaskResult())


def end_as(monkeypatch: pytest.MonkeyPatch, code: int, leave: Callable[[Path], Any]) -> None:
    """Let the other process end with an exit code, and leave something in its folder."""

    def run_child(_command: object, log: Path, *_more: object) -> ProcessResult:
        leave(log.parent)
        return ProcessResult(code, "", 1.0, 1)

    monkeypatch.setattr("reportgen.cli.confined.run_child", run_child)


def carry_out(submission: str = "report.pdf") -> TaskResult:
    return run_confined(HANDLER, Task(submission=submission), Limits(), Silent())


@pytest.mark.parametrize(("number", "name"), [(11, "SIGSEGV"), (37, "signal 37"), (64, None)])
def test_whatever_signal_ends_it_is_an_error_for_users(
    monkeypatch: pytest.MonkeyPatch, number: int, name: str | None
) -> None:
    end_as(monkeypatch, -number, lambda _folder: None)
    with pytest.raises(UserError) as caught:
        carry_out()
    assert f"was ended by {name or 'SIGRTMAX'}, as" in caught.value.problem


EVIL = "\x1b]0;title\x07\x1b[2J\x1b[1;31mCONFIRMED\x9b2K\u202etxt\r\tnext"
"""Steers a terminal, and turns the direction of a line."""

HARMLESS = r"\x1b]0;title\x07\x1b[2J\x1b[1;31mCONFIRMED\x9b2K\u202etxt\r\tnext"


def leave_answer(**changes: Any) -> Callable[[Path], None]:
    answer = {"over": False, "lines": ["Confirmed: Größe 224 × 224"], "code": 0, "error": None} | changes

    def leave(folder: Path) -> None:
        (folder / "said.json").write_text(json.dumps(answer), encoding="utf-8")

    return leave


def test_what_it_says_reaches_the_terminal_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    end_as(monkeypatch, 0, leave_answer(lines=["Größe 224 × 224\n  🙂", EVIL], error=[EVIL, EVIL, 2]))
    said = carry_out()
    assert said.lines == ("Größe 224 × 224\n  🙂", HARMLESS)
    assert said.error is not None
    assert (said.error.problem, said.error.remedy) == (HARMLESS, HARMLESS)


@pytest.mark.parametrize("code", [70, 2])
def test_its_last_words_do_so_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int
) -> None:
    end_as(monkeypatch, code, lambda folder: (folder / "log.txt").write_text(f"first\n{EVIL}\n", newline=""))
    with pytest.raises(typer.Exit):
        carry_out()
    assert capsys.readouterr().err == f"first\n{HARMLESS}\n"


def test_the_words_of_an_end_without_an_answer_do_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    end_as(monkeypatch, 5, lambda folder: (folder / "log.txt").write_text(EVIL, newline=""))
    with pytest.raises(RuntimeError) as caught:
        carry_out()
    assert str(caught.value).endswith(f"\n{HARMLESS}")


def test_what_it_says_on_the_way_does_so_too() -> None:
    """Also nothing that rich takes for a style, and no count that no bar can show."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=200, color_system=None)
    with Relay(Bars(console)) as relay:
        relay.on_message(Message("said", f"{EVIL} [/b]"))
        relay.on_message(Message("stage", f"{EVIL} [/b]", 1, 4))
    shown = stream.getvalue()
    assert shown.count(f"{HARMLESS} [/b]") >= 2
    assert not any(piece in shown for piece in ("\x1b]0", "\x1b[2J", "\x9b", "\u202e"))


@pytest.mark.parametrize(("count", "total"), [(10**400, 2 * 10**400), (1, 10**400), (-1, 4), (1, -4)])
def test_a_count_that_no_bar_can_show_is_no_message(count: int, total: int) -> None:
    assert parse_message(message_text(Message("advanced", "Features", count, total))) is None
    assert parse_message(message_text(Message("advanced", "Features", 2, 4))) is not None


@pytest.mark.parametrize("code", [-1, 256, 10**400, True, "0", 1.0])
def test_what_is_no_exit_code_is_no_verdict(monkeypatch: pytest.MonkeyPatch, code: object) -> None:
    end_as(monkeypatch, 0, leave_answer(code=code))
    with pytest.raises(ValueError, match="no exit code"):
        carry_out()
    end_as(monkeypatch, 0, leave_answer(error=["a", "b", code]))
    with pytest.raises(ValueError, match="no exit code"):
        carry_out()


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
@pytest.mark.parametrize("name", ["said.json", "wanted-csv"])
def test_an_answer_that_is_no_file_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, kind: str
) -> None:
    (tmp_path / "theirs").write_text('{"over": false, "lines": ["secret"], "code": 0, "error": null}')
    makers: dict[str, Callable[[Path], None]] = {
        "link": lambda path: path.symlink_to(tmp_path / "theirs"),
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
    }

    def leave(folder: Path) -> None:
        leave_answer()(folder)
        (folder / name).unlink(missing_ok=True)
        makers[kind](folder / name)

    end_as(monkeypatch, 0, leave)
    with pytest.raises(OSError, match=re.escape(name)):
        run_confined(HANDLER, Task(submission="report.pdf", wanted=("csv",)), Limits(), Silent())
