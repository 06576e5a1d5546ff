"""Takes a job as a group's process does, and pretends: ``pretend_worker.py JOB --progress-fd N``.

The file ``act`` in the group's folder says what: ``ok``, ``bad`` (data), ``hang``, ``allocate`` (in a child
process), ``segfault``, ``kill``, ``raise``, ``fault`` (of reportgen's own code), ``mute`` (no outcome),
``orphan`` (leaves a child behind), ``forged`` (graded, with a finding), or ``slow`` (writes its number to the
file that the third line names, and waits for that of the second).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from reportgen.batch.job import parse_job
from reportgen.batch.process import follow_parent
from reportgen.faults import telling_faults

HOG = "import time; kept = bytearray(b'x') * 300_000_000; time.sleep(600)"


def say(handle: int, **message: Any) -> None:
    os.write(handle, json.dumps(message).encode() + b"\n")


def outcome(name: str) -> dict[str, Any]:
    """Points that depend on the group's name alone."""
    reached = sum(name.encode()) % 5
    marks = [
        {"criterion": "Q1 shape", "score": str(reached), "points": "4", "status": "passed"},
        {"criterion": "=Q2 spread", "score": "1.5", "points": "6", "status": "failed"},
    ]
    return {
        "cause": "", "reason": "", "score": f"{reached + 1.5:g}", "points": "10", "marks": marks,
        "correct": reached, "total": 4, "verification": "", "verified": False, "differs": False, "hold": "",
        "notes": [], "traits": {"authors": [], "words": {}, "images": {}, "pieces": []},
    }  # fmt: skip


def act(kind: str, more: list[str], job: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    if kind == "hang":
        time.sleep(600)
    if kind == "allocate":
        subprocess.run([sys.executable, "-c", HOG], check=True)
    if kind == "orphan":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(more[0]).write_text(str(child.pid))
    if kind in ("segfault", "kill"):
        os.kill(os.getpid(), signal.SIGSEGV if kind == "segfault" else signal.SIGKILL)
    if kind == "raise":
        raise RuntimeError(f"no luck with {job['folder']}/act")
    if kind == "fault":
        with telling_faults():
            parse_job("{}")
    if kind == "bad":
        nothing: dict[str, Any] = {"score": "", "points": "", "marks": [], "correct": None, "total": None}
        failed = {"cause": "data", "reason": "train/cat: has no images"}
        return outcome(job["name"]) | nothing | failed
    if kind == "forged":
        verdict = {"verification": "1 differs: numbers", "differs": True, "hold": "1 finding: numbers"}
        return outcome(job["name"]) | verdict
    if kind == "slow":
        # In one step: whoever waits for the file must find the number in it.
        Path(f"{more[1]}.new").write_text(str(os.getpid()))
        Path(f"{more[1]}.new").rename(more[1])
        while not Path(more[0]).exists():
            time.sleep(0.02)
    (folder / "build").mkdir()
    (folder / "build/report.html").write_text(f"<p>{job['name']}</p>")
    return None if kind == "mute" else outcome(job["name"])


def main() -> None:
    file, _, handle = sys.argv[1:]
    follow_parent()
    job = json.loads(Path(file).read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    calls = folder.parent / f"{folder.name}.calls"
    calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
    say(int(handle), kind="stage", text="Pretending", count=0, total=2)
    sys.stdout.write("something printed\n")
    kind, *more = (folder / "act").read_text(encoding="utf-8").splitlines()
    made = act(kind, more, job, Path(file).parent)
    if made is not None:
        Path(file).with_name("made.json").write_text(json.dumps(made), encoding="utf-8")


if __name__ == "__main__":
    main()
