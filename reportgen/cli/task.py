"""A command's task for a submitted report, and the result that it prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

import typer

from reportgen.errors import UserError
from reportgen.faults import FAULT

if TYPE_CHECKING:
    from reportgen.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Task:
    """A report, what is read beside it, and where results are kept; paths as texts, which JSON has, too.

    ``cache`` None: nothing that was computed before is used. ``wanted``: the files that are asked for, by the
    names of their options.
    """

    submission: str
    data: str | None = None
    rubrics: tuple[str, ...] = ()
    weights: str | None = None
    cache: str | None = None
    wanted: tuple[str, ...] = ()

    @property
    def beside(self) -> tuple[str | None, ...]:
        """What is read beside the report; None is nothing."""
        return (self.data, self.weights)


@dataclass(frozen=True)
class TaskResult:
    """The result of a task: lines for the terminal, the exit code, and the requested files by name.

    ``error`` ended the work after all this.
    """

    lines: tuple[str, ...] = ()
    code: int = 0
    files: Mapping[str, bytes] = field(default_factory=dict)
    error: UserError | None = None


T = TypeVar("T", bound=Task)

_VERDICT = 1
"""The exit code for a report that differs, or loses points."""


@dataclass(frozen=True)
class TaskHandler(Generic[T]):
    """How a command runs its tasks, and the words for it, as "grade", "grades" and "grading".

    The hidden command that does it in a process of its own is called ``<verb>-worker``.
    """

    verb: str
    does: str
    doing: str
    task: type[T]
    run_task: Callable[[T, Progress], TaskResult]

    def perform(self, task: T, progress: Progress) -> TaskResult:
        """Carry out a task. No error ends it with the exit code of a verdict, which says something of the
        report: what fails with that code is the program, a section of another package or a template.
        """
        try:
            said = self.run_task(task, progress)
        except UserError as error:
            _separate(error)
            raise
        if said.error is not None:
            _separate(said.error)
        return said


def _separate(error: UserError) -> None:
    if error.exit_code == _VERDICT:
        error.exit_code = FAULT


def exit_with(said: TaskResult, write: Callable[[str, bytes], None]) -> NoReturn:
    """Write the files by ``write``, print what is said, and end the command as it says."""
    try:
        for name, content in said.files.items():
            write(name, content)
    # Also if a file cannot be written: it may have taken long to find out.
    finally:
        for line in said.lines:
            typer.echo(line)
    if said.error is not None:
        raise said.error
    raise typer.Exit(said.code)
