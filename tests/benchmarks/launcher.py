"""Starts a command and tells what it cost: ``launcher.py OUT COMMAND [ARGUMENT …]``.

A program of its own and as small as can be: Linux counts the memory of whoever starts a process in the peak
of that process.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

KIB = 1024


def launch(command: list[str]) -> tuple[int, dict[str, float]]:
    """Run a command to its end; returns its exit code, wall and processor seconds, and peak bytes."""
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    cost = {"around": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak_bytes(usage)}
    return os.waitstatus_to_exitcode(status), cost


def peak_bytes(usage: resource.struct_rusage) -> int:
    """The largest resident memory, which macOS gives in bytes and Linux in KiB."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else KIB)


def main() -> int:
    """Launch what the arguments say, and write its cost to the file."""
    out, *command = sys.argv[1:]
    code, cost = launch(command)
    with open(out, "w", encoding="utf-8") as stream:  # noqa: PTH123  (pathlib would be most of the memory)
        json.dump(cost, stream)
    return code


if __name__ == "__main__":
    sys.exit(main())
