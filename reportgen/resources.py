"""What comes along with the package: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_folder() -> Path:
    """The folder that holds ``report.html.j2``, the sections and the style sheet."""
    return _find("templates")


def starting_settings() -> Path:
    """The ``report.toml`` that explains each of its lines; in a checkout the one that stands there."""
    return _find("report.toml")


def _find(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
