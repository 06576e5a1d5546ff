"""Limits that the kernel keeps for a process that reads strangers' bytes, and for all that it starts.

A file that takes over a parser can do what the process may do. So the process gives away, for good, what the
work on one group does not need: memory and processor time without end, large files, the network, other
people's folders, new rights, and leaving its process group, by which it is ended. What a kernel lacks is left
out, and ``reportgen doctor`` says so.

System calls are made through ctypes. They are three of Landlock's and two others, and a library for them
would be one more dependency at the very point that is to be narrow, without the filter of system calls.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from reportgen.store.files import MEGABYTE

_HEADROOM = 2_000 * MEGABYTE
"""Memory that may be reserved beyond what may be resident. TensorFlow reserves 4.4 GB of addresses for 2.1 GB
that are resident, so a limit of addresses would be no limit. Of what is writable (RLIMIT_DATA) it reserves no
more than it uses: 1.30 GB where 1.33 GB were resident, on two processors; a thread's stack is 8 MB, and
larger machines have hundreds. The resident memory itself is measured from outside, five times a second.
"""

_LARGEST_FILE = 4_000 * MEGABYTE
"""Bytes of one file: the images of a class at the network's last layers take less than a tenth of it."""

_GRACE_SECONDS = 5

_SYSTEM_FOLDERS = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/nix", "/gnu", "/proc", "/sys"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/var/cache/fontconfig"),
)
"""What programs, fonts and the description of the processor are read from; no home folder is among it."""

_OWN_FOLDERS = (
    *(".fonts", ".fontconfig", ".local/share/fonts", ".config/fontconfig", ".cache/fontconfig"),
    *(".config/matplotlib", ".cache/matplotlib", ".keras/models"),
)
"""Of the home folder. Without its fonts an honest report would be printed in others than the instructor's."""

_WRITABLE_DEVICE = Path("/dev/null")
"""Not /dev/shm: files there are memory that belongs to no process, and would be counted by nobody."""


@dataclass(frozen=True)
class Confinement:
    """``readable`` and ``writable``: files, and folders with all that is in them, beside those of the system;
    ``cpu_seconds`` of each process; ``resident`` memory in bytes, which others measure and this only bounds.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    cpu_seconds: float
    resident: int


def confine(wanted: Confinement) -> None:
    """Give away what the work does not need. It cannot be undone, and holds for every process started later.

    To be called before other threads are started: Landlock and the filter bind the calling one and those that
    come from it. What the system does not have is left out; :func:`describe_protections` says what that is.
    """
    _limit(resource.RLIMIT_CORE, 0)
    seconds = int(min(wanted.cpu_seconds + 1, 2**31))
    # At the lower limit comes a signal that says why, at the upper one SIGKILL, which says nothing.
    _limit(resource.RLIMIT_CPU, seconds, seconds + _GRACE_SECONDS)
    _limit(resource.RLIMIT_FSIZE, _LARGEST_FILE)
    _limit(resource.RLIMIT_DATA, min(wanted.resident + _HEADROOM, 2**62))
    if not _deny_new_rights():
        return
    _allow_only(wanted)
    _filter_calls()


def describe_protections() -> tuple[list[str], list[str]]:
    """The protections that this system has, and those that it lacks, in words; nothing is changed."""
    landlock, filters = landlock_version(), _has_filters()
    found = {
        "memory, time and size of files": True,
        "foreign folders": landlock >= 1,
        "network": filters or landlock >= _WITH_NETWORK,
        "signals to other programs": landlock >= _WITH_SCOPES,
        "leaving the process group": filters,
    }
    return [name for name, has in found.items() if has], [name for name, has in found.items() if not has]


def _limit(kind: int, most: int, last: int | None = None) -> None:
    """Lower a limit, the upper one to ``last``; those that are lower already stay."""
    bounds = [each for each in resource.getrlimit(kind) if each != resource.RLIM_INFINITY]
    soft, hard = (min([each, *bounds]) for each in (most, most if last is None else last))
    resource.setrlimit(kind, (soft, hard))


# Options of prctl (linux/prctl.h), and SECCOMP_MODE_FILTER.
_SET_NO_NEW_PRIVS, _GET_SECCOMP, _SET_SECCOMP, _FILTER_MODE = 38, 21, 22, 2


def _system_library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _deny_new_rights() -> bool:
    """Let no program that is started from here have more rights, as sudo has; without it nothing follows."""
    system = _system_library()
    return system is not None and _control(system, _SET_NO_NEW_PRIVS, 1, 0) == 0


def _control(system: ctypes.CDLL, option: int, value: int, argument: int) -> int:
    """Call prctl, whose arguments are as wide as an address; the last two must be zero."""
    wide = (ctypes.c_ulong(each) for each in (value, argument, 0, 0))
    return int(system.prctl(option, *wide))


# Landlock: linux/landlock.h. The numbers of its calls are the same on every processor.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH = 1, 1
# The versions of the interface that brought these.
_WITH_REFER, _WITH_TRUNCATE, _WITH_NETWORK, _WITH_DEVICES, _WITH_SCOPES = 2, 3, 4, 5, 6

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _DEVICES = 1 << 13, 1 << 14, 1 << 15
_FIRST_RIGHTS = (1 << 13) - 1
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICES
_READING = _EXECUTE | _READ_FILE | _READ_FOLDER
_TCP, _SCOPES = 0b11, 0b11
"""Binding and connecting; abstract sockets and signals."""


def landlock_version() -> int:
    """The version of Landlock's interface, 0 if the kernel has none, or it is switched off."""
    system = _system_library()
    if system is None:
        return 0
    return max(int(system.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)), 0)


