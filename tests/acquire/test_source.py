"""Downloads, good and broken, from a server on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage_listener import StageListener
from web_server import Answer, WebServer, fail, send, serving

from reportgen.acquire.source import Source, download
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent

CONTENT = bytes(range(256)) * 1000 + b"the last, shorter chunk"
NOWHERE = Source("http://nowhere.invalid/file.zip", "0" * 32)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with serving() as server:
        server.answers = [send(CONTENT)]
        yield server


def fetch(folder: Path, source: Source, progress: Progress | None = None) -> Path:
    return download(
        source,
        folder / "cache" / "kept.zip",
        title="The file",
        alternative="bring it yourself",
        progress=progress or Silent(),
    )


def failing(folder: Path, source: Source, kept: int = 0) -> str:
    """Download; see that it fails with the address and the remedy, and leaves only the part that came."""
    with pytest.raises(UserError) as caught:
        fetch(folder, source)
    left = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert left == ({"kept.zip.part": CONTENT[:kept]} if kept else {})
    assert caught.value.problem.startswith(f"The file could not be downloaded from {source.url}: ")
    assert caught.value.remedy == "Try again later, or bring it yourself."
    return caught.value.problem


def test_the_file_is_kept_under_its_name(server: WebServer, tmp_path: Path) -> None:
    path = fetch(tmp_path, server.source(CONTENT))

    assert path == tmp_path / "cache" / "kept.zip"
    assert path.read_bytes() == CONTENT
    assert os.listdir(tmp_path / "cache") == ["kept.zip"]  # noqa: PTH208 - names only


def test_a_second_download_asks_the_server_nothing(server: WebServer, tmp_path: Path) -> None:
    fetch(tmp_path, server.source(CONTENT))
    heard = StageListener()

    fetch(tmp_path, server.source(CONTENT), heard)

    assert server.requests == ["/file.zip"]
    assert heard.stages == []


def test_a_file_put_there_by_hand_is_taken(tmp_path: Path, server: WebServer) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "kept.zip").write_bytes(CONTENT)

    fetch(tmp_path, server.source(CONTENT))

    assert server.requests == []


def test_a_damaged_file_is_replaced(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "kept.zip").write_bytes(CONTENT[:-1])

    assert fetch(tmp_path, server.source(CONTENT)).read_bytes() == CONTENT


def test_progress_is_counted_in_kib_once(server: WebServer, tmp_path: Path) -> None:
    heard = StageListener()

    fetch(tmp_path, server.source(CONTENT), heard)

    [(title, total, steps)] = heard.stages
    assert title == "Downloading The file (KiB)"
    assert sum(steps) == total == 251  # 256,023 bytes
    assert steps[0] == 64
    assert min(steps) >= 0


def test_progress_without_a_known_size_is_open(server: WebServer, tmp_path: Path) -> None:
    def unsized(request: object) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT)  # type: ignore[attr-defined]

    server.answers = [unsized]
    heard = StageListener()

    fetch(tmp_path, server.source(CONTENT), heard)

    [(_, total, steps)] = heard.stages
    assert total is None
    assert sum(steps) == 251


def test_every_attempt_is_a_stage_that_ends(server: WebServer, tmp_path: Path) -> None:
    server.answers = [send(CONTENT[:70_000], len(CONTENT)), send(CONTENT)]
    heard = StageListener()

    fetch(tmp_path, server.source(CONTENT, retries=1), heard)

    assert [total for _, total, _ in heard.stages] == [251, 251]
    assert [sum(steps) for *_, steps in heard.stages] == [64, 251]
    assert heard.ended == 2


@pytest.mark.parametrize(
    "bad",
    [fail(500), fail(503), fail(408), fail(429), send(CONTENT[:900], len(CONTENT)), send(b"another file")],
    ids=["500", "503", "408", "429", "cut short", "another file"],
)
def test_what_may_pass_is_tried_again(server: WebServer, tmp_path: Path, bad: Answer) -> None:
    server.answers = [bad, bad, send(CONTENT)]

    assert fetch(tmp_path, server.source(CONTENT, retries=2)).read_bytes() == CONTENT
    assert len(server.requests) == 3


def test_retries_come_to_an_end(server: WebServer, tmp_path: Path) -> None:
    server.answers = [fail(500)]

    assert "the server answered 500" in failing(tmp_path, server.source(CONTENT, retries=2))
    assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found"), (403, "403 Forbidden")])
def test_a_lasting_refusal_is_not_tried_again(
    server: WebServer, tmp_path: Path, status: int, words: str
) -> None:
    server.answers = [fail(status)]

    assert f"the server answered {words}" in failing(tmp_path, server.source(CONTENT, retries=2))
    assert len(server.requests) == 1


@pytest.mark.parametrize("kept", [0, 1, 900, 70_000, len(CONTENT) - 1])
def test_a_body_cut_short_is_refused(server: WebServer, tmp_path: Path, kept: int) -> None:
    server.answers = [send(CONTENT[:kept], promised=len(CONTENT))]

    assert "broke off before the end" in failing(tmp_path, server.source(CONTENT), kept // 65_536 * 65_536)


@pytest.mark.parametrize("body", [b"", CONTENT[:-1], CONTENT[:-1] + b"x", CONTENT + b"x"])
def test_a_wrong_checksum_is_refused(server: WebServer, tmp_path: Path, body: bytes) -> None:
    server.answers = [send(body)]
    source = server.source(CONTENT)

    assert f"its MD5 is not {source.md5}" in failing(tmp_path, source)


@pytest.mark.parametrize("offset", [0, 10, 70_000], ids=["no answer", "half a header", "half a body"])
def test_a_server_that_stalls_is_left(server: WebServer, tmp_path: Path, offset: int) -> None:
    whole = f"HTTP/1.0 200 OK\r\nContent-Length: {len(CONTENT)}\r\n\r\n".encode() + CONTENT
    server.answers = [server.stall(whole[:offset], whole[offset:])]

    kept = 65_536 if offset == 70_000 else 0
    assert "no answer within 0.2 seconds" in failing(tmp_path, server.source(CONTENT, timeout=0.2), kept)


def test_a_refused_connection_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, but not listening
        source = Source(f"http://127.0.0.1:{silent.getsockname()[1]}/file.zip", "0" * 32, retries=0)

        assert "the connection was refused" in failing(tmp_path, source)


def test_a_machine_without_names_is_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def no_names(*_: object, **__: object) -> None:
        attempts.append(1)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)

    assert "seems to be offline" in failing(tmp_path, NOWHERE)
    assert len(attempts) == 1  # to try again at once would only keep the user waiting


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    assert "the connection failed (" in failing(tmp_path, Source("http://", "0" * 32, retries=0))


def test_a_folder_that_is_a_file_is_named(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")

    with pytest.raises(UserError) as caught:
        fetch(tmp_path, server.source(CONTENT))

    assert f"it cannot be kept as {tmp_path / 'cache' / 'kept.zip'} (" in caught.value.problem
    assert server.requests == []
