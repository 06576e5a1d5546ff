"""Numbers in the authors' own words that name a result: whether they are that result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.diff.values import is_number
from reportgen.grading.commentary import leave_plain
from reportgen.pointer import PointerError, find_value, join_pointer, split_pointer
from reportgen.text import percent_text, plural, printable

_SPLITS = {"train": "train", "training": "train", "val": "val", "validation": "val", "test": "test"}

_SPLIT = r"(?P<split>train(?:ing)?|val(?:idation)?|test)"
_NUMBER = (
    r"(?P<number>\d+\s?(?:/|of|out of)\s?\d+(?!\.?\d|\s?%)|\d{1,3}(?:[.,]\d+)?|[.,]\d+)"
    r"(?!\w|[.,]\d|\s?[-–−/]\s?\d)(?P<percent>\s?%|\s(?:percent|per\s?cent)\b)?"
)
_IS = r"(?:\s(?:of|is|was|reached|reaches|at)\s|\s?[:=(]\s?)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_SPLIT}\s(?:set\s|data\s)?accuracy{_IS}{_NUMBER}",
        rf"\baccuracy\s(?:on|over|for)\s(?:the\s)?{_SPLIT}(?:\s(?:set|data|images|split))?{_IS}{_NUMBER}",
        rf"\baccuracy\sof\s{_NUMBER}\s(?:on|over|for)\s(?:the\s)?{_SPLIT}\s(?:set|data|images|split)\b",
        rf"(?<![\w.,/-]){_NUMBER}\s{_SPLIT}\saccuracy\b",
    )
)

_COUNT = r"(?P<number>[1-9]\d{0,2}(?:,\d{3})+|\d{1,6})"
_HAS = r"(?:has|have|had|holds?|contains?|contained|comprises?|consists?\sof|consisted\sof)"
_COUNTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_SPLIT}\s(?:set|data|split)\s{_HAS}\s{_COUNT}\simages\b",
        rf"\ball\s(?:the\s)?{_COUNT}\s{_SPLIT}\simages\b",
    )
)
"""Only words that mean a whole split: “5 test images” may be any five of them."""

_OTHERS = re.compile(
    r"\b(?:if|would|could|should|might|may|can|hope\w*|expect\w*|predict\w*|guess\w*|want\w*|aim\w*|goal|target|"
    r"than|versus|vs|not|no|never|instead|without|unlike|baseline|chance|random\w*|paper\w*|authors?|literature|"
    r"published|al|others?|another|epochs?|earlier|previous\w*|before|first|second|once|originally|seeds?|runs?|"
    r"about|around|roughly|approximately|nearly|almost|over|under|above|below|between|to|up|least|most|difference|"
    r"drop\w*|gain\w*|higher|lower|better|worse|class|classes|cats?|dogs?|per|each|fine-?tun\w*|augment\w*|et)\b"
    r"|[~≈<>≤≥±…–]|\bn't\b|n[’']t\b|\d\s?-\s?\d",
    re.IGNORECASE,
)
"""What makes a sentence tell of something else than this report's result, or not of one number."""

_CODE, _EMPHASIS = re.compile(r"`[^`]*`"), re.compile(r"\*+")

_LONGEST, _MOST = 20_000, 6

_SHORT = 4


@dataclass(frozen=True)
class Claim:
    """Words that name a result by ``pointer`` and give another number than its ``value``."""

    words: str
    pointer: str
    value: float

    @property
    def shown(self) -> str:
        """The value as a reader writes it."""
        return (
            f"{self.value:.0f}" if self.pointer.startswith(_NUMBERS_OF_IMAGES) else percent_text(self.value)
        )


_NUMBERS_OF_IMAGES = "/dataset/counts/"


def find_false_claims(commentary: Mapping[str, object], results: Mapping[str, Any]) -> Iterator[Claim]:
    """The accuracies in plain words, such as “a test accuracy of 93 %”, and numbers of images of a whole
    split, such as “all 24 test images”, that are not those of the results.

    An accuracy is right as a share, in percent, as a fraction, rounded or cut off. Sentences that compare,
    hope, cite or tell of anything else are left alone: an honest author must not be accused.
    """
    for text in commentary.values():
        plain = _EMPHASIS.sub("", leave_plain(_CODE.sub(" … ", str(text)[:_LONGEST])))
        for sentence in re.split(r"(?<=[.!?;])\s+|\n\s*\n", plain):
            words = " ".join(sentence.split())
            for judge, patterns in ((_judge, _PATTERNS), (_judge_count, _COUNTS)):
                for match in (found for pattern in patterns for found in pattern.finditer(words)):
                    yield from judge(match, results)


