"""Files that the user names to be written: new ones, or those that the same command wrote before.

The rule: a name that is free is written; so is an empty file, and one that is recognisably what this very
option writes, so that a command can be run again. Anything else is the user's, and an error that names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from reportgen.errors import UserError
from reportgen.store.faults import NoFileError, reason_of, remedy_for
from reportgen.store.files import StorageError, open_file, write_atomically, writing

Recognise = Callable[[BinaryIO], bool]
"""Whether a file, open at its beginning, is what an option writes."""

_BEGINNING = 20_000
_SYSTEM = ("/dev/", "/proc/")


class TakenError(UserError):
    """A file that is to be written is there already, and is something else."""


def check_output(path: Path, recognise: Recognise) -> None:
    """Make sure that ``path`` may be written, before long work for it begins.

    Raises ``TakenError`` naming what stands there, ``StorageError`` if it is a folder or cannot be read.
    """
    if _is_stream(path) or not os.path.lexists(path):
        return
    try:
        with open_file(path) as stream:
            free = not stream.peek(1) or recognise(stream)
    except FileNotFoundError:  # a link that leads nowhere
        free = False
    except NoFileError as error:
        raise StorageError(f"{path}: cannot be written: {reason_of(error)}.", remedy_for(error)) from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {reason_of(error)}.", remedy_for(error)) from None
    if not free:
        raise TakenError(
            f"{path}: is there already, and not what this command writes.",
            "Move it away, or name another file; nothing was changed.",
        )


def write_output(path: Path, data: bytes, recognise: Recognise) -> None:
    """Write a file whole or not at all. Raises what :func:`check_output` raises, and ``StorageError``."""
    check_output(path, recognise)
    with writing(path):
        if _is_stream(path):
            path.write_bytes(data)
        else:
            write_atomically(path, data)


def is_json_with(*keys: str) -> Recognise:
    """Recognises a JSON object that has at least these keys."""

    def recognise(stream: BinaryIO) -> bool:
        try:
            document: Any = json.load(stream)
        except (ValueError, RecursionError):
            return False
        return isinstance(document, dict) and set(keys) <= document.keys()

    return recognise


def is_text_with(mark: str) -> Recognise:
    """Recognises a file that has these words near its beginning."""
    return lambda stream: mark.encode() in stream.read(_BEGINNING)


def _is_stream(path: Path) -> bool:
    """Whether it is a stream of the system, such as ``/dev/stdout``, which no file can take the place of."""
    return str(path).startswith(_SYSTEM) or path.is_fifo() or path.is_char_device()
