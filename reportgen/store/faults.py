"""Explains errors of the operating system in words, with a remedy."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from types import MappingProxyType

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


def remedy_for(error: OSError) -> str:
    """The remedy, as a sentence."""
    return _look_up(error)[1]


def _look_up(error: OSError) -> tuple[str, str]:
    if isinstance(error, NoFileError):
        return "", "Move it away, or name a file."
    return _FAULTS.get(error.errno or 0, ("", _UNKNOWN))
