"""HTTP server for the report on 127.0.0.1, for browsers on this machine only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import socketserver
import threading
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import unquote

from reportgen.errors import UserError
from reportgen.templates import templates_folder
from reportgen.typefaces.face import MAIN_FILES, font_folder


@dataclass(frozen=True)
class News:
    """The state of the build, whole: a page that missed the states before needs no more than this one.

    ``version`` names the report that is served, empty if there is none, and ``reminder`` what its authors
    have still to write; ``problem`` and ``remedy`` stay until the next good build.
    """

    state: Literal["building", "ready", "failed"] = "building"
    version: str = ""
    stage: str = ""
    problem: str = ""
    remedy: str = ""
    reminder: str = ""

    def as_event(self) -> bytes:
        """One Server-Sent Event, named after the state, with everything else as JSON."""
        details = asdict(self)
        name = details.pop("state")
        return f"event: {name}\ndata: {json.dumps(details)}\n\n".encode()


class Feed:
    """Hands each new state to all who wait for it, from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._news = News()
        self._number = 1
        self._closed = False

    @property
    def news(self) -> News:
        """The newest state."""
        with self._changed:
            return self._news

    def building(self, stage: str) -> None:
        """A build has come to the stage of this title."""
        self._tell(replace(self.news, state="building", stage=stage))

    def ready(self, version: str, reminder: str = "") -> None:
        """The last build was good; ``reminder`` says what its authors have still to write."""
        self._tell(News("ready", version, reminder=reminder))

    def failed(self, problem: str, remedy: str) -> None:
        """The last build failed; the report of the one before is still there."""
        self._tell(replace(self.news, state="failed", stage="", problem=problem, remedy=remedy))

    def serve(self, version: str) -> None:
        """Another report is served than before, whatever the build is doing."""
        self._tell(replace(self.news, version=version))

    def close(self) -> None:
        """Send away all who wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> tuple[int, News] | None:
        """The newest state and its number as soon as that is not ``seen``; None once the feed is closed.

        After ``timeout`` seconds the same number comes back.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number != seen, timeout)
            return None if self._closed else (self._number, self._news)

    def _tell(self, news: News) -> None:
        with self._changed:
            self._news = news
            self._number += 1
            self._changed.notify_all()


# Not 0.0.0.0: the report is nobody else's in the network.
ADDRESS = "127.0.0.1"

REPORT = "report.html"

SERVED = (REPORT, "report.pdf", "results.json")
"""The files of a build folder that are served, besides those in ``figures/``."""

_FIGURES = "figures"

_HERE = Path(__file__).parent

_SHELL = {
    "/": _HERE / "page.html",
    "/watch.css": _HERE / "page.css",
    "/watch.js": _HERE / "page.js",
    "/palette.css": templates_folder() / "palette.css",
    "/typeface.ttf": font_folder() / MAIN_FILES[0],
    "/typeface-bold.ttf": font_folder() / MAIN_FILES[2],
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}

_SHELL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
    "font-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEARTBEAT_SECONDS = 15.0

_JOIN_SECONDS = 5.0

_WAITING = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>reportgen</title>
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/palette.css"><link rel="stylesheet" href="/watch.css">
<body class="waiting">
<h1>No report yet</h1><p>It appears here as soon as it is built.</p></body></html>
"""


class ReportServer:
    """Serves the last good report, and reports to its pages through ``feed`` what the build is doing.

    It answers from the moment it is made until it is closed. ``port`` 0 takes any free one. Raises
    ``UserError`` if the port cannot be had.
    """

    def __init__(self, port: int) -> None:
        self._listener = _listen(port)
        self.feed = self._listener.feed
        # It looks for its end every 0.1 s: with the default of half a second, each Ctrl-C would be a wait.
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.1,), name="reportgen-server", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where a browser finds the report."""
        return f"http://{ADDRESS}:{self._listener.server_port}/"

    def offer(self, folder: Path) -> None:
        """Serve the report that an earlier run left in ``folder``, unless one is served already."""
        if not self.feed.news.version:
            self._listener.folder = folder
            self.feed.serve(_version(folder))

    def show(self, folder: Path, reminder: str = "") -> None:
        """Serve the report that was just built in ``folder``, and let all pages load it."""
        self._listener.folder = folder
        self.feed.ready(_version(folder), reminder)

    def close(self) -> None:
        """Stop serving and end every thread and connection."""
        self.feed.close()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join(_JOIN_SECONDS)

    def __enter__(self) -> ReportServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _listen(port: int) -> _Listener:
    try:
        return _Listener((ADDRESS, port), _Handler)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "ports end at 65535"
        raise UserError(
            f"Port {port} on {ADDRESS} cannot be used: {reason}.",
            "Name another with --port, or let the machine choose a free one with --port 0.",
        ) from None


def _version(folder: Path) -> str:
    """The SHA-256 of the report in ``folder``, or nothing if there is none."""
    stream = open_served(folder, REPORT)
    if stream is None:
        return ""
    with stream:
        # By content: pages load the report again only if it is another one, and a reader keeps the place.
        return hashlib.file_digest(stream, "sha256").hexdigest()


