"""Job runner on a Dask cluster whose machines share the same folders."""

from __future__ import annotations

import contextlib
import sys
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.attempt import ATTEMPTS, Attempt, OnMessage, finished_key, identify_program, run_job
from reportgen.batch.job import Job, Message, job_text, message_text, parse_job, parse_message
from reportgen.batch.outcome import LOG_FILE, Costs, Outcome, write_costs, write_outcome
from reportgen.errors import UserError
from reportgen.outline.kind import Outline, OutlineError
from reportgen.store.files import MEGABYTE, writing
from reportgen.weights import locate_weights

if TYPE_CHECKING:
    from distributed import Client, Future

# Dask counts resources of any name, so that a worker gets only as many groups as its memory holds.
RESOURCE = "reportgen-group"
_CONNECT_SECONDS = 15.0


class ClusterError(UserError):
    """The cluster cannot be reached, or its workers cannot do the work."""


class ClusterRunner:
    """Sends jobs to the workers of the scheduler at ``address``, such as ``tcp://10.0.0.1:8786``.

    A worker does as many at a time as it has threads, and memory for. A group whose worker is lost is
    done by another one.
    """

    def __init__(self, address: str, connect_seconds: float = _CONNECT_SECONDS) -> None:
        self.address = address
        self.connect_seconds = connect_seconds

    def run(self, jobs: Sequence[Job], on_message: OnMessage) -> Generator[Attempt, None, None]:
        """See ``Runner``. Raises ``ClusterError`` naming the workers that cannot do the work, and why."""
        # Of its own, since two batches may use one cluster.
        topic = f"{RESOURCE}-{uuid.uuid4().hex}"
        with _connect(self.address, self.connect_seconds) as client:
            _check_workers(client, jobs)
            client.register_plugin(_make_plugin(jobs[0].config.limits.megabytes))
            client.subscribe_topic(topic, _passing_on(on_message))
            futures = {
                # Not pure: Dask would answer a call that it has seen before from memory.
                client.submit(_run_on_worker, job_text(job), topic, resources={RESOURCE: 1}, pure=False): job
                for job in jobs
            }
            try:
                yield from _collect(client, futures)
            finally:
                client.cancel(list(futures))
                with contextlib.suppress(Exception):  # the connection may be what was lost
                    client.unsubscribe_topic(topic)


