"""A change leads to a build, an error to none that is lost, and Ctrl-C to the end."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from watch_scene import PATIENCE, Listener, Scene, document, threads_of_ours, watching

from reportgen.errors import StoppedError, UserError
from reportgen.progress import Silent
from reportgen.watch.changes import ChangeEffect, Changes, Inputs
from reportgen.watch.server import ReportServer
from reportgen.watch.watcher import Watcher, watch


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def server(scene: Scene) -> Iterator[ReportServer]:
    """A watch that has built once."""
    with watching(scene) as server:
        scene.wait_until_built("one: cat<h1>")
        yield server


def replaced(path: Path, text: str) -> None:
    """Save as careful editors do: write beside it, then rename."""
    beside = path.with_name("new~")
    beside.write_text(text)
    beside.replace(path)


def test_a_changed_image_is_seen(scene: Scene, server: ReportServer) -> None:
    scene.image.write_text("dog")
    scene.wait_until_built("one: dog<h1>")


def test_a_new_folder_of_images_is_seen_with_all_it_holds(scene: Scene, server: ReportServer) -> None:
    (scene.home / "elsewhere/owl").mkdir(parents=True)
    (scene.home / "elsewhere/owl/1.png").write_text("owl")
    (scene.home / "elsewhere").rename(scene.data / "val")
    scene.wait_until_built("one: cat owl<h1>")
    (scene.data / "val/owl/1.png").write_text("eagle")
    scene.wait_until_built("one: cat eagle<h1>")


def test_a_deleted_image_is_seen(scene: Scene, server: ReportServer) -> None:
    (scene.data / "train/cat/2.png").write_text("lynx")
    scene.wait_until_built("one: cat lynx<h1>")
    scene.image.unlink()
    scene.wait_until_built("one: lynx<h1>")


def test_a_changed_template_is_seen(scene: Scene, server: ReportServer) -> None:
    replaced(scene.home / "templates/report.html.j2", "<h2>")
    scene.wait_until_built("one: cat<h2>")


def test_settings_are_read_again_each_time_they_are_saved(scene: Scene, server: ReportServer) -> None:
    scene.settings.write_text('group = "two"\n')
    scene.wait_until_built("two: cat<h1>")
    for group in ("three", "four"):
        replaced(scene.settings, f'group = "{group}"\n')
        scene.wait_until_built(f"{group}: cat<h1>")


def test_settings_may_be_deleted_and_come_back(scene: Scene, server: ReportServer) -> None:
    with Listener(server.url) as listener:
        scene.settings.unlink()
        assert "report.toml" in listener.until("failed")["problem"]
        scene.settings.write_text('group = "back"\n')
        scene.wait_until_built("back: cat<h1>")
        assert listener.until("ready")["problem"] == ""


def test_a_data_folder_may_be_deleted_and_come_back(scene: Scene, server: ReportServer) -> None:
    with Listener(server.url) as listener:
        for animal in ("fox", "wolf"):
            shutil.rmtree(scene.data)
            assert listener.until("failed")["remedy"] == "Put some there."
            (scene.data / "train").mkdir(parents=True)
            (scene.data / "train/1.png").write_text(animal)
            scene.wait_until_built(f"one: {animal}<h1>")
            (scene.data / "train/1.png").write_text(f"{animal} again")
            scene.wait_until_built(f"one: {animal} again<h1>")


def test_a_data_folder_that_settings_name_is_followed(scene: Scene, server: ReportServer) -> None:
    other = scene.home / "other"
    scene.settings.write_text('data = "other"\n')
    with Listener(server.url) as listener:
        listener.until("failed", problem=f"{other}: no images")
    (other / "train").mkdir(parents=True)
    (other / "train/1.png").write_text("seal")
    scene.wait_until_built(": seal<h1>")
    (other / "train/1.png").write_text("walrus")
    scene.wait_until_built(": walrus<h1>")


def test_templates_of_one_s_own_are_followed(scene: Scene, server: ReportServer) -> None:
    mine = scene.home / "mine"
    mine.mkdir()
    scene.settings.write_text('group = "two"\ntemplates = "mine"\n')
    scene.wait_until_built("two: cat<h1>")
    (mine / "report.css").write_text("p {}")
    scene.wait_until_built("two: cat<h1>")


def test_folders_beside_the_data_are_followed_always(scene: Scene) -> None:
    scene.also = (scene.home / "beside",)
    with watching(scene):
        scene.wait_until_built("one: cat<h1>")
        scene.also[0].mkdir()
        scene.wait_until_built("one: cat<h1>")


def test_changes_during_a_build_lead_to_another_and_never_to_two_at_once(scene: Scene) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    scene.during = hold
    with watching(scene):
        assert begun.wait(PATIENCE)
        # The build has begun but sees nothing yet: so it is made to see the old image.
        scene.during = lambda: None
        for number in range(50):
            scene.image.write_text(f"dog {number}")
            (scene.data / f"train/cat/{number + 2}.png").write_text("x")
        go_on.set()
        scene.wait_until_built("one: " + " ".join(["dog 49"] + ["x"] * 50) + "<h1>")
    assert scene.most_running == 1
    assert len(scene.threads) == 1


def test_a_change_after_the_build_looked_is_not_lost(scene: Scene) -> None:
    looked = threading.Event()
    original = scene.see

    def see(settings: object, data: Path) -> str:
        seen = original(settings, data)  # type: ignore[arg-type]
        if not looked.is_set():
            looked.set()
            scene.image.write_text("late")
        return seen

    scene.see = see  # type: ignore[method-assign]
    with watching(scene):
        assert scene.built.get(timeout=PATIENCE) == "one: cat<h1>"
        scene.wait_until_built("one: late<h1>")


def test_broken_settings_are_told_and_printed_and_the_report_stays(
    scene: Scene, server: ReportServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with Listener(server.url) as listener:
        version = listener.until("ready")["version"]
        scene.settings.write_text("grupo = 1\n")
        failed = listener.until("failed")
        assert "unknown key 'grupo' (did you mean 'group'?)" in failed["problem"]
        assert failed["version"] == version
        assert scene.page.read_text() == document("one: cat<h1>")
        printed = capfd.readouterr().err
        assert printed == f"reportgen: {failed['problem']}\n  → {failed['remedy']}\n"
        scene.settings.write_text('group = "mended"\n')
        ready = listener.until("ready")
        assert ready["problem"] == ""
        assert ready["version"] != version


def test_a_fault_is_told_with_its_type_and_traced_and_the_watch_goes_on(
    scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("no cats")

    scene.during = fail
    with watching(scene) as server, Listener(server.url) as listener:
        assert "ZeroDivisionError: no cats" in listener.until("failed")["problem"]
        printed = capfd.readouterr().err
        assert "ZeroDivisionError: no cats" in printed
        assert "REPORTGEN_TRACEBACK=1" in printed
        scene.during = lambda: None
        scene.image.write_text("dog")
        listener.until("ready")
        scene.wait_until_built("one: dog<h1>")


def test_settings_that_are_broken_at_the_start_can_be_mended(scene: Scene) -> None:
    scene.settings.write_text("group = \n")
    with watching(scene) as server, Listener(server.url) as listener:
        assert "not valid TOML" in listener.until("failed")["problem"]
        scene.settings.write_text('group = "now"\n')
        scene.wait_until_built("now: cat<h1>")
        scene.image.write_text("dog")
        scene.wait_until_built("now: dog<h1>")


def test_stages_are_told_to_the_page_and_to_the_terminal(scene: Scene) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    class Noted(Silent):
        titles: list[str] = []  # noqa: RUF012 - of this test alone

        def stage(self, title: str, total: int | None = None):  # type: ignore[no-untyped-def]
            self.titles.append(title)
            return super().stage(title, total)

    scene.during = hold
    noted = Noted()
    with watching(scene, progress=noted) as server:
        assert begun.wait(PATIENCE)
        with Listener(server.url) as listener:
            event, data = listener.next()
            assert (event, data["stage"], data["version"]) == ("building", "Looking at the cat", "")
            go_on.set()
            assert listener.until("ready")["stage"] == ""
    assert noted.titles == ["Looking at the cat"]


def test_the_report_of_an_earlier_run_is_there_while_the_first_build_goes_on(scene: Scene) -> None:
    scene.page.parent.mkdir()
    scene.page.write_text("earlier")
    scene.image.unlink()
    with watching(scene) as server, Listener(server.url) as listener:
        failed = listener.until("failed")
        assert failed["version"] != ""
        assert server.feed.news.version == failed["version"]


def test_changed_code_asks_for_a_restart_until_it_is_as_it_was(scene: Scene, server: ReportServer) -> None:
    code = scene.home / "reportgen/cli.py"
    with Listener(server.url) as listener:
        code.write_text("x = 2\n")
        assert "code has changed" in listener.until("failed")["problem"]
        code.write_text("x = 1\n")
        assert listener.until("ready")["problem"] == ""


Step = tuple[Callable[[], object], set[ChangeEffect]]


class Scripted(Changes):
    """Makes a change of its own and tells it at each ``wait``, and remembers what it was to follow."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.steps = list(steps)
        self.followed: list[Inputs] = []

    def follow(self, inputs: Inputs) -> None:
        self.followed.append(inputs)

    def wait(self) -> frozenset[ChangeEffect]:
        if not self.steps:
            return frozenset()
        change, concerns = self.steps.pop(0)
        change()
        return frozenset(concerns)


