"""Download of Caltech-101 classes, with the train/val/test split of the course."""

from __future__ import annotations

import gzip
import re
import shutil
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from reportgen.acquire.outlines import ANNOTATIONS, OUTLINE_FOLDERS, annotate
from reportgen.acquire.source import Source, download
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.results import SPLITS, Split
from reportgen.split import split_names
from reportgen.store.output import check_free, filled_folder
from reportgen.store.ownership import claim
from reportgen.text import find_alike, propose

INNER_NAME = "101_ObjectCategories.tar.gz"

OUTLINES_NAME = "Annotations.tar"

CLUTTER = "BACKGROUND_Google"
"""A folder of the archive that is none of its 101 classes."""

_IMAGE = re.compile(r"101_ObjectCategories/(?P<label>\w[\w-]*)/(?P<name>image_\d{4}\.jpg)", re.ASCII)

_OUTLINE = re.compile(r"Annotations/(?P<label>\w[\w-]*)/(?P<name>annotation_\d{4}\.mat)", re.ASCII)

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How far an archive may unfold: bytes of the inner tar once decompressed, and members in it.

    The real archive stays below a third of both.
    """

    size: int = 512 * 2**20
    members: int = 50_000


def unpack_images(
    archive: Path, labels: Collection[str], into: Path, progress: Progress, limits: Limits | None = None
) -> dict[str, list[str]]:
    """Write the images of the classes ``labels`` to ``into/<class>/`` and list those of every class.

    Returns class name -> image names, for each class in ``archive``; labels that it lacks are not an error
    here. Only regular files named ``101_ObjectCategories/<class>/image_NNNN.jpg`` are read; their new paths
    are built from these two checked names. The tar is read as a stream, once, to its end, so that all
    checksums are verified. Raises ``UserError`` if the archive is damaged, unfolds beyond ``limits``, or has
    a member that is a link or a device or whose name leads out of the folder.
    """
    limits = limits or Limits()
    images: dict[str, list[str]] = {}
    with _damage_named(archive), zipfile.ZipFile(archive) as outer:
        inner = _inner_archive(archive, outer, INNER_NAME)
        with (
            outer.open(inner) as packed,
            _BoundedGzip(packed, limits.size, archive) as stream,
            progress.stage(f"Unpacking {archive.name} (KiB)", inner.file_size // 1024) as advance,
        ):
            done = 0
            for label, name, content in _members(archive, stream, limits.members, _IMAGE):
                # Not offered as a class: its photographs have nothing in common.
                if label == CLUTTER:
                    continue
                images.setdefault(label, []).append(name)
                if label in labels:
                    _write(content, into / label / name, archive)
                # In packed bytes: how many images there are shows only at the end of the stream.
                advance(packed.tell() // 1024 - done)
                done = packed.tell() // 1024
            stream.drain()
            advance(inner.file_size // 1024 - done)
    return images


def unpack_outlines(archive: Path, labels: Collection[str], into: Path, limits: Limits | None = None) -> None:
    """Write the outlines of the classes ``labels`` to ``into/<folder>/annotation_NNNN.mat``.

    The folders are called as in the archive, which has other names for four classes. Raises what
    :func:`unpack_images` raises.
    """
    limits = limits or Limits()
    wanted = {OUTLINE_FOLDERS.get(label.casefold(), label).casefold() for label in labels}
    with _damage_named(archive), zipfile.ZipFile(archive) as outer:
        inner = _inner_archive(archive, outer, OUTLINES_NAME)
        # A plain tar has the size that the ZIP declares, and zipfile reads no more than that.
        if inner.file_size > limits.size:
            raise _unusable(archive, f"its member {OUTLINES_NAME} unfolds to more than {limits.size} bytes")
        with outer.open(inner) as stream:
            for label, name, content in _members(archive, stream, limits.members, _OUTLINE):
                if label.casefold() in wanted:
                    _write(content, into / label / name, archive)
            # To the end, where the checksum is.
            while stream.read(_CHUNK):
                pass


def _inner_archive(archive: Path, outer: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    for info in outer.infolist():
        _refuse_escape(archive, info.filename)
    found = [info for info in outer.infolist() if PurePosixPath(info.filename).name == name]
    # Where there are two, one cannot know which is meant.
    if len(found) != 1:
        raise _unusable(archive, f"{len(found)} members named {name}, where one is expected")
    if found[0].flag_bits & 0x1:
        raise _unusable(archive, f"its member {found[0].filename!r} is encrypted")
    return found[0]


def _members(
    archive: Path, stream: IO[bytes] | _BoundedGzip, most: int, wanted: re.Pattern[str]
) -> Iterator[tuple[str, str, IO[bytes]]]:
    """Yields folder, file name and content of each ``wanted`` file, in the order of the stream."""
    with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as tar:
        for number, member in enumerate(tar, start=1):
            if number > most:
                raise _unusable(archive, f"more than {most} members")
            _refuse_escape(archive, member.name)
            # A sparse file's size is only declared: it would unfold beyond what the stream is held to.
            if member.issparse() or not (member.isreg() or member.isdir()):
                raise _unusable(archive, f"its member {member.name!r} is neither a plain file nor a folder")
            # PurePosixPath drops a leading "./", with which some programs pack.
            found = wanted.fullmatch(str(PurePosixPath(member.name)))
            content = tar.extractfile(member) if member.isreg() else None
            if found and content:
                yield found["label"], found["name"], content


def _write(content: IO[bytes], path: Path, archive: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A tar may hold a name twice, and the second would replace the first without a word.
    if path.exists():
        raise _unusable(archive, f"the file {path.parent.name}/{path.name} occurs twice")
    with path.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK)


def _refuse_escape(archive: Path, name: str) -> None:
    # Windows's rules are the stricter ones: both kinds of slashes, and drive letters.
    path = PureWindowsPath(name)
    if path.drive or path.root or ".." in path.parts:
        raise _unusable(archive, f"its member {name!r} leads out of the folder")


class _BoundedGzip(gzip.GzipFile):
    """A stream of decompressed bytes that refuses to run on for ever."""

    def __init__(self, packed: IO[bytes], most: int, archive: Path) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._most = most
        self._count = 0
        self._archive = archive

    # tarfile reads a stream by this method alone, so the count misses nothing.
    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._count += len(data)
        if self._count > self._most:
            raise _unusable(self._archive, f"it unfolds to more than {self._most} bytes")
        return data

    def drain(self) -> None:
        """Read to the end, where the checksums are."""
        while self.read(_CHUNK):
            pass


@contextmanager
def _damage_named(archive: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise _unusable(archive, f"it is damaged ({error})") from error
    # What zipfile raises for a compression that it does not know.
    except NotImplementedError as error:
        raise _unusable(archive, str(error)) from error


def _unusable(archive: Path, why: str) -> UserError:
    return UserError(
        f"{archive}: {why}.",
        "Nothing was unpacked. Delete this file and fetch it again from its original address.",
    )


CALTECH101 = Source(
    url="https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
    md5="3138e1922a9193bfa496528edbbc45d0",
)

ARCHIVE_NAME = "caltech-101.zip"

FEWEST_CLASSES = 2

_README = """\
Photographs of {count} classes of Caltech-101, downloaded and split by reportgen.

