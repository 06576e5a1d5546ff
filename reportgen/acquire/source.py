"""Files on the web: downloaded once, verified and kept. An interrupted download is resumed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from urllib.parse import urlsplit

import requests

from reportgen.errors import UserError
from reportgen.progress import Progress
from reportgen.store.digests import hash_file
from reportgen.store.files import MEGABYTE, reason_of

_PORTS = {"https": 443, "http": 80}


def reach(url: str, seconds: float) -> None:
    """Connect to the server of an address, or to the proxy in front of it, and let go of it again.

    The limits of ``requests`` are for each of a name's addresses, of which there may be sixteen, and there is
    none for looking up the name; so a machine behind a shut firewall would wait for minutes.
    Raises ``requests.ConnectTimeout`` after so many seconds, or the ``OSError`` that came before.
    """
    # As requests itself finds it; behind a proxy the server may not be reachable, nor its name known.
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    parts = urlsplit(proxy or url)
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return
    if not host or not port:
        return  # requests itself says best what is wrong with such an address
    failures: list[OSError] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=seconds).close()
        except OSError as error:
            failures.append(error)

    # A look-up cannot be interrupted; a thread that still waits for it does not keep the program from ending.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() or (failures and isinstance(failures[0], TimeoutError)):
        raise requests.ConnectTimeout(f"{host}: no connection within {seconds:g} seconds")
    if failures:
        raise failures[0]


SUFFIX = ".part"


class Part:
    """The beginning of a file; bytes are added at its end."""

    def __init__(self, stream: BufferedRandom, path: Path) -> None:
        self._stream = stream
        self._path = path
        self.size = stream.seek(0, os.SEEK_END)

    def append(self, data: bytes) -> None:
        """Add bytes. Raises ``OSError`` if the disk does not take them."""
        self._stream.write(data)
        self.size += len(data)

    def clear(self) -> None:
        """Discard what was downloaded."""
        self._stream.truncate(0)
        self._stream.seek(0)
        self.size = 0

    def md5(self) -> str:
        """The checksum of all that is there, in hexadecimal digits."""
        self._stream.flush()
        self._stream.seek(0)
        # Of the whole file, not of what arrived: its beginning may be from an earlier run.
        # MD5, since that is what is published for these files. Where it is forbidden for security, Python
        # computes it only if it is declared to be for something else.
        digest = hashlib.file_digest(self._stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        self._stream.seek(0, os.SEEK_END)
        return digest

    def finish(self, path: Path) -> None:
        """Move the complete download to ``path``."""
        self._stream.flush()
        # Before the rename, or a power cut could leave the name without its content.
        os.fsync(self._stream.fileno())
        self._path.replace(path)
        self.size = 0


@contextmanager
def open_part(path: Path, say: Callable[[str], None]) -> Iterator[Part]:
    """The part of the file ``path``, for one process at a time; others say so and wait.

    What is there at the end of the block stays for the next time, unless it is nothing.
    """
    partial = path.with_name(path.name + SUFFIX)
    with _alone(partial, say) as stream:
        part = Part(stream, partial)
        try:
            yield part
        finally:
            # An error of the disk is raised where it was written to, and must not be replaced here.
            with contextlib.suppress(OSError):
                stream.flush()
            if not part.size:
                _remove(partial, stream)


@contextmanager
def _alone(path: Path, say: Callable[[str], None]) -> Iterator[BufferedRandom]:
    reported = False
    while True:
        # open() has no such mode: "w" empties what came, "x" refuses it, "r+" creates nothing, and "a" writes
        # at the end whatever seek() says.
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(handle, "r+b") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not reported:
                    say(f"Another download of {path.name.removesuffix(SUFFIX)} is under way; waiting for it.")
                reported = True
                fcntl.flock(stream, fcntl.LOCK_EX)
            except OSError:
                pass  # a file system without locks
            # The other process may have finished the download, or discarded it.
            if _is_same(path, stream):
                yield stream
                return
            # Finished while this process waited: the handle is that of the file under its final name.
            if (done := path.with_name(path.name.removesuffix(SUFFIX))).exists() and _is_same(done, stream):
                yield stream
                return


def _is_same(path: Path, stream: BufferedRandom) -> bool:
    # A file that is gone is another one.
    with contextlib.suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    return False


def _remove(path: Path, stream: BufferedRandom) -> None:
    if _is_same(path, stream):
        # What stays is resumed, or discarded, by the next download.
        with contextlib.suppress(OSError):
            path.unlink()


KIB = 1024

_CHUNK = 64 * KIB

_PAUSE_SECONDS = 2.0

# RFC 9110, 15.3.7 and 15.5.17.
_PARTIAL, _OUT_OF_RANGE = 206, 416

_TRANSIENT = (408, 425, 429)
"""The HTTP errors below 500 that may pass: request timeout, too early, too many requests."""


@dataclass(frozen=True)
class Source:
    """Where a file is to be had and how to know it.

    ``md5`` is its checksum in hexadecimal digits. ``connect`` (seconds) bounds the wait for the connection,
    ``timeout`` that for every next piece of data; ``retries`` is how often a download is tried again that
    failed without having come any further.
    """

    url: str
    md5: str
    timeout: float = 15.0
    retries: int = 2
    connect: float = 5.0


def download(source: Source, path: Path, *, title: str, alternative: str, progress: Progress) -> Path:
    """Make sure that ``path`` holds the file of ``source``, and return it.

    A file with the right checksum is left as it is, without asking the server. Otherwise the file is
    downloaded beside ``path`` and takes that name only after its checksum is found right. What came before a
    break is kept beside it, and the next download goes on from there if the server can. Two downloads of one
    file wait for each other. ``title`` says what the file is; ``alternative`` completes "Try again later, or
    ..." in an error.
    Raises ``UserError`` naming the address and what failed: the network, the server, the checksum, the disk.
    """
    kept = 0
    try:
        if _is_right(path, source):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_part(path, progress.say) as part:
            # Another process may have brought it meanwhile.
            if not _is_right(path, source):
                try:
                    _bring(source, part, f"Downloading {title} (KiB)", progress)
                    part.finish(path)
                finally:
                    kept = part.size
    except (_RefusedError, _WrongContentError, requests.RequestException, OSError) as error:
        remains = (
            f" {kept / MEGABYTE:.0f} MB came and are kept: the next try goes on from there." if kept else ""
        )
        raise UserError(
            f"{title} could not be downloaded from {source.url}: {_reason(error, source, path)}.{remains}",
            f"Try again later, or {alternative}.",
        ) from error
    return path


class _RefusedError(Exception):
    """An answer that will be the same next time, so that nothing is gained by trying again."""


class _WrongContentError(Exception):
    """The downloaded file is not the expected one."""


def _is_right(path: Path, source: Source) -> bool:
    return path.is_file() and hash_file(path).md5 == source.md5


def _bring(source: Source, part: Part, title: str, progress: Progress) -> None:
    """Try until the part is the whole file, or as long as tries bring it further."""
    left, furthest = source.retries, 0
    while True:
        try:
            reach(source.url, source.connect)
            resumed = _fetch(source, part, title, progress)
        # reach() raises the system's own errors, as the disk does; which of them are temporary is decided
        # below.
        except (requests.RequestException, OSError) as error:
            if isinstance(error, requests.HTTPError) and not _may_pass(error.response):
                # 404 and the like are the same the next time.
                raise _RefusedError from error
            if not isinstance(error, requests.RequestException) and not _is_of_network(error):
                raise  # the disk's
            # What came further may go on: a bad line breaks off often, and each time all tries are left.
            if part.size > furthest:
                left, furthest = source.retries, part.size
            elif not left or (_is_unreachable(error) and not furthest):
                raise
            else:
                left -= 1
        else:
            if part.md5() == source.md5:
                return
            part.clear()
            # A part may be left of an older file on the server; the try that shows it is not counted.
            if not (resumed or left):
                raise _WrongContentError
            left -= not resumed
        time.sleep(_PAUSE_SECONDS)


def _fetch(source: Source, part: Part, title: str, progress: Progress) -> bool:
    """One request for what is missing; returns whether it began behind the start."""
    headers = {"Accept-Encoding": "identity"}  # so that lengths and positions are those of the file
    start = part.size
    if start:
        headers["Range"] = f"bytes={start}-"
    limits = (source.connect, source.timeout)
    # And not by pooch, which cannot go on with a download that broke off.
    with requests.get(source.url, headers=headers, stream=True, timeout=limits) as answer:
        if start and answer.status_code == _OUT_OF_RANGE:
            return True  # all there already, or more than that: the checksum decides
        answer.raise_for_status()
        # A server that knows no ranges sends the whole file, with 200.
        if answer.status_code != _PARTIAL or not _begins_at(answer, start):
            part.clear()
            start = 0
        if answer.status_code == _PARTIAL and not start:
            # The part is empty now, so the next try asks for the whole file.
            raise requests.exceptions.ChunkedEncodingError("another part than the one asked for")
        size = _whole_size(answer, start)
        with progress.stage(title, _kib(size) or None) as advance:
            if start:
                advance(_kib(start))
            for chunk in answer.iter_content(_CHUNK):
                before = _kib(part.size)
                part.append(chunk)
                advance(_kib(part.size) - before)
    # urllib3 notices this by itself only from version 2 on, and requests works with older ones.
    if part.size < size:
        raise requests.exceptions.ChunkedEncodingError("fewer bytes than promised")
    return start > 0


def _begins_at(answer: requests.Response, start: int) -> bool:
    return answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _whole_size(answer: requests.Response, start: int) -> int:
    """Bytes of the whole file, as far as the server says; else 0."""
    length = answer.headers.get("Content-Length", "")
    plain = answer.headers.get("Content-Encoding", "identity") == "identity"
    # Of a packed answer the length is that of the packed bytes.
    return start + int(length) if plain and length.isdecimal() else 0


def _may_pass(answer: requests.Response | None) -> bool:
    return answer is None or answer.status_code >= 500 or answer.status_code in _TRANSIENT


def _is_of_network(error: OSError) -> bool:
    # Subclasses of OSError, as a full disk is one, too: these alone are the network's.
    return isinstance(error, (ConnectionError, TimeoutError, socket.gaierror))


def _is_unreachable(error: Exception) -> bool:
    """Whether not even a connection was made; tried again at once, it would only keep the user waiting."""
    return not isinstance(error, requests.RequestException) or isinstance(error, requests.ConnectTimeout)


def _kib(size: int) -> int:
    return -(-size // KIB)


def _reason(error: BaseException, source: Source, path: Path) -> str:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            return f"the server answered {cause.response.status_code} {cause.response.reason}"
    # The first that fits counts: a ConnectTimeout, for one, is a Timeout, too.
    reasons: dict[type[Exception], str] = {
        socket.gaierror: "the server's name cannot be looked up, so this machine seems to be offline",
        requests.ConnectTimeout: f"no connection within {source.connect:g} seconds",
        requests.Timeout: f"no answer within {source.timeout:g} seconds",
        TimeoutError: f"no answer within {source.timeout:g} seconds",
        ConnectionRefusedError: "the connection was refused",
        requests.exceptions.SSLError: "the server's certificate cannot be trusted",
        requests.exceptions.ChunkedEncodingError: "the connection broke off before the end of the file",
        ConnectionResetError: "the connection broke off before the end of the file",
        _WrongContentError: f"what came is not the file expected (its MD5 is not {source.md5})",
    }
    for kind, reason in reasons.items():
        if any(isinstance(cause, kind) for cause in causes):
            return reason
    if isinstance(error, requests.RequestException) or (isinstance(error, OSError) and _is_of_network(error)):
        return f"the connection failed ({causes[-1]})"
    return f"it cannot be kept as {path} ({reason_of(error) if isinstance(error, OSError) else error})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, outermost first."""
    while error is not None:
        yield error
        # requests and urllib3 wrap what the system raised, one in the other.
        error = error.__cause__ or error.__context__
