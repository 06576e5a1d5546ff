"""A submitted report: its numbers and figures, read as untrusted data."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from reportgen.errors import UserError
from reportgen.outline.kind import list_sections
from reportgen.outline.section import Classification
from reportgen.pointer import lookup
from reportgen.store.files import cannot_be_read

RESULTS_FILE, FIGURES_FOLDER, PREVIOUS_FOLDER = "results.json", "figures", "previous"
FIGURE_ENDINGS = (".jpeg", ".jpg", ".png", ".svg")
SUPPORTED_MAJOR = "1."
# The report on 266 photographs has 0.2 MB, and is nested 9 levels deep.
MAX_BYTES = 50 * 2**20
MAX_DEPTH = 64
# Digits; the largest float has 309, so that every number that is read can become one.
_LONGEST_NUMBER = 300
_MOST_NODES = 1000
_REBUILD = "Name a build folder, a report.pdf or a results.json that 'reportgen build' wrote."
_USE_JSON = "Name the build folder or its results.json instead, or print the report again."


class SubmissionError(UserError):
    """The named report is missing, damaged, too large or not a report."""


@dataclass(frozen=True)
class Submission:
    """A report: the ``name`` it was opened by, the document of its ``results.json``, and its figures by
    file name (empty where they did not come along, as with a PDF).
    """

    name: str
    results: Mapping[str, Any]
    figures: Mapping[str, bytes]


def open_submission(path: Path, *, with_figures: bool = True) -> Submission:
    """Read a build folder, a PDF with ``results.json`` attached, or a ``results.json`` with the folder
    ``figures`` beside it, if there is one; its figures only if asked for.

    Nothing is written and nothing of it is executed. Raises ``SubmissionError`` if it is none of these.
    """
    try:
        file = path / RESULTS_FILE if path.is_dir() else path
        if not file.is_file():
            what = f"has no {RESULTS_FILE}" if path.is_dir() else "is no file and no folder"
            raise SubmissionError(f"{path}: {what}.", _REBUILD)
        with file.open("rb") as stream:
            # Readers of PDF look for the header in the first 1024 bytes, too.
            printed = b"%PDF-" in stream.read(1024)
        if printed or file.suffix.lower() == ".pdf":
            where = f"{file}, attachment {RESULTS_FILE}"
            return Submission(str(path), _parse(_attached(file), where), {})
        document = _parse(_read(file), str(file))
        figures = _figures(file.parent / FIGURES_FOLDER) if with_figures else {}
        return Submission(str(path), document, figures)
    except OSError as error:
        raise SubmissionError(
            cannot_be_read(error.filename or path, error),
            "Check the path and who may read it.",
        ) from None


def last_build(build: Path) -> Path | None:
    """The most recent of the earlier builds kept in ``<build>/previous/<number>``, None without any."""
    folder = build / PREVIOUS_FOLDER
    if not folder.is_dir():
        return None
    # isdecimal() alone also holds for the digits of other scripts.
    kept = [path for path in folder.iterdir() if path.name.isascii() and path.name.isdecimal()]
    return max((path for path in kept if path.is_dir()), key=lambda path: int(path.name), default=None)


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        _too_large(str(file), file.stat().st_size)
    return data


def _too_large(where: str, size: int) -> NoReturn:
    raise SubmissionError(
        f"{where}: {size} bytes, more than the {MAX_BYTES} that a report may have.",
        "Name a report that reportgen wrote; its numbers take less than a megabyte.",
    )


def _figures(folder: Path) -> dict[str, bytes]:
    # A link could lead to any file of this machine, and the figures are copied into a page to be shared.
    if not folder.is_dir() or folder.is_symlink():
        return {}
    return {
        path.name: _read(path)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in FIGURE_ENDINGS and path.is_file() and not path.is_symlink()
    }


def _attached(file: Path) -> bytes:
    found = read_attachments(file, (RESULTS_FILE,)).read
    if RESULTS_FILE in found:
        return found[RESULTS_FILE]
    raise SubmissionError(
        f"{file}: has no attachment {RESULTS_FILE}.",
        f"{_USE_JSON} Reports of older versions have none attached, and some programs drop it on saving.",
    )


@dataclass(frozen=True)
class Attachments:
    """PDF attachments: the content of the requested files, by name, and the names of all others."""

    read: Mapping[str, bytes]
    others: tuple[str, ...]


def read_attachments(file: Path, wanted: Sequence[str]) -> Attachments:
    """Read those of the files ``wanted`` that are attached to a PDF. A name is only compared, never a path.

    Raises ``SubmissionError`` if the PDF cannot be opened, or if a file is wanted that it has twice.
    """
    # Only for a PDF, since it takes 0.1 s.
    import pikepdf

    found: dict[str, bytes] = {}
    others: list[str] = []
    try:
        with pikepdf.open(file) as pdf:
            # Before qpdf repairs the name tree, since it drops duplicate names.
            twice = [name for name in wanted if len(_specifications(pdf, name)) > 1]
            for key, attachment in pdf.attachments.items():
                names = [name for name in wanted if name in (key, attachment.filename)]
                for name in names:
                    if name in found or name in twice:
                        raise SubmissionError(f"{file}: has two attachments {name}.", _USE_JSON)
                    found[name] = _unpack(attachment.get_file(), f"{file}, attachment {name}")
                others += [] if names else [attachment.filename or key]
    except pikepdf.PasswordError:
        raise SubmissionError(f"{file}: is encrypted, and the password is not known.", _USE_JSON) from None
    # What is wrong with a damaged file shows as any of these, depending on the object it is found in.
    except (pikepdf.PikepdfError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SubmissionError(f"{file}: is no PDF or a damaged one: {reason}.", _USE_JSON) from None
    return Attachments(found, tuple(others))


def _specifications(pdf: Any, name: str) -> set[Any]:
    """The different attachments of that name, wherever they are listed: programs do not agree where to look.

    In the tree of names two entries may have one key, and the document may list other files than the tree.
    """
    listed = [*pdf.Root.get("/AF", [])]
    waiting = [pdf.Root.get("/Names", {}).get("/EmbeddedFiles", {})]
    for _ in range(_MOST_NODES):  # which may lead in a circle
        node = waiting.pop() if waiting else {}
        waiting += [*node.get("/Kids", [])]
        listed += [*node.get("/Names", [])][1::2]
    named = [file for file in listed if name in (str(file.get("/F", "")), str(file.get("/UF", "")))]
    return {file.objgen if file.is_indirect else id(file) for file in named}


def _unpack(attached: Any, where: str) -> bytes:
    """Decompress an attachment without ever holding more than ``MAX_BYTES`` of it."""
    stream = attached.obj
    # What the file says, unpacked and packed; what is true is seen when it is inflated.
    declared = max(int(attached.size), int(stream.get("/Length", 0)))
    if declared > MAX_BYTES:
        _too_large(where, declared)
    # Raw, since pikepdf would unpack it whole, however large it becomes.
    packed = bytes(stream.read_raw_bytes())
    filters = stream.get("/Filter", [])
    names = [str(name) for name in filters] if _is_array(filters) else [str(filters)]
    # A predictor changes the bytes after inflating; reportgen writes none, so none is read.
    if names == ["/FlateDecode"] and "/DecodeParms" not in stream:
        return _inflate(packed, where)
    if names:
        raise SubmissionError(f"{where}: is packed with {', '.join(names)}, which is not read.", _USE_JSON)
    return packed


def _is_array(value: Any) -> bool:
    import pikepdf

    return isinstance(value, list | pikepdf.Array)


def _inflate(packed: bytes, where: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, MAX_BYTES + 1)
    except zlib.error as error:
        raise SubmissionError(f"{where}: is damaged: {error}.", _USE_JSON) from None
    if len(data) > MAX_BYTES:
        _too_large(where, len(data))
    if not unpacker.eof:
        raise SubmissionError(f"{where}: is damaged: its end is missing.", _USE_JSON)
    return data


def _parse(data: bytes, where: str) -> dict[str, Any]:
    try:
        # utf-8-sig: editors on Windows put a byte-order mark before JSON. Python also reads NaN and Infinity,
        # which JSON does not have.
        document = json.loads(
            data.decode("utf-8-sig"), parse_constant=_refuse, parse_int=_whole, parse_float=_finite
        )
    except RecursionError:
        _too_deep(where)
    except json.JSONDecodeError as error:
        raise SubmissionError(
            f"{where}: is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.", _REBUILD
        ) from None
    except ValueError as error:
        raise SubmissionError(f"{where}: is not JSON: {error}.", _REBUILD) from None
    if _depth(document) > MAX_DEPTH:
        _too_deep(where)
    for problem in _problems(document):
        raise SubmissionError(f"{where}: is no {RESULTS_FILE} of reportgen: {problem}.", _REBUILD)
    version = document["schema_version"]
    if not version.startswith(SUPPORTED_MAJOR):
        raise SubmissionError(
            f"{where}: schema_version is '{version[:40]}', but {SUPPORTED_MAJOR}x is what can be read.",
            "Use the reportgen that wrote it, or build it again with this one.",
        )
    return dict(document)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _whole(text: str) -> int:
    # Python takes time that grows with the square of a number's length, and refuses very long ones.
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _too_deep(where: str) -> NoReturn:
    raise SubmissionError(f"{where}: is nested more than {MAX_DEPTH} levels deep.", _REBUILD)


def _depth(document: Any) -> int:
    # Level by level: a recursion would end at the depth that is to be found out.
    level, depth = [document], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        nested = (item.values() if isinstance(item, dict) else item for item in level)
        level = [child for items in nested if not isinstance(items, str) for child in _containers(items)]
    return depth


def _containers(items: Any) -> list[Any]:
    return [item for item in items if isinstance(item, dict | list)]


def _problems(document: Any) -> Iterator[str]:
    """The values that the comparison relies on and the document lacks; everything else is optional."""
    if not isinstance(document, dict):
        yield "it is no object"
        return
    if not isinstance(document.get("schema_version"), str):
        yield "/schema_version is missing or no text"
    images: Any = _section(document, "dataset").get("images")
    if not _are_records(images, ("file", "split", "label", "sha256")):
        yield "/dataset/images is no list of images with file, split, label and sha256"
    elif len({image["file"] for image in images}) < len(images):
        yield "/dataset/images names a file twice"
    # A section need not be there; one that is, the comparison relies on.
    for section in list_sections():
        if section.classification is not None and section.name in document:
            yield from _misjudged(document, section.name, section.classification)
    if not _are_records(document.get("checks"), ("name",)):
        yield "/checks is no list of named checks"


def _misjudged(document: Mapping[str, Any], name: str, declared: Classification) -> Iterator[str]:
    if declared.misclassified:
        listed = lookup(document, pointer := f"/{name}{declared.misclassified}")
        if not _are_records(listed, ("file", "true", "predicted")):
            yield f"{pointer} is no list of images with file, true and predicted"
    confusion = lookup(document, pointer := f"/{name}{declared.confusion}")
    if declared.split is not None:
        if not _is_confusion(confusion):
            yield f"{pointer} is not a square matrix of counts"
    elif not (isinstance(confusion, dict) and all(map(_is_confusion, confusion.values()))):
        yield f"{pointer} is not a square matrix of counts for each split"


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, dict) else {}


def _are_records(items: Any, keys: tuple[str, ...]) -> bool:
    return isinstance(items, list) and all(
        isinstance(item, dict) and all(isinstance(item.get(key), str) for key in keys) for item in items
    )


def _is_confusion(matrix: Any) -> bool:
    return isinstance(matrix, list) and all(
        isinstance(row, list)
        and len(row) == len(matrix)
        # Not isinstance(), to which true is a number.
        and all(type(count) is int and count >= 0 for count in row)
        for row in matrix
    )
