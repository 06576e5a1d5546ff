"""A listener for progress that writes down what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class StageListener:
    """``stages`` are (title, total, steps) in their order; ``ended`` counts those that are over. ``lines``
    takes what is said; without it nothing may be.
    """

    stages: list[tuple[str, int | None, list[int]]] = field(default_factory=list)
    ended: int = 0
    lines: list[str] | None = None

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        steps: list[int] = []
        self.stages.append((title, total, steps))
        try:
            yield steps.append
        finally:
            self.ended += 1

    def say(self, message: str) -> None:
        assert self.lines is not None, message
        self.lines.append(message)
