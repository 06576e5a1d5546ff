"""``reportgen.build``: builds a report from Python as the command of the same name does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportgen.api.child import Request, run_request
from reportgen.api.notebook import listening
from reportgen.api.report import Report, open_report
from reportgen.errors import SettingsError
from reportgen.settings import Settings, resolve_paths, understand_settings
from reportgen.toml.locations import Origin
from reportgen.weights import SOURCES

PathLike = str | os.PathLike[str]


def build(
    settings: PathLike | Mapping[str, Any] | Settings | None = None,
    data: PathLike | None = None,
    *,
    weights: PathLike | None = None,
    build: PathLike | None = None,
    fresh: bool = False,
    quiet: bool = False,
) -> Report:
    """Build a report, or find that it is as it should be, and return it.

    ``settings``: the path of a ``report.toml``; or what may be in one, as a dictionary
    (``{"group": "One", "show": {"neurons": 3}}``) or as ``Settings``, whose paths count from the current
    folder. Without it ``report.toml`` in the current folder is read if there is one. ``data``, ``weights``
    and ``build`` are those of the command ``reportgen build``: the folder of images, ``auto``, ``imagenet``,
    ``embedded`` or a Keras file, and the folder of the report; they win over the settings. ``fresh`` uses
    nothing that an earlier build kept. ``quiet`` shows no progress, which else is a bar in a notebook and
    lines on standard error.

    The work is done in a fresh Python process with the usual environment: a Keras or TensorFlow that is
    imported here, and what was set in it, decide nothing, and its memory is free again afterwards. Ctrl-C, or
    the notebook's stop button, ends that process; the last report stays as it was.

    Raises ``UserError``, or the class of it that fits (``SettingsError``, ``DataError``, ``WeightsError`` …),
    with ``problem`` and ``remedy``, as the command prints them. That only the PDF is missing raises nothing:
    see ``Report.problem``.
    """
    request = _make_request(settings, {"data": data, "weights": weights, "build": build}, fresh=fresh)
    with listening(quiet=quiet) as progress:
        answer = run_request(request, progress)
    return open_report(answer)


def _make_request(
    settings: PathLike | Mapping[str, Any] | Settings | None,
    options: Mapping[str, PathLike | None],
    *,
    fresh: bool,
) -> Request:
    overrides = {
        name: _absolute(name, os.fspath(value)) for name, value in options.items() if value is not None
    }
    if settings is None or isinstance(settings, str | os.PathLike):
        file = Path(settings).expanduser().absolute() if settings is not None else None
        return Request(None, file, overrides, fresh)
    if isinstance(settings, Mapping):
        table = {
            name: os.fspath(value) if isinstance(value, os.PathLike) else value
            for name, value in settings.items()
        }
        settings = understand_settings(table, Origin(), written=table)
    if not isinstance(settings, Settings):
        raise SettingsError(
            f"settings: {type(settings).__name__} is nothing that settings can be made of.",
            "Give the path of a report.toml, a dictionary or reportgen.settings.Settings.",
        )
    update = {name: text if name == "weights" else Path(text) for name, text in overrides.items()}
    resolved = resolve_paths(settings, Path.cwd()).model_copy(update=update)
    return Request(resolved, None, {}, fresh)


def _absolute(name: str, text: str) -> str:
    if name == "weights" and text in SOURCES:
        return text
    return str(Path(text).expanduser().absolute())
