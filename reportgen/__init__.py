"""reportgen: from a folder of images to the CNN assignment report, in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.api.report import Report as Report
    from reportgen.api.report import build as build
    from reportgen.contract.reader import load_results as load_results
    from reportgen.errors import UserError as UserError

__version__ = "0.1.0"
__all__ = ["Report", "UserError", "__version__", "build", "load_results"]

_MODULES = {
    "Report": "reportgen.api.report",
    "UserError": "reportgen.errors",
    "build": "reportgen.api.report",
    "load_results": "reportgen.contract.reader",
}


def __getattr__(name: str) -> Any:
    # Every stage runs through this file; what reads results back must not come along.
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
