"""What a group's process leaves behind when a stranger's file has taken it over: it stops nobody else's work,
and nothing is read or removed that is not its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reportgen.batch.attempt import ATTEMPTS, GROUPS, finalize, run_job
from reportgen.batch.class_file import Limits
from reportgen.batch.job import BatchConfig, Job
from reportgen.batch.outcome import Outcome

GOOD = """
import json
folder.joinpath("build").mkdir()
folder.joinpath("build/report.html").write_text("<p>report</p>")
mark = {"criterion": "Q1", "score": "1.5", "points": "4", "status": "failed"}
traits = {"authors": [], "words": {}, "images": {}, "pieces": []}
made = {"score": "1.5", "points": "4", "marks": [mark], "notes": [], "traits": traits}
def end_with(table):
    folder.joinpath("made.json").write_text(json.dumps(table))
end_with(made)
"""
"""Leaves what an honest process leaves."""


def work(home: Path, script: str) -> tuple[Outcome, Path]:
    """The outcome of a group whose process runs the script, and the group's folder; ``folder`` is its own."""
    out = home / "out"
    (out / ATTEMPTS).mkdir(parents=True)
    begin = "import os, sys\nfrom pathlib import Path\nfolder = Path(sys.argv[1]).parent\n"
    command = (sys.executable, "-c", begin + script)
    config = BatchConfig((), "embedded", "", str(home / "cache"), 1, limits=Limits(30, 2000), command=command)
    job = Job("Group", "group", str(home / "handed in"), "contents", "key", str(out), config)
    attempt = run_job(job, lambda _slug, _message: None, lambda: False)
    return finalize(out, attempt), out / GROUPS / "group"


def test_an_honest_process_is_believed(tmp_path: Path) -> None:
    outcome, folder = work(tmp_path, GOOD)
    assert (outcome.cause, outcome.score, outcome.marks[0].criterion) == ("", "1.5", "Q1")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("build", "costs.json", "log.txt", "outcome.json"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these signals")
def test_a_signal_without_a_name_is_one_group_s_end(tmp_path: Path) -> None:
    """Real-time signals have numbers only, but for the first and the last (signal(7))."""
    outcome, _ = work(tmp_path, "os.kill(os.getpid(), 37)")
    assert (outcome.cause, outcome.reason) == ("crash", "Its process crashed (signal 37)")
