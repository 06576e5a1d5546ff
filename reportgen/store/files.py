"""Files written whole or not at all, and what went wrong where they were not."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType

from reportgen.errors import UserError

MEGABYTE = 10**6

_ELSEWHERE = "Choose another folder."

_RIGHTS = "Change who may write there, or choose another folder."

_NAME = "Choose another name or folder."

_FAULTS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        errno.ENOSPC: ("the disk is full", "Make room on the disk, or choose another folder."),
        errno.EDQUOT: (
            "your quota on this disk is used up",
            "Make room in your part of the disk, or choose another folder.",
        ),
        errno.EFBIG: ("the file is larger than this disk or your limits (ulimit -f) allow", _ELSEWHERE),
        errno.EROFS: ("this disk can only be read", "Choose a folder that can be written."),
        errno.EACCES: ("you have no right to it", _RIGHTS),
        errno.EPERM: ("the system forbids it", _RIGHTS),
        errno.EMFILE: (
            "this program has too many files open",
            "Allow it more (ulimit -n 1024), then run it again.",
        ),
        errno.ENFILE: ("the system has too many files open", "Close other programs, then run it again."),
        errno.ENOMEM: ("the memory is used up", "Close other programs, then run it again."),
        errno.ENAMETOOLONG: ("the name is too long for this disk", "Choose a shorter name or path."),
        errno.EILSEQ: ("this disk cannot have such a name", _NAME),
        errno.EINVAL: ('this disk refuses it, as some disks refuse names with : ? * or "', _NAME),
        errno.EIO: (
            "the disk failed to read or write",
            "Check the disk and its cable or network, or choose another folder.",
        ),
        errno.ENXIO: ("the device behind it is gone, or it is no file", _ELSEWHERE),
        errno.ENODEV: ("the device behind it is gone", "Connect it again, or choose another folder."),
        errno.ESTALE: (
            "the network drive has lost it",
            "Connect the drive again (leave its folder and come back), then run it again.",
        ),
        errno.ETIMEDOUT: ("the network drive does not answer", "Check the network, then run it again."),
        errno.EHOSTDOWN: ("the network drive does not answer", "Check the network, then run it again."),
        errno.ENOTCONN: ("the drive is no longer connected", "Connect it again, then run it again."),
        errno.ETXTBSY: ("another program is running it", "End that program, then run it again."),
        errno.EBUSY: ("the system or another program is using it", "End that program, then run it again."),
        errno.ELOOP: ("a link leads back to itself", "Remove that link."),
        errno.EMLINK: ("the file has too many names", _ELSEWHERE),
        errno.ENOTDIR: (
            "there is a file where a folder is needed",
            "Move that file away, or choose another folder.",
        ),
        errno.EISDIR: ("it is a folder where a file is needed", "Name a file."),
        errno.EEXIST: (
            "something of another kind is already there",
            "Move it away, or choose another folder.",
        ),
        errno.ENOTEMPTY: (
            "a folder that is not empty is already there",
            "Move it away, or choose another folder.",
        ),
        errno.ENOENT: ("there is no such file or folder", "Check the path."),
        errno.EXDEV: ("it lies on another disk", _ELSEWHERE),
    }
)
"""Errors of the system: what happened, and what a user does about it."""

_UNKNOWN = "Check that folder, or choose another one."


class NoFileError(OSError):
    """Not a regular file where one is expected: a named pipe, a socket, a device, a folder."""


def reason_of(error: OSError) -> str:
    """Why it failed, in words that follow a colon, with the system's own in brackets."""
    message = error.strerror or str(error) or type(error).__name__
    words, _ = _look_up(error)
    if not words:
        return message
    return words if words.casefold() == message.casefold() else f"{words} ({message})"


def cannot_be_read(name: object, error: OSError) -> str:
    """The problem of a file or folder that the system does not let us read, as a sentence."""
    return f"{name}: {unreadable_since(error)}."


def unreadable_since(error: OSError) -> str:
    """The same without a name: what follows the name of a file in a list of problems."""
    return f"cannot be read: {reason_of(error)}"


def remedy_for(error: OSError) -> str:
    """The remedy, as a sentence."""
    return _look_up(error)[1]


def _look_up(error: OSError) -> tuple[str, str]:
    if isinstance(error, NoFileError):
        return "", "Move it away, or name a file."
    return _FAULTS.get(error.errno or 0, ("", _UNKNOWN))


TEMPORARY = ".writing-"
"""How the name of a file begins that is not yet whole."""

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}

_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY})
"""How file systems say that they do not know what was asked for."""

_NOT_ALLOWED = frozenset({errno.EPERM, errno.EACCES})


