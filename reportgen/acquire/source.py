"""A file on the web: downloaded once, checked, and kept."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from reportgen.errors import UserError
from reportgen.progress import Advance, Progress
from reportgen.store.faults import reason_of

KIB = 1024
_CHUNK = 64 * KIB
_TRANSIENT = (408, 425, 429)
"""The HTTP errors below 500 that may pass: request timeout, too early, too many requests."""


@dataclass(frozen=True)
class Source:
    """Where a file is to be had and how to know it.

    ``md5`` is its checksum in hexadecimal digits. ``timeout`` (seconds) bounds the wait for the connection
    and for every next piece of data; ``retries`` is how often a failed download is tried again.
    """

    url: str
    md5: str
    timeout: float = 15.0
    retries: int = 2


def download(source: Source, path: Path, *, title: str, alternative: str, progress: Progress) -> Path:
    """Make sure that ``path`` holds the file of ``source``, and return it.

    A file with the right checksum is left as it is, without asking the server. Otherwise the file is
    downloaded beside ``path`` and takes that name only after its checksum is found right. ``title`` says
    what the file is; ``alternative`` completes "Try again later, or ..." in an error.
    Raises ``UserError`` naming the address and what failed: the network, the server, the checksum, the disk.
    """
    store = pooch.Pooch(
        path=path.parent.absolute(),
        base_url="",
        registry={path.name: f"md5:{source.md5}"},
        urls={path.name: source.url},
        retry_if_failed=source.retries,
    )
    try:
        with _pooch_kept_quiet():
            store.fetch(path.name, downloader=_Downloader(source, title, progress))
    except (_RefusedError, requests.RequestException, ValueError, OSError) as error:
        raise UserError(
            f"{title} could not be downloaded from {source.url}: {_reason(error, source, path)}.",
            f"Try again later, or {alternative}.",
        ) from error
    return path


class _RefusedError(Exception):
    """An answer that will be the same next time; pooch does not try again after it."""


class _Downloader:
    """One attempt, as pooch calls it: a GET request, written to a temporary file."""

    def __init__(self, source: Source, title: str, progress: Progress) -> None:
        self._timeout = source.timeout
        self._title = f"Downloading {title} (KiB)"
        self._progress = progress

    def __call__(self, url: str, output_file: str, store: pooch.Pooch) -> None:
        with ExitStack() as stack:

            def close_at_end(answer: requests.Response, **_: object) -> None:
                stack.callback(answer.close)  # pooch leaves it open if the download fails

            fetch = pooch.HTTPDownloader(
                progressbar=_Bar(self._title, self._progress, stack),
                chunk_size=_CHUNK,
                timeout=self._timeout,
                hooks={"response": close_at_end},
            )
            try:
                fetch(url, output_file, store)
            except requests.HTTPError as error:
                if _may_pass(error.response):
                    raise
                raise _RefusedError from error


class _Bar:
    """A progress bar as pooch drives it, shown as a stage in KiB that opens once the size is known."""

    def __init__(self, title: str, progress: Progress, stack: ExitStack) -> None:
        self._title = title
        self._progress = progress
        self._stack = stack
        self._advance: Advance = lambda _count: None
        self._size = 0
        self._bytes = 0

    @property
    def total(self) -> int:
        return self._size

    @total.setter
    def total(self, size: int) -> None:
        self._size = size
        self._advance = self._stack.enter_context(self._progress.stage(self._title, _kib(size) or None))

    def update(self, count: int) -> None:
        """Add ``count`` bytes; pooch counts the last, shorter chunk as a whole one."""
        before = _kib(self._bytes)
        self._bytes = min(self._bytes + count, self._size) if self._size else self._bytes + count
        self._advance(_kib(self._bytes) - before)

    def reset(self) -> None:
        """Do nothing: pooch starts again from 0 only to fill the bar, and this one never overshoots."""

    def close(self) -> None:
        """Do nothing: the stage ends with the attempt, also when that fails."""


def _may_pass(answer: requests.Response | None) -> bool:
    return answer is None or answer.status_code >= 500 or answer.status_code in _TRANSIENT


def _kib(size: int) -> int:
    return -(-size // KIB)


@contextmanager
def _pooch_kept_quiet() -> Iterator[None]:
    logger = pooch.get_logger()
    before = logger.disabled
    logger.disabled = True  # its level would not do: this logger caches what its first level let through
    try:
        yield
    finally:
        logger.disabled = before


def _reason(error: BaseException, source: Source, path: Path) -> str:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, requests.HTTPError) and cause.response is not None:
            return f"the server answered {cause.response.status_code} {cause.response.reason}"
    reasons: dict[type[Exception], str] = {
        socket.gaierror: "the server's name cannot be looked up, so this machine seems to be offline",
        requests.Timeout: f"no answer within {source.timeout:g} seconds",
        TimeoutError: f"no answer within {source.timeout:g} seconds",
        ConnectionRefusedError: "the connection was refused",
        requests.exceptions.SSLError: "the server's certificate cannot be trusted",
        requests.exceptions.ChunkedEncodingError: "the connection broke off before the end of the file",
        ConnectionResetError: "the connection broke off before the end of the file",
    }
    for kind, reason in reasons.items():
        if any(isinstance(cause, kind) for cause in causes):
            return reason
    if isinstance(error, requests.RequestException):
        return f"the connection failed ({causes[-1]})"
    if isinstance(error, ValueError):
        return f"what came is not the file expected (its MD5 is not {source.md5})"
    return f"it cannot be kept as {path} ({reason_of(error) if isinstance(error, OSError) else error})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
