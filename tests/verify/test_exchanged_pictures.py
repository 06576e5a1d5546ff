"""Pictures are found by their place in the page and told by what they show, whatever else differs."""

from __future__ import annotations

import base64
import hashlib
import re
import time

import numpy as np
import pytest
from PIL import Image

from reportgen.figures.figure import raster_picture
from reportgen.verify import markup, tokens
from reportgen.verify.markup import compare_markup
from reportgen.verify.page_sources import Source


def picture(seed: int, shift: int = 0) -> str:
    pixels = np.random.default_rng(seed).integers(20, 200, (12, 9, 3)).astype(np.uint8)
    pixels[::7] += np.uint8(shift)
    data = raster_picture(Image.fromarray(pixels)).data
    return f'<img alt="noise" src="data:image/png;base64,{base64.b64encode(data).decode()}">'


def page(*pieces: str) -> str:
    return "".join(f"<p>{number}</p>{piece}" for number, piece in enumerate(pieces))


OURS = page(picture(1), picture(2), picture(3), "end")

OTHER = ("end", "another end"), ("<p>0", "<p>zero"), ("<p>0", "<p onclick='x()'>0")


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_an_exchanged_picture_is_told_beside_another_difference(old: str, new: str) -> None:
    theirs = page(picture(1), picture(8), picture(3), "end").replace(old, new)
    found = [row for row in compare_markup(theirs, OURS).differences if "picture" in row.reason]
    assert [(row.kind, row.reason) for row in found] == [("picture", "it is another picture")]
    theirs = page(picture(1), picture(3), picture(2), "end").replace(old, new)
    found = [row for row in compare_markup(theirs, OURS).differences if "picture" in row.reason]
    assert [(row.kind, row.reason) for row in found] == [
        ("content", "it is another picture of the report")
    ] * 2


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_rounding_is_told_nowhere_beside_another_difference(old: str, new: str) -> None:
    theirs = page(*(picture(seed, 1) for seed in (1, 2, 3)), "end").replace(old, new)
    assert theirs.count("base64") == 3
    found = compare_markup(theirs, OURS).differences
    assert found
    assert not [row for row in found if "picture" in row.reason or "src" in row.location]


def test_a_picture_put_before_others_makes_none_of_them_another_one() -> None:
    theirs = picture(9) + page(*(picture(seed, 1) for seed in (1, 2, 3)), "end")
    found = compare_markup(theirs.replace("alt", "hidden alt", 2), OURS).differences
    assert not [row for row in found if "another picture" in row.reason]


def test_many_pictures_of_another_machine_are_no_difference_of_another_kind() -> None:
    ours, theirs = page(*[picture(1)] * 50), page(*[picture(2)] * 50)
    found = compare_markup(f"{theirs}<p class='b'>", f"{ours}<p class='a'>").differences
    assert [row.kind for row in found] == ["picture"] * 40 + ["content"]


@pytest.mark.parametrize(
    "tag", ["<style>", "<script>", "<style></script>", "<script></style><style></script>"]
)
def test_code_that_never_ends_takes_no_time(tag: str) -> None:
    """Red if each is searched to the end of the page: a second for 3,000 of them, and an hour for these."""
    start = time.process_time()
    Source.read(tag * 200_000)
    assert time.process_time() - start < 20


CODE = (
    "<style>a</style><script>b</script><style>a<script></style>c</script><script>d<style></script><style>"
    "e</script><script>f</script></style><style></style>g</style><script>h"
)


def test_code_is_what_stands_between_its_own_tags() -> None:
    """Brute force: a regular expression that takes each up to the end tag of its own kind."""
    codes = [match[2] for match in re.finditer(r"<(style|script)>(.*?)</\1>", CODE, re.DOTALL)]
    hashes = [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in codes]
    policy = "".join(f"&#39;sha256-{each}&#39; " for each in hashes)
    expected = "".join(f"&#39;sha256 of code {number}&#39; " for number in range(1, len(codes) + 1))
    assert len(codes) == 6
    assert Source.read(policy + CODE).text == expected + CODE


def test_a_page_of_too_many_pieces_is_not_taken_apart_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red if all of its pieces are: ten million take minutes."""
    for module in (markup, tokens):
        monkeypatch.setattr(module, "MOST_TOKENS", 1000)
    start = time.process_time()
    (found,) = compare_markup("&" * 10**7, OURS).differences
    assert found.reason == "it has more than 1000 elements"
    assert time.process_time() - start < 20