class StorageError(UserError):
    """A file or folder cannot be written."""


@contextlib.contextmanager
def writing(path: Path, spared: str = "") -> Iterator[None]:
    """Turn what goes wrong on the disk while ``path`` is written into a ``StorageError`` that names it.

    ``spared`` is a sentence on what is not lost.
    """
    try:
        yield
    except OSError as error:
        remedy = remedy_for(error)
        raise StorageError(
            f"{_path_of(error, path)}: cannot be written: {reason_of(error)}.",
            f"{remedy} {spared}".rstrip(),
        ) from None


def _path_of(error: OSError, path: Path) -> Path:
    """The file that an error is about, as the user knows it: nobody knows the temporary ones."""
    # Of a rename the second name is the goal.
    named = Path(str(error.filename2 or error.filename or path))
    return path if named.name.startswith(TEMPORARY) else named


def open_file(path: Path) -> BufferedReader:
    """Open a file to read its bytes, and nothing but a file.

    A named pipe would make the program wait for ever, and some devices never end. Raises ``NoFileError``
    for anything of that kind, ``OSError`` if it cannot be opened.
    """
    _refuse_other_kinds(path, path.stat().st_mode)  # opening a device may already do something
    return _open_looking(path)


def _open_looking(path: Path, more: int = 0) -> BufferedReader:
    """Open a path, with ``more`` flags of ``os.open``, and refuse what is no file."""
    # The path may be a pipe by now: O_NONBLOCK waits for no writer, and the open file is looked at once more.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | more)
    try:
        _refuse_other_kinds(path, os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    # Ctrl-C, too, leaves no handle open.
    except BaseException:
        os.close(handle)
        raise


def _refuse_other_kinds(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise NoFileError(errno.EINVAL, f"it is {what}, not a file", str(path))


def read_file(path: Path) -> bytes:
    """The content of a file. Raises what :func:`open_file` raises."""
    with open_file(path) as stream:
        return stream.read()


def open_plain(path: Path) -> BufferedReader:
    """Open a file that another process made, which a stranger's file may have taken over.

    It may have left a link there, to a file that only this process can read, or a pipe. Raises
    ``NoFileError`` for anything but a regular file, ``OSError`` if it cannot be opened.
    """
    # A device, whose opening may already do something, takes rights to make that the other process has not.
    return _open_looking(path, os.O_NOFOLLOW)


def read_plain(path: Path, most: int) -> bytes:
    """The content of such a file. Raises what :func:`open_plain` does, also for more than ``most`` bytes."""
    with open_plain(path) as stream:
        if os.fstat(stream.fileno()).st_size > most:
            raise NoFileError(errno.EFBIG, "it is larger than what an honest process writes", str(path))
        return stream.read()


def is_plain(path: Path) -> bool:
    """Whether there is a regular file, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def hash_of(path: Path) -> str:
    """SHA-256 of a file, "" if there is none that can be read."""
    try:
        with open_file(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        # Equal to no recorded hash, so a file that cannot be read counts as changed.
        return ""


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file so that a reader sees the old content or the new, never a part of either.

    ``durable`` waits until the disk has it; a cache entry that carries its own digest need not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, for a rename is atomic only within one file system.
    # Not the file's own name with something added: that may be too long.
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            if durable:
                stream.flush()
                # Before the rename: a power cut could otherwise leave the new name without its content.
                _sync(stream.fileno())
        _open_to_others(Path(name))
        Path(name).replace(path)
    except BaseException:
        # After Ctrl-C, too, nothing half written stays.
        Path(name).unlink(missing_ok=True)
        raise


def _open_to_others(path: Path) -> None:
    """Let others read the file, where the file system has rights at all (FAT and SMB may have none)."""
    with _tolerated(_UNSUPPORTED | _NOT_ALLOWED):
        # mkstemp makes files that nobody but their owner can read.
        path.chmod(0o644)


@contextlib.contextmanager
def _tolerated(numbers: frozenset[int]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise


def link_or_copy(file: Path, target: Path) -> None:
    """Give ``file`` a second name; its content is copied where the file system knows no links."""
    try:
        os.link(file, target)
    # Whatever the reason: if it was not for want of links, copying fails, too, and its error says why.
    except OSError:
        write_atomically(target, read_file(file))


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows which names the folder holds, where the file system allows it."""
    with _tolerated(_UNSUPPORTED | _NOT_ALLOWED | {errno.EISDIR, errno.EBADF}):
        handle = os.open(folder, os.O_RDONLY)
        try:
            _sync(handle)
        finally:
            os.close(handle)


def _sync(handle: int) -> None:
    with _tolerated(_UNSUPPORTED):
        os.fsync(handle)
