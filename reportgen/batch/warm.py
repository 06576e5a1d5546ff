"""A process that has loaded what every group needs, and becomes the process of one group after another.

To import TensorFlow, Keras, WeasyPrint and the rest takes a third of the work on a small group. The warm
process does it once, and never reads anything that was handed in: whatever parses a stranger's bytes is a
fork of it that works on one group, with that group's limits, and ends with it. Nothing has been computed when
it forks, so neither TensorFlow's threads nor its buffers are there yet, and a fork computes what a process
that was started afresh would.

Both sides talk over one socket of packets: a request is JSON with four open files, and the answers about a
process go over a socket of its own, which the asking side closes when it is done with it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from reportgen.batch.process import Process, Program, Start, start_afresh

_COMMAND = (sys.executable, "-P", "-m", "reportgen", "batch-starter")

_LOADING_SECONDS = 120.0
"""A busy machine takes 20 s to load everything; whoever waits longer starts a process of his own."""

_ANSWER_SECONDS = 30.0

_READY = b"ready"

_STARTED, _ENDED = b"pid ", b"code "
"""How answers begin: a fork may end before it says who it is, and its exit code is no process's number."""

_EVERY_SECONDS = 0.2

_LARGEST = 65536
"""Bytes of a packet; a request has some hundred."""

_FILES = 4


def can_fork() -> bool:
    """Whether this system can: on macOS a fork of a program with TensorFlow's libraries may hang."""
    if sys.platform != "linux":
        return False
    try:
        # Linux has it from 5.3 on, and a container may forbid it.
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class _Request:
    """A program that is to be started: what its command has beyond ``own``, and the folder it runs in."""

    arguments: tuple[str, ...]
    folder: str


