"""The two layouts of a data folder, and the usual mistakes in each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reportgen.dataset.folder import FolderReader, Item, has_files, subfolders
from reportgen.dataset.names import (
    SPLIT_TITLES,
    class_name_fault,
    composed,
    escaped,
    find_splits,
    is_side_file,
)
from reportgen.errors import DataError
from reportgen.results import SPLITS, Split
from reportgen.split import FEWEST, FEWEST_TRAINED, split_names, take_validation
from reportgen.store.files import unreadable_since

OWN_SETS = frozenset({"sample", "caltech101"})
"""Data sets that the project itself puts into its data folder."""

# A wrong --data, such as a home folder, must not be searched whole.
_DEEPEST = 3

# Any folder may hold one folder with files; two are what a classifier needs at least.
_FEWEST_CLASSES = 2


def find_data_set(root: Path) -> Path:
    """``root``, or the one folder in it, up to three levels down, that holds the splits or the classes.

    Raises ``DataError`` naming all of them if there are several; if there is none, it is ``root``, whose
    errors can then be reported.
    """
    if holds_data(root):
        return root
    level = [root]
    seen = {os.path.realpath(root)}
    for _ in range(_DEEPEST):
        level = [path for folder in level for path in sorted(subfolders(folder)) if _is_new(path, seen)]
        found = [path for path in level if holds_data(path)]
        # What the project itself drew or downloaded beside the user's own set is no second one to choose
        # from.
        found = [path for path in found if path.name not in OWN_SETS] or found
        if len(found) > 1:
            raise DataError(
                [f"{escaped(str(path.relative_to(root)))}: is a data set of its own" for path in found],
                f"Name one of them, as --data {escaped(str(found[0]))}.",
            )
        if found:
            return found[0]
    return root


def holds_data(folder: Path) -> bool:
    """Whether a folder directly contains the splits, or at least two classes."""
    folders = list(subfolders(folder))
    if is_split(folders):
        return True
    return sum(map(is_class, folders)) >= _FEWEST_CLASSES


def is_class(folder: Path) -> bool:
    """Whether a folder holds files that may be images, and no data set of its own."""
    return has_files(folder) and not is_split(subfolders(folder))


def is_split(folders: Iterable[Path]) -> bool:
    """Whether these are the folders of a data set with splits, whatever these are called.

    A class may be called ``train`` or ``test``, too: it is then one of several and contains images directly.
    """
    folders = list(folders)
    splits = find_splits(composed(folder.name) for folder in folders)
    if any(next(subfolders(folder), None) for folder in folders if composed(folder.name) in splits):
        return True
    if len(set(splits.values())) > 1:
        return True
    # Alone, and without folders in it, a word such as dev may be a class: only exact names count.
    alone = bool(splits) and len(splits) == len(folders)
    return alone and any(folder.name in SPLITS for folder in folders)


def _is_new(folder: Path, seen: set[str]) -> bool:
    """Whether a folder was not met before by another name: links may lead in circles."""
    path = os.path.realpath(folder)
    if path in seen:
        return False
    seen.add(path)
    return True


LAYOUT_HELP = (
    "A data folder holds train, val and test with one folder of images for each class in them, "
    "or the class folders alone."
)

ClassFiles = dict[str, list[str]]
"""Class name -> its files, relative to the data folder, in order."""

_DEEPEST_SPLIT = 2


@dataclass
class Survey:
    """The content of a data folder, before any image is opened.

    ``root`` contains the splits or the classes; files are relative to it. ``files`` are all
    images to be read, ``paths`` where they are on the disk; ``parts[split][class]`` are those in use.
    ``validation_taken``: there was no validation split, so a share of the training images became one.
    ``warnings`` are printed in the report; ``notes`` are for the terminal.
    """

    root: Path
    layout: Literal["split", "unsplit"] = "split"
    parts: dict[Split, ClassFiles] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    annotations: Path | None = None
    validation_taken: bool = False
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def survey_folder(root: Path, seed: int, *, strict: bool = False) -> Survey:
    """Find splits, classes and files under ``root``; errors are collected in ``problems``.

    ``strict``, for folders of strangers: no link is followed out of the folder. Raises ``DataError`` if
    ``root`` is no folder that can be listed, or holds several data sets.
    """
    _check_folder(root)
    surveyor = _Surveyor(find_data_set(root), seed, strict=strict)
    survey = surveyor.survey
    if survey.root != root:
        # Only a note: the results do not depend on where the data set is.
        survey.notes.append(f"The images are those in {escaped(str(survey.root))}, which holds the data set.")
    surveyor.look()
    return survey


def default_data_folder(home: Path) -> Path:
    """``home/data`` if there are images of the user's own in it, else the drawn ``home/data/sample``.

    They may also be one level deeper, in a data set with a name of its own.
    """
    data = home / "data"
    folders = [folder for folder in subfolders(data) if folder.name not in OWN_SETS]
    own = is_split(folders) or any(is_class(folder) or _is_set(folder) for folder in folders)
    return data if own else data / "sample"


def _is_set(folder: Path) -> bool:
    inner = list(subfolders(folder))
    return is_split(inner) or sum(map(is_class, inner)) > 1


def _check_folder(root: Path) -> None:
    try:
        # Lists it: a folder may be there and not be readable.
        next(root.iterdir(), None)
    except FileNotFoundError:
        fault = "there is no such folder"
    except NotADirectoryError:
        fault = "this is a file, not a folder"
    except OSError as error:
        fault = f"this folder {unreadable_since(error)}"
    else:
        return
    raise DataError([f"{escaped(str(root))}: {fault}"], f"Correct the path of the data folder. {LAYOUT_HELP}")


class _Surveyor:
    """Fills in a survey."""

    def __init__(self, root: Path, seed: int, *, strict: bool) -> None:
        self.survey = Survey(root)
        self._reader = FolderReader(root, strict=strict)
        self._report = self._reader.report
        self._seed = seed
        self._passed_over: list[str] = []

    def look(self) -> None:
        """Look at everything."""
        survey, reader = self.survey, self._reader
        items = reader.items(survey.root)
        folders = [item for item in items if item.is_folder]
        if is_split(item.path for item in folders):
            self._look_at_splits(folders)
        else:
            self._look_at_classes(folders)
        self._report_loose_images(items)
        for item in items:
            if item.name == "annotations.json" and not item.is_folder and reader.is_usable(item):
                survey.annotations = item.path
        survey.warnings += self._describe_passed_over()
        # Last: every look so far may have added to them.
        survey.problems = reader.problems

    def _look_at_splits(self, folders: list[Item]) -> None:
        named: dict[Split, list[Item]] = {split: [] for split in SPLITS}
        splits = find_splits(folder.name for folder in folders)
        for folder in folders:
            if folder.name in splits:
                named[splits[folder.name]].append(folder)
            # A whole data set that lies beside this one is nothing to warn of.
            elif not is_split(subfolders(folder.path)):
                self.survey.warnings.append(
                    f"{escaped(folder.name)}: not used; it is next to train, val and test"
                )
        for split, items in named.items():
            if len(items) > 1:
                others = " and ".join(escaped(item.name) for item in items[1:])
                self._report(
                    items[0].file, f"is the {SPLIT_TITLES[split]} split, and so is {others}; keep one of them"
                )
            elif items and self._reader.is_usable(items[0]):
                self.survey.parts[split] = self._list_split(items[0], split)
        self._report_missing(named)
        _check_classes(self._reader, self.survey.parts)
        self.survey.files = list(_files(self.survey.parts.values()))
        if not named["val"] and self.survey.parts.get("train"):
            self._take_validation(named["train"][0].file)

    def _report_missing(self, named: Mapping[Split, Sequence[Item]]) -> None:
        # Images for validation can be taken from those for training.
        for split in ("train", "test"):
            if not named[split]:
                hint = ""
                if split == "test" and named["val"]:
                    other = escaped(named["val"][0].name)
                    hint = (
                        f"; if {other} holds the images to test on, rename it to test: "
                        "validation images are then taken from the training images"
                    )
                self._report(split, f"this folder is missing{hint}")

    def _list_split(self, split: Item, meaning: Split) -> ClassFiles:
        known = len(self._reader.problems)
        original = split
        for _ in range(_DEEPEST_SPLIT):
            items = self._reader.items(split.path)
            self._report_loose_images(items)
            folders = [item for item in items if item.is_folder]
            if len(folders) != 1 or not _is_wrapper(folders[0], meaning):
                break
            split = folders[0]
        if (original.file, split.file) != (meaning, meaning):
            self.survey.warnings.append(f"{escaped(split.file)}: taken as {meaning}")
        classes = self._list_images(folders)
        # Where a fault was reported, this would be its consequence only.
        if not classes and len(self._reader.problems) == known:
            self._report(split.file, "has no class folders")
        return classes

    def _list_images(self, folders: Sequence[Item]) -> ClassFiles:
        """The files of every class; one that cannot be used is reported and has none, so it is not missed."""
        classes: ClassFiles = {}
        for folder in folders:
            if fault := class_name_fault(folder.name):
                self._report(folder.file, fault)
                continue
            known = len(self._reader.problems)
            items = self._reader.items(folder.path) if self._reader.is_usable(folder) else []
            images = [item for item in items if self._is_image(item)]
            self.survey.paths |= {item.file: item.path for item in images}
            classes[folder.name] = [item.file for item in images]
            # A folder whose files were all reported is not empty.
            if not images and len(self._reader.problems) == known:
                self._report(folder.file, "has no images")
        return classes

    def _is_image(self, item: Item) -> bool:
        if not item.is_folder and is_side_file(item.name):
            self._passed_over.append(item.file)
            return False
        if not self._reader.is_usable(item):
            return False
        if item.is_folder:
            self._report(
                item.file, "is a folder inside a class folder; images must be in the class folder itself"
            )
        return not item.is_folder

    def _take_validation(self, folder: str) -> None:
        """Make a validation split of a seeded share of the training images."""
        survey = self.survey
        trained: ClassFiles = {}
        taken: ClassFiles = {}
        for label, files in survey.parts["train"].items():
            # By the bare name, so that the draw does not depend on what the folder of the split is called.
            names = {file.rsplit("/", 1)[-1]: file for file in files}
            if len(files) >= FEWEST_TRAINED:
                kept, held_out = take_validation(names, self._seed, label)
                trained[label], taken[label] = ([names[name] for name in part] for part in (kept, held_out))
            elif files:
                self._report(
                    f"{folder}/{label}",
                    f"has one image, so none can be taken for validation; {FEWEST_TRAINED} are needed",
                )
        # Both at once, for what became validation is no training image any more.
        survey.parts |= {"train": trained, "val": taken}
        survey.validation_taken = True
        counts = ", ".join(
            f"{label} {len(files)} of {len(files) + len(trained[label])}" for label, files in taken.items()
        )
        survey.warnings.append(
            "The folder has no validation split; the program took validation images from the training images "
            f"with seed {self._seed}: {counts}"
        )

    def _look_at_classes(self, folders: list[Item]) -> None:
        survey = self.survey
        survey.layout = "unsplit"
        survey.parts = {split: {} for split in SPLITS}
        # A whole data set that lies beside the classes is none of them.
        classes = self._list_images([item for item in folders if not is_split(subfolders(item.path))])
        survey.files = list(_files([classes]))
        for label, files in classes.items():
            if len(files) >= FEWEST:
                names = {file.rsplit("/", 1)[-1]: file for file in files}
                for split, chosen in split_names(names, self._seed, label).items():
                    survey.parts[split][label] = [names[name] for name in chosen]
            elif files:
                self._report(
                    label, f"has too few images to be split, {len(files)}; at least {FEWEST} are needed"
                )
        _check_count(self._reader, list(classes))
        survey.warnings += _describe_split(classes, survey.parts, self._seed)

    def _report_loose_images(self, items: Sequence[Item]) -> None:
        loose = [item for item in items if item.looks_like_image]
        if loose:
            others = f", like {len(loose) - 1} more files beside it" if len(loose) > 1 else ""
            self._report(
                loose[0].file, f"is outside the class folders{others}; move it into that of its class"
            )

    def _describe_passed_over(self) -> Iterator[str]:
        files = self._passed_over
        if files:
            others = f" and {len(files) - 1} more files" if len(files) > 1 else ""
            verb = "are no images by their names and were" if others else "is no image by its name and was"
            yield f"{escaped(files[0])}{others} {verb} passed over"


def _is_wrapper(folder: Item, meaning: Split) -> bool:
    """Whether the only folder of a split holds the classes: it has the split's name again, or several do."""
    inner = list(subfolders(folder.path))
    if not inner or has_files(folder.path):
        return False
    again = meaning in find_splits([folder.name]).values() or folder.name == Path(folder.file).parent.name
    return again or sum(map(has_files, inner)) > 1


