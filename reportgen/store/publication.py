"""Publishes a set of files that belong together. It replaces the previous set and nothing else."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from reportgen.errors import UserError
from reportgen.store.files import hash_of, link_or_copy, read_file, sync_folder, write_atomically, writing
from reportgen.store.ownership import RECORD_FILE, STAGING, intact, read_listing

KEPT = 5
"""Earlier builds whose results stay in ``previous/``."""

_PREVIOUS, _RESULTS, _FIGURES, _EDITED = "previous", "results.json", "figures/", "edited"
_UNFINISHED, _READY = ".next-", ".ready-"
_NEW, _OLD, _ASIDE, _SPARED = "new", "old", "aside", "spared"
_CHANGES, _WITHDRAWN = "changes.json", "withdrawn"
# A default argument is one object for all calls, so it must not change.
_NOTHING: Mapping[str, str] = MappingProxyType({})
_UNTOUCHED = "The last report is untouched."


class OccupiedError(UserError):
    """A file that is to be written would replace something that is not the program's."""


@dataclass(frozen=True)
class _Changes:
    """Files of the last set, name and SHA-256, that the new one replaces or removes; of the removed ones,
    those that are ``spared`` go to ``previous/``.
    """

    replaced: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    spared: Sequence[str] = ()


def publish(
    folder: Path,
    files: Mapping[str, bytes | None],
    listed: Mapping[str, str] = _NOTHING,
    spared: Sequence[str] = (),
) -> list[str]:
    """Put a set of files, named relative to ``folder``, in place of the last set; None keeps a file as it is.

    ``listed`` has the files of the last set, with their SHA-256. Only these are replaced or, if the new set
    lacks them, removed. One of them that was changed since is no longer only the program's: if it is to be
    replaced it is moved to ``previous/edited-<number>/``, else it stays. Returns a line for each such file.
    Those that are ``spared`` are not removed but moved to ``previous/``.

    All is first written in full to a folder beside them, which is then renamed: from that moment
    on the set counts, and :func:`recover` finishes what a dying process could not. Raises ``OccupiedError``
    if something that is not listed is in the way, ``StorageError`` if anything cannot be written; the
    last set is then there as before. Replaced results stay in ``previous/<number>/``, with their figures.
    """
    with writing(folder, _UNTOUCHED):
        folder.mkdir(parents=True, exist_ok=True)
        messages = recover(folder)
        refuse_occupied(folder, files, listed)
        changes = _compare(folder, files, listed)
        # In the folder itself, so that every later step is a rename on one disk.
        staging = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
        try:
            _stage(files, staging / _NEW)
            if files.get(_RESULTS) is not None:
                # While they are still in place: a moment later they are replaced.
                _link_results(folder, listed, staging / _PREVIOUS)
            write_atomically(
                staging / _CHANGES, json.dumps({**asdict(changes), "spared": [*spared]}).encode()
            )
            ready = staging.replace(folder / staging.name.replace(_UNFINISHED, _READY))
            # Before the first file is moved: after a power cut recover() must find the set that counts.
            sync_folder(folder)
            staging = ready
            _swap(staging, folder)
            # Before the old files are cleared away: until then a power cut leaves the one set or the other.
            sync_folder(folder)
            return messages + _keep(folder, staging)
        finally:
            _clear(staging)


def recover(folder: Path) -> list[str]:
    """Finish what a build was publishing when it died, and clear away what it had not finished writing.

    Returns the lines that :func:`publish` would have returned.
    """
    messages: list[str] = []
    if not folder.is_dir():
        return messages
    for stale in _stagings(folder, _UNFINISHED):
        # What cannot be removed is in nobody's way, and the next build tries again.
        shutil.rmtree(stale, ignore_errors=True)
    for ready in _stagings(folder, _READY):
        with writing(folder, _UNTOUCHED):
            if not (ready / _WITHDRAWN).exists():
                _swap(ready, folder)
                messages += _keep(folder, ready)
        _clear(ready)
    return messages


def refuse_occupied(folder: Path, names: Iterable[str], listed: Mapping[str, str]) -> None:
    """Make sure that files of these names replace nothing but files that are ``listed``.

    A folder in place of a file is refused, too, as is a file in place of a folder. Raises ``OccupiedError``
    naming the first one.
    """
    # Before a build there are names only; then every file that is not listed is in the way.
    contents: Mapping[str, bytes | None] = names if isinstance(names, Mapping) else {}
    for name in names:
        path = folder / name
        for part in Path(name).parents:
            if part.parts and os.path.lexists(folder / part) and not (folder / part).is_dir():
                _refuse(folder / part)
        # lexists(), since a link that leads nowhere is somebody's, too.
        if os.path.lexists(path) and not _is_ours(folder, name, listed):
            # Of a file that stays, or that has the new content already, nothing is lost, whoever wrote it.
            stays = name in contents and contents[name] is None
            if not path.is_file() or not (stays or read_file(path) == contents.get(name)):
                _refuse(path)
    if os.path.lexists(folder / _PREVIOUS) and not (folder / _PREVIOUS).is_dir():
        _refuse(folder / _PREVIOUS)


