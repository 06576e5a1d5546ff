"""What takes long is made once and shared by all test processes; and which of them runs what."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

MakeOnce = Callable[[str, Callable[[Path], None]], Path]

TOGETHER = ("survival",)
"""Folders whose tests share a process that is long in starting."""


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> MakeOnce:
    """Call with a name and what fills an empty folder: the path of the folder, filled only once in a run.

    Another process that asks meanwhile waits. What is in the folder is everybody's, so no test may change it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if hasattr(pytestconfig, "workerinput") else base) / "shared"
    shared.mkdir(exist_ok=True)

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, filled = shared / name, shared / f"{name}.filled"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                filled.touch()
        return folder

    return make


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several processes begin with the files of slow tests, so that none is left with one at the end.

    One of them begins with a file that asks for the report that all share; the others, which would have to
    wait for it, with files that do not.
    """
    if not hasattr(config, "workerinput"):
        return
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    asking = {item.path for item in items if "finished" in getattr(item, "fixturenames", ())}
    first = next((item.path for item in items if item.path in slow & asking), None)

    def location(item: pytest.Item) -> int:
        if item.path == first:
            return 0
        return 3 if item.path not in slow else 2 if item.path in asking else 1

    items.sort(key=location)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """The tests of a file stay in one process, for they share what is made for the file."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            folder = Path(file).parent.name
            return folder if folder in TOGETHER else file

    config.option.loadscopereorder = False
    return ByFile(config, log)
