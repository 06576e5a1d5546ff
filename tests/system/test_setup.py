"""What make sets up, with scripts in the place of package managers, which make believe to install."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from equipment import has_terminals, missing

from reportgen.system import setup
from reportgen.system.libraries import MANAGERS, Library, find_manager, propose_remedy, required_libraries
from reportgen.system.setup import INCOMPLETE, SetupOptions, set_up

PANGO = Library(("pango-1.0", "libpango-1.0.so.0"), optional=False)
SUBSETTER = Library(("libharfbuzz-subset.so.0",), optional=True)
PAINTER = Library(("libharfbuzz-vector.so.0",), optional=True)

MANAGER = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
case "$*" in
  *install*|*add*|*-Sy*) echo "some noise"; [ -z "$FAIL" ] || { echo "E: no such thing"; exit 100; }
    touch "$INSTALLED" ;;
esac
"""
SUDO = """#!/bin/sh
echo "sudo" >> "$LOG"
exec "$@"
"""


class Machine:
    """A machine that lacks Pango until its package manager has installed something."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.log, self.installed = folder, folder / "log", folder / "installed"
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.missing = [PANGO, SUBSETTER, PAINTER]
        patch.setenv("PATH", f"{self.tools}")
        patch.setenv("LOG", str(self.log))
        patch.setenv("INSTALLED", str(self.installed))
        patch.setattr(setup, "find_missing", lambda: [] if self.installed.exists() else self.missing)
        for name in ("basename", "touch", "sh"):
            (self.tools / name).symlink_to(
                f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}"
            )

    def add(self, name: str, script: str = MANAGER) -> None:
        path = self.tools / name
        path.write_text(script)
        path.chmod(0o755)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("manager", "commands"),
    [
        (
            "apt-get",
            [
                "apt-get update",
                "apt-get install -y --no-install-recommends libpango-1.0-0 libharfbuzz-subset0",
            ],
        ),
        ("dnf", ["dnf install -y pango harfbuzz"]),
        ("apk", ["apk add --no-cache pango harfbuzz-subset"]),
        ("pacman", ["pacman -Sy --noconfirm --needed pango harfbuzz"]),
    ],
)
def test_root_gets_what_is_missing_and_one_line(
    machine: Machine, capfd: pytest.CaptureFixture[str], manager: str, commands: list[str]
) -> None:
    machine.add(manager)
    assert set_up(SetupOptions()) == 0
    assert machine.calls() == commands
    out, err = capfd.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert "SYSTEM=no" in line
    assert "pango" in line
    assert manager in line
    assert set_up(SetupOptions()) == 0
    assert machine.calls() == commands, "nothing is missing any more"


@pytest.mark.usefixtures("as_root")
def test_root_can_forbid_it(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    machine.add("apt-get")
    assert set_up(SetupOptions(permission="no", announce=True)) == INCOMPLETE
    assert machine.calls() == []
    assert "apt-get install" in capfd.readouterr().err
    assert set_up(SetupOptions(permission="no")) == INCOMPLETE
    assert capfd.readouterr().err == "", "the build itself says it"


@pytest.mark.usefixtures("as_root")
def test_what_fails_is_shown_and_the_work_goes_on(
    machine: Machine, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.add("apt-get")
    monkeypatch.setenv("FAIL", "1")
    assert set_up(SetupOptions()) == INCOMPLETE
    err = capfd.readouterr().err
    assert "E: no such thing" in err
    assert "By hand: apt-get update && apt-get install" in err, "root needs no sudo"


@pytest.mark.usefixtures("as_root")
def test_an_unknown_system_is_told_what_is_missing(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    assert set_up(SetupOptions(announce=True)) == INCOMPLETE
    assert "pango-1.0, harfbuzz-subset with the package manager" in capfd.readouterr().err


@pytest.mark.usefixtures("as_root")
def test_what_the_report_cannot_use_is_not_missed(machine: Machine) -> None:
    machine.add("apt-get")
    machine.missing = [PAINTER]
    assert set_up(SetupOptions()) == 0
    assert machine.calls() == []


@pytest.mark.usefixtures("as_root")
def test_tools_are_for_those_who_ask(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add("apt-get")
    machine.missing = []
    assert set_up(SetupOptions()) == 0
    assert machine.calls() == []
    machine.add("pdftotext")
    set_up(SetupOptions(tools=True))
    assert machine.calls()[-1] == "apt-get install -y --no-install-recommends chromium"


@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize(
    ("permission", "expected"), [("", []), ("no", []), ("yes", ["sudo", "apt-get update"])]
)
def test_without_a_terminal_a_user_must_have_said_yes(
    machine: Machine, capfd: pytest.CaptureFixture[str], permission: setup.Permission, expected: list[str]
) -> None:
    machine.add("apt-get")
    machine.add("sudo", SUDO)
    ended = set_up(SetupOptions(permission=permission, announce=True))
    assert machine.calls()[:2] == expected
    assert ended == (0 if expected else INCOMPLETE)
    assert "apt-get" in capfd.readouterr().err


@pytest.mark.usefixtures("as_user")
def test_who_has_no_sudo_is_told_the_line_and_the_work_goes_on(
    machine: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    machine.add("apt-get")
    assert set_up(SetupOptions(permission="yes", announce=True)) == INCOMPLETE
    assert machine.calls() == []
    assert "sudo apt-get update" in capfd.readouterr().err


ON_A_TERMINAL = """
import os, sys
from reportgen.system import setup
from reportgen.system.libraries import Library
missing = [Library(("libpango-1.0.so.0",), optional=False)]
setup.find_missing = lambda: [] if os.path.exists(os.environ["INSTALLED"]) else missing
os.geteuid = lambda: 1000
sys.exit(setup.main(["--memory", os.environ["MEMORY"]]))
"""


def answer(machine: Machine, text: str) -> tuple[int, str]:
    """Run set-up on a terminal of its own, type ``text``, and return how it ended and what it said."""
    if not has_terminals():
        missing("no pseudo-terminals on this machine, which stand for a user's")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "MEMORY": str(machine.folder / "memory")}
    child = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL], stdin=theirs, stderr=theirs, stdout=theirs, env=environment
    )
    os.close(theirs)
    os.write(ours, text.encode())
    said = b""
    try:
        while chunk := os.read(ours, 1000):
            said += chunk
    except OSError:  # Linux says so at the end of a terminal
        pass
    os.close(ours)
    return child.wait(timeout=30), said.decode()


def test_on_a_terminal_a_user_is_asked_once(machine: Machine) -> None:
    machine.add("apt-get")
    machine.add("sudo", SUDO)
    ended, said = answer(machine, "n\n")
    assert ended == INCOMPLETE
    assert "sudo apt-get update && sudo apt-get install" in said
    assert "[y/N]" in said
    assert machine.calls() == []
    assert "[y/N]" not in answer(machine, "")[1], "a no is remembered"


def test_on_a_terminal_a_yes_runs_it_with_sudo(machine: Machine) -> None:
    machine.add("apt-get")
    machine.add("sudo", SUDO)
    ended, _ = answer(machine, "y\n")
    assert ended == 0
    assert machine.calls()[:2] == ["sudo", "apt-get update"]


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda manager: manager.program)
def test_every_library_that_weasyprint_needs_has_a_package(manager: object) -> None:
    names = {library.name for library in required_libraries()} - {"harfbuzz-vector"}
    assert names <= manager.packages.keys()  # type: ignore[attr-defined]


def test_the_line_is_one_for_a_shell(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add("brew")
    remedy = propose_remedy(["pango-1.0", "fontconfig"])
    assert shlex.split(remedy)[-4:] == ["brew", "install", "pango", "fontconfig"]
    assert "sudo" not in remedy
    machine.add("apt-get")
    manager = find_manager()
    assert manager is not None
    assert manager.program == "apt-get"