def open_served(folder: Path | None, name: str) -> BufferedReader | None:
    """Open a file of a build by its name in the address; None if there is none or it is not to be served.

    Only the report's own files and those directly in ``figures/`` are served, and only if no symbolic link
    within the build folder leads to them.
    """
    parent, _, last = name.rpartition("/")
    if folder is None or (name not in SERVED and (parent != _FIGURES or not last or last.startswith("."))):
        return None
    try:
        # Any ".." in the name makes the two paths differ, as a link does.
        path = folder.resolve() / name
        return path.open("rb") if path.resolve() == path and path.is_file() else None
    # ValueError: the address has a zero byte.
    except (OSError, ValueError):
        return None


class _Listener(ThreadingHTTPServer):
    """Knows its connections, so that none outlives it: a browser holds ``/events`` open for hours."""

    # A second watch has to find the port taken, also on systems that would share it.
    allow_reuse_port = False
    # A thread that hangs in a dead connection must not keep the program from ending.
    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        self.feed = Feed()
        self.folder: Path | None = None
        self._open: dict[threading.Thread, socket.socket] = {}
        super().__init__(*arguments)
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}
        # Browsers leave out the port that HTTP has by itself.
        if self.server_port == 80:
            self.hosts |= {ADDRESS, "localhost"}

    def server_bind(self) -> None:
        """Bind without the look-up of the machine's name that the base class does, which may hang."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="reportgen-answer"
        )
        thread.daemon = self.daemon_threads
        self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and forget the connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(threading.current_thread(), None)

    def server_close(self) -> None:
        """Close the port, then every connection, and wait for their threads."""
        super().server_close()
        connections = list(self._open.items())
        for _thread, connection in connections:
            # The browser may have closed it already.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread, _connection in connections:
            thread.join(_JOIN_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    # Else the answers name the version of Python.
    server_version, sys_version = "reportgen", ""
    # A connection that asks nothing, as browsers open in advance, is dropped after these seconds.
    timeout = 30

    def handle(self) -> None:
        # The browser may leave at any moment, which is no error.
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def log_message(self, *_arguments: Any) -> None:
        """Keep requests off the terminal, which shows the build."""

    def do_GET(self) -> None:
        if self._is_foreign():
            return
        path = unquote(self.path.partition("?")[0])
        if path == "/events":
            self._send_events()
        elif path in _SHELL:
            shell = _SHELL[path]
            self._send(HTTPStatus.OK, shell.read_bytes(), _TYPES[shell.suffix], _SHELL_POLICY)
        elif (stream := open_served(self.server.folder, path.removeprefix("/"))) is not None:
            with stream:
                self._send_file(stream, _TYPES.get(Path(path).suffix.lower(), "application/octet-stream"))
        # A page, too: the one around it shows this address from the start.
        elif path == f"/{REPORT}":
            self._send(HTTPStatus.NOT_FOUND, _WAITING, _TYPES[".html"])
        else:
            self._send_line(HTTPStatus.NOT_FOUND, "There is nothing at this address.")

    do_HEAD = do_GET  # noqa: N815

    def _refuse(self) -> None:
        if not self._is_foreign():
            self._send_line(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD are answered.")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _refuse  # noqa: N815

    def _is_foreign(self) -> bool:
        """Whether the request came under another name: a site whose name was made to point here."""
        hosts = [host.lower() for host in self.headers.get_all("Host", [])]
        if len(hosts) == 1 and hosts[0] in self.server.hosts:
            return False
        # By RFC 9110, 15.5.20: the name in the request is none that this server answers for.
        self._send_line(HTTPStatus.MISDIRECTED_REQUEST, f"Open http://{ADDRESS}:{self.server.server_port}/.")
        return True

    def _send_events(self) -> None:
        self._send_head(HTTPStatus.OK, "text/event-stream; charset=utf-8")
        if self.command == "HEAD":
            return
        # Milliseconds, after which a page asks again for a watch that was restarted.
        self.wfile.write(b"retry: 1000\n\n")
        seen = 0
        while (update := self.server.feed.wait(seen, _HEARTBEAT_SECONDS)) is not None:
            number, news = update
            # Writing is the only way to notice that the page has gone.
            self.wfile.write(b": still here\n\n" if number == seen else news.as_event())
            seen = number

    def _send_file(self, stream: BufferedReader, kind: str) -> None:
        self._send_head(HTTPStatus.OK, kind, os.fstat(stream.fileno()).st_size)
        if self.command != "HEAD":
            shutil.copyfileobj(stream, self.wfile)

    def _send_line(self, status: HTTPStatus, line: str) -> None:
        self._send(status, f"{line}\n".encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str, policy: str = "") -> None:
        self._send_head(status, kind, len(body), policy)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_head(self, status: HTTPStatus, kind: str, size: int | None = None, policy: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if size is not None:
            self.send_header("Content-Length", str(size))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        # The next report has the same address.
        self.send_header("Cache-Control", "no-store")
        # A browser must not guess that a file of results is a page.
        self.send_header("X-Content-Type-Options", "nosniff")
        # No page of another site may take a figure in.
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        # The report has a policy in its head, where browsers ignore who may frame it; that is said here.
        self.send_header("Content-Security-Policy", policy or "frame-ancestors 'self'")
        self.end_headers()
