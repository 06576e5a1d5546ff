"""The same class on a real Dask cluster: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import builtins
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from class_scene import Scene, files_of, reasons
from dask_cluster import running_cluster
from graded_class import BY_HAND, LATE, SIZE, GradedClass

from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Limits
from reportgen.batch.cluster import ClusterError, ClusterRunner
from reportgen.batch.job import Message
from reportgen.batch.progress_view import SilentView

PATIENCE = 30.0
SECONDS = 4


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


class Killer(threading.Thread):
    """Waits until a group's process is at work, kills the worker that started it, and waits for its end."""

    def __init__(self, pid: Path, go: Path) -> None:
        super().__init__(daemon=True)
        self._pid, self._go = pid, go
        self.killed = 0

    def run(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self._pid.exists() and time.monotonic() < end:
            time.sleep(0.02)
        child = int(self._pid.read_text())
        self.killed = psutil.Process(child).ppid()
        os.kill(self.killed, signal.SIGKILL)
        while not gone(child) and time.monotonic() < end:
            time.sleep(0.02)
        if gone(child):
            self._go.write_text("")


@pytest.mark.long
def test_a_cluster_that_loses_a_worker_midway_gives_the_same_as_this_machine(tmp_path: Path) -> None:
    go, pid = tmp_path / "go", tmp_path / "pid"
    acts = {f"Group {number}": "ok" for number in range(1, 8)}
    acts = {"Slow": f"slow\n{go}\n{pid}", "Bad 1": "bad", **acts, "Hog": "allocate", "Hang": "hang"}
    scene = Scene(tmp_path, {**acts, "Bad 2": "bad"}, Limits(SECONDS, 200))
    heard: list[tuple[str, Message]] = []

    class Listening(SilentView):
        def on_message(self, slug: str, message: Message) -> None:
            heard.append((slug, message))

    with running_cluster(tmp_path, threads=2) as cluster:
        killer = Killer(pid, go)
        killer.start()
        there = scene.run(ClusterRunner(cluster.address), tmp_path / "there", view=Listening())
        assert killer.killed in [worker.pid for worker in cluster.workers]
    here = scene.run(LocalRunner(4), tmp_path / "here")
    failed = {"Bad 1", "Bad 2", "Hog", "Hang"}
    assert {row.group.name for row in there.failed} == failed
    assert reasons(there) == reasons(here)
    assert files_of(tmp_path / "there") == files_of(tmp_path / "here")
    assert len([name for name in files_of(tmp_path / "here") if name.endswith("report.html")]) == 8
    assert scene.calls("Slow") == 3  # on the worker that was killed, on the other one, and here
    assert ("hang", Message("stage", "Pretending", 0, 2)) in heard
    assert [path.name for path in (tmp_path / "there").glob(".probe*")] == []


@pytest.mark.long
def test_a_scheduler_that_is_lost_is_told_as_such_and_what_was_finished_is_kept(tmp_path: Path) -> None:
    """Red if it is told as a fault of ours, or if groups are given up that another run could do."""
    go, pid = tmp_path / "go", tmp_path / "pid"
    scene = Scene(tmp_path, {"Quick": "ok", "Slow": f"slow\n{go}\n{pid}"})
    with running_cluster(tmp_path, workers=1) as cluster:

        def lose() -> None:
            end = time.monotonic() + PATIENCE
            finished = scene.out / "groups/quick/outcome.json"
            while not (pid.exists() and finished.exists()) and time.monotonic() < end:
                time.sleep(0.02)
            cluster.scheduler.kill()

        threading.Thread(target=lose, daemon=True).start()
        with pytest.raises(ClusterError, match="scheduler of the cluster was lost"):
            scene.run(ClusterRunner(cluster.address))
    go.write_text("")
    report = scene.run()
    assert report.failed == []
    assert (report.worked_on, scene.calls("Quick")) == (1, 1)


def hide_on_workers(address: str, folder: Path) -> None:
    """As on a machine where the folder is not mounted: nothing in it exists for the workers from now on."""
    from distributed import Client

    def hide(folder: str) -> None:
        exists, is_file = Path.exists, Path.is_file

        def seen(path: Path) -> bool:
            return not str(path).startswith(folder)

        Path.exists = lambda self, **_: seen(self) and exists(self)  # type: ignore[method-assign]
        Path.is_file = lambda self, **_: seen(self) and is_file(self)  # type: ignore[method-assign]

    with Client(address, set_as_default=False) as client:
        client.run(hide, str(folder))


@pytest.mark.long
def test_workers_that_cannot_do_the_work_are_named_before_it_begins(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    with running_cluster(tmp_path, workers=1) as cluster:
        hide_on_workers(cluster.address, scene.folder("A"))
        with pytest.raises(ClusterError) as caught:
            scene.run(ClusterRunner(cluster.address))
        assert "worker tcp://127.0.0.1" in caught.value.problem
        assert f"does not see {scene.folder('A')}" in caught.value.problem
        hide_on_workers(cluster.address, scene.out)
        with pytest.raises(ClusterError, match=r"does not see the folder .*out"):
            scene.run(ClusterRunner(cluster.address))
    assert scene.calls("A") == 0


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    for address, words in (("tcp://127.0.0.1:1", "cannot be reached"), ("nonsense://x", "cannot be reached")):
        with pytest.raises(ClusterError, match=words):
            scene.run(ClusterRunner(address, connect_seconds=0.5))


def test_without_the_package_the_remedy_is_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.delitem(sys.modules, "distributed", raising=False)
    with pytest.raises(ClusterError, match="distributed") as caught:
        Scene(tmp_path, {"A": "ok"}).run(ClusterRunner("tcp://127.0.0.1:1"))
    assert caught.value.remedy.endswith("-m pip install distributed")


@pytest.mark.long
def test_points_by_hand_and_another_rubric_are_the_same_on_a_cluster(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", "B", rubric=LATE + SIZE + BY_HAND)
    mine, times = tmp_path / "mine.csv", tmp_path / "times.csv"
    mine.write_text("group,criterion,points,comment\nA,Outlook,1.25,Yes: <b>\n", encoding="utf-8")
    times.write_text("group,submitted\nB,2026-02-03T12:00:00\n", encoding="utf-8")
    with running_cluster(tmp_path, threads=2) as cluster:
        runner = ClusterRunner(cluster.address)
        scene.run(runner, tmp_path / "there")
        assert scene.run(runner, tmp_path / "there", manual=mine, submissions_times=times).worked_on == 2
    assert [scene.count(name) for name in "AB"] == [1, 1]
    scene.run(out=tmp_path / "here", manual=mine, submissions_times=times)
    leave_out = ["manual.csv"]  # that of the first run, which named none
    assert files_of(tmp_path / "there", leave_out) == files_of(tmp_path / "here", leave_out)
