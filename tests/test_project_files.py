"""The files by which others join: editors, hooks, workflows, forms, the name of the distribution."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from tracked import ROOT, tracked_texts

import reportgen
from reportgen import faults

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").iterdir()}


def supported_pythons() -> list[str]:
    supported = SpecifierSet(PROJECT["requires-python"])
    return [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]


def steps(workflow: str) -> list[Any]:
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]


def test_the_distribution_has_a_name_of_its_own_and_faults_are_looked_up_by_it() -> None:
    assert PROJECT["name"] == faults.DISTRIBUTION != "reportgen"
    assert PROJECT["scripts"] == {"reportgen": "reportgen.__main__:main"}
    assert PROJECT["version"] == reportgen.__version__


def test_every_text_is_as_the_editors_are_told_to_write_it() -> None:
    """The rules for all files in .editorconfig; tabs begin lines in the Makefile alone."""
    texts = tracked_texts()
    assert [name for name, text in texts.items() if "\r" in text] == []
    assert [name for name, text in texts.items() if text and not text.endswith("\n")] == []
    assert [name for name, text in texts.items() if re.search(r"(?m)[ \t]+$", text)] == []
    assert {name for name, text in texts.items() if re.search(r"(?m)^\t", text)} == {"Makefile"}
    rules = texts[".editorconfig"]
    for rule in ("end_of_line = lf", "insert_final_newline = true", "trim_trailing_whitespace = true"):
        assert rule in rules.split("[*.py]")[0]


def test_a_hook_is_a_program_of_the_virtual_environment() -> None:
    """So that no version is pinned twice."""
    file = ROOT / ".pre-commit-config.yaml"
    (repository,) = yaml.safe_load(file.read_text())["repos"]
    assert repository["repo"] == "local"
    programs = {hook["id"]: shlex.split(hook["entry"]) for hook in repository["hooks"]}
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert programs.pop("quick") == ["make", "quick"]
    assert {command[0] for command in programs.values()} == {".venv/bin/python", ".venv/bin/lint-imports"}
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(file)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def test_the_checks_run_on_every_python_and_system_that_is_supported() -> None:
    job = WORKFLOWS["checks"]["jobs"]["check"]
    assert job["strategy"]["matrix"]["python"] == supported_pythons()
    assert {name.split("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"ubuntu", "macos"}
    assert any(step.get("run", "").startswith("make check ") for step in job["steps"])


@pytest.mark.parametrize("workflow", ["nightly", "release"])
def test_what_check_leaves_out_is_run_every_night_and_before_a_release(workflow: str) -> None:
    assert any("make check-full " in step.get("run", "") for step in steps(workflow))
    # YAML 1.1 reads the key "on" as a truth value.
    assert "schedule" in WORKFLOWS["nightly"][True]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_may_only_read_and_calls_targets_that_there_are(workflow: str) -> None:
    assert WORKFLOWS[workflow]["permissions"] == {"contents": "read"}
    makefile = (ROOT / "Makefile").read_text()
    for step in steps(workflow):
        for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", "")):
            assert re.search(rf"(?m)^{target}:", makefile), target


def test_a_release_is_switched_off() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert {job["if"] for job in jobs.values()} == {"vars.RELEASES == 'on'"}
    assert [name for name, job in jobs.items() if "permissions" in job] == ["publish"]
    # YAML 1.1 reads the key "on" as a truth value.
    assert WORKFLOWS["release"][True] == {"push": {"tags": ["v*"]}}


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: str(path.stem)
)
def test_a_form_asks_for_something_and_says_what(form: Path) -> None:
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert content["name"]
    assert content["description"]
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_no_address_is_invented() -> None:
    """Nobody's mail, and no address of a project that has none yet."""
    for name, text in tracked_texts().items():
        if name.startswith(".github/") or name in (
            "SECURITY.md",
            "CONTRIBUTING.md",
            "README.md",
            "mkdocs.yml",
        ):
            assert re.findall(r"\w@\w+\.\w|https?://", text) == [], name
