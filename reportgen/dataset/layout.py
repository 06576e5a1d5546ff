"""Where the images stand: the two layouts of a data folder, and the usual mistakes in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reportgen.dataset.folder import FolderReader, Item, plain_reason
from reportgen.dataset.names import class_name_fault, is_ignored, shown
from reportgen.errors import DataError
from reportgen.results import SPLITS, Split
from reportgen.split import FEWEST, split_names

LAYOUT_HELP = (
    "A data folder holds train, val and test with one folder of images for each class in them, "
    "or the class folders alone."
)
_MISNAMED: Mapping[str, Split] = {
    "valid": "val",
    "validation": "val",
    "training": "train",
    "testing": "test",
}
_NOT_CLASSES = frozenset({"sample", "caltech101"})
"""Data sets that the project itself puts into its data folder."""

ClassFiles = dict[str, list[str]]
"""Class name -> its files, relative to the data folder, in order."""


@dataclass
class Survey:
    """What stands in a data folder, before any image is opened.

    ``files`` are all images to be read; ``parts[split][class]`` are those in use.
    """

    layout: Literal["split", "unsplit"]
    parts: dict[Split, ClassFiles] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    annotations: Path | None = None
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def survey_folder(root: Path, seed: int) -> Survey:
    """Find splits, classes and files under ``root``; what is wrong with them stands in ``problems``.

    Raises ``DataError`` if ``root`` is no folder that can be listed.
    """
    _check_folder(root)
    reader = FolderReader(root)
    items = reader.items(root)
    folders = [item for item in items if item.is_folder]
    if is_split(item.path for item in folders):
        survey = _survey_splits(reader, folders)
    else:
        survey = _survey_classes(reader, folders, seed)
    _report_loose_images(reader, items)
    for item in items:
        if item.name == "annotations.json" and not item.is_folder and reader.is_usable(item):
            survey.annotations = item.path
    survey.problems = reader.problems
    return survey


def is_split(folders: Iterable[Path]) -> bool:
    """Whether these are the folders of a data set with splits, be they misnamed."""
    return any(
        folder.name in SPLITS or (_intended_split(folder.name) and _subfolders(folder)) for folder in folders
    )


def default_data_folder(home: Path) -> Path:
    """``home/data`` if there are images of the user's own in it, else the drawn ``home/data/sample``."""
    data = home / "data"
    folders = [folder for folder in _subfolders(data) if folder.name not in _NOT_CLASSES]
    if is_split(folders):
        return data
    own = (folder for folder in folders if not is_split(_subfolders(folder)))
    return data if any(_has_files(folder) for folder in own) else data / "sample"


def _check_folder(root: Path) -> None:
    try:
        next(root.iterdir(), None)
    except FileNotFoundError:
        fault = "there is no such folder"
    except NotADirectoryError:
        fault = "this is a file, not a folder"
    except OSError as error:
        fault = f"this folder cannot be read: {plain_reason(error)}"
    else:
        return
    raise DataError([f"{shown(str(root))}: {fault}"], f"Correct the path of the data folder. {LAYOUT_HELP}")


def _survey_splits(reader: FolderReader, folders: list[Item]) -> Survey:
    survey = Survey("split")
    names = {folder.name for folder in folders}
    excused: set[Split] = set()
    for folder in folders:
        intended = _intended_split(folder.name)
        if intended is None:
            if not is_split(_subfolders(folder.path)):
                survey.warnings.append(
                    f"{shown(folder.name)}: not used; it stands beside train, val and test"
                )
            continue
        excused.add(intended)
        if folder.name != intended:
            remedy = "move what is in it to" if intended in names else "rename this folder to"
            reader.report(folder.file, f"is not the name of a split; {remedy} {intended}")
        elif reader.is_usable(folder):
            survey.parts[intended] = _list_classes(reader, folder)
    for split in SPLITS:
        if split not in excused:
            reader.report(split, "this folder is missing")
    _check_classes(reader, survey.parts)
    survey.files = [file for part in survey.parts.values() for files in part.values() for file in files]
    return survey


