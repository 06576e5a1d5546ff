"""Commentary criteria: how long the authors' own words are, and what they cite. They do not judge."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reportgen.grading.report import CheckFailure, NotAvailable, Report
from reportgen.pointer import join_pointer, split_pointer
from reportgen.submission import SubmissionError, read_attachments

LABEL = "counts words, does not judge them"
"""Follows the name of every such criterion, wherever its points are shown."""

EVERYWHERE = "*"

_PDF, _SETTINGS = "report.pdf", "report.toml"
# Lengths are bounded, so that what never ends is not looked for to the end of the text again and again.
_VALUE = re.compile(r"\{\{(.{0,500}?)\}\}", re.DOTALL)
_LINK = re.compile(r"\]\([^)\s]{0,1000}\)|https?://\S+")
# As in the commentary itself, \$ is a dollar and begins no formula.
_FORMULA = re.compile(r"(?<!\\)(\$\$?)[^$]+\1")
# So that “don’t”, “3.5” and “state-of-the-art” are one word each.
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_REFERENCE = re.compile(r"@(fig|figure|tab|table):([\w-]+)")
_NUMBERED = re.compile(r"\b(Fig|Tab)(?:ure|le|s|\.)*\s*(A?\d+)")
# “He et al. (2015)”, “Simonyan and Zisserman, 2015”, and “[3]” that is no link.
_AUTHOR_YEAR = re.compile(
    r"\b([^\W\d_a-z][^\W\d_]+)(?:\s+et\s+al\.?|(?:,?\s+(?:and|&)\s+[^\W\d_a-z][^\W\d_]+)){0,9},?\s*\(?((?:19|20)\d\d)\b"
)
_BRACKETED = re.compile(r"\[(\d{1,3})\](?!\()")


@dataclass(frozen=True)
class Commentary:
    """The commentary in ``slots`` has as many words, cites as many works, and figures, tables and numbers.

    ``words``: the least and the most, None if their number does not matter. ``figures``: how many figures and
    tables have to be cited, or which of them, as ``@fig:images``, and which numbers, by pointer.
    """

    slots: tuple[str, ...]
    words: tuple[float, float] | None
    references: int
    figures: int | tuple[str, ...]

    def cases(self, report: Report) -> list[tuple[str, Callable[[Report], str | None]]]:  # noqa: ARG002 - as a Test
        """One for each of the three that is asked for."""
        named = [
            ("words", self.words is not None, self._judge_words),
            ("references", bool(self.references), self._judge_references),
            ("figures", bool(self.figures), self._judge_figures),
        ]
        return [(name, partial(_judge, judge, self.slots)) for name, wanted, judge in named if wanted]

    def _judge_words(self, text: str) -> str:
        least, most = self.words or (0, math.inf)
        found = count_words(text)
        if not least <= found <= most:
            limits = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
            raise CheckFailure(f"found {found} words, {limits} are asked for")
        return f"found {found} words"

    def _judge_references(self, text: str) -> str:
        found = find_works(text)
        if len(found) < self.references:
            raise CheckFailure(f"found {len(found)} works cited, {self.references} or more are asked for")
        return f"found {len(found)} works cited"

    def _judge_figures(self, text: str) -> str:
        cited = find_figures(text)
        if isinstance(self.figures, int):
            if len(cited) < self.figures:
                raise CheckFailure(
                    f"found {len(cited)} figures and tables cited, {self.figures} or more are asked for"
                )
            return f"found {len(cited)} figures and tables cited"
        pointers = set(find_pointers(text))
        missing = [
            each
            for each in self.figures
            if not (_cites(each, pointers) if each.startswith("/") else read_citation(each) in cited)
        ]
        if missing:
            raise CheckFailure(f"not cited: {', '.join(missing)}")
        return "all are cited"


def _judge(judge: Callable[[str], str], slots: tuple[str, ...], report: Report) -> str:
    texts = report.commentary()
    chosen = texts.values() if EVERYWHERE in slots else (texts.get(slot, "") for slot in slots)
    return judge("\n\n".join(chosen))


def read_citation(text: str) -> tuple[str, str] | None:
    """A figure or table as an author refers to it, ``@fig:images``; None if the text is none."""
    found = _REFERENCE.fullmatch(text)
    return (found[1][:3], found[2]) if found else None


def is_named(cited: tuple[str, str], exhibit: tuple[str, str]) -> bool:
    """Whether a citation can be that of a figure or table; ``exhibit``: its kind and name, in which ``<i>``
    stands for the index of a class, or for the class itself.
    """
    stems = [re.escape(_slug(part)) for part in re.split(r"<[a-z]>", exhibit[1])]
    # Between two parts a hyphen each, as between words.
    # What stands for <i> is whatever a reference may say: a number, or the slug of a class in any script.
    pattern = r"-?[\w-]+-?".join(stems)
    return cited[0] == exhibit[0] and re.fullmatch(pattern, _slug(cited[1])) is not None


def _slug(name: str) -> str:
    return re.sub(r"[\W_]+", "-", name.casefold()).strip("-")


def count_words(text: str) -> int:
    """The words of a commentary. A value, a formula and a reference are a word each, an address is none."""
    # One letter stands for each, so that it is counted once and its inside, as pointer or TeX, is not.
    for pattern in (_VALUE, _FORMULA, _REFERENCE):
        text = pattern.sub(" x ", text)
    # Only the address goes: the words of a link, before the bracket, are the authors'.
    return len(_WORD.findall(_LINK.sub("] ", text)))


def leave_plain(text: str) -> str:
    """The text without values of the results, formulas, addresses, and citations of works and figures."""
    for pattern in (_VALUE, _FORMULA, _LINK, _REFERENCE, _NUMBERED, _AUTHOR_YEAR, _BRACKETED):
        text = pattern.sub(" … ", text)
    return text


def find_works(text: str) -> set[tuple[str, str]]:
    """The works that are cited, by author and year or by a number in brackets, each once."""
    return {(name, year) for name, year in _AUTHOR_YEAR.findall(text)} | {
        ("", number) for number in _BRACKETED.findall(text)
    }


def find_figures(text: str) -> set[tuple[str, str]]:
    """The figures and tables that are cited, as ``@fig:images`` or as “Fig. 3”, each once."""
    # Three letters: fig and figure are one kind, tab and table another.
    # In a set, since a figure that is cited twice is one figure.
    named = {(kind[:3], name) for kind, name in _REFERENCE.findall(text)}
    return named | {(kind.lower(), number) for kind, number in _NUMBERED.findall(text)}


def find_pointers(text: str) -> Iterator[str]:
    """The pointers of the numbers that are cited, as ``{{ transfer.accuracy.test | percent }}``."""
    for written in _VALUE.findall(text):
        try:
            # Parsed and never run: the words are a stranger's.
            tree = ast.parse(written.partition("|")[0].strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if (steps := _steps(node)) is not None:
                yield join_pointer(steps)


def _steps(node: ast.AST) -> list[str] | None:
    """The steps of ``a.b["c"][0]``; None for anything else."""
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=value, attr=name):
            above = _steps(value)
            return None if above is None else [*above, name]
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            above = _steps(value)
            return None if above is None else [*above, str(key)]
    return None


def _cites(pattern: str, pointers: set[str]) -> bool:
    wanted = split_pointer(pattern)
    for pointer in pointers:
        steps = split_pointer(pointer)
        if len(steps) == len(wanted) and all(a in (b, "*") for a, b in zip(wanted, steps, strict=True)):
            return True
    return False


def read_commentary(path: Path) -> dict[str, str]:
    """The authors' words by part of the report: from the settings that are attached to the PDF ``path``, or
    to the ``report.pdf`` of that folder. Raises ``NotAvailable`` if they did not come along.
    """
    from reportgen.errors import SettingsError
    from reportgen.toml.reading import decode_text, parse_table

    # Not from a report.toml beside it: only what is attached to the PDF is what the report was made with, and
    # is compared by verify.
    file = path / _PDF if path.is_dir() else path
    # A link of a stranger's could lead to any file of this machine.
    if file.suffix.lower() != ".pdf" or not file.is_file() or file.is_symlink():
        raise NotAvailable(f"the commentary is read from {_PDF}, which did not come along")
    try:
        attached = read_attachments(file, (_SETTINGS,)).read
        table = parse_table(decode_text(attached[_SETTINGS], _SETTINGS), _SETTINGS)[0]
    except KeyError:
        raise NotAvailable(
            f"the commentary is read from {_SETTINGS}, which is not attached to the PDF"
        ) from None
    except (SubmissionError, SettingsError) as error:
        raise NotAvailable(f"the commentary cannot be read: {error.problem}") from None
    texts = table.get("commentary", {})
    return (
        {slot: text for slot, text in texts.items() if isinstance(text, str)}
        if isinstance(texts, dict)
        else {}
    )