class WarmStarter:
    """Starts programs as forks of a warm process; those for which it cannot, it starts afresh.

    Only for programs that are ``own`` with some arguments, all of them in the same environment. To be closed:
    then the warm process and all that it started end.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        own: Sequence[str],
        command: Sequence[str] = _COMMAND,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._own = tuple(own)
        self._environment = dict(environment)
        self._lock, self._stopped = threading.Lock(), stopped
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._alive, self._is_ready = True, False
        with theirs:
            try:
                # Neither its input nor what it prints is anybody's: a group's process has its own log.
                self._server = subprocess.Popen(
                    [*command, "--control-fd", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=self._environment,
                    # Ctrl-C at the terminal is for the program that asks.
                    start_new_session=True,
                    pass_fds=(theirs.fileno(),),
                )
            except BaseException:
                self._control.close()
                raise

    def start(self, program: Program, log: int, progress: int) -> Process:
        """Start a program whose output goes to ``log``, and its messages to ``progress``."""
        if self._fits(program):
            # One at a time: an answer says nothing of whose it is before its own socket has arrived.
            with self._lock:
                found = self._ask(program, log, progress) if self._alive else None
            if found is not None:
                return found
        return start_afresh(program, log, progress)

    def close(self) -> None:
        """End the warm process, and every program of it that still runs."""
        self._control.close()
        if not self._is_ready:
            # It is still importing, and would notice only then.
            self._server.kill()
        self._server.wait()

    def _fits(self, program: Program) -> bool:
        return (
            program.command[: len(self._own)] == self._own and dict(program.environment) == self._environment
        )

    def _ask(self, program: Program, log: int, progress: int) -> Process | None:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reading, writing = os.pipe()
        request = _Request(program.command[len(self._own) :], str(program.folder))
        try:
            with theirs, os.fdopen(reading, "rb") as stdin:
                self._is_ready = self._is_ready or self._wait_until_ready()
                if self._is_ready:
                    files = [stdin.fileno(), log, progress, theirs.fileno()]
                    socket.send_fds(self._control, [json.dumps(asdict(request)).encode()], files)
            answer = _receive(mine, _ANSWER_SECONDS) if self._is_ready else b""
        except OSError:
            answer = b""
        if answer.startswith(_STARTED):
            return _Fork(int(answer.removeprefix(_STARTED)), mine, writing)
        self._alive = False
        mine.close()
        os.close(writing)
        return None

    def _wait_until_ready(self) -> bool:
        end = time.monotonic() + _LOADING_SECONDS
        # Whoever stops the batch does not wait until everything is loaded.
        while time.monotonic() < end and not self._stopped():
            if select.select([self._control], [], [], _EVERY_SECONDS)[0]:
                return self._control.recv(_LARGEST) == _READY
        return False


def _receive(connection: socket.socket, seconds: float) -> bytes:
    """The next packet; nothing if there is none within so many seconds, or never will be."""
    ready = select.select([connection], [], [], seconds)[0]
    return connection.recv(_LARGEST) if ready else b""


class _Fork:
    """A program that the warm process started, of which this side knows what it is told."""

    def __init__(self, pid: int, answers: socket.socket, stdin: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._answers, self._stdin = answers, stdin
        self._code: int | None = None

    def has_ended(self) -> bool:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; from now on its number may belong to another process."""
        if not self._look(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        if self.returncode is None:
            self.returncode = self._code
            self._answers.close()
        return self._code  # type: ignore[return-value]

    def close(self) -> None:
        """Let go of its input, which to the program means that its parent is gone."""
        os.close(self._stdin)

    def _look(self, seconds: float | None) -> bool:
        if self._code is None and select.select([self._answers], [], [], seconds)[0]:
            answer = self._answers.recv(_LARGEST)
            # With the warm process all that it started is killed.
            self._code = int(answer.removeprefix(_ENDED)) if answer else -signal.SIGKILL
        return self._code is not None


@contextlib.contextmanager
def starting_warm(
    environment: Mapping[str, str], own: Sequence[str], stopped: Callable[[], bool]
) -> Iterator[Start]:
    """A way to start programs, from a warm process if this system can have one; once ``stopped`` says so,
    nobody waits for it.
    """
    starter = None
    if can_fork():
        # Without memory or processes left it is for those of the groups to fail.
        with contextlib.suppress(OSError):
            starter = WarmStarter(environment, own, stopped=stopped)
    if starter is None:
        yield start_afresh
        return
    with contextlib.closing(starter):
        yield starter.start


@dataclass(frozen=True)
class Asked:
    """What a fork is to do: the arguments that it was given, and the number of the pipe for its messages."""

    arguments: tuple[str, ...]
    progress: int


def load_all() -> None:
    """Import what takes long to import and every group's process needs; nothing else is read."""
    from reportgen.models.backend import load_keras

    load_keras()
    import sklearn.linear_model  # noqa: F401

    import reportgen.batch.worker
    import reportgen.document.html
    import reportgen.engine.pipeline
    import reportgen.grading.run
    import reportgen.models.backbone
    import reportgen.pdf.printer
    import reportgen.verify.verification  # noqa: F401


def serve(control_handle: int, load: Callable[[], None] = load_all) -> Asked | None:
    """Fork for each request until the asking side is gone.

    Returns in each fork what it is to do, its files and folder as they were asked for, and None in the warm
    process when it is no longer needed.
    """
    control = socket.socket(fileno=control_handle)
    control.set_inheritable(False)
    load()
    # Objects that are never looked at again are never copied for a fork, either.
    gc.collect()
    gc.freeze()
    control.send(_READY)
    with contextlib.closing(_Children()) as children:
        while True:
            children.wait_for(control)
            packet, files, _, _ = socket.recv_fds(control, _LARGEST, _FILES)
            if not packet:
                return None
            try:
                pid = _fork_with(files)
            except OSError:
                # It costs nobody else anything: who asked finds its socket closed, and starts afresh.
                _close(files)
                continue
            if pid == 0:
                children.forget()
                control.close()
                return _become(_Request(**json.loads(packet)), files)
            children.add(pid, files)


def _fork_with(files: Sequence[int]) -> int:
    if len(files) < _FILES:
        raise OSError("there was no room for all files of a request")
    return os.fork()


def _close(files: Sequence[int]) -> None:
    for each in files:
        os.close(each)


def _become(request: _Request, files: Sequence[int]) -> Asked:
    """Take on the files, folder and session of one program, in a fork."""
    stdin, log, progress, answers = files
    os.setsid()
    # Only now can it be killed with all that it starts.
    with socket.socket(fileno=answers) as connection:
        connection.send(_STARTED + str(os.getpid()).encode())
    for source, target in ((stdin, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(stdin)
    os.close(log)
    os.chdir(request.folder)
    return Asked(tuple(request.arguments), progress)


class _Children:
    """The forks that run, each with what tells of its end and the socket on which to tell of it."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}
        self._answers: dict[int, socket.socket] = {}

    def add(self, pid: int, files: Sequence[int]) -> None:
        """Watch a fork to which these files were passed on."""
        *passed_on, answers = files
        _close(passed_on)
        self._answers[pid] = socket.socket(fileno=answers)
        try:
            self._ends[pid] = os.pidfd_open(pid)
        except OSError:
            self._reap(pid)

    def wait_for(self, control: socket.socket) -> None:
        """Wait until there is a request, and tell meanwhile of each child that ends."""
        while True:
            ends = {end: pid for pid, end in self._ends.items()}
            answers = {each.fileno(): pid for pid, each in self._answers.items()}
            ready = select.select([control.fileno(), *ends, *answers], [], [])[0]
            for end in ends.keys() & ready:
                self._report(ends[end])
            # The asking side says nothing there: it closes its end, for it knows the exit code, or is gone.
            for each in answers.keys() & ready:
                self._reap(answers[each])
            if control.fileno() in ready:
                return

    def _report(self, pid: int) -> None:
        os.close(self._ends.pop(pid))
        # Not reaped yet: as long as it is not, its number belongs to nobody else.
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        if found is not None:
            code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
            # The asking side may be gone.
            with contextlib.suppress(OSError):
                self._answers[pid].send(_ENDED + str(code).encode())

    def _reap(self, pid: int) -> None:
        self._answers.pop(pid).close()
        if pid in self._ends:
            os.close(self._ends.pop(pid))
        _end(pid)

    def forget(self) -> None:
        """Let go of the others, in a fork."""
        for end in self._ends.values():
            os.close(end)
        for answers in self._answers.values():
            answers.close()
        self._ends, self._answers = {}, {}

    def close(self) -> None:
        """End all that still run."""
        for pid in list(self._answers):
            self._reap(pid)


def _end(pid: int) -> None:
    # It may have ended, or not have become the leader of its group yet.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
