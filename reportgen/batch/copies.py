"""What groups have in common though neither data nor settings nor seed determine it. It changes no points."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from reportgen.batch.outcome import Author, Traits
from reportgen.dataset.contents import UndecodableError, read_bytes
from reportgen.dataset.names import is_ignored
from reportgen.dataset.signature import IMAGE_SUFFIXES
from reportgen.text import percent_text

_FLAT = 4.0
"""Standard deviation of the luma, in 0 to 255: what is flatter than that has no features to be compared."""


def hash_images(folder: Path) -> dict[str, str]:
    """The perceptual hash of each image below a folder, in hexadecimal, by the SHA-256 of the file.

    Left out are images that cannot be decoded, and almost uniform ones, which all look the same.
    """
    import numpy as np

    from reportgen.dataset.decode import decode_bytes, grey, hash_image

    hashes: dict[str, str] = {}
    for file in _list_images(folder):
        try:
            data = read_bytes(file)
            pixels = decode_bytes(data, strict=True).pixels
        except UndecodableError:
            continue
        if 255 * float(grey(pixels).std()) > _FLAT:
            hashes[hashlib.sha256(data).hexdigest()] = np.packbits(hash_image(pixels)).tobytes().hex()
    return dict(sorted(hashes.items()))


_WORDS_TOGETHER = 8

_FEWEST_PIECES = 30
"""Pieces of a text that is long enough to be compared: some 40 words."""

_MOST_PIECES = 4000

_MUCH = 0.6
"""From this share of the shorter text's pieces on, two texts are reported: one word in forty that is
exchanged leaves 80 % of them, one in fifteen 57 %; those of two texts that share no sentence have next to
nothing in common.
"""

_LEAST_GROUPS = 5

# 48 bits are enough: two of the 100,000 pieces of a class agree by chance in one class of 56,000.
_DIGITS = 12


def hash_pieces(texts: Iterable[str]) -> tuple[str, ...]:
    """Hashes of all runs of eight words in one of the texts, in order of the hashes.

    Case, punctuation and white space make no difference. Of a very long text there are only the first, which
    are the same in two texts that have them.

    Broder (1997), On the resemblance and containment of documents.
    """
    pieces: set[str] = set()
    for text in texts:
        words = re.findall(r"\w+", text.casefold())
        for start in range(len(words) - _WORDS_TOGETHER + 1):
            piece = " ".join(words[start : start + _WORDS_TOGETHER])
            pieces.add(hashlib.sha256(piece.encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS])
    return tuple(sorted(pieces)[:_MOST_PIECES])


def hash_pdf(file: Path) -> str:
    """A hash of what pages and attachments of a PDF hold, whatever way it is packed; "" if it cannot be read.

    It is the same after a PDF was linearised or saved again by a program that leaves its pages alone. A PDF
    that would take more than a report does to be unpacked is not unpacked, and equals none.
    """
    import pikepdf

    from reportgen.verify.pdf_document import PdfError, check_size

    digest = hashlib.sha256()
    try:
        with pikepdf.open(file) as pdf:
            # Before anything is unpacked: 4 GB in a file of 4 MB once took 2.3 GB of memory here.
            check_size(pdf, file.name)
            for page in pdf.pages:
                page.contents_coalesce()
                contents = page.obj.get("/Contents")
                # Programs break lines of a page's instructions in their own way.
                digest.update(
                    b" ".join(contents.read_bytes().split()) + b"\n" if contents is not None else b"\n"
                )
            for name, each in sorted(pdf.attachments.items()):
                digest.update(name.encode("utf-8", "backslashreplace") + b"\n" + each.get_file().read_bytes())
    # What is wrong with a stranger's PDF, the verification says.
    except (PdfError, pikepdf.PdfError, ValueError, TypeError, LookupError, AttributeError, RuntimeError):
        return ""
    return digest.hexdigest()


def compare_images(own: Path, reference: Path) -> list[str]:
    """The files below ``own`` whose pixels are those of no image below ``reference``.

    Only files with other bytes are decoded, and only if there are any: a file that was saved without its
    EXIF data or packed again shows the same.
    """
    known = {file: _hash(file) for file in _list_images(reference)}
    hashes = set(known.values())
    others = [file for file in _list_images(own) if _hash(file) not in hashes]
    if not others:
        return []
    known_pixels = {_hash_pixels(file) for file in known}
    return [file.relative_to(own).as_posix() for file in others if _hash_pixels(file) not in known_pixels]


def _list_images(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).parts
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file() and not any(map(is_ignored, inside)):
            yield file


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hash_pixels(file: Path) -> str:
    """A hash of the decoded image, or of the file's own path where it cannot be decoded: like no other."""
    from reportgen.dataset.decode import decode_bytes

    try:
        return hashlib.sha256(decode_bytes(read_bytes(file), strict=True).pixels.tobytes()).hexdigest()
    except UndecodableError:
        return str(file)


