"""A real Dask scheduler and workers, each a process, without nannies: who is killed stays dead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_STARTING = 60.0


@dataclass(frozen=True)
class Cluster:
    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def running_cluster(folder: Path, workers: int = 2, threads: int = 1) -> Iterator[Cluster]:
    """A scheduler and so many workers, which are ended afterwards."""
    found = folder / "scheduler.json"
    options = ["--host", "127.0.0.1"]
    environment = {**os.environ, "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s"}
    with ExitStack() as stack:

        def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((folder / f"{program}-{len(arguments)}.log").open("ab"))
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"distributed.cli.dask_{program}",
                    *options,
                    *arguments,
                    "--no-dashboard",
                ],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        scheduler = start("scheduler", "--port", "0", "--scheduler-file", str(found))
        directories = [folder / f"worker-{number}" for number in range(workers)]
        started = [
            start(
                *("worker", "--scheduler-file", str(found), "--no-nanny", "--nthreads", str(threads)),
                *("--local-directory", str(directory), "--death-timeout", "60", "--memory-limit", "4GB"),
            )
            for directory in directories
        ]  # fmt: skip
        address = json.loads(_wait_for(found))["address"]
        _wait_for_workers(address, workers)
        yield Cluster(address, scheduler, tuple(started))


def _wait_for(file: Path) -> bytes:
    end = time.monotonic() + _STARTING
    while time.monotonic() < end:
        if file.exists() and (content := file.read_bytes()):
            return content
        time.sleep(0.05)
    raise TimeoutError(file)


def _wait_for_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=_STARTING, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=_STARTING)
