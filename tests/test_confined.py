"""What ``verify`` and ``grade`` make of the process that reads a stranger's report for them, which a file may
have taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reportgen.batch.class_file import Limits
from reportgen.batch.process import ProcessResult
from reportgen.cli.confined import run_confined
from reportgen.cli.task import Task, TaskHandler, TaskResult
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
