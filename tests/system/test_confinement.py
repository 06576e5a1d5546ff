"""What a confined process cannot do, and neither can those that it starts; each with a limit of time."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from reportgen.batch.class_file import Limits
from reportgen.batch.process import ProcessResult, Program, run_program
from reportgen.system.confinement import describe_protections, landlock_version

BEGIN = """
import io, os, socket, subprocess, sys, time, zlib
from pathlib import Path
from reportgen.system.confinement import Confinement, confine
place = Path(sys.argv[1])
confine(Confinement((place / "theirs",), (place / "own",), {cpu}, 100_000_000))

def try_to(name, act):
    try:
        act()
    except OSError as error:
        print(name, type(error).__name__)
    else:
        print(name, "done")
"""
FINDER = """
import sys
from importlib.machinery import PathFinder
from importlib.util import spec_from_file_location

MAPPING: dict[str, str] = {"colours": "{folder}"}

class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in MAPPING:
            return spec_from_file_location(fullname, MAPPING[fullname] + "/__init__.py")
        parent, _, child = fullname.rpartition(".")
        if parent in MAPPING:
            return PathFinder.find_spec(fullname, path=[MAPPING[parent]])

def install():
    sys.meta_path.append(_EditableFinder)
"""
LIMITS = Limits(30, 400)
HAS, _ = describe_protections()
needs_filter = pytest.mark.skipif("leaving the process group" not in HAS, reason="no filter of calls here")
needs_landlock = pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")


def run(
    folder: Path, script: str, limits: Limits = LIMITS, cpu: float = 60, before: str = ""
) -> tuple[ProcessResult, dict[str, str]]:
    """Run the script in a confined process; what it printed are pairs of names and outcomes. ``before`` runs
    first.
    """
    for name in ("theirs", "own", "others"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "file").write_text(name, encoding="utf-8")
    text = before + BEGIN.format(cpu=cpu) + script
    command = (sys.executable, "-c", text, str(folder))
    end = run_program(
        Program(command, folder, dict(os.environ), folder / "log.txt"), limits, print, lambda: False
    )
    lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    return end, dict(line.split(" ", 1) for line in lines if line.count(" ") == 1)


@needs_landlock
def test_only_what_the_work_needs_is_read_and_written(tmp_path: Path) -> None:
    end, found = run(
        tmp_path,
        """
try_to("read-given", (place / "theirs/file").read_bytes)
try_to("write-given", lambda: (place / "theirs/file").write_text("x"))
try_to("write-own", lambda: (place / "own/new").write_text("x"))
try_to("read-foreign", (place / "others/file").read_bytes)
try_to("list-foreign", lambda: os.listdir(place / "others"))
try_to("list-around", lambda: os.listdir(place))
try_to("link-foreign", lambda: os.link(place / "others/file", place / "own/link"))
try_to("rename-away", lambda: os.rename(place / "theirs/file", place / "own/file"))
try_to("truncate-foreign", lambda: os.truncate(place / "others/file", 0))
try_to("look-into-others", Path("/proc/1/environ").read_bytes)
code = subprocess.run([sys.executable, "-c", f"open({str(place / 'others/file')!r})"], stderr=-3).returncode
print("child-foreign", code)
""",
    )
    assert end.code == 0
    allowed = {"read-given", "write-own"}
    assert {name for name, outcome in found.items() if outcome == "done"} == allowed
    assert found["child-foreign"] == "1"
    assert (tmp_path / "others/file").read_text() == "others"
    assert (tmp_path / "theirs/file").read_text() == "theirs"


@needs_landlock
def test_a_package_that_is_installed_for_editing_is_read(tmp_path: Path) -> None:
    """A finder as setuptools 84 writes it for packages that lie beside pyproject.toml. Red if only the
    folders of ``sys.path`` are read.
    """
    (tmp_path / "theirs").mkdir()
    (tmp_path / "project/colours").mkdir(parents=True)
    (tmp_path / "project/colours/__init__.py").write_text("import colours.names", encoding="utf-8")
    (tmp_path / "project/colours/names.py").write_text("", encoding="utf-8")
    (tmp_path / "project/secret").write_text("", encoding="utf-8")
    finder = FINDER.replace("{folder}", str(tmp_path / "project/colours"))
    (tmp_path / "site").mkdir()
    (tmp_path / "site/__editable___colours_1_finder.py").write_text(finder, encoding="utf-8")
    end, found = run(
        tmp_path,
        """
def get():
    import colours
