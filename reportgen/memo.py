"""Interface for memoising expensive results, independent of where they are stored."""

from __future__ import annotations

from collections.abc import Callable

Memo = Callable[[str, Callable[[], bytes]], bytes]
"""Called with the name of something and a function that makes it; the name says all that it depends on."""


def no_memo(_name: str, make: Callable[[], bytes]) -> bytes:
    """Keep nothing."""
    return make()
