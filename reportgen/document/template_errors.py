"""Errors of templates, by the names and lines that their authors know them by."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

from reportgen.errors import RenderError, UserError
from reportgen.templates import Templates, templates_folder

_MACROS = "macros.html.j2"


@contextmanager
def naming_templates(templates: Templates) -> Iterator[None]:
    """Raise ``RenderError``, with template and line, instead of what goes wrong in one of ``templates``.

    What Jinja2 does not raise itself is a fault of ours in one of reportgen's own, and passes through.
    """
    try:
        yield
    except TemplateNotFound as error:
        raise RenderError(
            f"templates/{error.name}: there is no such template.", "Write it, or correct its name."
        ) from error
    except TemplateError as error:
        raise RenderError(
            f"templates/{_locate(error, templates)}: {error}", "Correct the template."
        ) from error
    # What says enough itself passes through.
    except UserError:
        raise
    except Exception as error:
        if not _is_of_an_author(error, templates):
            raise
        place, kind = _locate(error, templates), type(error).__name__
        raise RenderError(f"templates/{place}: {kind}: {error}.", "Correct the template.") from error


def _is_of_an_author(error: Exception, templates: Templates) -> bool:
    """Whether the template in which an error lies, or that calls the macro in which it lies, is that of a
    section from elsewhere or of the user: in one of reportgen's own it is a fault of ours.
    """
    files = set(templates.files.values()) - {templates.files.get(_MACROS)}
    calls = (Path(call.filename) for call in reversed(traceback.extract_tb(error.__traceback__)))
    innermost = next((file for file in calls if file in files), None)
    return innermost is not None and not innermost.is_relative_to(templates_folder())


def _locate(error: Exception, templates: Templates) -> str:
    """The template in which the error lies, with its line; of a macro, also where a template calls it."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name}, line {error.lineno}"
    names = {str(path): name for name, path in templates.files.items()}
    places: dict[str, int | None] = {}
    for call in reversed(traceback.extract_tb(error.__traceback__)):
        if name := names.get(call.filename):
            places.setdefault(name, call.lineno)
            if name != _MACROS:
                break
    return ", called in ".join(f"{name}, line {line}" for name, line in places.items()) or "report.html.j2"
