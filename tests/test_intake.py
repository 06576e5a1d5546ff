"""What strangers hand in is looked at from outside, and gets no say in the machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import SettingsError
from reportgen.intake import IntakeError, Limits, check_folder, read_settings
from reportgen.outline.kind import Outline

USUAL = Limits()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files of 10 bytes: one at the top, one in a folder, one in a folder of that."""
    for name in ("a", "b/c", "b/d/e"):
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(10))
    return tmp_path / "in"


def refusal(folder: Path, limits: Limits = USUAL) -> str:
    with pytest.raises(IntakeError) as caught:
        check_folder(folder, limits)
    assert caught.value.exit_code == 2
    return caught.value.problem


def test_files_and_folders_within_the_limits_are_let_in(folder: Path) -> None:
    check_folder(folder)
    check_folder(folder, Limits(files=5, file_bytes=10, total_bytes=30, depth=3))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(files=4), "more than 4 files"),
        (Limits(file_bytes=9), "a: has 10 bytes; 9 are allowed"),
        (Limits(total_bytes=29), "more than 29 bytes"),
        (Limits(depth=2), "e: lies more than 2 folders deep"),
    ],
)
def test_each_limit_is_named(folder: Path, limits: Limits, said: str) -> None:
    assert said in refusal(folder, limits)


def test_a_sparse_file_counts_as_large_as_it_says(folder: Path) -> None:
    with (folder / "huge").open("wb") as stream:
        stream.truncate(2**40)
    assert f"has {2**40} bytes" in refusal(folder)


@pytest.mark.parametrize("target", ["/etc/passwd", "a", "nowhere", "/etc", "."])
def test_a_link_is_refused_wherever_it_leads(folder: Path, target: str) -> None:
    (folder / "b/link").symlink_to(target)
    assert "link: is a symbolic link" in refusal(folder)


def test_a_linked_folder_is_refused_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert "is a symbolic link" in refusal(tmp_path / "link")
    assert "is no folder" in refusal(folder / "a")
    assert "is no folder" in refusal(tmp_path / "nothing")


def test_what_is_neither_file_nor_folder_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "pipe: is neither a file nor a folder" in refusal(folder)
    (folder / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "s"))
        assert "s: is neither a file nor a folder" in refusal(folder)


def test_a_name_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "\x1b[2J\u202ename").symlink_to("a")
    said = refusal(folder)
    assert "name" in said
    assert said.isprintable()


def test_a_very_long_name_is_cut(folder: Path) -> None:
    (folder / ("n" * 250)).symlink_to("a")
    assert len(refusal(folder)) < 200


def test_settings_of_strangers_have_no_say_in_the_machine() -> None:
    text = """
    seed = 5
    data = "/etc"
    weights = "/etc/passwd"
    cache = "/tmp/evil"
    cache_limit_mb = 1
    build = "../../evil"
    templates = "/tmp/evil"
    report = "os:environ"
    sections = ["os:environ"]
    [show]
    neurons = 7
    """
    assert read_settings(text.encode(), "x") == read_settings(b"seed = 5\n[show]\nneurons = 7", "x")


@pytest.mark.parametrize("value", ["5", "[]", "{}", '"\\u0000"'])
@pytest.mark.parametrize("key", ["data", "weights", "cache", "cache_limit_mb", "build", "templates"])
def test_a_dropped_setting_may_be_anything(key: str, value: str) -> None:
    assert read_settings(f"{key} = {value}".encode(), "x") == read_settings(b"", "x")


@pytest.mark.parametrize("words", ["Größe", "Yes. " * 15, "One. Two, and so on. " * 1000, "..." * 1000])
def test_the_authors_words_are_kept(words: str) -> None:
    settings = read_settings(f'[commentary]\ntransfer = "{words}"\n'.encode(), "x")
    assert settings.commentary.transfer == words


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"seed = ", "not valid TOML"),
        (b"\xff", "line 1: not UTF-8 text"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"seed = " + b"9" * 5000, "limit"),
        (b"seed = -1", "seed"),
        (b"sed = 1", "did you mean 'seed'"),
        (b'[show]\nneurons = "5"', "show.neurons"),
        (b"date = 2026-02-31", "not valid TOML"),
        (b"#" * (2**18 + 1), "262145 bytes; 262144 are allowed"),
        (b"commentary.transfer" + b".a" * 100_000 + b" = 1", "a key has more than 16 parts"),
        (b"[a" + b" . a" * 60_000 + b"]", "a key has more than 16 parts"),
        (b"a = {" + b'"\\"".' * 40_000 + b"a = 1}", "a key has more than 16 parts"),
    ],
)
def test_settings_that_are_wrong_are_named_with_their_place(content: bytes, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(content, "the attachment")
    assert caught.value.problem.startswith("the attachment")
    assert said in caught.value.problem


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_settings_of_another_editor_are_read(encoding: str) -> None:
    assert read_settings('group = "Zoë"'.encode(encoding), "x").group == "Zoë"


def test_variables_of_this_machine_are_not_told_to_strangers() -> None:
    text = 'group = "$HOME"\nassignment = "~/x"\n[example_images]\na = "$HOME"'
    settings = read_settings(text.encode(), "x")
    assert (settings.group, settings.assignment, settings.example_images) == ("$HOME", "~/x", {"a": "$HOME"})


def test_settings_as_long_as_allowed_are_read() -> None:
    text: Any = b"seed = 5 #"
    assert read_settings(text + b"#" * (2**18 - len(text)), "x").seed == 5


def test_thousands_of_wrong_settings_make_a_short_message() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(b"\n".join(b"k%d = 1" % number for number in range(20_000)), "x")
    assert "unknown key 'k0'" in caught.value.problem
    assert len(caught.value.problem) <= 2000


def test_a_table_of_a_section_that_the_report_lacks_accuses_nobody() -> None:
    """Reports of before had the tables of five sections whether they had these or not."""
    shorter = Outline(sections=("transfer",))
    settings = read_settings(b"seed = 5\n[methods]\nsteps = 9\n", "the attachment", shorter)
    assert (settings.seed, settings.kind.names) == (5, ("transfer",))
    with pytest.raises(SettingsError, match="methodes"):
        read_settings(b"[methodes]\nsteps = 9\n", "the attachment", shorter)
