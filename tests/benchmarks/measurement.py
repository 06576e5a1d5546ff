"""What a run of a workload cost, and the median of several runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

_WORKLOADS = Path(__file__).with_name("workloads.py")
_LAUNCHER = Path(__file__).with_name("launcher.py")
# As the command line sets them.
_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "SOURCE_DATE_EPOCH": "0"}

_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")


@dataclass(frozen=True)
class Run:
    """One process. Times are in seconds, ``peak`` is its largest resident memory in bytes.

    ``around`` is the wall time seen from outside, the start and the end of the interpreter included;
    ``inside`` that of the work alone, imports included; ``cpu`` the processor time of all threads;
    ``stages`` the wall time and ``stages_cpu`` the
    processor time of each named stage, none inside another; ``others`` the share, 0 to 1, of the
    machine's processors that worked for something else meanwhile.
    """

    around: float
    inside: float
    cpu: float
    peak: int
    stages: dict[str, float]
    stages_cpu: dict[str, float]
    others: float

    @property
    def unstaged(self) -> float:
        """Wall time in no stage: start and end of the interpreter, and imports."""
        return self.around - sum(self.stages.values())


def measure(workload: str, *arguments: object) -> Run:
    """Run a workload in a fresh process.

    The caller's own memory must be small: Linux counts it in the peak of a process it starts.
    Raises ``RuntimeError`` with what the process said if it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cost.json"
        command = [sys.executable, str(_WORKLOADS), str(out), workload, *map(str, arguments)]
        around, others = _watch(f"workload '{workload}'", command, os.environ | _ENVIRONMENT)
        return Run(around=around, others=others, **json.loads(out.read_text(encoding="utf-8")))


def measure_command(command: Sequence[object], folder: Path, stage: str = "") -> Run:
    """Run a command in a folder, in the environment of whoever calls; its program is an absolute path.

    With ``stage`` the whole of it is a stage of that name, else it has none.
    Raises ``RuntimeError`` with what the process said if it fails.
    """
    words = list(map(str, command))
    with tempfile.TemporaryDirectory() as location:
        out = Path(location) / "cost.json"
        # -S: no packages, so that the launcher is small.
        launch = [sys.executable, "-S", str(_LAUNCHER), str(out), *words]
        _, others = _watch(" ".join(words), launch, dict(os.environ), folder)
        cost = json.loads(out.read_text(encoding="utf-8"))
    stages, stages_cpu = ({stage: cost[key]} if stage else {} for key in ("around", "cpu"))
    return Run(inside=cost["around"], stages=stages, stages_cpu=stages_cpu, others=others, **cost)


def _watch(
    name: str, command: list[str], environment: dict[str, str], folder: Path | None = None
) -> tuple[float, float]:
    """Run a process; returns its wall seconds and the share of the processors that others used."""
    busy, own = _busy_seconds(), _own_seconds()
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    around = time.perf_counter() - start
    elsewhere = (_busy_seconds() - busy) - (_own_seconds() - own)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    return around, max(elsewhere, 0.0) / (around * (os.cpu_count() or 1))


def _busy_seconds() -> float:
    """Processor seconds spent by the whole machine, or taken from it by its host, since it started."""
    times = psutil.cpu_times()._asdict()
    return float(sum(times.get(name, 0.0) for name in _BUSY))


def _own_seconds() -> float:
    """Processor seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def median_run(runs: Sequence[Run]) -> Run:
    """The median of each number by itself, over runs of the same workload."""
    return Run(
        around=median(run.around for run in runs),
        inside=median(run.inside for run in runs),
        cpu=median(run.cpu for run in runs),
        peak=int(median(run.peak for run in runs)),
        stages=_medians([run.stages for run in runs]),
        stages_cpu=_medians([run.stages_cpu for run in runs]),
        others=median(run.others for run in runs),
    )


def parts_of(floor: Sequence[Sequence[Run]]) -> dict[str, float]:
    """Median seconds of each stage by its title, over the runs of each part of a floor."""
    parts = [median_run(runs).stages for runs in floor]
    return {title: seconds for part in parts for title, seconds in part.items()}


def _medians(tables: Sequence[dict[str, float]]) -> dict[str, float]:
    return {title: median(table[title] for table in tables) for title in tables[0]}
