"""What a notebook shows while a report is built."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup

from reportgen.api import notebook
from reportgen.api.notebook import NotebookProgress, listening
from reportgen.console import Lines
from reportgen.progress import Silent


class Screen:
    """What stands in the one output of a cell, as it changes."""

    def __init__(self) -> None:
        self.displayed: list[dict[str, str]] = []
        self.outputs = 0

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: bool) -> Screen:
        assert raw
        assert display_id
        self.outputs += 1
        self.update(bundle, raw=raw)
        return self

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.displayed.append(bundle)

    def page(self, number: int = -1) -> BeautifulSoup:
        return BeautifulSoup(self.displayed[number]["text/html"], "lxml")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A notebook: IPython with a kernel."""
    made = Screen()
    python: Any = ModuleType("IPython")
    python.get_ipython = lambda: SimpleNamespace(kernel=object())
    python.display = ModuleType("IPython.display")
    python.display.display = made.display
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", python.display)
    monkeypatch.setattr(notebook, "_EVERY_SECONDS", 0.0)
    return made


def test_a_bar_grows_in_its_place(screen: Screen) -> None:
    progress = NotebookProgress()
    with progress.stage("Features <of> images", total=4) as advance:
        advance(1)
        advance(2)
    assert screen.outputs == 1
    (bar,) = screen.page().select("progress")
    assert (bar["value"], bar["max"], bar["aria-label"]) == ("3", "4", "Features <of> images")
    assert "Features <of> images 3 of 4" in screen.page().text
    assert screen.displayed[-1]["text/plain"] == "Features <of> images (3 of 4) …"


def test_a_stage_of_unknown_length_has_a_bar_without_a_value(screen: Screen) -> None:
    with NotebookProgress().stage("Training"):
        (bar,) = screen.page().select("progress")
        assert not bar.has_attr("value")


def test_lines_stay_and_the_bar_goes(screen: Screen) -> None:
    with listening(quiet=False) as progress, progress.stage("Stage"):
        progress.say("Warning: <b>two</b> images are the same.")
    assert screen.outputs == 1
    assert screen.page().select("progress, b") == []
    assert screen.page().text.strip() == "Warning: <b>two</b> images are the same."
    assert screen.displayed[-1]["text/plain"] == "Warning: <b>two</b> images are the same."


def test_the_bar_goes_when_the_build_fails(screen: Screen) -> None:
    with pytest.raises(RuntimeError), listening(quiet=False) as progress, progress.stage("Stage"):
        raise RuntimeError
    assert screen.page().select("progress") == []


def test_where_nothing_happens_nothing_is_shown(screen: Screen) -> None:
    with listening(quiet=False):
        pass
    with listening(quiet=True) as progress:
        assert isinstance(progress, Silent)
    assert screen.outputs == 0


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["script", "terminal"])
def test_elsewhere_it_is_as_on_the_command_line(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, shell: Any
) -> None:
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)
    with listening(quiet=False) as progress:
        assert isinstance(progress, Lines)


def test_without_ipython_it_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    with listening(quiet=False) as progress:
        assert isinstance(progress, Lines)
    assert "IPython" not in sys.modules
