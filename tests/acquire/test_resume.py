"""Downloads that break off and go on, from a server on this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage_listener import StageListener
from web_server import WebServer, fail, send, send_from, serving

from reportgen.acquire.source import Source, download, open_part
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent

CONTENT = bytes(range(256)) * 1000 + b"the last, shorter chunk"
OTHER = CONTENT[::-1]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("reportgen.acquire.source._PAUSE_SECONDS", 0)
    with serving() as server:
        yield server


def fetch(folder: Path, source: Source, progress: Progress | None = None) -> bytes:
    path = download(
        source, folder / "file.h5", title="The file", alternative="wait", progress=progress or Silent()
    )
    assert [entry.name for entry in folder.iterdir()] == ["file.h5"]
    return path.read_bytes()


def test_a_break_is_mended_by_asking_for_the_rest_only(server: WebServer, tmp_path: Path) -> None:
    server.answers = [send_from(CONTENT, 70_000), send_from(CONTENT, 200_000), send_from(CONTENT)]

    assert fetch(tmp_path, server.source(CONTENT)) == CONTENT
    assert server.ranges == [None, "bytes=65536-", "bytes=196608-"]  # in whole chunks


def test_the_next_command_goes_on_where_the_last_one_broke_off(server: WebServer, tmp_path: Path) -> None:
    server.answers = [send_from(CONTENT, 100_000), fail(503), send_from(CONTENT)]
    with pytest.raises(UserError) as caught:
        fetch(tmp_path, server.source(CONTENT))
    assert "the next try goes on from there" in caught.value.problem
    assert (tmp_path / "file.h5.part").read_bytes() == CONTENT[:65_536]
    heard = StageListener()

    assert fetch(tmp_path, server.source(CONTENT), heard) == CONTENT

    assert server.ranges[-1] == "bytes=65536-"
    [(_, total, steps)] = heard.stages
    assert total == sum(steps) == 251
    assert steps[0] == 64  # what was there before, in KiB


def test_a_server_without_ranges_is_asked_from_the_start(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "file.h5.part").write_bytes(CONTENT[:5000])
    server.answers = [send(CONTENT)]

    assert fetch(tmp_path, server.source(CONTENT)) == CONTENT


def test_a_server_that_breaks_at_the_same_place_for_ever_is_left(server: WebServer, tmp_path: Path) -> None:
    server.answers = [send(CONTENT[:70_000], len(CONTENT))]

    with pytest.raises(UserError, match="broke off before the end"):
        fetch(tmp_path, server.source(CONTENT, retries=2))
    assert len(server.requests) == 4  # the first came further than nothing, three came no further


@pytest.mark.parametrize("kept", [OTHER[:5000], OTHER, CONTENT + b"more"], ids=["some", "all", "too much"])
def test_what_was_kept_of_another_file_is_thrown_away(server: WebServer, tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "file.h5.part").write_bytes(kept)
    server.answers = [send_from(CONTENT)]

    assert fetch(tmp_path, server.source(CONTENT)) == CONTENT
    assert server.ranges[-1] is None


def test_a_part_that_is_whole_is_not_downloaded_again(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "file.h5.part").write_bytes(CONTENT)
    server.answers = [send_from(CONTENT)]

    assert fetch(tmp_path, server.source(CONTENT)) == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_another_part_than_the_one_asked_for_is_not_appended(server: WebServer, tmp_path: Path) -> None:
    def answer_elsewhere(request: object) -> None:
        body = CONTENT[60_000:]
        head = f"HTTP/1.0 206 Partial Content\r\nContent-Range: bytes 60000-/*\r\nContent-Length: {len(body)}"
        request.wfile.write(head.encode() + b"\r\n\r\n" + body)  # type: ignore[attr-defined]

    (tmp_path / "file.h5.part").write_bytes(CONTENT[:50_000])
    server.answers = [answer_elsewhere, send_from(CONTENT)]

    assert fetch(tmp_path, server.source(CONTENT, retries=1)) == CONTENT
    assert server.ranges == ["bytes=50000-", None]


def test_two_downloads_of_one_file_wait_for_each_other(server: WebServer, tmp_path: Path) -> None:
    server.answers = [send_from(CONTENT)]
    said: list[str] = []

    class Hearing(Silent):
        def say(self, message: str) -> None:
            said.append(message)
            ready.set()

    ready = threading.Event()
    done: list[bytes] = []
    with open_part(tmp_path / "file.h5", said.append) as part:
        other = threading.Thread(
            target=lambda: done.append(fetch(tmp_path, server.source(CONTENT), Hearing()))
        )
        other.start()
        assert ready.wait(20)
        part.append(CONTENT)
        part.finish(tmp_path / "file.h5")
    other.join(20)

    assert done == [CONTENT]
    assert "Another download of file.h5 is under way" in said[0]
    assert server.requests == []


@pytest.fixture
def full_queue() -> Iterator[str]:
    """The address of a server that lets nobody in: its queue of connections is full."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(silent.getsockname())
            waiting.append(client)
        yield f"http://127.0.0.1:{silent.getsockname()[1]}/file.h5"
        for client in waiting:
            client.close()


def test_a_connection_that_does_not_come_about_is_given_up_once(
    full_queue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    with pytest.raises(UserError, match=r"no connection within 0\.3 seconds"):
        fetch(tmp_path, Source(full_queue, "0" * 32, connect=0.3))
    assert pauses == []  # it was not tried again


def test_looking_up_a_name_is_given_up_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [] * ended.wait(60))
    monkeypatch.setenv("NO_PROXY", "*")

    with pytest.raises(UserError, match=r"no connection within 0\.2 seconds"):
        fetch(tmp_path, Source("http://slow.invalid/file.h5", "0" * 32, connect=0.2))
    ended.set()


def test_connecting_is_given_up_after_five_seconds_unless_told_otherwise() -> None:
    assert Source("http://a/b", "0" * 32).connect == 5
