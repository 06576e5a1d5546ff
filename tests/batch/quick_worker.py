"""A group's process that really grades, but recomputes nothing: ``quick_worker.py JOB --progress-fd N``.

Every report has the small results. The file ``GROUP.examined`` beside the group's folder has a letter for
each time it would have been recomputed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    from small_results import small_results

    from reportgen.batch.job import Job
    from reportgen.batch.outcome import Outcome, Traits
    from reportgen.batch.worker import main as work

    file, _, handle = sys.argv[1:]
    calls = Path(json.loads(Path(file).read_text())["folder"])
    counted = calls.with_name(f"{calls.name}.examined")

    def examine(submission: Path, data: Path, job: Job, folder: Path, progress: object) -> Outcome:
        examined.write("x")
        examined.flush()
        (folder / "build/arrays").mkdir(parents=True)
        (folder / "build/results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
        (folder / "verification.txt").write_text(f"all of {job.name}")
        return Outcome(verification="confirmed", verified=True, traits=Traits(words={"a": "1"}))

    pytest.MonkeyPatch().setattr("reportgen.batch.worker.examine_parts", examine)
    with calls.with_name(f"{calls.name}.calls").open("a") as stream:
        stream.write("x")
    # Opened already: from there on the process may write to its own folder only.
    with counted.open("a") as examined:
        work(Path(file), int(handle))


if __name__ == "__main__":
    main()