def _files(parts: Iterable[ClassFiles]) -> Iterator[str]:
    return (file for part in parts for files in part.values() for file in files)


def _check_classes(reader: FolderReader, parts: Mapping[Split, ClassFiles]) -> None:
    labels = sorted({label for part in parts.values() for label in part})
    for split, part in parts.items():
        # A split without any class has been reported as that.
        for label in labels if part else ():
            if label not in part:
                others = " and ".join(other for other in parts if label in parts[other])
                alike = [other for other in part if other.casefold() == label.casefold()]
                hint = f"; '{alike[0]}' in {split} is written otherwise" if alike else ""
                reader.report(
                    f"{split}/{label}", f"is missing, but there is a class '{label}' in {others}{hint}"
                )
    _check_count(reader, labels)


def _check_count(reader: FolderReader, labels: list[str]) -> None:
    if not labels and not reader.problems:
        reader.problems.append("There are no class folders with images.")
    if len(labels) == 1:
        reader.report(labels[0], "is the only class; at least 2 are needed")


def _describe_split(classes: ClassFiles, parts: Mapping[Split, ClassFiles], seed: int) -> list[str]:
    counts = {label: [len(parts[split].get(label, [])) for split in SPLITS] for label in classes}
    listed = ", ".join(f"{label} {'/'.join(map(str, numbers))}" for label, numbers in counts.items())
    lines = [f"The folder has no splits; the program made train/val/test with seed {seed}: {listed}"]
    for label, files in classes.items():
        if left_out := len(files) - sum(counts[label]):
            lines.append(f"{label}: {left_out} of its {len(files)} images are not used")
    return lines