ALIKE = 4
"""Bits of 64 by which the perceptual hashes of one picture in two files may differ.

Measured on 426 photographs of Caltech-101 (butterfly, chandelier, kangaroo, ketch, leopard). Of 120 that were
saved again, as JPEG of quality 50 and 20, as WebP or at half the size, all differ in 4 bits or fewer; of the
120 made 15 % brighter 94 %, of those trimmed by 2 % on each side 65 %, still most of a copied data set.
Of 90,525 pairs of different files two differ in 8 or fewer (2 and 6), both of one scene; 2 in 10, 4 in 12, 5
in 14, 41 in 16 bits. From there on chance brings near 3.7 times as many with every 2 bits, so among the 2.9
million pairs of 24 groups with 100 images each 0.5 pairs are to be expected within 4 bits, but 7 within 8,
each of which would name two groups that did nothing. Within one report, which names nobody, it is 8.
"""

_AT_ONCE = 2048
"""Rows of a table of distances that are in memory together."""

# 64 bits.
_BYTES = 8


@dataclass(frozen=True)
class Shared:
    """A group has ``images`` distinct images; ``shared`` of them are in other groups, too.

    ``partners``: the other groups and how many each has of them, most first.
    """

    group: str
    images: int
    shared: int
    partners: tuple[tuple[str, int], ...]


def find_shared_images(
    images: Mapping[str, Mapping[str, str]], likeness: Mapping[str, Mapping[str, str]] | None = None
) -> list[Shared]:
    """The groups that have images of others: ``images`` holds the SHA-256 of each file by group, ``likeness``
    perceptual hashes by group and SHA-256, by which an image that was saved again is found.

    The groups that share most with one other group come first; how often a group has an image makes no
    difference.
    """
    kinds = {group: set(files.values()) for group, files in images.items()}
    near = _find_near(likeness or {})
    holders: dict[str, set[str]] = {}
    for group, hashes in kinds.items():
        for sha256 in hashes:
            # Under what it only resembles, too, so that both groups are counted.
            for each in near.get(sha256, [sha256]):
                holders.setdefault(each, set()).add(group)
    order = {group: index for index, group in enumerate(images)}
    found = []
    for group, hashes in kinds.items():
        # Each image once for each other group, however often that group has it.
        counts = Counter(other for sha256 in hashes for other in holders[sha256] if other != group)
        partners = sorted(counts.items(), key=lambda each: (-each[1], order[each[0]]))
        shared = sum(len(holders[sha256]) > 1 for sha256 in hashes)
        if shared:
            found.append(Shared(group, len(hashes), shared, tuple(partners)))
    return sorted(found, key=lambda each: (-each.partners[0][1], order[each.group]))


