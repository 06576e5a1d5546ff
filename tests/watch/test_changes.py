"""Changes are heard, also while nobody waits, and only those that matter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import watchfiles
from watch_scene import PATIENCE, Scene, threads_of_ours

from reportgen.watch import changes as module
from reportgen.watch.changes import ChangeEffect, Changes, Scope, WatchError


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def changes(scene: Scene) -> Iterator[Changes]:
    with Changes(quiet=0.05) as changes:
        changes.follow(replace(scene.inputs, data=(scene.data,)))
        yield changes
    assert threads_of_ours() == []


class Waiting:
    """A ``wait`` that goes on in a thread; ``heard`` is what it returned."""

    def __init__(self, changes: Changes) -> None:
        self.heard: set[ChangeEffect] | None = None
        self._changes = changes
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.heard = set(self._changes.wait())

    def is_over(self, within: float = PATIENCE) -> bool:
        self._thread.join(within)
        return not self._thread.is_alive()


def test_noise_is_not_heard(scene: Scene, changes: Changes) -> None:
    (scene.home / "templates/.report.css.swp").write_text("x")
    (scene.home / "templates/4913").write_text("x")
    (scene.data / "train/cat/1.png~").write_text("x")
    (scene.home / "reportgen/page.js").write_text("x")
    # The same listener hears in order: had it let anything pass before this, both would be there.
    (scene.home / "reportgen/cli.py").write_text("x = 2\n")
    assert changes.wait() == {ChangeEffect.CODE}


def test_folders_that_a_build_writes_are_not_heard(scene: Scene, changes: Changes) -> None:
    out = scene.data / "out"
    changes.follow(replace(scene.inputs, data=(scene.data,), ignored=(out,)))
    out.mkdir()
    (out / "report.html").write_text("x")
    (scene.home / "reportgen/cli.py").write_text("x = 2\n")
    assert changes.wait() == {ChangeEffect.CODE}


def test_other_files_beside_the_settings_are_not_heard(scene: Scene, changes: Changes) -> None:
    (scene.home / "notes.txt").write_text("x")
    (scene.home / "report.toml~").write_text("x")
    waiting = Waiting(changes)
    assert not waiting.is_over(within=1.0)
    scene.settings.write_text("")
    assert waiting.is_over()
    assert waiting.heard == {ChangeEffect.REPORT}


def test_a_change_is_heard_once(scene: Scene, changes: Changes) -> None:
    scene.settings.unlink()
    assert changes.wait() == {ChangeEffect.REPORT}
    waiting = Waiting(changes)
    assert not waiting.is_over(within=0.5)
    changes.close()
    assert waiting.is_over()
    assert waiting.heard == set()


def test_what_changes_right_after_follow_is_heard(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    run: Callable[[Any], None] = module._Listener._run

    def late(listener: Any) -> None:
        assert gate.wait(PATIENCE)
        run(listener)

    monkeypatch.setattr(module._Listener, "_run", late)
    with Changes(quiet=0.05) as changes:
        changes.follow(scene.inputs)
        (scene.home / "templates/report.css").write_text("x")
        gate.set()
        waiting = Waiting(changes)
        heard = waiting.is_over()
        changes.close()
        assert heard
        assert waiting.heard == {ChangeEffect.REPORT}


def test_changes_are_complete_once_none_came_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    with Changes(quiet=0.2) as changes:
        changes._note(ChangeEffect.REPORT)
        waiting = Waiting(changes)
        now = 100.15
        changes._note(ChangeEffect.CODE)
        now = 100.3
        # Only the clock that stands still keeps it waiting: 0.15 s have passed since the last change.
        assert not waiting.is_over(within=0.7)
        now = 100.4
        assert waiting.is_over()
        assert waiting.heard == {ChangeEffect.REPORT, ChangeEffect.CODE}


def test_changes_that_never_end_are_told_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    with Changes(quiet=5.0) as changes:
        changes._note(ChangeEffect.REPORT)
        waiting = Waiting(changes)
        now = 104.0
        changes._note(ChangeEffect.REPORT)
        now = 108.0
        changes._note(ChangeEffect.REPORT)
        assert not waiting.is_over(within=0.2)
        now = 120.0
        changes._note(ChangeEffect.REPORT)
        assert waiting.is_over()


def test_no_wait_is_so_long_that_ctrl_c_would_be_slept_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float | None] = []
    waits = threading.Event()

    class Spied(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            asked.append(timeout)
            waits.set()
            return super().wait(timeout)

    monkeypatch.setattr(threading, "Condition", Spied)
    changes = Changes()
    monkeypatch.undo()
    waiting = Waiting(changes)
    assert waits.wait(PATIENCE)
    changes.close()
    assert waiting.is_over()
    assert all(timeout is not None and timeout <= 1 for timeout in asked)


def test_a_folder_that_goes_while_it_is_looked_for_is_no_error(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = iter([[scene.home / "gone"]])
    real = vars(Scope)["trees"].fget
    monkeypatch.setattr(Scope, "trees", property(lambda scope: next(trees, None) or real(scope)))
    with Changes(quiet=0.05) as changes:
        changes.follow(scene.inputs)
        (scene.home / "templates/report.css").write_text("x")
        assert changes.wait() == {ChangeEffect.REPORT}
    assert threads_of_ours() == []


@pytest.mark.parametrize("error", [OSError("OS file watch limit reached"), FileNotFoundError("gone")])
def test_folders_that_cannot_be_watched_are_one_clear_error(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    real = watchfiles.watch

    def refuse(*folders: Path, recursive: bool, **options: Any) -> Any:
        if recursive:
            raise error
        return real(*folders, recursive=recursive, **options)

    monkeypatch.setattr(watchfiles, "watch", refuse)
    with Changes() as changes, pytest.raises(WatchError, match="templates") as caught:
        changes.follow(scene.inputs)
    assert "sysctl" in caught.value.remedy
    assert threads_of_ours() == []
