"""What a group's process may not do: outlive who started it, and use the network."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

_BY_NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_BY_ADDRESS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def follow_parent() -> None:
    """Kill this process group when the standard input ends, as it does when its other side is gone.

    For a process that was started with a pipe there and as the leader of a group of its own.
    """
    # Others may close or replace number 0, as pytest does.
    handle = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_wait_for_end, args=(handle,), daemon=True).start()


def _wait_for_end(handle: int) -> None:
    while os.read(handle, 1):
        pass
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def refuse_network() -> None:
    """Let every attempt of this process to reach a network fail with ``PermissionError``, for good."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    # The address of a socket inside the machine is a path, not a pair.
    if event in _BY_NAME or (event in _BY_ADDRESS and isinstance(arguments[1], tuple)):
        raise PermissionError("a group's process may not use the network")
