"""Download of Caltech-101 classes, with the train/val/test split of the course."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.acquire.archive import unpack_images
from reportgen.acquire.source import Source, download
from reportgen.errors import UserError
from reportgen.progress import Progress, Silent
from reportgen.results import SPLITS, Split
from reportgen.split import split_names
from reportgen.store.output import check_free, filling

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
    """Fill the folder ``out`` with images of ``classes``, as ``<split>/<class>/image_NNNN.jpg``.

    ``classes`` are at least two of the archive's 101 folder names. Each class is split by
    :func:`reportgen.split.split_names`. The archive (137 MB) is kept in the folder ``cache`` and downloaded
    only if it is missing there or damaged. ``out`` must not exist, be empty, or hold images fetched earlier,
    which are then replaced; it is filled in one step at the end, so a failure leaves it as it was.
    Raises ``UserError`` for a bad choice of classes, an ``out`` that holds something else, a download that
    fails, an archive that is damaged or unsafe, and a disk that cannot be written.
    """
    _check_choice(classes)
    check_free(out, "Caltech-101")
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
    with filling(out, "Caltech-101") as folder:
        work = folder.parent / "unpacked"
        images = unpack_images(archive, classes, work, progress)
        _check_known(classes, images, archive)
        splits = {label: _split(images[label], seed, label, archive) for label in classes}
        _sort_into(folder, work, splits)
        (folder / "README.txt").write_text(_readme(splits, seed, source), encoding="utf-8")


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
    known = {label.lower(): label for label in sorted(images)}
    near = {
        label: [f"'{known[name]}'" for name in difflib.get_close_matches(label.lower(), known)]
        for label in unknown
    }
    problems = [
        f"'{label}' is no class of {archive.name}"
        + (f" (did you mean {' or '.join(names)}?)." if names else ".")
        for label, names in near.items()
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


def _readme(splits: _Splits, seed: int, source: Source) -> str:
    width = max(map(len, splits))
    rows = [f"{'':{width}}" + "".join(f"{split:>7}" for split in SPLITS)]
    for label, parts in splits.items():
        rows.append(f"{label:{width}}" + "".join(f"{len(parts[split]):7}" for split in SPLITS))
    return _README.format(count=len(splits), url=source.url, md5=source.md5, seed=seed, table="\n".join(rows))
