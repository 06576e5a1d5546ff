"""What the user sees of a batch, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from reportgen.batch.job import Message, message_text, parse_message
from reportgen.batch.outcome import Costs, Outcome
from reportgen.batch.progress_view import BarsView, LinesView, ProgressView, SilentView, choose_view

NAMES = {"a": "Group A", "b": "[red]B"}


def play(view: ProgressView) -> None:
    """Two groups at a time, of which one fails."""
    with view.watching(NAMES):
        for slug in NAMES:
            view.on_message(slug, Message("started"))
            view.on_message(slug, Message("stage", "Features", 0, 40))
        view.on_message("a", Message("advanced", "Features", 30, 40))
        view.on_message("a", Message("said", "a line\x1b[2J of theirs"))
        view.end("b", Outcome("time", "It took longer than the 5 s that are allowed"), Costs(5.1, 10))
        view.end("a", Outcome(score="97", points="100"), Costs(42.4, 10))


def test_lines() -> None:
    stream = io.StringIO()
    play(LinesView(stream))
    assert stream.getvalue().splitlines() == [
        "Group A: begins",
        "[red]B: begins",
        "Group A: a line of theirs",
        "[1/2] [red]B: failed. It took longer than the 5 s that are allowed (5 s)",
        "[2/2] Group A: 97 of 100 points (42 s)",
    ]


def test_now_and_then_a_line_tells_of_all_that_are_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("reportgen.batch.progress_view.time.monotonic", lambda: clock[0])
    stream = io.StringIO()
    view = LinesView(stream)
    with view.watching(NAMES):
        view.on_message("a", Message("started"))
        view.on_message("b", Message("started"))
        clock[0] = 31.0
        view.on_message("a", Message("advanced", "Features", 30, 40))
        view.on_message("a", Message("advanced", "Features", 31, 40))
    assert stream.getvalue().splitlines()[2:] == [
        "  0 of 2 ended; at work: Group A (Features, 30 of 40), [red]B (starting)"
    ]


def test_bars_show_the_whole_and_each_group() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    view = BarsView(console)
    with view.watching(NAMES):
        view.on_message("a", Message("stage", "Features", 0, 40))
        view.on_message("a", Message("advanced", "Features", 30, 40))
        view.on_message("b", Message("stage", "Figures", 0, 0))
        view.end("b", Outcome(score="5", points="9"), None)
        view._bars.refresh()
    displayed = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert re.search(r"All groups .* 1/2", displayed)
    assert re.search(r"Group A: Features .* 30/40", displayed)
    assert "[red]B: 5 of 9 points" in displayed


LATE = [Message("started"), Message("stage", "Figures", 0, 0), Message("advanced", "Features", 39, 40)]


@pytest.mark.parametrize("late", LATE, ids=lambda message: message.kind)
def test_a_message_after_the_outcome_brings_no_group_back(
    monkeypatch: pytest.MonkeyPatch, late: Message
) -> None:
    """As from a cluster, where the outcome and the messages come on two ways."""
    clock = [0.0]
    monkeypatch.setattr("reportgen.batch.progress_view.time.monotonic", lambda: clock[0])
    stream = io.StringIO()
    view = LinesView(stream)
    with view.watching(NAMES):
        view.on_message("b", Message("started"))
        view.end("a", Outcome(score="5", points="9"), None)
        view.on_message("a", late)
        view.on_message("a", Message("said", "a last word"))
        clock[0] = 31.0
        view.on_message("b", Message("advanced", "Features", 30, 40))
    assert stream.getvalue().splitlines() == [
        "[red]B: begins",
        "[1/2] Group A: 5 of 9 points",
        "Group A: a last word",
        "  1 of 2 ended; at work: [red]B (Features, 30 of 40)",
    ]


@pytest.mark.parametrize("late", LATE, ids=lambda message: message.kind)
def test_nor_does_its_bar_come_back(late: Message) -> None:
    view = BarsView(Console(file=io.StringIO(), force_terminal=True, width=100))
    with view.watching(NAMES):
        view.on_message("a", Message("started"))
        view.end("a", Outcome(score="5", points="9"), None)
        view.on_message("a", late)
        assert [task.description for task in view._bars.tasks] == ["All groups"]


def test_the_board_is_chosen_by_where_it_is_shown() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(choose_view(quiet=True, stream=Terminal()), SilentView)
    assert isinstance(choose_view(quiet=False, stream=io.StringIO()), LinesView)
    assert isinstance(choose_view(quiet=False, stream=Terminal()), BarsView)


@pytest.mark.parametrize("message", [Message("started"), Message("advanced", "Ünï\ncode", 3, 9)])
def test_a_message_comes_through_the_pipe_as_it_was(message: Message) -> None:
    text = message_text(message)
    assert "\n" not in text
    assert parse_message(text) == message


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "3", '{"kind": "exec"}', '{"kind": "stage", "text": 5}',
     '{"kind": "stage", "total": "x"}', '{"kind": "stage", "other": 1}', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_message_is_none(line: str) -> None:
    assert parse_message(line) is None
