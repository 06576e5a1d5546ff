"""The state that open report pages receive: always the newest, never a queue of old ones."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class News:
    """The state of the build, whole: a page that missed the states before needs no more than this one.

    ``version`` names the report that is served, empty if there is none; ``problem`` and ``remedy`` stay until
    the next good build.
    """

    state: Literal["building", "ready", "failed"] = "building"
    version: str = ""
    stage: str = ""
    problem: str = ""
    remedy: str = ""

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

    def ready(self, version: str) -> None:
        """The last build was good."""
        self._tell(News("ready", version))

    def failed(self, problem: str, remedy: str) -> None:
        """The last build failed; the report of the one before is still there."""
        self._tell(News("failed", self.news.version, problem=problem, remedy=remedy))

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
