"""What the tests of files and folders share."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def break_disk(monkeypatch: pytest.MonkeyPatch, function: str, *, after: int = 0) -> None:
    """Let ``os.fsync``, ``os.replace`` … fail with a full disk from the call after ``after`` calls on."""
    real, calls = getattr(os, function), []

    def failing(*args: object, **options: object) -> object:
        calls.append(args)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **options)

    monkeypatch.setattr(os, function, failing)
