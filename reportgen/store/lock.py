"""A lock that allows one build at a time in a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from reportgen.store.files import StorageError, open_file, writing

LOCK_FILE = ".lock"
# A number of 64 bits has at most 20 digits; an empty file is a lock whose holder has not written it yet.
_PROCESS = re.compile(rb"\d{0,20}\s*")
_NO_LOCKS = frozenset(
    {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.EPERM}
)
"""How file systems say that they have no locks: Lustre and FUSE without them, NFS without its lock server."""


@contextlib.contextmanager
def locked(folder: Path, say: Callable[[str], None] = lambda _line: None) -> Iterator[None]:
    """Hold the folder for one build; a second build says so and waits until the first has ended.

    The operating system drops the lock when its process ends, however it ends. Where the file system has
    no locks that is said, and the work goes on without. Raises ``StorageError`` if the folder cannot be made
    or written, or if its ``.lock`` is not this program's.
    """
    with contextlib.ExitStack() as stack:
        with writing(folder, "The last report is untouched."):
            folder.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context(_open_lock(folder / LOCK_FILE))
            _take(stream, folder, say)
            stream.seek(0)
            # Only under the lock: opening with "w" would erase the number of the process that holds it.
            stream.truncate(0)
            stream.write(str(os.getpid()))
            # At once, for a build that waits reads the number while this one works.
            stream.flush()
        # The file stays behind: without it, one process could wait for a lock that another takes on a new
        # file.
        yield


def is_lock(path: Path) -> bool:
    """Whether a file is a lock of this program's: it holds the number of a process, or nothing."""
    try:
        with open_file(path) as stream:
            return not path.is_symlink() and _PROCESS.fullmatch(stream.read(64)) is not None
    except OSError:
        return False


def _open_lock(path: Path) -> IO[str]:
    if os.path.lexists(path) and not is_lock(path):
        raise StorageError(
            f"{path}: is where this program's lock should be, and is none.",
            "Move it away, or choose another folder.",
        )
    # A link that somebody puts there meanwhile is not followed, and a named pipe is not waited for.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    return os.fdopen(handle, "r+")


def _take(stream: IO[str], folder: Path, say: Callable[[str], None]) -> None:
    import fcntl

    try:
        try:
            # flock and not lockf: a POSIX lock is lost when the process closes any handle of the file, as
            # is_lock() does.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Without a number if the holder has the lock and has not written it yet.
            say(f"Another build of {folder} is running (process {stream.read() or '?'}); waiting for it.")
            fcntl.flock(stream, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        say(f"Warning: the disk of {folder} has no file locks; start no second build of it meanwhile.")
