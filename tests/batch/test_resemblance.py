"""Who shares images and words, against counting by pairs; and statistics against Python's own."""

from __future__ import annotations

import itertools
import statistics
import zlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pikepdf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reportgen.batch.copies import (
    ALIKE,
    Copy,
    Shared,
    compare_images,
    find_copies,
    find_outside_authors,
    find_shared_images,
    hash_images,
    hash_pdf,
    hash_pieces,
)
from reportgen.batch.outcome import Author, Outcome, Traits
from reportgen.batch.tables import spread_of, spread_scores

FILES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12345"), max_size=4)
CLASSES = st.dictionaries(st.sampled_from(["A", "B", "C", "D"]), FILES)


def test_who_shares_how_many() -> None:
    images = {
        "A": {"1.jpg": "x", "2.jpg": "y", "copy.jpg": "x"},
        "B": {"1.jpg": "z"},
        "C": {"9.jpg": "x"},
        "D": {"7.jpg": "x", "8.jpg": "y", "9.jpg": "w"},
    }
    assert find_shared_images(images) == [
        Shared("A", 2, 2, (("D", 2), ("C", 1))),
        Shared("D", 3, 2, (("A", 2), ("C", 1))),
        Shared("C", 1, 1, (("A", 1), ("D", 1))),
    ]


@given(CLASSES)
def test_shared_images_are_those_of_the_pairs(images: dict[str, dict[str, str]]) -> None:
    pairs = {
        (a, b): len(set(images[a].values()) & set(images[b].values()))
        for a, b in itertools.permutations(images, 2)
    }
    found = find_shared_images(images)
    reported = {(each.group, name): count for each in found for name, count in each.partners}
    assert reported == {pair: count for pair, count in pairs.items() if count}
    for each in found:
        others = {sha for name in images if name != each.group for sha in images[name].values()}
        assert each.shared == len(set(images[each.group].values()) & others)


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=4), min_size=2, max_size=3), st.data())
def test_images_that_were_saved_again_are_found_by_few_bits(
    groups: list[list[int]], data: st.DataObject
) -> None:
    """Against the distances of all pairs, counted one by one; every file has bytes of its own."""
    for hashes in groups[1:]:
        if groups[0] and hashes:
            flipped = data.draw(st.sets(st.integers(0, 63), max_size=2 * ALIKE))
            hashes[0] = groups[0][0] ^ sum(1 << bit for bit in flipped)
    named = {f"G{n}": {f"{n}.{i}": value for i, value in enumerate(each)} for n, each in enumerate(groups)}
    images = {name: {f"{file}.jpg": file for file in files} for name, files in named.items()}
    likeness = {name: {file: f"{value:016x}" for file, value in each.items()} for name, each in named.items()}
    reported = {each.group: each.shared for each in find_shared_images(images, likeness)}
    for name, files in named.items():
        others = [value for other, each in named.items() if other != name for value in each.values()]
        near = sum(any((mine ^ value).bit_count() <= ALIKE for value in others) for mine in files.values())
        assert reported.get(name, 0) == near


def test_a_picture_that_is_saved_again_is_alike_and_another_is_not(tmp_path: Path) -> None:
    for group, seed, suffix in (("a", 1, "png"), ("b", 1, "jpg"), ("c", 2, "png")):
        (tmp_path / group / "cat").mkdir(parents=True)
        smooth = Image.fromarray(np.random.default_rng(seed).integers(0, 255, (9, 9, 3), np.uint8))
        image = smooth.resize((300, 260), Image.Resampling.BICUBIC)
        image.save(tmp_path / group / f"cat/x.{suffix}", quality=70)
    Image.new("RGB", (60, 60), "white").save(tmp_path / "c/cat/blank.png")
    likeness = {group: hash_images(tmp_path / group) for group in "abc"}
    assert [len(hashes) for hashes in likeness.values()] == [1, 1, 1], "a blank image is like no other"
    images = {group: {sha: sha for sha in hashes} for group, hashes in likeness.items()}
    assert find_shared_images(images) == []
    found = find_shared_images(images, likeness)
    assert [(each.group, each.partners) for each in found] == [("a", (("b", 1),)), ("b", (("a", 1),))]


