"""How the pages beside the report are rendered: strangers' words are escaped, and no template reaches out."""

from __future__ import annotations

from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen.diff.wording import printable
from reportgen.templates import Templates


def open_environment(templates: Templates) -> ImmutableSandboxedEnvironment:
    """An environment for ``templates`` in which a name that is unknown is an error."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(templates.folders),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: Any) -> Any:
    """Characters that do not print are shown by their escapes, in every text of the page."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)
