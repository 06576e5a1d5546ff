"""Which files affect the report, and which changes to them start a build."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from types import TracebackType

import watchfiles

from reportgen.errors import UserError
from reportgen.templates import templates_folder

_PASSING = re.compile(r".*~|.*\.(sw[a-z]|tmp|part|crdownload)|4913|#.*#|.*___jb_(tmp|old)___", re.IGNORECASE)
"""Names of files that editors and browsers keep for a moment; 4913 is vim's."""


class ChangeEffect(Enum):
    """The consequence of a change."""

    REPORT = auto()
    """The report is to be built again."""
    CODE = auto()
    """reportgen's own code has changed since it was loaded."""


def _package() -> Path:
    return Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Inputs:
    """The inputs of a report: the settings file, folders of images, the templates and reportgen's code.

    All paths are absolute and may be missing. Changes below the ``ignored`` folders do not count if those lie
    inside one of the others: a build writes there itself.
    """

    settings: Path
    data: tuple[Path, ...] = ()
    templates: tuple[Path, ...] = field(default_factory=lambda: (templates_folder(),))
    sources: Path = field(default_factory=_package)
    ignored: tuple[Path, ...] = ()


class Scope:
    """The inputs as they are on disk at one moment, with symbolic links resolved."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = {_real(path) for path in (*inputs.templates, *inputs.data)}
        self._sources = _real(inputs.sources)
        self._ignored = {_real(path) for path in inputs.ignored}
        # Both names of a link: it may be redirected, and what it points to may be replaced.
        self._entrances = {
            name for path in (inputs.settings, *inputs.templates, *inputs.data) for name in _names(path)
        }

    @property
    def trees(self) -> list[Path]:
        """The folders that matter with all they hold, those that exist, none inside another."""
        roots = [path for path in {*self._inputs, self._sources} if path.is_dir()]
        return sorted(path for path in roots if not any(_inside(path, other) for other in roots))

    @property
    def doors(self) -> list[Path]:
        """The folders in which the settings file or one of the trees would appear, vanish or be replaced.

        Folders that may not be listed, as ``/home`` of some machines, cannot be watched and are left out.
        """
        folders = {next(path for path in name.parents if path.is_dir()) for name in self._entrances}
        return sorted(path for path in folders if os.access(path, os.R_OK))

    def effect_of(self, path: Path) -> ChangeEffect | None:
        """The consequence of a change of ``path``, below one of the trees."""
        for root in self._inputs:
            if path.is_relative_to(root) and not self._is_noise(path, root):
                return ChangeEffect.REPORT
        if path.suffix == ".py" and path.is_relative_to(self._sources):
            return None if self._is_noise(path, self._sources) else ChangeEffect.CODE
        return None

    def is_entrance(self, path: Path) -> bool:
        """Whether with ``path``, seen at a door, the settings file or a whole tree came, went or changed."""
        return any(name.is_relative_to(path) for name in self._entrances)

    def _is_noise(self, path: Path, root: Path) -> bool:
        parts = path.relative_to(root).parts
        if any(part.startswith(".") for part in parts) or (parts and _PASSING.fullmatch(parts[-1])):
            return True
        return any(_inside(folder, root) and path.is_relative_to(folder) for folder in self._ignored)


def _inside(path: Path, folder: Path) -> bool:
    return path != folder and path.is_relative_to(folder)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _names(path: Path) -> tuple[Path, Path]:
    return _real(path.parent) / path.name, _real(path)


QUIET_SECONDS = 0.3
"""How long nothing may change before a change counts as complete."""

_PATIENCE_SECONDS = 10.0

_WAKE_SECONDS = 0.5

_JOIN_SECONDS = 5.0

_STEP_MILLISECONDS = 50

_ATTEMPTS = 5


class WatchError(UserError):
    """The operating system refuses to report changes of the folders."""

    exit_code = 1


class Changes:
    """The changes that matter to the report since they were last asked for.

    They are collected from the first :meth:`follow` until :meth:`close`, also while nobody waits.
    """

    def __init__(self, quiet: float = QUIET_SECONDS) -> None:
        self._quiet = quiet
        self._changed = threading.Condition()
        self._effects: set[ChangeEffect] = set()
        self._last = 0.0
        self._closed = False
        self._inputs: Inputs | None = None
        # Set by the observers: a watched path now refers to another file.
        self._moved = False
        self._listeners: list[_Listener] = []

    def follow(self, inputs: Inputs) -> None:
        """Watch these inputs from now on, as they are now; returns at once if nothing has changed.

        Raises ``WatchError`` if the operating system refuses.
        """
        with self._changed:
            if inputs == self._inputs and not self._moved:
                return
            # Before the new listeners report anything: a move from now on counts.
            self._moved = False
        # The old listeners run until the new ones do, so that no change is missed.
        old, self._listeners = self._listeners, self._listen(inputs)
        self._inputs = inputs
        for listener in old:
            listener.close()

    def wait(self) -> frozenset[ChangeEffect]:
        """Wait for changes until no more come, and return what they call for; nothing once closed.

        Changes that never stop are returned after ten seconds.
        """
        with self._changed:
            while not (self._closed or self._effects):
                # Python notices a Ctrl-C that comes just before such a wait only after it.
                self._changed.wait(_WAKE_SECONDS)
            latest = time.monotonic() + _PATIENCE_SECONDS
            while not self._closed:
                left = min(self._last + self._quiet, latest) - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            effects = frozenset() if self._closed else frozenset(self._effects)
            self._effects.clear()
            return effects

    def close(self) -> None:
        """Stop listening, and end a :meth:`wait` that goes on in another thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        while self._listeners:
            self._listeners.pop().close()

    def __enter__(self) -> Changes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self, inputs: Inputs) -> list[_Listener]:
        for _attempt in range(_ATTEMPTS):
            scope = Scope(inputs)
            listeners: list[_Listener] = []
            try:
                listeners.append(_Listener(scope.doors, self._at_door(scope), recursive=False))
                listeners.append(_Listener(scope.trees, self._in_tree(scope), recursive=True))
            except FileNotFoundError:
                # A folder went while it was looked for.
                for listener in listeners:
                    listener.close()
            # What its Rust part refuses, watchfiles raises as a RuntimeError of its own.
            except (OSError, RuntimeError) as error:
                for listener in listeners:
                    listener.close()
                raise _refused(scope, error) from None
            else:
                return listeners
        raise _refused(scope, "they come and go all the time")

    def _at_door(self, scope: Scope) -> Callable[[Path], None]:
        def on_message(path: Path) -> None:
            if scope.is_entrance(path):
                self._note(ChangeEffect.REPORT, moved=True)

        return on_message

    def _in_tree(self, scope: Scope) -> Callable[[Path], None]:
        def on_message(path: Path) -> None:
            concern = scope.effect_of(path)
            if concern is not None:
                self._note(concern)

        return on_message

    def _note(self, concern: ChangeEffect, *, moved: bool = False) -> None:
        with self._changed:
            self._effects.add(concern)
            self._moved |= moved
            self._last = time.monotonic()
            self._changed.notify_all()