def _judge(match: re.Match[str], results: Mapping[str, Any]) -> Iterator[Claim]:
    rest = match.string[: match.start()] + " " + match.string[match.end() :]
    named = list(_find_named(results, _SPLITS[match["split"].lower()]))
    if not named or _OTHERS.search(rest):
        return
    # That of another network is none of its errors, that of another split of the same one is.
    others = {name: part for name, part in results.items() if name not in _sections(named)}
    known = [*(value for _, value in named), *_accuracies(others)]
    if not _is_right(match, known):
        yield Claim(match[0], *named[0])


def _judge_count(match: re.Match[str], results: Mapping[str, Any]) -> Iterator[Claim]:
    split, dataset = _SPLITS[match["split"].lower()], results.get("dataset", {})
    rest = f"{match.string[: match.start()]} {match.string[match.end() :]}"
    counts, classes = dataset.get("counts", {}).get(split), dataset.get("classes", [])
    # Of one class it would be another number; a plural may have another end.
    stems = (str(label)[:-1] if len(str(label)) > _SHORT else str(label) for label in classes)
    named = any(stem.lower() in rest.lower() for stem in stems)
    if not isinstance(counts, Mapping) or named or _OTHERS.search(rest):
        return
    total = sum(count for count in counts.values() if is_number(count))
    if int(match["number"].replace(",", "")) != total:
        yield Claim(match[0], f"{_NUMBERS_OF_IMAGES}{split}", float(total))


def _sections(named: Sequence[tuple[str, float]]) -> set[str]:
    return {split_pointer(pointer)[0] for pointer, _ in named}


def _find_named(results: Mapping[str, Any], split: str) -> Iterator[tuple[str, float]]:
    """Pointer and value of the accuracy on a split, of each section that has one."""
    for name in results:
        pointer = join_pointer([name, "accuracy", split])
        try:
            value = find_value(results, pointer, "results.json")
        except PointerError:
            continue
        if is_number(value):
            yield pointer, float(value)


def _is_right(match: re.Match[str], known: Sequence[float]) -> bool:
    """Whether the number may be one of these."""
    return any(abs(number - each) <= step * (1 + 1e-9) for number, step in _read(match) for each in known)


def _read(match: re.Match[str]) -> Iterator[tuple[float, float]]:
    """What the words may mean, each with one of its last digits: it may be rounded, or cut off."""
    written = match["number"].replace(",", ".")
    if parts := re.fullmatch(r"(\d+)\s?(?:/|of|out of)\s?(\d+)", written, re.IGNORECASE):
        if float(parts[2]):
            yield float(parts[1]) / float(parts[2]), 1e-9
        return
    step = 10.0 ** -len(written.partition(".")[2])
    # Without a sign of percent a number above 1 can hardly be anything else.
    scale = 0.01 if match["percent"] or float(written) > 1 else 1.0
    yield float(written) * scale, step * scale


def _accuracies(value: Any, *, inside: bool = False) -> Iterator[float]:
    """All numbers of the results that are called an accuracy."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _accuracies(each, inside=inside or "accura" in name)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _accuracies(each, inside=inside)
    elif inside and is_number(value):
        yield float(value)


def describe_false_claims(commentary: Mapping[str, object], results: Mapping[str, Any]) -> str:
    """A note on them for a person to look at; "" if there are none. It is no evidence."""
    found = list(find_false_claims(commentary, results))
    if not found:
        return ""
    listed = "; ".join(
        f"“{printable(each.words)[:80]}”, where {each.pointer} is {each.shown}" for each in found[:_MOST]
    )
    return (
        f"{plural(len(found), 'number', 'numbers')} in the authors' own words that "
        f"{'names a result and is another one' if len(found) == 1 else 'name a result and are others'}: "
        f"{listed}. A person should read the sentence."
    )
