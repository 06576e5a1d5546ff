"""One build at a time in a folder."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from shim import compile_shim

from reportgen.store.files import StorageError
from reportgen.store.lock import locked


def test_a_folder_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "build").write_bytes(b"mine")
    with pytest.raises(StorageError, match=str(tmp_path / "build")), locked(tmp_path / "build"):
        pass


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with locked(tmp_path):
            order.append("second")

    other = threading.Thread(target=second)
    with locked(tmp_path):
        other.start()
        assert waiting.wait(10)
        other.join(0.3)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_the_lock_of_another_process_is_dropped_when_it_dies(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from reportgen.store.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n print('held', flush=True); sys.stdin.read()"
    )
    taken = threading.Event()

    def take() -> None:
        with locked(tmp_path):
            taken.set()

    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        waiter = threading.Thread(target=take, daemon=True)
        waiter.start()
        assert not taken.wait(0.3)
        process.kill()
    assert taken.wait(10)


def test_the_one_that_waits_says_for_whom(tmp_path: Path) -> None:
    said: list[str] = []
    heard, taken = threading.Event(), threading.Event()

    def say(line: str) -> None:
        said.append(line)
        heard.set()

    def take() -> None:
        with locked(tmp_path, say):
            taken.set()

    other = threading.Thread(target=take)
    with locked(tmp_path, say):
        assert said == []
        other.start()
        assert heard.wait(10)
        assert not taken.is_set()
    assert taken.wait(10)
    other.join(10)
    (line,) = said
    assert str(tmp_path) in line
    assert f"process {os.getpid()}" in line


NO_LOCKS = ["ENOSYS", "ENOLCK", "EOPNOTSUPP", "EINVAL"]


@pytest.mark.parametrize("error", NO_LOCKS)
def test_a_disk_without_locks_is_told_and_worked_with(tmp_path: Path, error: str) -> None:
    holder = (
        "import sys; from pathlib import Path; from reportgen.store.lock import locked\n"
        "with locked(Path(sys.argv[1]), print):\n print('held')"
    )
    environment = compile_shim(tmp_path, {"int flock(int fd, int op)": error})
    command = [sys.executable, "-c", holder, str(tmp_path / "build")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    warning, held = done.stdout.splitlines()
    assert held == "held"
    assert "no file locks" in warning
    assert str(tmp_path / "build") in warning


def test_another_fault_of_a_lock_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("fcntl.flock", fail)
    with pytest.raises(StorageError, match="disk failed"), locked(tmp_path):
        pass


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP"])
def test_weights_are_read_and_kept_on_a_disk_without_locks(tmp_path: Path, error: str) -> None:
    program = (
        "import sys; from reportgen.runtime import configure_environment\n"
        "configure_environment()\n"
        "import h5py\n"
        "with h5py.File(sys.argv[1], 'w') as file: file['a'] = 5\n"
        "with h5py.File(sys.argv[1]) as file: print(file['a'][()])"
    )
    environment = compile_shim(tmp_path, {"int flock(int fd, int op)": error})
    environment.pop("HDF5_USE_FILE_LOCKING", None)
    command = [sys.executable, "-c", program, str(tmp_path / "a.h5")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout == "5\n", done.stderr