def _is_ours(folder: Path, name: str, listed: Mapping[str, str]) -> bool:
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        return False
    if name in listed or name == RECORD_FILE:
        return True
    # Where names are the same in capitals and not, the listed name may be another one of this very file.
    same = (folder / other for other in listed if other.casefold() == name.casefold())
    return any(other.exists() and other.samefile(path) for other in same)


def _refuse(path: Path) -> None:
    raise OccupiedError(
        f"{path}: is where a file of the report should be, and this program did not write it.",
        "Move or rename it, or choose another folder; nothing was changed.",
    )


def _compare(folder: Path, files: Mapping[str, bytes | None], listed: Mapping[str, str]) -> _Changes:
    replaced = {name: listed.get(name, "") for name, data in files.items() if data is not None}
    for name in replaced:
        # A record is replaced by the next one; what equals the new file needs no keeping.
        if name == RECORD_FILE or hash_of(folder / name) == _hash(files[name]):
            replaced[name] = hash_of(folder / name)
    removed = {name: sha256 for name, sha256 in listed.items() if name not in files}
    return _Changes(
        replaced, {name: sha256 for name, sha256 in removed.items() if intact(folder, name, sha256)}
    )


def _hash(data: bytes | None) -> str:
    return hashlib.sha256(data or b"").hexdigest()


def _stage(files: Mapping[str, bytes | None], new: Path) -> None:
    """Write the changed files to ``new``."""
    new.mkdir()
    for name, data in files.items():
        if data is not None:
            # Each is synced before the folder's rename makes the set count; sync_folder() secures only names.
            write_atomically(new / name, data)


def _read_changes(ready: Path) -> _Changes | None:
    """The files that a publication was about to replace and remove; None if they were not recorded."""
    try:
        return _Changes(**json.loads(read_file(ready / _CHANGES)))
    # Versions before this one recorded none.
    except FileNotFoundError:
        return None


def _swap(ready: Path, folder: Path) -> None:
    """Move each new file into ``folder``; if one cannot be moved, all is put back as it was.

    If even that fails the publication stays as it is, whole, and the next build finishes it.
    """
    changes = _read_changes(ready)
    undo: list[Callable[[], None]] = []
    try:
        for name, sha256 in changes.removed.items() if changes else ():
            kept = ready / (_SPARED if changes and name in changes.spared else _OLD) / name
            # There already if a publication died behind this step.
            if not kept.exists() and intact(folder, name, sha256):
                # Before the step itself: it may be interrupted halfway, and undoing it asks how far it came.
                undo.append(partial(_move, kept, folder / name))
                _move(folder / name, kept)
        for item in _files_in(ready / _NEW):
            name = item.relative_to(ready / _NEW).as_posix()
            ours = changes is None or intact(folder, name, changes.replaced.get(name, ""))
            _replace(item, folder / name, ready / (_OLD if ours else _ASIDE) / name, undo)
    # Ctrl-C, too, leaves the last set as it was.
    except BaseException:
        # In reverse, for a later step may have moved what an earlier one put there.
        for step in reversed(undo):
            step()
        # Or recover() would publish what could not be published.
        (ready / _NEW).rename(ready / _WITHDRAWN)
        raise
    if changes is None:
        _bring_back(folder, ready / _OLD)


def _replace(item: Path, target: Path, kept: Path, undo: list[Callable[[], None]]) -> None:
    # A link to a folder is moved like a file, and the folder stays where it is.
    if target.is_dir() and not target.is_symlink():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(kept) and hash_of(kept) != hash_of(target):
        # A publication that could not be undone in full left the new file here already, or somebody put
        # another one here since.
        kept = _free(kept.parent, kept.name)
    undo.append(partial(_put_back, kept, target, item))
    if target.is_file() and not target.is_symlink():
        # A second name, so that a reader finds the old file or the new one at any moment.
        kept.parent.mkdir(parents=True, exist_ok=True)
        # A publication that died here left one; os.link() refuses a name that is taken.
        kept.unlink(missing_ok=True)
        link_or_copy(target, kept)
    elif os.path.lexists(target):
        _move(target, kept)
    item.replace(target)