def _list_classes(reader: FolderReader, split: Item) -> ClassFiles:
    known = len(reader.problems)
    items = reader.items(split.path)
    _report_loose_images(reader, items)
    classes = _list_images(reader, [item for item in items if item.is_folder])
    if not classes and len(reader.problems) == known:
        reader.report(split.file, "has no class folders")
    return classes


def _list_images(reader: FolderReader, folders: list[Item]) -> ClassFiles:
    """The files of every class. One that cannot be used is reported and has none, so it is not missed too."""
    classes: ClassFiles = {}
    for folder in folders:
        if fault := class_name_fault(folder.name):
            reader.report(folder.file, fault)
            continue
        known = len(reader.problems)
        items = reader.items(folder.path) if reader.is_usable(folder) else []
        classes[folder.name] = [item.file for item in items if _is_file(reader, item)]
        if not classes[folder.name] and len(reader.problems) == known:
            reader.report(folder.file, "has no images")
    return classes


def _is_file(reader: FolderReader, item: Item) -> bool:
    if not reader.is_usable(item):
        return False
    if item.is_folder:
        reader.report(
            item.file, "is a folder inside a class folder; images must stand in the class folder itself"
        )
    return not item.is_folder


def _check_classes(reader: FolderReader, parts: Mapping[Split, ClassFiles]) -> None:
    labels = sorted({label for part in parts.values() for label in part})
    for split, part in parts.items():
        for label in labels if part else ():
            if label not in part:
                others = " and ".join(other for other in parts if label in parts[other])
                reader.report(f"{split}/{label}", f"is missing, but there is a class '{label}' in {others}")
    _check_count(reader, labels)


def _check_count(reader: FolderReader, labels: list[str]) -> None:
    if not labels and not reader.problems:
        reader.problems.append("There are no class folders with images.")
    if len(labels) == 1:
        reader.report(labels[0], "is the only class; at least 2 are needed")


def _survey_classes(reader: FolderReader, folders: list[Item], seed: int) -> Survey:
    own = [folder for folder in folders if not is_split(_subfolders(folder.path))]
    classes = _list_images(reader, own)
    survey = Survey("unsplit", parts={split: {} for split in SPLITS})
    survey.files = [file for files in classes.values() for file in files]
    for label, files in classes.items():
        if len(files) >= FEWEST:
            names = {file.rsplit("/", 1)[-1]: file for file in files}
            for split, chosen in split_names(names, seed, label).items():
                survey.parts[split][label] = [names[name] for name in chosen]
        elif files:
            reader.report(
                label, f"has too few images to be split, {len(files)}; at least {FEWEST} are needed"
            )
    _check_count(reader, list(classes))
    survey.warnings = _describe_split(classes, survey.parts, seed)
    return survey


def _describe_split(classes: ClassFiles, parts: Mapping[Split, ClassFiles], seed: int) -> list[str]:
    counts = {label: [len(parts[split].get(label, [])) for split in SPLITS] for label in classes}
    listed = ", ".join(f"{label} {'/'.join(map(str, numbers))}" for label, numbers in counts.items())
    lines = [f"The folder has no splits; the program made train/val/test with seed {seed}: {listed}"]
    for label, files in classes.items():
        if left_out := len(files) - sum(counts[label]):
            lines.append(f"{label}: {left_out} of its {len(files)} images are not used")
    return lines


def _report_loose_images(reader: FolderReader, items: list[Item]) -> None:
    loose = [item for item in items if item.looks_like_image]
    if loose:
        others = f", like {len(loose) - 1} more files beside it" if len(loose) > 1 else ""
        reader.report(
            loose[0].file, f"stands outside the class folders{others}; move it into that of its class"
        )


def _intended_split(name: str) -> Split | None:
    plain = name.casefold()
    return next((split for split in SPLITS if split == plain), _MISNAMED.get(plain))


def _subfolders(folder: Path) -> list[Path]:
    return [path for path, is_folder in _listing(folder) if is_folder]


def _has_files(folder: Path) -> bool:
    return any(not is_folder for _, is_folder in _listing(folder))


def _listing(folder: Path) -> list[tuple[Path, bool]]:
    """What stands in a folder, each with whether it is a folder; nothing where that cannot be told."""
    try:
        return [(path, path.is_dir()) for path in folder.iterdir() if not is_ignored(path.name)]
    except OSError:
        return []
