"""A set of files that belong together takes the place of the last set."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reportgen.store.files import link_or_copy, sync_folder, write_atomically, writing

KEPT = 5
"""Earlier builds whose results stay in ``previous/``."""

_PREVIOUS, _RESULTS = "previous", "results.json"
_UNFINISHED, _READY = ".next-", ".ready-"


def publish(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Put a set of files, named relative to ``folder``, in place of the last set; None keeps a file as it is.

    All are first written in full to a folder beside their places, which is then renamed: from that moment
    on the set counts, and :func:`recover` finishes what a dying process could not. Folders that the set names
    (``figures/``, ``arrays/``) are replaced whole, so that nothing of an older set stays in them. Raises
    ``StorageError`` if anything cannot be written or moved; the last set is then there as before.

    Replaced results stay in ``previous/<number>/``, with their figures.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        recover(folder)
        staging = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
        try:
            _stage(folder, files, staging / "new")
            if files.get(_RESULTS) is not None:
                _link_results(folder, staging / _PREVIOUS)
            ready = staging.replace(folder / staging.name.replace(_UNFINISHED, _READY))
            sync_folder(folder)
            staging = ready
            _swap(staging / "new", folder, staging / "old")
            sync_folder(folder)
            _keep_results(folder, staging / _PREVIOUS)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def recover(folder: Path) -> None:
    """Finish what a build was publishing when it died, and clear away what it had not finished writing."""
    for stale in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(stale, ignore_errors=True)
    for ready in folder.glob(f"{_READY}*"):
        with writing(folder):
            (ready / "new").mkdir(exist_ok=True)
            _swap(ready / "new", folder, ready / "old")
            _keep_results(folder, ready / _PREVIOUS)
        shutil.rmtree(ready, ignore_errors=True)


def _stage(folder: Path, files: Mapping[str, bytes | None], new: Path) -> None:
    """Write the changed files to ``new``, and give the unchanged ones of a changed folder a name there."""
    new.mkdir()
    changed = {name.split("/", 1)[0] for name, data in files.items() if data is not None}
    for name, data in files.items():
        if data is not None:
            write_atomically(new / name, data)
        elif "/" in name and name.split("/", 1)[0] in changed:
            (new / name).parent.mkdir(exist_ok=True)
            link_or_copy(folder / name, new / name)


def _swap(new: Path, folder: Path, old: Path) -> None:
    """Move each item of ``new`` into ``folder``; if one cannot be moved, all is put back as it was."""
    old.mkdir(exist_ok=True)
    with contextlib.ExitStack() as undo:
        for item in sorted(new.iterdir()):
            place, kept = folder / item.name, old / item.name
            if place.exists() and place.is_dir() != item.is_dir():
                raise FileExistsError(errno.EEXIST, "something of another kind stands there", str(place))
            if place.is_dir():
                undo.callback(_put_back, kept, place)
                place.rename(kept)
            elif place.exists():
                # A second name, so that a reader finds the old file or the new one at any moment.
                kept.unlink(missing_ok=True)
                link_or_copy(place, kept)
                undo.callback(_put_back, kept, place)
            else:
                undo.callback(_remove, place)
            item.replace(place)
        undo.pop_all()


def _put_back(kept: Path, place: Path) -> None:
    if kept.exists():
        if place.is_dir():
            shutil.rmtree(place)
        kept.replace(place)


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _link_results(folder: Path, kept: Path) -> None:
    """Give the results that will be replaced, and the figures that belong to them, a second name."""
    if not (folder / _RESULTS).exists():
        return
    kept.mkdir()
    link_or_copy(folder / _RESULTS, kept / _RESULTS)
    if (folder / "figures").is_dir():
        (kept / "figures").mkdir()
        for figure in (folder / "figures").iterdir():
            link_or_copy(figure, kept / "figures" / figure.name)


def _keep_results(folder: Path, kept: Path) -> None:
    """Move replaced results to ``previous/``, and drop the oldest there."""
    if not kept.exists():
        return
    previous = folder / _PREVIOUS
    previous.mkdir(exist_ok=True)
    numbers = sorted(int(path.name) for path in previous.iterdir() if path.name.isdecimal())
    kept.replace(previous / str(numbers[-1] + 1 if numbers else 1))
    for number in numbers[: -(KEPT - 1)]:
        shutil.rmtree(previous / str(number), ignore_errors=True)


def set_aside(folder: Path, name: str) -> Path | None:
    """Move ``folder/name``, if there, to ``folder/previous/name`` and return its new place."""
    old = folder / name
    if not old.exists():
        return None
    kept = folder / _PREVIOUS / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    return old.replace(kept)
