"""reportgen: from a folder of images to the CNN assignment report, in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.contract.reader import load_results

__version__ = "0.1.0"
__all__ = ["__version__", "load_results"]


def __getattr__(name: str) -> Any:
    # Every stage runs through this file; what reads results back must not come along.
    if name == "load_results":
        from reportgen.contract.reader import load_results

        return load_results
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
