"""The Makefile, run for real in a copied folder where small shell scripts stand in for Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]

# Writes each call as one line to $LOG: its name, then every argument in brackets.
STAND_IN = """#!/bin/sh
{{ printf '%s' "${{0##*/}}"; printf ' [%s]' "$@"; echo; }} >> "$LOG"
case "$*" in
  *version_info*) echo {version} ;;
  *ensurepip*) exit {ensurepip_status} ;;
  '-m venv --clear .venv')
    rm -rf .venv; mkdir -p .venv/bin && cp "$0" .venv/bin/python
    exit "${{VENV_STATUS:-0}}" ;;
  *system.setup*) exit "${{SETUP_STATUS:-0}}" ;;
  '-m pip config list') echo "$PIP_CONFIG" ;;
  '-m pip install '*' uv') exit "${{NO_UV:-0}}" ;;
  '-m uv '*)
    echo "$*" | grep -o 'constraint constraints.txt' >> "$LOG.constraints"
    echo .venv/.installed* >> "$LOG.stamps"
    exit "${{UV_STATUS:-0}}" ;;
  '-m pip '*)
    echo "$PIP_CONSTRAINT $PIP_BUILD_CONSTRAINT" >> "$LOG.constraints"
    echo .venv/.installed* >> "$LOG.stamps"
    exit "${{PIP_STATUS:-0}}" ;;