def _find_near(likeness: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """By the hash of each file, the hashes of the files that show nearly the same, itself among them."""
    known = {sha256: text for hashes in likeness.values() for sha256, text in hashes.items()}
    # With the images of one group alone there is nobody to share them with.
    if sum(map(bool, likeness.values())) < 2:
        return {}
    # Imported only here: a class on one data set has nothing to compare.
    import numpy as np

    names = list(known)
    packed = np.frombuffer(bytes.fromhex("".join(known.values())), np.uint8).reshape(-1, _BYTES)
    # In float32, which BLAS multiplies, and in which a sum of 64 signs is exact.
    signs = np.where(np.unpackbits(packed, axis=1), 1, -1).astype(np.float32)
    near: dict[str, list[str]] = {}
    for start in range(0, len(signs), _AT_ONCE):
        # Bits that agree add 1 to the product of signs, others −1.
        distance = (signs.shape[1] - signs[start : start + _AT_ONCE] @ signs.T) / 2
        for row, column in np.argwhere(distance <= ALIKE).tolist():
            near.setdefault(names[start + row], []).append(names[column])
    return near


@dataclass(frozen=True)
class Copy:
    """What several groups have in common, in words, and which groups."""

    what: str
    groups: tuple[str, ...]


def find_copies(papers: Mapping[str, str], traits: Mapping[str, Traits]) -> list[Copy]:
    """The groups that handed in one PDF, wrote the same words or nearly so, or name authors of each other.

    ``papers``: the SHA-256 of each group's PDF, "" without one. Equal numbers are no sign of anything: groups
    with the same images, settings and seed must have them.
    """
    exact = _gather(papers)
    copies = [Copy("the same PDF, byte for byte", groups) for groups in exact]
    again = _gather({name: each.paper for name, each in traits.items()})
    copies += [Copy("the same PDF, saved again", groups) for groups in again if groups not in exact]
    slots = dict.fromkeys(slot for each in traits.values() for slot in each.words)
    texts: dict[tuple[str, ...], list[str]] = {}
    for slot in slots:
        for groups in _gather({name: each.words.get(slot, "") for name, each in traits.items()}):
            texts.setdefault(groups, []).append(slot)
    copies += [Copy(f"the same commentary ({', '.join(slots)})", groups) for groups, slots in texts.items()]
    return [*copies, *_share_pieces(traits), *_share_authors(traits)]


def _share_pieces(traits: Mapping[str, Traits]) -> Iterator[Copy]:
    """Pairs of groups of whose commentary most is the same, but not all of it, which is reported already."""
    written = {name: set(each.pieces) for name, each in traits.items() if each.pieces}
    if len(written) >= _LEAST_GROUPS:
        # What more than half of the class has is the text of the exercise, and nobody's own.
        held = Counter(piece for pieces in written.values() for piece in pieces)
        common = {piece for piece, count in held.items() if 2 * count > len(written)}
        written = {name: pieces - common for name, pieces in written.items()}
    long = {name: pieces for name, pieces in written.items() if len(pieces) >= _FEWEST_PIECES}
    for (one, first), (other, second) in combinations(long.items(), 2):
        share = len(first & second) / min(len(first), len(second))
        same = any(sha256 == traits[other].words.get(slot) for slot, sha256 in traits[one].words.items())
        if share >= _MUCH and not same:
            yield Copy(f"much of the commentary: {percent_text(share)} of the shorter", (one, other))


def find_outside_authors(traits: Mapping[str, Traits], members: Mapping[str, Sequence[Author]]) -> list[Copy]:
    """Authors whom a report names and the roster has in another group; ``members``: those of each group."""
    copies = []
    for name, each in traits.items():
        for author in each.authors:
            at_home = [group for group, people in members.items() if _names(people, author)]
            if at_home and name not in at_home:
                copies.append(
                    Copy(f"the author {author.name}, by the roster of {at_home[0]}", (name, *at_home))
                )
    return copies


def _gather(hashes: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The groups that have the same hash, two or more each; "" is equal to none."""
    holders: dict[str, list[str]] = {}
    for group, sha256 in hashes.items():
        if sha256:
            holders.setdefault(sha256, []).append(group)
    return [tuple(groups) for groups in holders.values() if len(groups) > 1]


def _share_authors(traits: Mapping[str, Traits]) -> Iterator[Copy]:
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for each in traits.values():
        for author in each.authors:
            groups = tuple(name for name, other in traits.items() if _names(other.authors, author))
            said = author.name.casefold(), groups
            # From the side of each of these groups the same author comes up again.
            if len(groups) > 1 and said not in seen:
                seen.add(said)
                yield Copy(f"the author {author.name}", groups)


def _names(authors: Sequence[Author], author: Author) -> bool:
    return any(_is_same(each, author) for each in authors)


def _is_same(one: Author, other: Author) -> bool:
    """Two people may have one name, but not one roll number."""
    if one.roll_number and other.roll_number:
        return one.roll_number.casefold() == other.roll_number.casefold()
    return one.name.casefold() == other.name.casefold()