try_to("import", get)
try_to("read-beside", (place / "project/secret").read_bytes)
""",
        before="import sys\nsys.path.append(sys.argv[1] + '/site')\n"
        "from __editable___colours_1_finder import install\ninstall()",
    )
    assert end.code == 0
    assert found == {"import": "done", "read-beside": "PermissionError"}


class Ear:
    """Listens for TCP and UDP on this machine."""

    def __init__(self) -> None:
        self.stream, self.datagrams = socket.create_server(("127.0.0.1", 0)), socket.socket(type=2)
        self.datagrams.bind(("127.0.0.1", 0))
        for each in (self.stream, self.datagrams):
            each.setblocking(False)

    def __enter__(self) -> Ear:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.datagrams.close()

    def heard(self) -> list[str]:
        """Who came, since it was asked last."""
        came = []
        for name, listen in (("tcp", self.stream.accept), ("udp", lambda: self.datagrams.recv(9))):
            try:
                came_in = listen()
            except BlockingIOError:
                continue
            if isinstance(came_in, tuple):
                came_in[0].close()
            came.append(name)
        return came


SPEAK = """
speak = f'''
import socket
try:
    socket.socket(type=2).sendto(b"x", ("127.0.0.1", {udp}))
finally:
    socket.create_connection(("127.0.0.1", {tcp}), 5)
'''
code = subprocess.run([sys.executable, "-c", speak], stderr=-3).returncode
print("child", code)
"""


@needs_filter
def test_no_child_speaks_to_anybody(tmp_path: Path) -> None:
    with Ear() as ear:
        ports = f"tcp, udp = {ear.stream.getsockname()[1]}, {ear.datagrams.getsockname()[1]}\n"
        end, found = run(tmp_path, ports + SPEAK)
        assert (end.code, found["child"]) == (0, "1")
        assert ear.heard() == []
        # The same words reach it from a process that is not confined: the test listens where it is spoken.
        script = "import subprocess, sys\n" + ports + SPEAK
        run_program(
            Program((sys.executable, "-c", script), tmp_path, dict(os.environ), tmp_path / "log.txt"),
            LIMITS,
            print,
            lambda: False,
        )
        assert ear.heard() == ["tcp", "udp"]


@needs_filter
def test_who_forks_twice_ends_with_the_rest(tmp_path: Path) -> None:
    end, found = run(
        tmp_path,
        """
reading, writing = os.pipe()
if not os.fork():
    for leave in (os.setsid, lambda: os.setpgid(0, 0)):
        try_to("leave", leave)
    if os.fork():
        os._exit(0)
    os.write(writing, str(os.getpid()).encode())
    time.sleep(600)
print("grandchild", os.read(reading, 20).decode(), flush=True)
""",
    )
    assert end.code == 0
    gone, alive = psutil.wait_procs(
        [psutil.Process(pid) for pid in [int(found["grandchild"])] if psutil.pid_exists(pid)], timeout=5
    )
    assert not alive, gone


def test_memory_of_those_that_are_nobodys_children_counts(tmp_path: Path) -> None:
    end, _ = run(
        tmp_path,
        """
if not os.fork():
    if not os.fork():
        kept = bytearray(b"x") * 300_000_000
        time.sleep(600)
    os._exit(0)
os.wait()
time.sleep(20)
""",
        Limits(15, 200),
    )
    assert end.over == "memory"


@pytest.mark.long
@pytest.mark.parametrize(
    "bomb",
    [
        # A stream of 3 MB that is 3 GB of zeros, as a PDF has them, unpacked at once.
        "packer = zlib.compressobj(1)\n"
        "packed = packer.compress(bytes(10**6)) + packer.flush(zlib.Z_FULL_FLUSH)\n"
        "block = packer.compress(bytes(10**6)) + packer.flush(zlib.Z_FULL_FLUSH)\n"
        "zlib.decompressobj().decompress(packed + 3000 * block, 0)",
        # What a picture of 16383 × 16383 pixels takes, of which the file has some 4 kB.
        "import numpy as np\nnp.full((16383, 16383, 10), 1, np.uint8)",
    ],
    ids=["stream", "picture"],
)
def test_a_bomb_is_refused_by_the_kernel_before_it_takes_the_memory(tmp_path: Path, bomb: str) -> None:
    """Without a limit from outside, which may look too late."""
    end, _ = run(
        tmp_path, f"try:\n    exec({bomb!r})\nexcept MemoryError:\n    sys.exit(7)", Limits(60, 10**6)
    )
    assert (end.code, end.over) == (7, "")
    assert end.peak < 2_300e6


def test_who_never_ends_is_ended_by_the_kernel(tmp_path: Path) -> None:
    end, _ = run(tmp_path, "while True: pass", cpu=0)
    assert (end.code, end.over) == (-signal.SIGXCPU, "")