def _allow_only(wanted: Confinement) -> None:
    version, system = landlock_version(), _system_library()
    if system is None or not version:
        return
    handled = _FIRST_RIGHTS
    handled |= _REFER if version >= _WITH_REFER else 0
    handled |= _TRUNCATE if version >= _WITH_TRUNCATE else 0
    handled |= _DEVICES if version >= _WITH_DEVICES else 0
    network = _TCP if version >= _WITH_NETWORK else 0
    scopes = _SCOPES if version >= _WITH_SCOPES else 0
    attributes = struct.pack("=QQQ", handled, network, scopes)
    # Older kernels know shorter ones, and refuse the longer unless the rest is zero, as it is here.
    rules = system.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "Landlock refuses its rules")
    try:
        for path in (*map(Path, _SYSTEM_FOLDERS), *_list_own(), *_list_python(), *wanted.readable):
            _allow(system, rules, path, _READING & handled)
        for path in (_WRITABLE_DEVICE, *wanted.writable):
            _allow(system, rules, path, handled)
        if system.syscall(_RESTRICT_SELF, rules, 0) != 0:
            raise OSError(ctypes.get_errno(), "Landlock cannot be switched on")
    finally:
        os.close(rules)


def _allow(system: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no right
        return
    try:
        # For a file the kernel refuses a rule with rights of folders.
        fitting = rights if path.is_dir() else rights & _OF_FILES
        rule = struct.pack("=Qi", fitting, handle)
        if system.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"{path}: Landlock refuses a rule")
    finally:
        os.close(handle)


def _list_own() -> Iterator[Path]:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path raises RuntimeError where there is no home
    yield from (Path(home) / name for name in _OWN_FOLDERS if home != "~")
    if keras := os.environ.get("KERAS_HOME"):
        yield Path(keras)


def _list_python() -> Iterator[Path]:
    """Where modules and templates are imported from."""
    yield from map(Path, {sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path)})
    yield Path(sys.executable).resolve().parents[1]
    yield Path(__file__).resolve().parents[1]
    yield from _list_edited()


def _list_edited() -> Iterator[Path]:
    """Packages that setuptools installed for editing (``pip install -e``): no folder of ``sys.path`` holds
    them, but the table of a finder of their own.
    """
    for finder in sys.meta_path:
        mapped = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        if isinstance(mapped, dict):
            yield from (Path(folder) for folder in mapped.values() if isinstance(folder, str))


# Filters of system calls: linux/filter.h, linux/seccomp.h, linux/audit.h. A call is identified by its number.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
# SECCOMP_RET_ALLOW and SECCOMP_RET_ERRNO, with the number of the error in its lower half.
_PASS, _REFUSE = 0x7FFF0000, 0x00050000
# Where struct seccomp_data has them.
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
# EPERM and EACCES.
_NOT_PERMITTED, _NO_ACCESS = 1, 13
_FOREIGN_NUMBERS = 0x40000000
"""From here on, on x86-64, they are those of x32, which mean the same by other numbers."""

_IO_URING = 425
"""Sets up a ring by which sockets can be opened without a further call."""


@dataclass(frozen=True)
class _Architecture:
    token: int
    socket: int
    setsid: int
    setpgid: int


_ARCHITECTURES = MappingProxyType(
    {
        "x86_64": _Architecture(0xC000003E, 41, 112, 109),
        "aarch64": _Architecture(0xC00000B7, 198, 157, 154),
    }
)


def _find_architecture() -> _Architecture | None:
    """The numbers of this machine's calls, None where they are not known, or not those of its kernel."""
    # A Python of 32 bits calls by other numbers on the same machine.
    known = sys.platform == "linux" and sys.maxsize > 2**32
    return _ARCHITECTURES.get(platform.machine()) if known else None


def _has_filters() -> bool:
    """Whether calls can be filtered: their numbers are known, and the kernel was built with filters."""
    system = _system_library()
    if system is None or _find_architecture() is None:
        return False
    return _control(system, _GET_SECCOMP, 0, 0) >= 0


def _filter_calls() -> None:
    """Refuse every new socket, and leaving the process group, by which all of them are killed.

    Landlock knows TCP only; without sockets there is no UDP either, no name server, and no service of the
    machine that would do for others what they may not do themselves. Pairs of sockets stay.
    """
    system, own = _system_library(), _find_architecture()
    if system is None or own is None or not _has_filters():
        return
    refused = {own.socket: _NO_ACCESS, _IO_URING: _NO_ACCESS}
    refused |= {own.setsid: _NOT_PERMITTED, own.setpgid: _NOT_PERMITTED}
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        # By calls of another architecture, as those of 32 bits on x86-64, numbers mean something else.
        (_EQUAL, 1, 0, own.token),
        (_RETURN, 0, 0, _REFUSE | _NOT_PERMITTED),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _FOREIGN_NUMBERS),
        (_RETURN, 0, 0, _REFUSE | _NOT_PERMITTED),
    ]
    for number, error in refused.items():
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | error)]
    steps.append((_RETURN, 0, 0, _PASS))
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kept = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog, with the padding of a pointer's alignment.
    described = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(kept)))
    if _control(system, _SET_SECCOMP, _FILTER_MODE, ctypes.addressof(described)) != 0:
        raise OSError(ctypes.get_errno(), "the filter of system calls cannot be switched on")
