"""A monitored program in its own process group: run time, memory and messages."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from reportgen.batch.class_file import Limits
from reportgen.store.files import MEGABYTE

if TYPE_CHECKING:
    import psutil


_BY_NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")

_BY_ADDRESS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def name_signal(number: int) -> str:
    """The name of a signal, as SIGKILL; of the many real-time signals most have a number only."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def follow_parent() -> None:
    """Kill this process group when the standard input ends, as it does when its other side is gone.

    For a process that was started with a pipe there and as the leader of a group of its own.
    """
    # Others may close or replace number 0, as pytest does.
    handle = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # It may wait until the very end, and nobody waits for it.
    threading.Thread(target=_wait_for_end, args=(handle,), daemon=True).start()


def _wait_for_end(handle: int) -> None:
    while os.read(handle, 1):
        pass
    # Otherwise the group is that of the shell, with other programs in it.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    # Not sys.exit(), which would end this thread alone.
    os._exit(1)


def refuse_network() -> None:
    """Let every attempt of this process to reach a network fail with ``PermissionError``, for good."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # The address of a socket inside the machine is a path, not a pair.
    if event in _BY_NAME or (event in _BY_ADDRESS and isinstance(arguments[1], tuple)):
        raise PermissionError("a group's process may not use the network")


_EVERY_SECONDS = 0.2

_TREE_EVERY_SECONDS = 1.0

# As much as a pipe of Linux holds.
_CHUNK = 65536

# A megabyte in all.
_CHUNKS_AT_ONCE = 16

# A message is a line of JSON with a title and two numbers; a line that never ends must not fill the memory.
_LONGEST_LINE = 100_000


@dataclass(frozen=True)
class Program:
    """A command, the folder it runs in, its environment, and the file for what it prints.

    It is given two more arguments, ``--progress-fd`` and the number of a pipe for its messages. Its standard
    input is a pipe that ends when whoever started it does. If an exception, as Ctrl-C, ends the watching, it
    is interrupted (SIGINT) and has ``patience`` seconds to clean up before it is killed.
    """

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    patience: float = 0


@dataclass(frozen=True)
class ProcessResult:
    """How a program ended: its exit code (minus the signal's number), or the limit it was killed for.

    ``peak``: the largest resident memory of all its processes together, in bytes, as far as it was seen.
    """

    code: int
    over: Literal["", "time", "memory", "stopped"]
    seconds: float
    peak: int


class Process(Protocol):
    """A program that was started, the leader of a process group; ``returncode`` is None until it was waited
    for, and so long its number belongs to nobody else.
    """

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def has_ended(self) -> bool:
        """Whether it has come to its end, without waiting for it."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, minus the number of a signal that ended it. Raises ``TimeoutExpired``."""
        ...

    def close(self) -> None:
        """Close its standard input, which to the program means that its parent is gone."""
        ...


Start = Callable[[Program, int, int], Process]
"""Starts a program whose output goes to the first open file, and its messages to the second."""


def start_afresh(program: Program, log: int, progress: int) -> Process:
    """Start a program as the system does. Raises ``OSError`` if it cannot be started."""
    return _Started(
        subprocess.Popen(
            [*program.command, "--progress-fd", str(progress)],
            stdin=subprocess.PIPE,
            # A file and not a pipe: nobody need read it meanwhile, and it is the group's log.
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.folder,
            env=dict(program.environment),
            # In a session of its own: all that it starts can be killed with it, and Ctrl-C at the
            # terminal reaches it only through _interrupt().
            start_new_session=True,
            pass_fds=(progress,),
        )
    )


class _Started:
    """A child of this process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def has_ended(self) -> bool:
        # Not reaped yet: as long as it is not, its group's number belongs to nobody else.
        if not hasattr(os, "waitid"):  # macOS, before Python 3.13
            import psutil

            return psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, timeout: float | None = None) -> int:
        return self._process.wait(timeout)

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()


def run_program(
    program: Program,
    limits: Limits,
    on_message: Callable[[str], None],
    stopped: Callable[[], bool],
    begin: Start = start_afresh,
) -> ProcessResult:
    """Run a program to its end, or kill its whole process group when a limit or ``stopped`` says so.

    ``on_message`` is called with each line it writes to the pipe; ``begin`` starts it. Raises ``OSError`` if
    it cannot be started.
    """
    with _started(program, begin) as (process, pipe):
        # Not before: to wait for whoever starts it is none of its time.
        start = time.monotonic()
        lines, memory = _Lines(pipe, on_message), _Memory(process.pid)
        over: Literal["", "time", "memory", "stopped"] = ""
        while not process.has_ended():
            lines.read(_EVERY_SECONDS)
            if stopped():
                over = "stopped"
            elif time.monotonic() - start > limits.seconds:
                over = "time"
            elif memory.measure() > limits.megabytes * MEGABYTE:
                over = "memory"
            if over:
                break
        # After a good end, too: what it started may still be at work.
        _kill_group(process)
        code = process.wait()
        # What it wrote last is still in the pipe.
        lines.read(0)
        return ProcessResult(code, over, time.monotonic() - start, memory.peak)


@contextlib.contextmanager
def _started(program: Program, begin: Start) -> Iterator[tuple[Process, int]]:
    reading, writing = os.pipe()
    try:
        with program.log.open("wb") as log:
            process = begin(program, log.fileno(), writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        # The pipe ends when nobody can write to it any more, this process included.
        os.close(writing)
    try:
        yield process, reading
    except BaseException:
        _interrupt(process, program.patience)
        raise
    finally:
        _kill_group(process)
        process.wait()
        # Not before: to the program the end of its input means that its parent is gone.
        process.close()
        os.close(reading)


def _kill_group(process: Process) -> None:
    if process.returncode is None:
        # It may have ended by itself.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _interrupt(process: Process, patience: float) -> None:
    """Ask a program to end, and wait for it so long; whoever asks a second time waits no longer."""
    if patience and process.returncode is None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGINT)
            process.wait(patience)


class _Lines:
    """Passes on the whole lines that come out of a pipe."""

    def __init__(self, pipe: int, on_message: Callable[[str], None]) -> None:
        self._pipe = pipe
        self._on_message = on_message
        self._rest = b""
        self._ended = False

    def read(self, seconds: float) -> None:
        """Wait so long for something to come, and pass it on."""
        if self._ended:
            # A program may close the pipe and work on, and its limits are looked at all the same.
            time.sleep(seconds)
            return
        # Not without end, however much comes: limits must be looked at in between.
        for _ in range(_CHUNKS_AT_ONCE):
            if not select.select([self._pipe], [], [], seconds)[0]:
                return
            chunk = os.read(self._pipe, _CHUNK)
            if not chunk:
                self._ended = True
                return
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            self._rest = self._rest[-_LONGEST_LINE:]
            for line in lines:
                self._on_message(line.decode("utf-8", "replace"))
            seconds = 0


class _Memory:
    """The resident memory of a process and of all that it started and that lived longer than a moment.

    Between fork and exec a new process has the memory of the one that started it, which is no second copy.
    """

    def __init__(self, pid: int) -> None:
        import psutil

        self._root: psutil.Process | None = None
        # Whoever started it may have ended and reaped it since.
        with contextlib.suppress(psutil.NoSuchProcess):
            self._root = psutil.Process(pid)
        self._seen: list[psutil.Process] = []
        self._tree: list[psutil.Process] = []
        self._listed = -_TREE_EVERY_SECONDS
        self.peak = 0

    def _list_others(self, root: psutil.Process) -> list[psutil.Process]:
        """Those that it started, and those of its process group: whoever was started by one that has ended is
        nobody's child any more.
        """
        import psutil

        others = {process.pid: process for process in root.children(recursive=True)}
        for pid in psutil.pids():
            # It may have ended since it was listed.
            with contextlib.suppress(OSError, psutil.Error):
                if pid not in others and pid != root.pid and os.getpgid(pid) == root.pid:
                    others[pid] = psutil.Process(pid)
        return list(others.values())

    def measure(self) -> int:
        """Bytes in use now. To list all processes of a system takes long, so that is done less often."""
        import psutil

        if self._root is None:
            return 0
        now = time.monotonic()
        if now - self._listed >= _TREE_EVERY_SECONDS:
            # A process may end while it is looked at; so below.
            with contextlib.suppress(psutil.Error):
                before, self._seen = self._seen, self._list_others(self._root)
                # Only what is there a second time: between fork and exec 3.2 GB were seen, and 1.7 in use.
                self._tree = [process for process in self._seen if process in before]
            self._listed = now
        total = 0
        for process in (self._root, *self._tree):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        self.peak = max(self.peak, total)
        return total
