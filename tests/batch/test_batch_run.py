"""A class worked on by processes of this machine: what each of them may do, and what is done again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from class_scene import COMMAND, LIMITS, Scene, files_of, read_rows, reasons

from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Group, Limits
from reportgen.batch.job import Message
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, run_batch
from reportgen.grading.run import GradingError
from reportgen.templates import templates_folder

pytestmark = pytest.mark.slow

PATIENCE = 20.0


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.long
def test_every_way_to_fail_is_one_row_and_the_others_go_on(tmp_path: Path) -> None:
    acts = {"Good": "ok", "=Evil": "ok", "Bad": "bad", "Hog": "allocate", "Seg": "segfault", "Killed": "kill"}
    scene = Scene(tmp_path, {**acts, "Raise": "raise", "Ours": "fault", "Mute": "mute"}, Limits(60, 200))
    linked = tmp_path / "class/linked"
    linked.mkdir()
    (linked / "passwd").symlink_to("/etc/passwd")
    chosen = replace(scene.chosen, groups=(*scene.chosen.groups, Group("Linked", linked, "linked")))
    report = run_batch(chosen, scene.out, LocalRunner(4), SilentView(), Options(command=COMMAND))
    assert reasons(report) == {
        "Good": "",
        "=Evil": "",
        "Bad": "train/cat: has no images",
        "Hog": "It took more memory than the 200 MB that are allowed",
        "Seg": "Its process crashed (SIGSEGV)",
        "Killed": "Its process was killed from outside (SIGKILL), as when memory runs out",
        "Raise": "The program failed: RuntimeError: no luck with act",
        "Ours": reasons(report)["Ours"],
        "Mute": "Its process ended without an outcome",
        "Linked": "passwd: is a symbolic link, which is not followed",
    }
    begin, _, location = reasons(report)["Ours"].partition(", in ")
    assert begin == "A fault of reportgen itself, not of the group: KeyError: 'config'"
    assert location.startswith("reportgen/batch/job.py, line ")
    rows = read_rows(scene.out)
    assert [row["group"] for row in rows] == ["Good", "'=Evil", *list(reasons(report))[2:]]
    # Points as pretend_worker gives them: the sum of the name's bytes modulo 5, and 1.5 more.
    reached = sum(b"Good") % 5
    assert rows[0]["score"] == f"{reached + 1.5:g}"
    assert (rows[0]["Q1 shape"], rows[0]["'=Q2 spread"]) == (str(reached), "1.5")
    assert rows[0]["accuracy_test"] == f"{reached / 4:.4f}"
    assert [row["status"] for row in rows] == ["done"] * 2 + ["failed"] * 8
    assert all(row["score"] == "" for row in rows[2:])
    assert "something printed" in (scene.out / "groups/good/log.txt").read_text()
    assert "RuntimeError" in (scene.out / "groups/raise/log.txt").read_text()


def test_a_group_that_hangs_ends_at_its_time(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"Hang": "hang"}, Limits(1, 2000))
    assert reasons(scene.run()) == {"Hang": "It took longer than the 1 s that are allowed"}


def test_what_a_group_started_ends_with_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"Leaver": f"orphan\n{tmp_path / 'pid'}"})
    assert not scene.run().failed
    wait_for(lambda: gone(int((tmp_path / "pid").read_text())))


def test_a_second_run_does_nothing_and_changes_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok", "B": "bad", "C": "ok"})
    assert scene.run().worked_on == 3
    before = {path: path.read_bytes() for path in scene.out.rglob("*") if path.is_file()}
    again = scene.run()
    assert again.worked_on == 0
    assert [row.outcome.done for row in again.rows] == [True, False, True]
    assert {path: path.read_bytes() for path in scene.out.rglob("*") if path.is_file()} == before


def test_just_what_changed_is_done_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok", "B": "ok", "C": "ok", "D": "bad"})
    scene.run()
    (scene.folder("B") / "more.txt").write_text("new")
    scene.set_act("D", "ok")
    report = scene.run()
    assert (report.worked_on, report.failed) == (2, [])
    assert [scene.calls(name) for name in "ABCD"] == [1, 2, 1, 2]


@pytest.mark.long
@pytest.mark.parametrize("name", ["palette.css", "pages.css", "sorting.js", "overview.css"])
def test_the_page_of_the_class_follows_its_style_sheets_and_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.run()
    page = scene.out / "overview.html"
    before = page.read_text(encoding="utf-8")
    folder = shutil.copytree(templates_folder(), tmp_path / "templates")
    with (folder / name).open("a", encoding="utf-8") as stream:
        stream.write("/* another */")
    for module in ("templates", "batch.publication"):
        monkeypatch.setattr(f"reportgen.{module}.templates_folder", lambda: folder)
    scene.run()
    assert "/* another */" not in before
    assert "/* another */" in page.read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize("harm", ["alter", "remove", "outcome", "forge"])
def test_a_report_that_is_not_as_it_was_is_made_again(tmp_path: Path, harm: str) -> None:
    scene = Scene(tmp_path, {"A": "ok", "B": "ok"})
    scene.run()
    whole = files_of(scene.out)
    folder = scene.out / "groups/a"
    if harm == "alter":
        (folder / "build/report.html").write_text("<p>better</p>")
    elif harm == "remove":
        (folder / "build/report.html").unlink()
    elif harm == "outcome":
        (folder / "outcome.json").write_text("{")
    else:
        sealed = json.loads((folder / "outcome.json").read_text())
        sealed["outcome"]["score"] = "10"
        (folder / "outcome.json").write_text(json.dumps(sealed))
    assert scene.run().worked_on == 1
    now = files_of(scene.out)
    added = now.keys() - whole.keys()
    assert {name: now[name] for name in whole} == whole
    # Somebody's own words are kept aside, not thrown away.
    assert [now[name] for name in added] == (
        [hashlib.sha256(b"<p>better</p>").hexdigest()] if harm == "alter" else []
    )


@pytest.mark.long
def test_the_rubric_counts_but_limits_and_titles_of_the_page_do_not(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    rubric = tmp_path / "mine.py"
    rubric.write_text("def test_one(): pass\n")
    scene.run()
    assert scene.run(limits=Limits(99, 1999)).worked_on == 0
    assert scene.run(title="Another").worked_on == 0
    assert "Another" in (scene.out / "overview.html").read_text()
    assert scene.run(rubrics=(rubric,)).worked_on == 1
    rubric.write_text("def test_two(): pass\n")
    assert scene.run(rubrics=(rubric,)).worked_on == 1


def test_a_rubric_that_cannot_be_used_stops_the_batch_before_any_group(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.run()
    rubric = tmp_path / "mine.py"
    for text, said in (("import nothing_there", "nothing_there"), ("x = 1\n", "has no test")):
        rubric.write_text(text)
        with pytest.raises(GradingError, match=said):
            scene.run(rubrics=(rubric,))
    assert scene.calls("A") == 1
    assert (scene.out / "groups/a/build/report.html").exists()


@pytest.mark.long
def test_failures_are_tried_again_when_that_may_help(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"Bad": "bad", "Hog": "allocate", "Killed": "kill"}, Limits(60, 200))
    scene.run()
    # Whoever killed a process from outside may not do so again; a limit and bad data stay what they are.
    assert scene.run().worked_on == 1
    assert [scene.calls(name) for name in ("Bad", "Hog", "Killed")] == [1, 1, 2]
    assert scene.run(limits=Limits(60, 210)).worked_on == 3
    assert scene.run(limits=Limits(60, 210), retry_failed=True).worked_on == 3


@pytest.mark.long
def test_the_report_of_a_run_before_outlives_failures_and_goes_with_the_next(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.run()
    earlier = scene.out / "groups/a/earlier/build/report.html"
    report = (scene.out / "groups/a/build/report.html").read_bytes()
    for way in ("bad", "segfault"):
        scene.set_act("A", way)
        assert scene.run().worked_on == 1
        assert earlier.read_bytes() == report
        assert not (scene.out / "groups/a/build").exists()
        assert 'href="groups/a/earlier/build/report.html"' in (scene.out / "overview.html").read_text()
        assert read_rows(scene.out)[0]["score"] == ""
    assert scene.run().worked_on == 0
    scene.set_act("A", "ok")
    scene.run()
    assert sorted(path.name for path in (scene.out / "groups/a").iterdir()) == [
        "build", "costs.json", "log.txt", "outcome.json",
    ]  # fmt: skip
    assert "earlier" not in (scene.out / "overview.html").read_text()


@pytest.mark.long
def test_a_group_that_left_the_class_has_no_row(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok", "B": "ok"})
    scene.run()
    del scene.acts["B"]
    assert [row.group.name for row in scene.run().rows] == ["A"]
    assert [row["group"] for row in read_rows(scene.out)] == ["A"]


@pytest.mark.long
def test_tables_do_not_depend_on_who_ends_first(tmp_path: Path) -> None:
    go, pid = tmp_path / "go", tmp_path / "pid"
    scene = Scene(tmp_path, {"First": f"slow\n{go}\n{pid}", "Second": "ok", "Third": "bad"})
    go.write_text("")
    scene.run(LocalRunner(1), tmp_path / "one")
    go.unlink()

    class Releasing(SilentView):
        ended = 0

        def end(self, *_: object) -> None:
            self.ended += 1
            if self.ended == 2:
                go.write_text("")

    scene.run(LocalRunner(3), tmp_path / "three", view=Releasing())
    assert files_of(tmp_path / "one") == files_of(tmp_path / "three")
    assert {"grades.csv", "overview.html", "groups/first/build/report.html"} <= set(
        files_of(tmp_path / "one")
    )


def test_two_processes_are_two(tmp_path: Path) -> None:
    """With one at a time the first would wait for the second for ever."""
    go, pid = tmp_path / "go", tmp_path / "pid"
    acts = {"A": f"slow\n{go}\n{pid}", "B": f"slow\n{pid}\n{go}"}
    assert not Scene(tmp_path, acts).run(LocalRunner(2)).failed


def test_what_a_process_says_is_heard(tmp_path: Path) -> None:
    heard: list[tuple[str, Message]] = []

    class Listening(SilentView):
        def on_message(self, slug: str, message: Message) -> None:
            heard.append((slug, message))

    Scene(tmp_path, {"A": "ok"}).run(view=Listening())
    assert heard == [("a", Message("started")), ("a", Message("stage", "Pretending", 0, 2))]


RUN = """
import signal, sys
# Who starts the tests in the background may have turned it off.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:0] = [{tests!r}]
from pathlib import Path
from class_scene import Scene
from reportgen.batch.attempt import LocalRunner
Scene(Path({home!r}), {acts!r}).run(LocalRunner(2))
"""


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_who_is_stopped_midway_leaves_no_process_and_goes_on_later(tmp_path: Path, sign: int) -> None:
    go, pid = tmp_path / "go", tmp_path / "pid"
    acts = {"A": "ok", "B": f"slow\n{go}\n{pid}", "C": f"slow\n{go}\n{tmp_path / 'other'}"}
    code = RUN.format(tests=str(Path(__file__).parent), home=str(tmp_path), acts=acts)
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True)
    with parent:
        wait_for(lambda: pid.exists() and (tmp_path / "other").exists())
        os.kill(parent.pid, sign)
        assert parent.wait(PATIENCE) != 0
    wait_for(lambda: gone(int(pid.read_text())) and gone(int((tmp_path / "other").read_text())))
    go.write_text("")
    report = Scene(tmp_path, acts).run()
    assert (report.worked_on, report.failed) == (2, [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".batch", ".lock", ".tables.json", "files.csv", "grades.csv", "groups", "overview.html",
        "timings.csv",
    ]  # fmt: skip


def test_two_batches_into_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    go, pid = tmp_path / "go", tmp_path / "pid"
    scene = Scene(tmp_path, {"A": f"slow\n{go}\n{pid}"})
    said: list[str] = []

    class Telling(SilentView):
        def say(self, message: str) -> None:
            said.append(message)
            go.write_text("")

    first = threading.Thread(target=scene.run)
    first.start()
    wait_for(pid.exists)
    assert scene.run(view=Telling()).worked_on == 0
    first.join()
    assert len(said) == 1
    assert scene.calls("A") == 1


def test_limits_that_nothing_reaches(tmp_path: Path) -> None:
    report = Scene(tmp_path, {"A": "ok"}, LIMITS).run()
    costs = report.rows[0].costs
    assert costs is not None
    # How much was seen of so short a process is a matter of luck; see test_process.py.
    assert costs.peak < LIMITS.megabytes * 1e6
    assert 0 < costs.seconds < LIMITS.seconds
