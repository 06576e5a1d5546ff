"""Job runners: processes on this machine here, a Dask cluster in ``reportgen.batch.cluster``."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol

from reportgen.batch.attempt import Attempt, OnMessage, run_job
from reportgen.batch.job import Job


class Runner(Protocol):
    """Works on groups and yields each attempt as it comes to its end, in any order.

    To close the generator, or to leave it with an exception, stops all that is still running.
    """

    def run(self, jobs: Sequence[Job], on_message: OnMessage) -> Generator[Attempt, None, None]:
        """Raises ``UserError`` if the work cannot begin or cannot be written down."""
        ...


class LocalRunner:
    """Runs several groups at a time on this machine; each thread only monitors a process."""

    def __init__(self, processes: int) -> None:
        self.processes = processes

    def run(self, jobs: Sequence[Job], on_message: OnMessage) -> Generator[Attempt, None, None]:
        """See ``Runner``."""
        stop = threading.Event()
        pool = ThreadPoolExecutor(self.processes)
        try:
            waiting = [pool.submit(run_job, job, on_message, stop.is_set) for job in jobs]
            for future in as_completed(waiting):
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