def test_images_are_the_class_s_whatever_bytes_they_were_saved_with(tmp_path: Path) -> None:
    for folder in ("class/cat", "own/cat"):
        (tmp_path / folder).mkdir(parents=True)
    pixels = np.random.default_rng(3).integers(0, 255, (30, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "class/cat/a.png", compress_level=1)
    Image.fromarray(pixels).save(tmp_path / "own/cat/again.png", compress_level=9)
    assert compare_images(tmp_path / "own", tmp_path / "class") == []
    Image.fromarray(255 - pixels).save(tmp_path / "own/cat/other.png")
    assert compare_images(tmp_path / "own", tmp_path / "class") == ["cat/other.png"]


def test_copies_are_papers_words_and_authors_and_never_numbers() -> None:
    ann, ben = Author("Ann Lee", "7"), Author("Ben")
    traits = {
        "A": Traits((ann, ben), {"transfer": "w1", "neurons": "w2"}),
        "B": Traits((Author("ann lee", "8"),), {"transfer": "w1", "neurons": "w2"}),
        "C": Traits((Author("A. Lee", "7"),), {"transfer": "w3"}),
        "D": Traits((Author("BEN", "9"),)),
    }
    assert find_copies({"A": "p", "B": "q", "C": "p", "D": ""}, traits) == [
        Copy("the same PDF, byte for byte", ("A", "C")),
        Copy("the same commentary (transfer, neurons)", ("A", "B")),
        # One roll number is one person, and two of them are two of the same name.
        Copy("the author Ann Lee", ("A", "C")),
        Copy("the author Ben", ("A", "D")),
        Copy("the author A. Lee", ("A", "C")),
    ]


WORDS = [f"word{number}" for number in range(200)]


def spell(words: Sequence[str], seed: int) -> str:
    """A text of these words with marks, lines and capitals of its own."""
    rng = np.random.default_rng(seed)
    ends = [", ", ". ", " ", "\n", " – "]
    return "".join(word.title() + ends[rng.integers(5)] for word in words)


def reported(**texts: str) -> list[tuple[str, tuple[str, ...]]]:
    """Whose commentary has much in common; the hash of the whole is another for each."""
    traits = {
        name: Traits(words={"transfer": name}, pieces=hash_pieces([text])) for name, text in texts.items()
    }
    return [(copy.what, copy.groups) for copy in find_copies({}, traits)]


def test_a_text_that_was_changed_a_little_is_told() -> None:
    """Red if one comma is enough to hide it."""
    changed = ["other" if location % 40 == 0 else word for location, word in enumerate(WORDS)]
    same = "much of the commentary: 100 % of the shorter"
    assert reported(A=spell(WORDS, 1), B=spell(WORDS, 2)) == [(same, ("A", "B"))]
    # Five of 200 words, the first at an end: 4 × 8 + 1 of 193 pieces are others. 160 / 193 = 82.9 %.
    (found,) = reported(A=spell(WORDS, 1), B=spell(changed, 2))
    assert found == ("much of the commentary: 82.9 % of the shorter", ("A", "B"))
    # A part of a longer text.
    assert reported(A=spell(WORDS[:60], 1), B=spell(WORDS, 2)) == [(same, ("A", "B"))]


def test_who_wrote_on_their_own_is_not_told() -> None:
    other = [word[::-1] for word in WORDS]
    # Every second sentence of fifteen words the same is half.
    half = [w if location // 15 % 2 else o for location, (w, o) in enumerate(zip(WORDS, other, strict=True))]
    assert reported(A=spell(WORDS, 1), B=spell(other, 2), C=spell(half, 3)) == []
    assert reported(A=spell(WORDS[:30], 1), B=spell(WORDS[:30], 2)) == [], "too short to say anything"
    # What the exercise gave to all is nobody's; two that have more in common are told all the same.
    given_text = WORDS[:120]
    texts = {
        name: spell([*given_text, *(f"{name}{n}" for n in range(60))], n) for n, name in enumerate("ABCDE")
    }
    assert reported(**texts) == []
    texts["F"] = texts["E"]
    assert [groups for _, groups in reported(**texts)] == [("E", "F")]


def test_a_text_that_is_told_whole_is_not_told_twice() -> None:
    pieces = hash_pieces([spell(WORDS, 1)])
    traits = {name: Traits(words={"transfer": "w"}, pieces=pieces) for name in "AB"}
    assert find_copies({}, traits) == [Copy("the same commentary (transfer)", ("A", "B"))]


def make_paper(file: Path, text: str, attached: bytes) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(200, 200))
        pdf.pages[0].Contents = pdf.make_stream(f"BT\n(  {text}) Tj\nET".encode())
        pdf.attachments["results.json"] = pikepdf.AttachedFileSpec(pdf, attached)
        pdf.save(file)


def test_a_pdf_that_was_saved_again_is_the_same_and_another_is_not(tmp_path: Path) -> None:
    make_paper(tmp_path / "a.pdf", "a", b"{}")
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        pdf.save(tmp_path / "again.pdf", linearize=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    make_paper(tmp_path / "words.pdf", "b", b"{}")
    make_paper(tmp_path / "numbers.pdf", "a", b"{1}")
    (tmp_path / "none.pdf").write_bytes(b"%PDF- no more")
    hashes = {path.stem: hash_pdf(path) for path in sorted(tmp_path.iterdir())}
    assert (tmp_path / "a.pdf").read_bytes() != (tmp_path / "again.pdf").read_bytes()
    assert hashes["a"] == hashes["again"] != ""
    assert len({hashes[name] for name in ("a", "words", "numbers")}) == 3
    assert hashes["none"] == ""
    traits = {name: Traits(paper=sha256) for name, sha256 in hashes.items()}
    assert find_copies({}, traits) == [Copy("the same PDF, saved again", ("a", "again"))]
    # Byte for byte is told as that.
    assert find_copies({"a": "x", "again": "x"}, traits) == [
        Copy("the same PDF, byte for byte", ("a", "again"))
    ]


def test_a_pdf_that_unpacks_to_more_than_a_report_has_is_not_unpacked(tmp_path: Path) -> None:
    """A page of 70 MB in 70 kB, one that names 60 MB twice, and such a file attached. Red if one is unpacked:
    then it has a hash, and 4 GB in 4 MB took 2.3 GB of memory before the kernel refused more.
    """
    for name, size, times in (("large", 70, 1), ("twice", 60, 2), ("usual", 1, 2)):
        with pikepdf.new() as pdf:
            pdf.add_blank_page(page_size=(200, 200))
            part = pdf.make_stream(b"")
            part.write(zlib.compress(bytes(size * 10**6)), filter=pikepdf.Name.FlateDecode)
            pdf.pages[0].obj.Contents = pikepdf.Array([part] * times)
            pdf.save(tmp_path / f"{name}.pdf", stream_decode_level=pikepdf.StreamDecodeLevel.none)
    make_paper(tmp_path / "attached.pdf", "a", bytes(70 * 10**6))
    hashes = {path.stem: bool(hash_pdf(path)) for path in sorted(tmp_path.iterdir())}
    assert hashes == {"attached": False, "large": False, "twice": False, "usual": True}


def test_an_author_of_another_group_by_the_roster_is_told() -> None:
    members = {"A": [Author("Ann Lee", "7"), Author("Bo Ek", "8")], "B": [Author("Cy Ay", "9")]}
    traits = {
        "A": Traits((Author("ann lee"), Author("Cy Ay", "9"), Author("Cy Ay", "10"))),
        "B": Traits((Author("Nobody Known"), Author("Bo", "8"))),
    }
    assert find_outside_authors(traits, members) == [
        Copy("the author Cy Ay, by the roster of B", ("A", "B")),
        Copy("the author Bo, by the roster of A", ("B", "A")),
    ]


@given(st.lists(st.integers(0, 8), min_size=1))
def test_mean_median_and_counts(halves: Sequence[int]) -> None:
    scores = [Decimal(half) / 2 for half in halves]
    spread = spread_of("Q1", Decimal(4), scores)
    assert abs(spread.mean - statistics.mean(scores)) <= Decimal("0.005")
    assert spread.median == statistics.median(scores)
    assert spread.full == scores.count(Decimal(4)) == spread.counts[-1]
    assert spread.counts[0] == scores.count(Decimal(0))
    assert sum(spread.counts) == len(scores) == spread.groups
    # 0.5 of 4 is 12.5 %, so the second tenth; 2 of 4 is just 50 %, the fifth.
    assert spread.counts[2] == scores.count(Decimal("0.5"))
    assert spread.counts[5] == scores.count(Decimal(2))


def test_a_bonus_is_counted_among_all_points_and_a_deduction_has_no_share() -> None:
    spread = spread_of("Sum", Decimal(4), [Decimal(5), Decimal("4.6"), Decimal(0)])
    assert (spread.mean, spread.median, spread.full) == (Decimal("3.2"), Decimal("4.6"), 2)
    assert sum(spread.counts) == 3
    assert spread.counts[-1] == 2
    assert spread_of("Late", Decimal(0), [Decimal(-2), Decimal(0)]).counts[0] == 2


def test_a_mean_is_full_only_if_all_are() -> None:
    spread = spread_of("Q1", Decimal(4), [Decimal(4)] * 999 + [Decimal("3.99")])
    assert spread.mean < 4
    assert spread.full == 999


def test_without_grades_there_are_no_statistics() -> None:
    assert spread_scores([Outcome("data", "x")]) is None
