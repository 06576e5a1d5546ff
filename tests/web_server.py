"""A web server on this machine that answers well, badly, or not at all, as a test tells it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reportgen.acquire.source import Source

Answer = Callable[[BaseHTTPRequestHandler], None]


def send(body: bytes, promised: int | None = None) -> Answer:
    """Answer 200 with ``body``, whose length is said to be ``promised``."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body) if promised is None else promised))
        request.end_headers()
        request.wfile.write(body)

    return answer


def send_from(body: bytes, broken_at: int | None = None, total: int | None = None) -> Answer:
    """Answer with ``body`` from where the request wants it, as a server with ranges does, to ``broken_at``.

    ``total``: the length that is told.
    """

    def answer(request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range", "")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(body):
            request.send_error(416)
            return
        request.send_response(206 if wanted else 200)
        if wanted:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{total or len(body)}")
        request.send_header("Content-Length", str((total or len(body)) - start))
        request.end_headers()
        request.wfile.write(body[start:broken_at])

    return answer


def fail(status: int) -> Answer:
    return lambda request: request.send_error(status)


@dataclass
class WebServer:
    """Gives its ``answers`` in turn, the last one for ever; ``requests`` are the paths asked for,
    ``ranges`` what each wanted of it.
    """

    url: str
    answers: list[Answer] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def source(self, content: bytes, timeout: float = 5, retries: int = 0) -> Source:
        """Where ``content`` is to be had, if the answers are right."""
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return Source(f"{self.url}/file.zip", md5, timeout, retries)

    def stall(self, sent: bytes, held_back: bytes) -> Answer:
        """Send raw bytes, then the others only seconds later, so that a client without haste has them all."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(sent)
            request.wfile.flush()
            if not self.ended.wait(5):
                request.wfile.write(held_back)

        return answer


@contextmanager
def serving() -> Iterator[WebServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append(self.path)
            server.ranges.append(self.headers.get("Range"))
            server.answers[min(len(server.requests), len(server.answers)) - 1](self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = WebServer(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            http.shutdown()
            thread.join()