Source:  Li, Andreeto, Ranzato & Perona: Caltech-101. CaltechDATA.
DOI:     10.22002/D1.20086
Licence: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/
Archive: {url}
         MD5 {md5}

Each class was shuffled with seed {seed} and then cut. File names are those of the archive.
{boxes}
{table}
"""

_Splits = Mapping[str, Mapping[Split, Sequence[str]]]
"""Class name -> split -> image names."""


def fetch_caltech101(
    classes: Sequence[str],
    out: Path,
    *,
    cache: Path,
    seed: int = 671,
    source: Source = CALTECH101,
    progress: Progress = Silent(),  # noqa: B008 - it holds no state
) -> None:
    """Fill the folder ``out`` with images of ``classes``, as ``<split>/<class>/image_NNNN.jpg``, and
    ``annotations.json`` with the box and the outline of the object in each.

    ``classes`` are at least two of the archive's 101 folder names. Each class is split by
    :func:`reportgen.split.split_names`. The archive (137 MB) is kept in the folder ``cache`` and downloaded
    only if it is missing there or damaged. ``out`` must not exist, be empty, or hold images fetched earlier,
    which are then replaced; it is filled in one step at the end, so a failure leaves it as it was.
    Raises ``UserError`` for a bad choice of classes, an ``out`` that holds something else, a download that
    fails, an archive that is damaged or unsafe, and a disk that cannot be written.
    """
    _check_choice(classes)
    # Before 137 MB are downloaded.
    check_free(out, "Caltech-101")
    # Before filling(), in which a new record takes the place of the one that says whose the file is.
    keep_boxes = (out / ANNOTATIONS).exists() and ANNOTATIONS not in claim(out, "Caltech-101")
    archive = download(
        source,
        cache / ARCHIVE_NAME,
        title="Caltech-101",
        alternative=(
            f"get that file in another way and put it there by hand as {cache / ARCHIVE_NAME} "
            f"(its MD5 must be {source.md5})"
        ),
        progress=progress,
    )
    with filled_folder(out, "Caltech-101") as folder:
        # In the scratch folder, which goes at the end with the images of no split.
        work = folder.parent / "unpacked"
        images = unpack_images(archive, classes, work, progress)
        # Only now, since it is the archive that says which classes there are.
        _check_known(classes, images, archive)
        splits = {label: _split(images[label], seed, label, archive) for label in classes}
        _sort_into(folder, work, splits)
        if keep_boxes:
            progress.say(f"{out / ANNOTATIONS} stays as it is: it was not fetched.")
        else:
            _add_boxes(folder, archive, classes, seed, progress)
        # The licence, CC BY, asks whoever passes the photographs on to name their source and what was
        # changed.
        readme = _readme(splits, seed, source, boxes=(folder / ANNOTATIONS).exists())
        (folder / "README.txt").write_text(readme, encoding="utf-8")


def _add_boxes(folder: Path, archive: Path, classes: Sequence[str], seed: int, progress: Progress) -> None:
    outlines = folder.parent / "outlines"
    # A report can do without boxes, so photographs without them are better than none.
    try:
        unpack_outlines(archive, classes, outlines)
        annotate(folder, outlines, seed, progress, tolerant=True)
    except UserError as error:
        progress.say(f"No boxes: {error.problem}")


def _check_choice(classes: Sequence[str]) -> None:
    if twice := [label for label, count in Counter(classes).items() if count > 1]:
        raise UserError(f"Class named more than once: {', '.join(twice)}.", "Name every class once.")
    if len(classes) < FEWEST_CLASSES:
        named = ", ".join(classes) or "none"
        raise UserError(
            f"Too few classes: {named}; a classifier needs at least {FEWEST_CLASSES}.",
            "Name more classes, for example: butterfly kangaroo Leopards.",
        )


def _check_known(classes: Sequence[str], images: Mapping[str, Sequence[str]], archive: Path) -> None:
    unknown = [label for label in classes if label not in images]
    if not unknown:
        return
    # Lower case only to find what is alike: the archive has Leopards and also butterfly.
    known = {label.lower(): label for label in sorted(images)}
    near = {label: propose(*(known[name] for name in find_alike(label.lower(), known))) for label in unknown}
    problems = [
        f"'{label}' is no class of {archive.name}{f' ({hint})' if hint else ''}."
        for label, hint in near.items()
    ]
    remedy = "Name classes as the archive does, with the same capital letters."
    if not all(near.values()):
        remedy += f" It has: {', '.join(known.values())}."
    raise UserError("\n".join(problems), remedy)


def _split(names: Sequence[str], seed: int, label: str, archive: Path) -> dict[Split, list[str]]:
    try:
        return split_names(names, seed, label)
    except ValueError as error:
        raise UserError(f"{archive}: {error}.", "Choose another class.") from error


def _sort_into(folder: Path, unpacked: Path, splits: _Splits) -> None:
    """Move ``unpacked/<class>/<image>`` to ``folder/<split>/<class>/<image>``; unused images stay."""
    for label, parts in splits.items():
        for split, names in parts.items():
            target = folder / split / label
            target.mkdir(parents=True)
            for name in names:
                (unpacked / label / name).rename(target / name)


def _readme(splits: _Splits, seed: int, source: Source, *, boxes: bool) -> str:
    width = max(map(len, splits))
    rows = [f"{'':{width}}" + "".join(f"{split:>7}" for split in SPLITS)]
    for label, parts in splits.items():
        rows.append(f"{label:{width}}" + "".join(f"{len(parts[split]):7}" for split in SPLITS))
    return _README.format(
        count=len(splits),
        url=source.url,
        md5=source.md5,
        seed=seed,
        boxes=f"{ANNOTATIONS} has the outlines of the archive, and the boxes around them.\n" if boxes else "",
        table="\n".join(rows),
    )