def _put_back(kept: Path, target: Path, item: Path) -> None:
    """Undo :func:`_replace`, however far it came. The new file goes back, too, so that the set is whole."""
    if os.path.lexists(item):
        if os.path.lexists(kept) and os.path.lexists(target):
            kept.unlink()
    elif not os.path.lexists(kept):
        _move(target, item)
    else:
        try:
            os.link(target, item)
        # Without links the new file can only be moved back.
        except OSError:
            target.replace(item)
    _move(kept, target)


def _move(path: Path, target: Path) -> None:
    """Move a file, if it is there, and drop its folder if that was the last in it."""
    if os.path.lexists(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        path.unlink(missing_ok=True)  # a rename does nothing where both are names of one file
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def _bring_back(folder: Path, old: Path) -> None:
    """Move back what was swapped away with a whole folder, as versions before this one did it.

    Their records distinguish the files of the report from those of the user.
    """
    listed = read_listing(old, "report") or {}
    for file in _files_in(old):
        name = file.relative_to(old).as_posix()
        if name not in listed and name != RECORD_FILE and not os.path.lexists(folder / name):
            _move(file, folder / name)


def _link_results(folder: Path, listed: Mapping[str, str], kept: Path) -> None:
    """Give the results that will be replaced, and the figures that belong to them, a second name."""
    if not intact(folder, _RESULTS, listed.get(_RESULTS, "")):
        return
    # Only what is as it was written: an edited figure is not of these results.
    names = [name for name in listed if name.startswith(_FIGURES) and intact(folder, name, listed[name])]
    for name in (_RESULTS, RECORD_FILE, *names):
        if (folder / name).is_file():
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(folder / name, kept / name)


def _keep(folder: Path, staging: Path) -> list[str]:
    """Move to ``previous/`` what is to be kept; returns a line for each file that was edited by hand."""
    _keep_results(folder, staging / _PREVIOUS)
    for file in _files_in(staging / _SPARED):
        target = folder / _PREVIOUS / file.name
        _move(file, _free(target.parent, target.stem, target.suffix) if os.path.lexists(target) else target)
    files = _files_in(staging / _ASIDE)
    if not files:
        return []
    # One folder for all that this set replaced.
    target = _free(folder / _PREVIOUS, _EDITED)
    messages = []
    for file in files:
        name = file.relative_to(staging / _ASIDE)
        _move(file, target / name)
        messages.append(
            f"{folder / name} was changed by hand; that version is now {(target / name).relative_to(folder)}."
        )
    return messages


def _keep_results(folder: Path, kept: Path) -> None:
    """Move replaced results to ``previous/``, and drop the oldest there."""
    if not kept.exists():
        return
    previous = folder / _PREVIOUS
    previous.mkdir(exist_ok=True)
    # Folders with other names are the user's.
    numbers = sorted(int(path.name) for path in previous.iterdir() if path.name.isdecimal())
    kept.replace(previous / str(numbers[-1] + 1 if numbers else 1))
    ours = [number for number in numbers if read_listing(previous / str(number), "report") is not None]
    # One fewer than are kept: the newest came after the list was made.
    for number in ours[: -(KEPT - 1)]:
        # An old build that cannot be removed spoils no new one.
        with contextlib.suppress(OSError):
            remove_listed(previous / str(number))


def remove_listed(folder: Path) -> None:
    """Remove the files that the report's record in ``folder`` lists, as far as they are unchanged, and the
    record; then the folders that are empty. Raises ``OSError`` if something cannot be removed.
    """
    listed = read_listing(folder, "report")
    if listed is None:
        return
    for name in sorted(listed):
        if intact(folder, name, listed[name]):
            (folder / name).unlink()
    # Last: should a file resist, the record still says that it is the program's.
    (folder / RECORD_FILE).unlink()
    inside = {folder / parent for name in listed for parent in Path(name).parents}
    for path in sorted(inside, key=lambda path: len(path.parts), reverse=True):
        # Other files keep the folder.
        with contextlib.suppress(OSError):
            path.rmdir()


def _free(folder: Path, stem: str, suffix: str = "") -> Path:
    """The first free path in a folder: ``stem-1``, ``stem-2`` …"""
    candidates = (folder / f"{stem}-{number}{suffix}" for number in itertools.count(1))
    return next(path for path in candidates if not os.path.lexists(path))


def _clear(staging: Path) -> None:
    """Remove a staging folder, unless something in it still waits for the next build to move it."""
    waiting = () if staging.name.startswith(_UNFINISHED) else (_NEW, _ASIDE, _SPARED)
    if not any(_files_in(staging / part) for part in waiting):
        shutil.rmtree(staging, ignore_errors=True)


def _stagings(folder: Path, prefix: str) -> Iterator[Path]:
    for path in sorted(folder.glob(f"{prefix}*")):
        if STAGING.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            yield path


def _files_in(folder: Path) -> list[Path]:
    """Everything below a folder that is no folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