class _Listener:
    """A thread that passes on each changed path, from the moment it is created."""

    def __init__(
        self, folders: Sequence[Path], on_message: Callable[[Path], None], *, recursive: bool
    ) -> None:
        self._on_message = on_message
        self._stop = threading.Event()
        self._changes = watchfiles.watch(
            *folders,
            # Scope decides what counts: watchfiles' own filter also drops what it takes for caches and
            # editors' files.
            watch_filter=None,
            # By itself watchfiles gathers changes for 1.6 s; wait() gathers them already, for less.
            debounce=_STEP_MILLISECONDS,
            step=_STEP_MILLISECONDS,
            rust_timeout=_STEP_MILLISECONDS,
            # Or the first step would end only with the first change.
            yield_on_timeout=True,
            stop_event=self._stop,
            recursive=recursive,
            # True would hide every other refusal too, and leave folders unheard.
            ignore_permission_denied=False,
        )
        # Only the first step registers the folders with the operating system.
        self._pass_on(next(self._changes))
        # A daemon, for one that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="reportgen-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        for changes in self._changes:
            self._pass_on(changes)

    def _pass_on(self, changes: set[tuple[watchfiles.Change, str]]) -> None:
        for _kind, path in changes:
            self._on_message(Path(path))


def _refused(scope: Scope, reason: Exception | str) -> WatchError:
    folders = ", ".join(str(path) for path in (*scope.trees, *scope.doors))
    return WatchError(
        f"Changes in {folders} cannot be watched: {reason}",
        "Make all folders in there readable; if there are too many for Linux, let it watch more: "
        "sudo sysctl fs.inotify.max_user_watches=524288",
    )