def _connect(address: str, seconds: float) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "The package 'distributed' is missing, which --scheduler needs.",
            f"Run: {sys.executable} -m pip install distributed",
        ) from None
    try:
        # As the default it would also take what others in this process give to Dask.
        return Client(address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise ClusterError(
            f"--scheduler {address}: cannot be reached: {error}.",
            "Start it with 'dask scheduler', and workers with 'dask worker ADDRESS'.",
        ) from None


def _collect(client: Client, futures: Mapping[Future, Job]) -> Iterator[Attempt]:
    from distributed import as_completed

    for future in as_completed(list(futures), loop=client.loop):
        job = futures[future]
        # Nobody cancels one meanwhile, but all are when the scheduler is gone.
        if future.cancelled():
            raise ClusterError(
                "The scheduler of the cluster was lost while groups were worked on.",
                "Start it again, or leave out --scheduler, and run the batch again: what is finished stays.",
            )
        error = future.exception()
        if error is not None:
            # Of a worker that dies again and again, Dask says no more than that.
            yield _give_up(job, type(error).__name__)
            continue
        answer = future.result()
        # Else the answer would be computed again if the worker that holds it is lost.
        future.release()
        if "problem" in answer:
            raise ClusterError(answer["problem"], answer["remedy"])
        # A task that Dask drops while it runs, and then wants after all, may answer that it was stopped.
        yield Attempt(job.slug, answer["attempt"]) if answer["attempt"] else _give_up(job, "stopped")


def _give_up(job: Job, error: str) -> Attempt:
    """The attempt recorded for a group that no worker could finish."""
    folder = Path(job.out) / ATTEMPTS / uuid.uuid4().hex
    outcome = Outcome("killed", f"Every worker of the cluster that began it was lost ({error})")
    with writing(folder):
        folder.mkdir()
        # Empty, for the overview links to the log of every group whose process was killed.
        (folder / LOG_FILE).write_text("")
        write_costs(folder, Costs(0, 0))
        write_outcome(folder, outcome, finished_key(job.key, outcome, job.config))
    return Attempt(job.slug, folder.name)


def _run_on_worker(text: str, topic: str) -> dict[str, str]:
    """Runs on a worker, in one of its threads; returns the name of the attempt's folder, or what is wrong."""
    from distributed import get_worker

    worker = get_worker()

    def on_message(slug: str, message: Message) -> None:
        worker.log_event(topic, {"slug": slug, "message": message_text(message)})

    try:
        return {"attempt": run_job(parse_job(text), on_message, _is_unwanted(worker)).folder}
    # As text, like all that travels through Dask.
    except UserError as error:
        return {"problem": f"worker {worker.address}: {error.problem}", "remedy": error.remedy}


def _is_unwanted(worker: Any) -> Callable[[], bool]:
    """Whether the scheduler has dropped the task in the meantime: its client cancelled it, or is gone."""
    key = worker.get_current_task()

    def check() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state in ("cancelled", "released", "forgotten")

    return check


def _passing_on(on_message: OnMessage) -> Callable[[Any], None]:
    def pass_on(event: Any) -> None:
        # Dask puts the time at which a message was logged before it.
        table = event[1]
        if message := parse_message(table["message"]):
            on_message(table["slug"], message)

    return pass_on


def _make_plugin(megabytes: int) -> Any:
    from distributed import WorkerPlugin

    # Defined here, since distributed is imported only where a cluster is asked for.
    class Room(WorkerPlugin):  # type: ignore[misc]
        """Tells a worker, also one that comes later, how many groups it may do at a time."""

        name = RESOURCE

        async def setup(self, worker: Any) -> None:
            memory = worker.memory_manager.memory_limit
            # A worker that was started without a limit of memory has None here.
            room = memory // (megabytes * MEGABYTE) if memory else worker.state.nthreads
            # At least one: with none anywhere Dask would wait for a worker for ever.
            await worker.set_resources(**{RESOURCE: max(1, min(worker.state.nthreads, room))})

    return Room()


def _check_workers(client: Client, jobs: Sequence[Job]) -> None:
    """Let every worker look at what it will need, before any of them begins."""
    out, weights = Path(jobs[0].out), jobs[0].config
    # Random, so that nothing an earlier look left behind passes for the answer to this one.
    token = uuid.uuid4().hex
    probe = out / f".probe-{token}"
    folders = {path for job in jobs for path in (*map(str, job.roots), job.data) if path}
    needed = [*sorted(folders), *weights.rubrics]
    with writing(probe):
        probe.write_text(token)
    try:
        # An answer for each: a worker that cannot run reportgen must not hide what is wrong with others.
        found = client.run(_look, str(probe), needed, weights.weights, weights.outline, on_error="return")
        if not found:
            raise ClusterError(f"{client.scheduler.address}: has no workers.", "Run: dask worker ADDRESS")
        lines = []
        program = identify_program(weights.outline.kind)
        wanted = {"token": token, "weights": weights.weights_sha256, "program": program}
        for worker, seen in sorted(found.items()):
            lines += [f"worker {worker}: {line}" for line in _complain(seen, wanted, probe, out)]
    finally:
        # With those that workers wrote beside it.
        for file in out.glob(f"{probe.name}*"):
            file.unlink(missing_ok=True)
    if lines:
        raise ClusterError("\n".join(lines), "All workers need the same folders, weights and reportgen.")


def _look(probe: str, needed: Sequence[str], weights: str, outline: Outline) -> dict[str, Any]:
    """Runs on a worker: what it sees of the probe, of folders and files, and what it would work with."""
    file = Path(probe)
    answer = {"token": file.read_text() if file.is_file() else "", "wrote": ""}
    if answer["token"]:
        # What is not written here is missed by the machine that asked.
        with contextlib.suppress(OSError):
            name = f"{file.name}-{uuid.uuid4().hex}"
            (file.parent / name).write_text("")
            answer["wrote"] = name
    missing = [path for path in needed if not Path(path).exists()]
    try:
        sha256 = locate_weights(weights).sha256
    # "" equals no hash, so the machine that asked names this worker.
    except UserError:
        sha256 = ""
    try:
        program = identify_program(outline.kind)
    except OutlineError:
        program = ""
    return {**answer, "missing": missing, "weights": sha256, "program": program}


def _complain(seen: Any, wanted: Mapping[str, str], probe: Path, out: Path) -> Iterator[str]:
    if not isinstance(seen, dict):
        yield f"cannot run reportgen: {seen!r}"
        return
    if seen["token"] != wanted["token"]:
        yield f"does not see the folder {out}"
        return
    # Written there and found here: another machine may have another folder of that name.
    if not seen["wrote"] or not (probe.parent / seen["wrote"]).exists():
        yield f"cannot write to the folder {out}"
    if seen["missing"]:
        yield f"does not see {seen['missing'][0]}" + (
            f" and {len(seen['missing']) - 1} more" if len(seen["missing"]) > 1 else ""
        )
    if seen["weights"] != wanted["weights"]:
        yield "has other weights, or none"
    if seen["program"] != wanted["program"]:
        yield "has another version of reportgen or of a package behind it"
