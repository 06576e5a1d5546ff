"""What is served of a build, to whom, and what the pages are told."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import re
import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from watch_scene import PATIENCE, Listener, threads_of_ours

from reportgen.errors import UserError
from reportgen.templates import templates_folder
from reportgen.watch.server import ReportServer

REPORT = b"<!doctype html><title>A report</title>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build = tmp_path / "build"
    (build / "figures/deep").mkdir(parents=True)
    (build / "arrays").mkdir()
    (build / "report.html").write_bytes(REPORT)
    (build / "report.pdf").write_bytes(b"%PDF-1.7 ...")
    (build / "results.json").write_bytes(b'{"a": 1}')
    (build / "head.weights.h5").write_bytes(b"secret")
    (build / "arrays/a.npz").write_bytes(b"secret")
    (build / "figures/fig 1.svg").write_bytes(b"<svg/>")
    (build / "figures/.hidden.png").write_bytes(b"secret")
    (build / "figures/deep/er.png").write_bytes(b"secret")
    (tmp_path / "outside.png").write_bytes(b"secret")
    (build / "figures/link.png").symlink_to(tmp_path / "outside.png")
    (build / "figures/inner.h5").symlink_to(build / "head.weights.h5")
    return build


@pytest.fixture
def server(folder: Path) -> Iterator[ReportServer]:
    with ReportServer(0) as server:
        server.show(folder)
        yield server


def ask(
    server: ReportServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send a path as it is, which a client that tidies it up would not."""
    address = server.url.split("/")[2]
    with contextlib.closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.putrequest(method, path, skip_host=True)
        if host != "":
            connection.putheader("Host", host or address)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/report.html", REPORT, "text/html; charset=utf-8"),
        ("/report.html?again=1", REPORT, "text/html; charset=utf-8"),
        ("/report.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("/results.json", b'{"a": 1}', "application/json"),
        ("/figures/fig%201.svg", b"<svg/>", "image/svg+xml"),
    ],
)
def test_files_of_the_build_are_served_as_they_are(
    server: ReportServer, path: str, body: bytes, kind: str
) -> None:
    status, headers, content = ask(server, path)
    assert (status, content) == (200, body)
    assert headers["Content-Type"] == kind
    assert headers["Content-Length"] == str(len(body))
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/head.weights.h5",
        "/arrays/a.npz",
        "/arrays",
        "/figures",
        "/figures/",
        "/figures/.",
        "/figures/..",
        "/figures/../report.html",
        "/figures/../../outside.png",
        "/figures/..%2F..%2Foutside.png",
        "/figures/%2e%2e/head.weights.h5",
        "/figures/.hidden.png",
        "/figures/deep/er.png",
        "/figures//etc/passwd",
        "/figures/link.png",
        "/figures/inner.h5",
        "/figures/none.png",
        "/figures/a%00b.png",
        "/figures/" + "n" * 5000,
        "/../outside.png",
        "//etc/passwd",
        "/page.html",
        "/server.py",
        "/events/",
        "/favicon.ico",
    ],
)
def test_nothing_else_is_served(server: ReportServer, path: str) -> None:
    status, _headers, content = ask(server, path)
    assert status == 404
    assert b"secret" not in content


def test_a_report_that_is_a_link_out_of_the_folder_is_not_served(server: ReportServer, folder: Path) -> None:
    (folder / "results.json").unlink()
    (folder / "results.json").symlink_to(folder.parent / "outside.png")
    assert ask(server, "/results.json")[0] == 404