esac
"""


class Checkout:
    """A folder with the files that make reads, and a PATH on which every Python is a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my course"
        self.tools = folder / "tools"
        self.log = folder / "log"
        self.folder.mkdir()
        self.tools.mkdir()
        before = time.time() - 1000
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copyfile(ROOT / name, self.folder / name)
            os.utime(self.folder / name, (before, before))
        for name in ("make", "sh", "awk", "cp", "echo", "find", "grep", "mkdir", "rm", "touch"):
            found = shutil.which(name)
            assert found, f"{name} is not on this machine"
            (self.tools / name).symlink_to(found)

    def add_python(self, name: str, version: str, *, ensurepip: bool = True) -> None:
        script = self.tools / name
        script.write_text(STAND_IN.format(version=version, ensurepip_status=0 if ensurepip else 1))
        script.chmod(0o755)

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make; nothing of this process's environment reaches it (a make above this one would)."""
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={"PATH": str(self.tools), "LOG": str(self.log), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self, word: str = "") -> list[str]:
        """What the stand-ins were called with, oldest first, of the calls that hold ``word``."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if word in line]

    def date(self, name: str, seconds_ago: float) -> None:
        then = time.time() - seconds_ago
        os.utime(self.folder / name, (then, then))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    made.add_python("python3", "3.11")
    return made


def phony_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    return {name for line in re.findall(r"(?m)^\.PHONY:(.*)$", text) for name in line.split()}


@pytest.mark.parametrize("arguments", [("help",), ()])
def test_help_names_every_target(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    said = checkout.make(*arguments)
    described = dict(re.findall(r"(?m)^  make ([a-z0-9-]+) +(\S.*)$", said.stdout.split("\n\n")[0]))
    assert set(described) == phony_targets()
    promised = {
        "report",
        "quick",
        "test",
        "check",
        "docs",
        "bench",
        "doctor",
        "sample",
        "clean",
        "distclean",
        "export-model",
    }
    assert promised <= set(described)
    assert checkout.calls() == []


@pytest.mark.parametrize("folder", ["a b", "it's", 'say "x"', "$HOME", "*", "a;b", "früh/../x"])
def test_report_passes_the_folder_as_one_argument(checkout: Checkout, folder: str) -> None:
    settings = f"{folder}.toml"
    done = checkout.make(
        "report",
        f"DATA={folder.replace('$', '$$')}",
        f"REPORT={settings.replace('$', '$$')}",
        "ARGS=--quiet -x",
    )
    assert done.returncode == 0, done.stderr
    expected = f"python [-m] [reportgen] [build] [--data] [{folder}] [--settings] [{settings}] [--quiet] [-x]"
    assert checkout.calls("[build]") == [expected]


def test_report_passes_the_weights_and_how_it_was_called(checkout: Checkout) -> None:
    checkout.make("report", "WEIGHTS=imagenet")
    assert checkout.calls("[build]") == ["python [-m] [reportgen] [build] [--weights] [imagenet]"]
    script = checkout.folder / ".venv/bin/python"
    script.write_text('#!/bin/sh\nprintf %s "$REPORTGEN_MAKE" > "$LOG.called"\n')
    called = checkout.log.with_name("log.called")
    for target in ("report", "watch"):
        checkout.make(target, "DATA=it's mine", REPORTGEN_MAKE="of another program")
        words = called.read_text()
        assert words.startswith(f"make {target} DATA=")
        assert "mine" in words
    checkout.make("report")
    assert called.read_text().strip() == "make report"


def test_a_dry_run_shows_the_quoted_folder(checkout: Checkout) -> None:
    assert "-m reportgen build --data 'a b'" in checkout.make("-n", "report", "DATA=a b").stdout


def test_only_the_command_line_chooses_the_data(checkout: Checkout) -> None:
    checkout.make("report", DATA="of another program", REPORT="of-another.toml", ARGS="--help")
    assert checkout.calls("[build]") == ["python [-m] [reportgen] [build]"]


def test_fetch_passes_every_class(checkout: Checkout) -> None:
    checkout.make("fetch-caltech101", "CLASSES=emu crab's")
    assert checkout.calls("[fetch]") == [
        "python [-m] [reportgen] [fetch] [caltech101] [--classes] [emu] [crab's] [--out] [data/caltech101]"
    ]


def test_the_second_report_installs_nothing(checkout: Checkout) -> None:
    checkout.make("report")
    assert len(checkout.calls("[venv]")) == 1
    assert len(checkout.calls("[--editable]")) == 1
    again = checkout.make("report")
    assert len(checkout.calls("[--editable]")) == 1
    assert again.stdout == ""
    assert len(checkout.calls("[build]")) == 2


def test_a_report_needs_no_test_tools_and_the_tests_do(checkout: Checkout) -> None:
    checkout.make("report")
    assert checkout.calls(".[dev]") == []
    checkout.make("test")
    assert len(checkout.calls(".[dev]")) == 1
    assert checkout.calls()[-1] == "python [-m] [pytest] [-n] [2]"


def test_the_system_is_set_up_before_anything_is_computed_and_once(checkout: Checkout) -> None:
    checkout.make("report", "SYSTEM=no")
    calls = checkout.calls()
    assert [line.split("] [")[1].rstrip("]") for line in calls if "[-m]" in line][-2:] == [
        "reportgen.system.setup",
        "reportgen",
    ]
    assert "[--permission] [no] [--memory] [.venv/.system-declined]" in checkout.calls("system.setup")[0]
    checkout.make("report")
    assert len(checkout.calls("system.setup")) == 1


def test_what_is_still_missing_is_looked_for_again_and_stops_nothing(checkout: Checkout) -> None:
    for _ in range(2):
        assert checkout.make("report", SETUP_STATUS="3").returncode == 0
    assert len(checkout.calls("system.setup")) == len(checkout.calls("[build]")) == 2


def test_a_fault_of_the_set_up_is_no_missing_package(checkout: Checkout) -> None:
    assert checkout.make("report", SETUP_STATUS="1").returncode != 0
    assert checkout.calls("[build]") == []


@pytest.mark.parametrize("target", ["test", "check"])
def test_tests_are_set_up_as_the_report_is_and_with_tools_if_asked(checkout: Checkout, target: str) -> None:
    checkout.make(target)
    (call,) = checkout.calls("system.setup")
    assert "[--announce]" in call
    assert "[--tools]" not in call
    checkout.make(target, "TOOLS=yes")
    assert "[--tools]" in checkout.calls("system.setup")[1]


def test_the_lock_binds_the_packages_and_the_build(checkout: Checkout) -> None:
    checkout.make("test")
    read = checkout.log.with_name("log.constraints")
    # Of the packages, and of what builds reportgen itself.
    assert read.read_text() == "constraint constraints.txt\n" * 4
    read.unlink()
    checkout.date(".venv/.installed", 2000)
    checkout.make("test", UV_STATUS="1")
    assert read.read_text().endswith("constraints.txt constraints.txt\n")


@pytest.mark.parametrize(
    "environment",
    [
        {"UV_STATUS": "1"},
        {"NO_UV": "1"},
        {"PIP_CONFIG": "global.index-url='https://mirror.example/simple'"},
        {"PIP_CONFIG": ":env:.no-index='1'"},
    ],
)
def test_where_uv_is_no_help_pip_installs(checkout: Checkout, environment: dict[str, str]) -> None:
    assert checkout.make("report", **environment).returncode == 0
    assert checkout.calls("[--editable]")[-1].startswith("python [-m] [pip] [install] ")
    # What only adds to the usual index is no other one.
    checkout.date(".venv/.installed", 2000)
    checkout.make("report", PIP_CONFIG="global.extra-index-url='https://more.example/simple'")
    assert checkout.calls("[--editable]")[-1].startswith("python [-m] [uv] [pip] [install] ")


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_changed_dependencies_are_installed(checkout: Checkout, changed: str) -> None:
    checkout.make("report")
    checkout.date(".venv/bin/python", 90)
    checkout.date(".venv/.installed", 60)
    checkout.date(changed, 30)
    checkout.make("report")
    assert len(checkout.calls("[--editable]")) == 2
    assert len(checkout.calls("[venv]")) == 1


@pytest.mark.parametrize(("target", "stamp"), [("report", ".installed"), ("test", ".installed-dev")])
def test_a_failed_install_is_taken_up_again(checkout: Checkout, target: str, stamp: str) -> None:
    failed = checkout.make(target, UV_STATUS="1", PIP_STATUS="1")
    assert failed.returncode != 0
    assert not (checkout.folder / ".venv" / stamp).exists()
    assert checkout.calls("[build]") == checkout.calls("[pytest]") == []
    assert checkout.make(target).returncode == 0
    assert (checkout.folder / ".venv" / stamp).exists()


def test_a_stamp_appears_only_after_its_install(checkout: Checkout) -> None:
    checkout.make("test")
    seen_by_pip = checkout.log.with_name("log.stamps").read_text().splitlines()
    assert seen_by_pip == [".venv/.installed*", ".venv/.installed"]


def test_a_virtual_environment_half_made_is_made_again(checkout: Checkout) -> None:
    assert checkout.make("report", VENV_STATUS="1").returncode != 0
    assert checkout.calls("[--editable]") == []
    assert checkout.make("report").returncode == 0
    assert len(checkout.calls("[venv]")) == 2


def test_parallel_targets_share_one_install(checkout: Checkout) -> None:
    done = checkout.make("-j4", "report", "sample", "doctor", "test")
    assert done.returncode == 0, done.stderr
    assert len(checkout.calls("[venv]")) == 1
    installs = checkout.calls("[--editable]")
    assert len(installs) == 2
    assert ".[dev]" in installs[1]


@pytest.mark.parametrize(
    ("target", "left_out"), [("check", ["-m 'not long'"]), ("test", []), ("check-full", [])]
)
def test_only_check_leaves_out_long_tests(checkout: Checkout, target: str, left_out: list[str]) -> None:
    said = checkout.make("-n", target).stdout
    (whole, *_) = (line for line in said.splitlines() if "-m pytest" in line)
    assert ("-m mypy" in said) == ("-m ruff check" in said) == (target != "test")
    assert re.findall(r"-m '[^']*'", whole) == left_out
    assert ("--full" in whole) == (target == "check-full")


def test_a_virtual_environment_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    checkout.make("report")
    python = checkout.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to(checkout.folder / "uninstalled")
    again = checkout.make("report")
    assert again.returncode == 0, again.stderr
    assert len(checkout.calls("[venv]")) == len(checkout.calls("[--editable]")) == 2


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"])
def test_make_accepts_the_pythons_that_the_project_does(checkout: Checkout, version: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    checkout.add_python("python3", version)
    done = checkout.make("report")
    assert (done.returncode == 0) == (version in SpecifierSet(project["requires-python"]))
    if done.returncode:
        assert f"python3 {version}" in done.stderr
        assert "PYTHON=" in done.stderr
        assert not (checkout.folder / ".venv").exists()


@pytest.mark.parametrize("system", ["3.9", "3.14"])
def test_another_installed_python_is_tried(checkout: Checkout, system: str) -> None:
    checkout.add_python("python3", system)
    checkout.add_python("python3.12", "3.12")
    assert checkout.make("report").returncode == 0
    assert checkout.calls("[venv]") == ["python3.12 [-m] [venv] [--clear] [.venv]"]


def test_a_python_asked_for_by_name_is_not_replaced(checkout: Checkout) -> None:
    checkout.add_python("python3.9", "3.9")
    checkout.add_python("python3.12", "3.12")
    done = checkout.make("report", "PYTHON=python3.9")
    assert done.returncode != 0
    assert "python3.9 3.9" in done.stderr
    assert checkout.calls("[venv]") == []


def test_no_python_at_all(checkout: Checkout) -> None:
    (checkout.tools / "python3").unlink()
    done = checkout.make("report")
    assert done.returncode != 0
    assert "Found: none" in done.stderr


def test_a_python_without_venv_names_the_package(checkout: Checkout) -> None:
    checkout.add_python("python3", "3.12", ensurepip=False)
    done = checkout.make("report")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not (checkout.folder / ".venv").exists()


def test_clean_leaves_it_to_reportgen_what_is_its_own(checkout: Checkout) -> None:
    mine = checkout.folder / "build/mine.txt"
    mine.parent.mkdir()
    mine.touch()
    (mine.parent / ".record.json").touch()
    done = checkout.make("clean")
    assert done.returncode == 0
    assert "build/ stays" in done.stdout
    checkout.make("report")
    checkout.log.unlink()
    assert checkout.make("clean").returncode == 0
    assert checkout.calls() == ["python [-m] [reportgen] [clean] [--build] [build]"]
    assert mine.exists()


def test_distclean_leaves_what_the_user_owns(checkout: Checkout) -> None:
    for folder in (".cache/reportgen", ".venv/bin", "data/mine", "build"):
        (checkout.folder / folder).mkdir(parents=True)
    before = {path.name for path in checkout.folder.iterdir()}
    assert checkout.make("distclean").returncode == 0
    assert {path.name for path in checkout.folder.iterdir()} == before - {".cache", ".venv"}
    assert (checkout.folder / "data/mine").is_dir()
    assert checkout.make("clean").returncode == 0
    (checkout.folder / ".cache/others").mkdir(parents=True)
    assert checkout.make("distclean").returncode == 0
    assert (checkout.folder / ".cache/others").is_dir()


def run_checks(checkout: Checkout, target: str) -> list[str]:
    """What a target that checks calls, beside what sets it up."""
    checkout.make("report")
    lint = checkout.folder / ".venv/bin/lint-imports"
    shutil.copyfile(checkout.tools / "python3", lint)
    lint.chmod(0o755)
    checkout.log.unlink()
    done = checkout.make(target, "ARGS=-x")
    assert done.returncode == 0, done.stderr
    return [line for line in checkout.calls() if "[pip]" not in line and "setup" not in line]


def test_quick_runs_the_linters_and_only_tests_that_are_there_and_fast(checkout: Checkout) -> None:
    calls = run_checks(checkout, "quick")
    # Beside each other, so in any order.
    (tests,) = (call for call in calls if "[pytest]" in call)
    assert [call for call in calls if call != tests] == [
        "python [-m] [ruff] [check]",
        "python [-m] [ruff] [format] [--check]",
        "python [-m] [mypy]",
        "lint-imports []",
    ]
    assert tests.startswith("python [-m] [pytest] [-n] [2] [-m] [not slow and not prints] [tests/")
    chosen = re.findall(r"\[(tests/[^\]]*)\]", tests)
    assert len(chosen) > 5
    assert [name for name in chosen if not (ROOT / name).exists()] == []


def test_check_runs_linters_beside_the_tests_which_build_the_documentation(checkout: Checkout) -> None:
    calls = run_checks(checkout, "check")
    tests = [
        "python [-m] [compileall] [-q] [reportgen]",
        "python [-m] [pytest] [-n] [2] [-m] [not long] [-x]",
    ]
    # In this order, whatever goes on beside them.
    assert [call for call in calls if call in tests] == tests
    calls = [call for call in calls if call not in tests]
    assert calls == [
        "python [-m] [ruff] [check]",
        "python [-m] [ruff] [format] [--check]",
        "python [-m] [mypy]",
        "lint-imports []",
    ]


def test_a_fault_that_lint_finds_fails_check_though_the_tests_pass(checkout: Checkout) -> None:
    run_checks(checkout, "check")
    (checkout.folder / ".venv/bin/lint-imports").unlink()
    assert checkout.make("check").returncode != 0
    assert checkout.make("test").returncode == 0
