"""A small world for ``reportgen watch``: real files and real settings, and a build that takes no time."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.settings import Settings, load_settings
from reportgen.watch.changes import Changes, Inputs
from reportgen.watch.server import ReportServer
from reportgen.watch.watcher import Watcher

PATIENCE = 30.0
"""Seconds until a test gives up waiting; none waits that long if all is well."""


@dataclass
class Scene:
    """A home with settings, images, templates and code; ``built`` gets what each build saw."""

    home: Path
    built: queue.Queue[str] = field(default_factory=queue.Queue)
    threads: set[int] = field(default_factory=set)
    during: Callable[[], None] = lambda: None
    also: tuple[Path, ...] = ()
    running: int = 0
    most_running: int = 0

    def __post_init__(self) -> None:
        for name in ("data/train/cat", "templates", "reportgen"):
            (self.home / name).mkdir(parents=True)
        self.settings.write_text('group = "one"\n')
        self.image.write_text("cat")
        (self.home / "templates/report.html.j2").write_text("<h1>")
        (self.home / "reportgen/cli.py").write_text("x = 1\n")

    @property
    def settings(self) -> Path:
        return self.home / "report.toml"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def image(self) -> Path:
        return self.data / "train/cat/1.png"

    @property
    def page(self) -> Path:
        return self.home / "build/report.html"

    @property
    def inputs(self) -> Inputs:
        return Inputs(self.settings, self.also, (self.home / "templates",), self.home / "reportgen")

    def load(self) -> tuple[Settings, Path]:
        settings = load_settings(self.settings)
        return settings, settings.data or self.data

    def build(self, settings: Settings, data: Path, progress: Progress) -> Path:
        self.threads.add(threading.get_ident())
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            with progress.stage("Looking at the cat"):
                self.during()
                seen = self.see(settings, data)
        finally:
            self.running -= 1
        settings.build.mkdir(parents=True, exist_ok=True)
        new = settings.build / "report.new"
        new.write_text(document(seen), encoding="utf-8")
        new.replace(settings.build / "report.html")
        self.built.put(seen)
        return settings.build

    def see(self, settings: Settings, data: Path) -> str:
        images = sorted(data.rglob("*.png"))
        if not images:
            raise UserError(f"{data}: no images", "Put some there.")
        said = " ".join(image.read_text() for image in images)
        return f"{settings.group}: {said}{(self.home / 'templates/report.html.j2').read_text()}"

    def wait_until_built(self, wanted: str) -> None:
        """Wait for a build that saw this; builds in between may have seen a part of the changes."""
        while (seen := self.built.get(timeout=PATIENCE)) != wanted:
            assert seen


def document(text: str) -> str:
    """A tall document as closed as the report: no script may run in it and nothing may be fetched."""
    said = html.escape(text)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{said}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"></head>
<body><p id="seen">{said}</p><div style="height: 5000px"></div></body>
</html>"""


@contextlib.contextmanager
def watching(scene: Scene, port: int = 0, progress: Progress | None = None) -> Iterator[ReportServer]:
    """Run the watch in a thread, as ``watch`` does in the main one, and end it."""
    with ReportServer(port) as server, Changes(quiet=0.1) as changes:
        watcher = Watcher(scene.load, scene.build, server, changes, progress or Silent())
        thread = threading.Thread(target=watcher.run, args=(scene.inputs,), name="watch-test")
        thread.start()
        try:
            yield server
        finally:
            changes.close()
            thread.join(PATIENCE)
            assert not thread.is_alive()


class Listener:
    """A browser's side of ``/events``."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.split("/")[2], timeout=PATIENCE)
        self._connection.request("GET", "/events")
        self._response = self._connection.getresponse()
        assert self._response.getheader("Content-Type") == "text/event-stream; charset=utf-8"

    def next(self) -> tuple[str, dict[str, Any]]:
        """The name and data of the next event, read as the standard has it: fields end with an empty line."""
        fields: dict[str, str] = {}
        while line := self._response.readline():
            text = line.decode().rstrip("\n")
            if not text and "data" in fields:
                return fields["event"], json.loads(fields["data"])
            name, _, value = text.partition(": ")
            fields[name] = value
        raise EOFError("the server ended the events")

    def until(self, name: str, **wanted: str) -> dict[str, Any]:
        """Read on to an event of this name with these values."""
        while True:
            event, data = self.next()
            if event == name and all(data[key] == value for key, value in wanted.items()):
                return data

    def close(self) -> None:
        self._response.close()
        self._connection.close()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()


def threads_of_ours() -> list[str]:
    """The names of all threads that a watch has started and not ended."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("reportgen-")]
