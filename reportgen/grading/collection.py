"""The way of pytest to the rubrics, which looks at nothing else that lies on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

_RUBRICS = pytest.StashKey[tuple[Path, ...]]()


class RubricsOnly:
    """A plugin that goes from the root of a run straight to the rubrics, by their resolved ``files``.

    pytest lists every folder on its way to a file that is named. A rubric may lie beside what groups handed
    in, and the process of one group may not even read the names of the others.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(dict.fromkeys(files))

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[_RUBRICS] = self._files

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector:
        folder: pytest.Collector = _Folder.from_parent(parent, path=path)
        return folder


class _Folder(pytest.Directory):
    """A folder that has nothing in it but rubrics, and folders that lead to some."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        inside = [file for file in self.config.stash[_RUBRICS] if file.is_relative_to(self.path)]
        for path in dict.fromkeys(self.path / file.relative_to(self.path).parts[0] for file in inside):
            if path in inside:
                yield from self.ihook.pytest_collect_file(file_path=path, parent=self)
            elif folder := self.ihook.pytest_collect_directory(path=path, parent=self):
                yield folder
