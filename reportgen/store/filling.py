"""A folder of images that the program draws or fetches: filled in one step, or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reportgen.store.files import hash_of, read_file, writing
from reportgen.store.ownership import (
    RECORD_FILE,
    ForeignFolderError,
    Kind,
    claim,
    intact,
    write_listing,
)
from reportgen.store.publication import publish


@contextlib.contextmanager
def filling(
    folder: Path, kind: Kind, recognise: Callable[[Path], Mapping[str, str]] = lambda _scratch: {}
) -> Iterator[Path]:
    """Give an empty folder to fill; its files then stand in ``folder``, with a record of them.

    ``folder`` may be missing, empty, or filled earlier with the same ``kind``; then its files are replaced,
    and what else lies in it stays. ``recognise`` is given a folder for scratch, and returns the files, with
    SHA-256, of a folder that was filled before there were records. Raises ``ForeignFolderError`` if something
    else lies there, or if one of the files was changed since; ``StorageError`` if it cannot be written.
    """
    goal = folder.resolve()
    foreign = None
    try:
        own: Mapping[str, str] = claim(folder, kind)
    except ForeignFolderError as error:
        foreign = error
    with writing(folder):
        goal.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{goal.name[:40]}-", dir=goal.parent) as scratch:
            if foreign is not None:
                own = recognise(Path(scratch, "earlier"))
                if not own:
                    raise foreign
            _refuse_changed(folder, own)
            new = Path(scratch, "new")
            new.mkdir()
            yield new
            files = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
            record = write_listing(kind, {name: hash_of(new / name) for name in files})
            if not goal.exists() or not any(goal.iterdir()):
                (new / RECORD_FILE).write_bytes(record)
                new.chmod(0o755)
                new.replace(goal)
                return
            contents: dict[str, bytes | None] = {name: read_file(new / name) for name in files}
            publish(goal, {**contents, RECORD_FILE: record}, own)


def check_free(folder: Path, kind: Kind) -> None:
    """Make sure that :func:`filling` will be allowed to fill ``folder``, before long work for it begins."""
    _refuse_changed(folder, claim(folder, kind))


def _refuse_changed(folder: Path, own: Mapping[str, str]) -> None:
    changed = [
        name
        for name, sha256 in sorted(own.items())
        if os.path.lexists(folder / name) and not intact(folder, name, sha256)
    ]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ForeignFolderError(
            f"{folder / changed[0]}{more}: changed since this program wrote it.",
            "Move it away, or name another folder with --out; nothing was changed.",
        )