def follow_script(scene: Scene, *steps: Step) -> tuple[list[str], Scripted, ReportServer]:
    """Run a watch through these steps; returns what its builds saw."""
    changes = Scripted(*steps)
    with ReportServer(0) as server, changes:
        Watcher(scene.load, scene.build, server, changes, Silent()).run(scene.inputs)
    return [scene.built.get() for _ in range(scene.built.qsize())], changes, server


def test_each_round_follows_first_what_was_and_then_what_settings_name(scene: Scene) -> None:
    scene.also = (scene.home / "beside",)
    scene.settings.write_text('cache = "kept"\ntemplates = "mine"\n')
    start = scene.inputs
    named = replace(
        start,
        data=(scene.home / "beside", scene.data),
        templates=(scene.home / "mine", *start.templates),
        ignored=(scene.home / "build", scene.home / "kept"),
    )
    break_settings = (lambda: scene.settings.write_text("nonsense"), {ChangeEffect.REPORT})
    _built, changes, _server = follow_script(scene, break_settings, break_settings)
    assert changes.followed == [start, named, named, named]


def test_nothing_is_built_between_a_change_of_code_and_its_return(
    scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    code = scene.home / "reportgen/cli.py"
    built, _changes, server = follow_script(
        scene,
        (lambda: code.write_text("x = 2\n"), {ChangeEffect.CODE}),
        (lambda: scene.image.write_text("dog"), {ChangeEffect.REPORT}),
        (lambda: code.write_text("x = 3\n"), {ChangeEffect.CODE, ChangeEffect.REPORT}),
        (lambda: scene.image.write_text("cow"), {ChangeEffect.REPORT}),
        (lambda: code.write_text("x = 1\n"), {ChangeEffect.CODE}),
    )
    assert built == ["one: cat<h1>", "one: cow<h1>"]
    assert server.feed.news.state == "ready"
    lines = capfd.readouterr().err.splitlines()
    assert lines == ["reportgen's own code has changed. Restart 'reportgen watch' to go on with it."]


@pytest.mark.parametrize("name", ["renamed.py", "cli.txt"])
def test_code_that_was_moved_has_changed(scene: Scene, name: str) -> None:
    code = scene.home / "reportgen/cli.py"
    built, _changes, server = follow_script(
        scene,
        (lambda: code.rename(code.with_name(name)), {ChangeEffect.CODE}),
        (lambda: scene.image.write_text("dog"), {ChangeEffect.REPORT}),
    )
    assert built == ["one: cat<h1>"]
    assert server.feed.news.state == "failed"


def test_code_that_was_saved_unchanged_asks_for_nothing(scene: Scene) -> None:
    code = scene.home / "reportgen/cli.py"
    built, _changes, server = follow_script(scene, (lambda: code.write_text("x = 1\n"), {ChangeEffect.CODE}))
    assert built == ["one: cat<h1>"]
    assert server.feed.news.state == "ready"


def test_nothing_is_left_behind(scene: Scene) -> None:
    with watching(scene):
        scene.wait_until_built("one: cat<h1>")
        assert "reportgen-listener" in threads_of_ours()
    assert threads_of_ours() == []


def test_a_taken_port_ends_the_watch_before_anything_is_built(scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UserError, match="--port"):
        watch(scene.load, scene.build, scene.inputs, Silent(), port=other.getsockname()[1])
    assert scene.built.empty()
    assert threads_of_ours() == []


def test_a_build_that_was_stopped_ends_the_watch(scene: Scene) -> None:
    def stop() -> None:
        raise StoppedError

    scene.during = stop
    watch(scene.load, scene.build, scene.inputs, Silent(), port=0)
    assert threads_of_ours() == []


SCRIPT = """
import signal, sys, threading
from pathlib import Path
# Whoever runs the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {tests!r})
from watch_scene import Scene
from reportgen.console import choose_progress
from reportgen.watch.watcher import Watcher, watch
scene = Scene(Path({home!r}))
def during():
    print("building", flush=True)
    while {hold}:
        threading.Event().wait(0.1)
scene.during = during
watch(scene.load, scene.build, scene.inputs, choose_progress(quiet=False, stream=sys.stdout), port=0)
print("ended", threading.active_count(), flush=True)
"""


@pytest.mark.parametrize("hold", [True, False], ids=["while building", "while waiting"])
def test_ctrl_c_ends_it_cleanly(tmp_path: Path, hold: bool) -> None:
    script = SCRIPT.format(tests=str(Path(__file__).parent), home=str(tmp_path), hold=hold)
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert found is not None
            with Listener(found[0]) as listener:
                listener.until("building", stage="Looking at the cat") if hold else listener.until("ready")
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    assert out.endswith("Stopped watching; the last report stays.\nended 1\n")
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(found[1])), PATIENCE).close()
        pytest.fail("something still listens")
