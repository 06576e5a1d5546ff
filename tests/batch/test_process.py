"""What a watched program may take, and what counts of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reportgen.batch.class_file import Limits
from reportgen.batch.process import ProcessResult, Program, run_program

STARTS_OTHERS = """
import os, time
kept = bytearray(b"x") * 150_000_000
end = time.monotonic() + 3
while time.monotonic() < end:
    child = os.fork()
    if not child:
        time.sleep(0.3)
        os._exit(0)
    os.waitpid(child, 0)
"""


def run(folder: Path, script: str, limits: Limits) -> ProcessResult:
    program = Program((sys.executable, "-c", script), folder, dict(os.environ), folder / "log.txt")
    return run_program(program, limits, lambda _: None, lambda: False)


def test_the_moment_after_a_fork_is_no_second_copy_of_the_memory(tmp_path: Path) -> None:
    end = run(tmp_path, STARTS_OTHERS, Limits(60, 250))
    assert (end.over, end.code) == ("", 0)
    assert 150e6 < end.peak < 250e6


def test_where_the_system_cannot_wait_without_reaping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS before Python 3.13. Red if the end is not seen: the run would take its limit."""
    monkeypatch.delattr(os, "waitid")
    end = run(tmp_path, "raise SystemExit(7)", Limits(60, 250))
    assert (end.over, end.code) == ("", 7)
    assert end.seconds < 30
