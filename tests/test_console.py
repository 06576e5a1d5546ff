"""What the user sees of the progress: on a terminal, in a log, and with ``--quiet``."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

import pytest
from rich.console import Console

from reportgen import console
from reportgen.console import Bars, Lines, choose_progress
from reportgen.progress import Silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(text: str) -> str:
    """The text without the terminal's control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def bars_on(stream: io.StringIO) -> Bars:
    return Bars(Console(file=stream, force_terminal=True, width=120, color_system=None))


def test_lines_tell_each_stage_with_its_count() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    with lines.stage("Reading", total=24) as advance:
        advance(24)
    with lines.stage("Printing"):
        lines.say("A word [in brackets]")
    assert stream.getvalue() == "Reading (24)\nPrinting\nA word [in brackets]\n"


def test_a_long_stage_tells_now_and_then_how_much_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("reportgen.console.time.monotonic", lambda: now[0])
    stream = io.StringIO()
    with Lines(stream).stage("Features", total=20) as advance:
        for _ in range(10):
            now[0] += 2
            advance(2)
    # 2 images in 2 seconds: told at 6 s (6 of 20) and 12 s (12 of 20) and 18 s (18 of 20), not at the end.
    assert stream.getvalue().splitlines() == [
        "Features (20)",
        "  6 of 20, about 14 s left",
        "  12 of 20, about 8 s left",
        "  18 of 20, about 2 s left",
    ]


def test_bars_show_title_and_count() -> None:
    stream = Terminal()
    with bars_on(stream).stage("VGG19 features", total=24) as advance:
        advance(16)
        advance(8)
    last = plain(stream.getvalue()).splitlines()[-1]
    assert "VGG19 features" in last
    assert "24/24" in last


def test_the_count_of_a_bar_is_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()

    def stop_halfway() -> None:
        with bars_on(stream).stage("Reading", total=24) as advance:
            advance(16)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        stop_halfway()
    assert "16/24" in plain(stream.getvalue())
    assert "24/24" not in plain(stream.getvalue())


def test_a_bar_without_a_total_shows_its_title_and_ends() -> None:
    stream = Terminal()
    with bars_on(stream).stage("Printing the PDF"):
        pass
    assert "Printing the PDF" in plain(stream.getvalue())
    assert "None" not in plain(stream.getvalue())


def test_a_message_on_the_terminal_is_printed_as_it_is() -> None:
    stream = Terminal()
    bars = bars_on(stream)
    with bars.stage("Reading"):
        bars.say("file [bold]x[/bold].jpg :smile:")
    assert "file [bold]x[/bold].jpg :smile:" in plain(stream.getvalue())


@pytest.mark.parametrize(
    ("quiet", "stream", "kind"),
    [(False, Terminal(), Bars), (False, io.StringIO(), Lines), (True, Terminal(), Silent)],
)
def test_the_stream_decides_what_is_shown(quiet: bool, stream: io.StringIO, kind: type) -> None:
    assert type(choose_progress(quiet=quiet, stream=stream)) is kind


def test_progress_goes_to_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    choose_progress(quiet=False).say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_silence_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    silent = choose_progress(quiet=True)
    with silent.stage("Reading", total=3) as advance:
        advance(3)
        silent.say("hello")
    assert capfd.readouterr() == ("", "")


def muffle(body: str) -> subprocess.CompletedProcess[str]:
    """Run ``body`` inside ``stderr_held_back()`` and then write a line, all on the file descriptor."""
    code = (
        "import os\nfrom reportgen.console import stderr_held_back\n"
        f"with stderr_held_back():\n os.write(2, b'noise\\n'); {body}\nos.write(2, b'after\\n')"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_noise_is_held_back_while_it_is_muffled() -> None:
    assert muffle("pass").stderr == "after\n"


def test_noise_is_shown_when_the_work_fails() -> None:
    done = muffle("raise SystemExit(3)")
    assert done.returncode == 3
    assert done.stderr == "noise\n"


def test_muffling_leaves_no_file_open() -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH112, PTH208
    with console.stderr_held_back():
        pass
    after = len(os.listdir("/proc/self/fd")) if before else 0  # noqa: PTH208
    assert after == before
