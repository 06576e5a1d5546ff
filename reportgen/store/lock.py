"""One build at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from reportgen.store.files import writing

LOCK_FILE = ".lock"


@contextlib.contextmanager
def locked(folder: Path, say: Callable[[str], None] = lambda _line: None) -> Iterator[None]:
    """Hold the folder for one build; a second build says so and waits until the first has ended.

    The operating system drops the lock when its process ends, however it ends. Raises ``StorageError`` if
    the folder cannot be made or written.
    """
    import fcntl

    with contextlib.ExitStack() as stack:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            stream = stack.enter_context((folder / LOCK_FILE).open("a+"))
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.seek(0)
                say(f"Another build of {folder} is running (process {stream.read() or '?'}); waiting for it.")
                fcntl.flock(stream, fcntl.LOCK_EX)
            stream.truncate(0)
            stream.write(str(os.getpid()))
            stream.flush()
        yield