def test_figures_that_are_a_link_out_of_the_folder_are_not_served(server: ReportServer, folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    (folder / "figures").rename(elsewhere)
    assert (elsewhere / "fig 1.svg").exists()
    (folder / "figures").symlink_to(elsewhere)
    assert ask(server, "/figures/fig%201.svg")[0] == 404


def test_a_build_folder_that_is_itself_reached_by_a_link_is_served(
    server: ReportServer, folder: Path
) -> None:
    (folder.parent / "alias").symlink_to(folder)
    server.show(folder.parent / "alias")
    assert ask(server, "/report.html")[2] == REPORT


@pytest.mark.parametrize("path", ["/", "/report.html", "/events", "/nothing"])
def test_head_is_get_without_the_body(server: ReportServer, path: str) -> None:
    status, headers, content = ask(server, path, "HEAD")
    assert content == b""
    if path == "/events":
        assert (status, headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    else:
        got = ask(server, path)
        assert (status, headers["Content-Length"]) == (got[0], str(len(got[2])))


def test_head_of_the_events_ends_after_the_head(server: ReportServer) -> None:
    address = server.url.split("/")[2]
    with socket.create_connection(("127.0.0.1", int(address.split(":")[1])), PATIENCE) as connection:
        connection.sendall(f"HEAD /events HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
        answer = b""
        while part := connection.recv(1000):
            answer += part
            assert answer.partition(b"\r\n\r\n")[2] == b""
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_only_get_and_head_are_answered(server: ReportServer, method: str) -> None:
    status, headers, _content = ask(server, "/report.html", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/report.html", "/results.json", "/events"])
@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1"])
def test_a_foreign_name_gets_nothing(server: ReportServer, path: str, host: str) -> None:
    port = server.url.split(":")[2].strip("/")
    status, headers, content = ask(server, path, host=host.format(port=port))
    assert status == 421
    assert headers["Content-Type"].startswith("text/plain")
    assert server.url.strip("/") in content.decode()


@pytest.mark.parametrize("host", ["localhost:{port}", "LocalHost:{port}", "127.0.0.1:{port}"])
def test_this_machine_s_own_names_get_the_report(server: ReportServer, host: str) -> None:
    port = server.url.split(":")[2].strip("/")
    assert ask(server, "/report.html", host=host.format(port=port))[2] == REPORT


def test_two_hosts_at_once_get_nothing(server: ReportServer) -> None:
    address = server.url.split("/")[2]
    with contextlib.closing(http.client.HTTPConnection(address, timeout=PATIENCE)) as connection:
        connection.putrequest("GET", "/report.html")
        connection.putheader("Host", "evil.example")
        connection.endheaders()
        assert connection.getresponse().status == 421


def test_only_this_machine_is_listened_to(server: ReportServer) -> None:
    port = int(server.url.split(":")[2].strip("/"))
    # Another address of the same machine: refused, as it would be from outside.
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), PATIENCE):
        pass


def test_without_a_report_the_page_says_so(tmp_path: Path) -> None:
    with ReportServer(0) as server:
        status, headers, content = ask(server, "/report.html")
        assert status == 404
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"No report yet" in content
        server.offer(tmp_path)
        assert server.feed.news.version == ""


def test_the_page_around_the_report_may_run_no_foreign_script(server: ReportServer) -> None:
    status, headers, content = ask(server, "/")
    policy = headers["Content-Security-Policy"]
    assert status == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b"<script>" not in content


def test_the_page_around_the_report_has_the_report_s_colours_and_typeface(server: ReportServer) -> None:
    _, _, content = ask(server, "/")
    sheets = re.findall(rb'rel="stylesheet" href="([^"]+)"', content)
    assert sheets == [b"/palette.css", b"/watch.css"]
    assert ask(server, "/palette.css")[2] == (templates_folder() / "palette.css").read_bytes()
    faces = {"/typeface.ttf": "STIXGeneral Regular", "/typeface-bold.ttf": "STIXGeneral Bold"}
    for address, name in faces.items():
        status, headers, font = ask(server, address)
        assert (status, headers["Content-Type"]) == (200, "font/ttf")
        names = TTFont(BytesIO(font))["name"]
        assert f"{names.getDebugName(1)} {names.getDebugName(2)}" == name


def test_a_taken_port_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError) as caught:
            ReportServer(port)
    assert str(port) in caught.value.problem
    assert "--port" in caught.value.remedy


def test_a_second_server_does_not_share_the_port(server: ReportServer) -> None:
    with pytest.raises(UserError):
        ReportServer(int(server.url.split(":")[2].strip("/")))


def test_a_port_that_is_none_is_one_clear_error() -> None:
    with pytest.raises(UserError, match="70000"):
        ReportServer(70000)


def test_who_comes_late_hears_the_newest_state_at_once(server: ReportServer, folder: Path) -> None:
    server.feed.building("One")
    server.feed.building("Two")
    with Listener(server.url) as listener:
        event, data = listener.next()
    assert (event, data["stage"]) == ("building", "Two")
    assert data["version"] == hashlib.sha256(REPORT).hexdigest()


def test_each_state_is_told_to_all_who_listen(server: ReportServer, folder: Path) -> None:
    with Listener(server.url) as one, Listener(server.url) as two:
        for listener in (one, two):
            assert listener.next()[0] == "ready"
        server.feed.failed("data/a.png: \n\nnot an image", 'Replace "it" – ×.')
        for listener in (one, two):
            event, data = listener.next()
            assert (event, data["problem"]) == ("failed", "data/a.png: \n\nnot an image")
            assert data["remedy"] == 'Replace "it" – ×.'
            assert data["version"] == hashlib.sha256(REPORT).hexdigest()


def test_a_problem_stands_until_the_next_good_build(server: ReportServer, folder: Path) -> None:
    server.feed.failed("bad", "mend it")
    server.feed.building("Again")
    assert server.feed.news.problem == "bad"
    (folder / "report.html").write_bytes(b"new")
    server.show(folder)
    assert server.feed.news.problem == ""
    assert server.feed.news.version == hashlib.sha256(b"new").hexdigest()


def test_what_is_still_to_be_written_is_told_with_the_report(server: ReportServer, folder: Path) -> None:
    server.show(folder, "Still empty: authors.")
    with Listener(server.url) as listener:
        event, data = listener.next()
    assert (event, data["reminder"]) == ("ready", "Still empty: authors.")
    server.show(folder)
    assert server.feed.news.reminder == ""


def test_an_older_report_is_offered_but_takes_no_newer_one_s_place(tmp_path: Path, folder: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "report.html").write_bytes(b"other")
    with ReportServer(0) as server:
        server.feed.building("Now")
        server.offer(folder)
        assert (server.feed.news.state, server.feed.news.stage) == ("building", "Now")
        assert ask(server, "/report.html")[2] == REPORT
        server.offer(other)
        assert ask(server, "/report.html")[2] == REPORT


def test_closing_ends_threads_and_connections_and_frees_the_port(folder: Path) -> None:
    server = ReportServer(0)
    port = int(server.url.split(":")[2].strip("/"))
    with Listener(server.url) as listener, socket.create_connection(("127.0.0.1", port)) as silent:
        listener.next()
        assert "reportgen-answer" in threads_of_ours()
        server.close()
        assert threads_of_ours() == []
        with pytest.raises(EOFError):
            listener.next()
        silent.settimeout(PATIENCE)
        # Reset, if the server closed before it had come to this one.
        with contextlib.suppress(ConnectionResetError):
            assert silent.recv(1) == b""
    ReportServer(port).close()


def test_a_page_that_leaves_is_no_error(
    server: ReportServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("reportgen.watch.server._HEARTBEAT_SECONDS", 0.05)
    with Listener(server.url) as listener:
        listener.next()
        answering = [thread for thread in threading.enumerate() if thread.name == "reportgen-answer"]
    assert len(answering) == 1
    # Only the heartbeat can find out, for no news comes.
    answering[0].join(PATIENCE)
    assert not answering[0].is_alive()
    assert capfd.readouterr() == ("", "")
