"""Results as a grader reads them: attributes, pointers, and arrays when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from reportgen.errors import UserError
from reportgen.results import Results

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REMEDY = "'reportgen schema --pointers' lists every pointer with its meaning."


class PointerError(UserError, LookupError):
    """There is nothing at a pointer, or not what it should be."""


class LoadedResults(Results):
    """A report's results: typed attributes, as ``results.transfer.accuracy["test"]``; values as they are
    written, by pointer, with ``at``; arrays with ``array``.

    Derived values (accuracies, counts) are computed anew as attributes; ``at`` gives what the file says.
    """

    _name: str = PrivateAttr()
    _folder: Path | None = PrivateAttr()
    _document: Mapping[str, Any] = PrivateAttr()

    @property
    def name(self) -> str:
        """What the report was opened by."""
        return self._name

    @property
    def folder(self) -> Path | None:
        """The build folder with the arrays and the document; None for a PDF."""
        return self._folder

    @property
    def document(self) -> Mapping[str, Any]:
        """``results.json`` as it is written."""
        return self._document

    def at(self, pointer: str) -> Any:
        """The value at a JSON pointer (RFC 6901). Raises ``PointerError`` naming it if there is none."""
        raise NotImplementedError

    def array(self, section: str, key: str) -> NDArray[Any]:
        """An array of a section, as ``array("neurons", "activations_0")``.

        Raises ``PointerError`` if there is no such array, if it did not come along (a PDF has none), or if it
        is not the one that the summary at ``/<section>/arrays/<key>`` describes.
        """
        raise NotImplementedError


def load_results(path: Path | str) -> LoadedResults:
    """Open a build folder, a ``results.json`` or a PDF that reportgen wrote.

    Raises ``SubmissionError`` if it is none of these, ``PointerError`` naming what is missing or wrong.
    """
    raise NotImplementedError
