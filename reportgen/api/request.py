"""What Python asks of the process that builds, as a file for it, and what it answers."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import Problem, UserError
from reportgen.settings import Settings


@dataclass(frozen=True)
class Request:
    """A build. ``settings`` are those to use, else ``file`` is read, else ``report.toml`` if there is one.

    ``overrides`` (data, weights, build, as text) win over both.
    """

    settings: Settings | None
    file: Path | None
    overrides: Mapping[str, str]
    fresh: bool = False


def request_text(request: Request) -> str:
    """The request as JSON."""
    settings = request.settings
    return json.dumps(
        {
            # Only what was given: that, too, is asked of settings.
            "settings": settings.model_dump(mode="json", exclude_unset=True) if settings else None,
            "file": str(request.file) if request.file else None,
            "overrides": dict(request.overrides),
            "fresh": request.fresh,
        }
    )


def parse_request(text: str) -> Request:
    """What :func:`request_text` wrote."""
    table = json.loads(text)
    settings, file = None, table["file"]
    if table["settings"] is not None:
        settings = Settings.model_validate_json(json.dumps(table["settings"]))
    return Request(settings, Path(file) if file else None, table["overrides"], table["fresh"])


@dataclass(frozen=True)
class Answer:
    """What came of a build: its folder, and whether anything changed; or the error that it ended with.

    With both, there is a report that lacks something, as the PDF.
    """

    folder: Path | None = None
    changed: bool = False
    error: UserError | None = None


def answer_text(answer: Answer) -> str:
    """The answer as JSON."""
    return json.dumps(
        {
            "folder": str(answer.folder) if answer.folder else None,
            "changed": answer.changed,
            "error": _describe_error(answer.error) if answer.error else None,
        }
    )


def parse_answer(text: str) -> Answer:
    """What :func:`answer_text` wrote."""
    table = json.loads(text)
    folder, error = table["folder"], table["error"]
    return Answer(Path(folder) if folder else None, table["changed"], _make_error(error) if error else None)


def _describe_error(error: UserError) -> dict[str, Any]:
    kind = type(error)
    return {
        "module": kind.__module__,
        "kind": kind.__qualname__,
        "problem": error.problem,
        "remedy": error.remedy,
        "problems": [asdict(each) if is_dataclass(each) else each for each in getattr(error, "problems", ())],  # type: ignore[arg-type]
    }


def _make_error(table: Mapping[str, Any]) -> UserError:
    """The error again, of its own class, so that it can be caught by it."""
    kind: Any = getattr(importlib.import_module(table["module"]), table["kind"])
    error: UserError = kind.__new__(kind)
    # Each class puts its words together in its own way; here they come ready.
    UserError.__init__(error, table["problem"], table["remedy"])
    problems = tuple(Problem(**each) if isinstance(each, dict) else each for each in table["problems"])
    if problems:
        error.problems = problems  # type: ignore[attr-defined]
    return error
