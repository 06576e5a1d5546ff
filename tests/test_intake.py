"""What strangers hand in: links, special files and too much of anything are refused, by name."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reportgen.errors import SettingsError
from reportgen.intake import IGNORED, IntakeError, Limits, check_folder, read_settings
from reportgen.settings import Settings


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    folder = tmp_path / "group"
    (folder / "train/cat").mkdir(parents=True)
    (folder / "train/cat/a.jpg").write_bytes(b"x" * 100)
    (folder / "train/cat/b.jpg").write_bytes(b"x" * 50)
    (tmp_path / "secret").write_bytes(b"secret")
    return folder


def test_files_and_folders_are_taken(handed_in: Path) -> None:
    check_folder(handed_in)


@pytest.mark.parametrize("target", ["../../../secret", "a.jpg", "nowhere", "."])
def test_no_link_is_followed_wherever_it_leads(handed_in: Path, target: str) -> None:
    (handed_in / "train/cat/link.jpg").symlink_to(target)
    with pytest.raises(IntakeError, match=r"link\.jpg: is a symbolic link"):
        check_folder(handed_in)


def test_a_linked_folder_is_refused_without_a_look_inside(handed_in: Path) -> None:
    (handed_in / "val").symlink_to(handed_in.parent)
    with pytest.raises(IntakeError, match="val: is a symbolic link"):
        check_folder(handed_in)
    (handed_in.parent / "other").symlink_to(handed_in)
    with pytest.raises(IntakeError, match="other: is a symbolic link"):
        check_folder(handed_in.parent / "other")


def test_pipes_and_sockets_are_refused_without_waiting_for_them(handed_in: Path) -> None:
    os.mkfifo(handed_in / "pipe")
    with pytest.raises(IntakeError, match="pipe: is neither"):
        check_folder(handed_in)
    (handed_in / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(handed_in / "s"))
        with pytest.raises(IntakeError, match="s: is neither"):
            check_folder(handed_in)


# train, train/cat and two files: 4 entries, 150 bytes, 3 levels
@pytest.mark.parametrize(
    ("enough", "short", "said"),
    [
        (Limits(files=4), Limits(files=3), "more than 3 files"),
        (Limits(file_bytes=100), Limits(file_bytes=99), r"a\.jpg: has 100 bytes; 99"),
        (Limits(total_bytes=150), Limits(total_bytes=149), "more than 149 bytes"),
        (Limits(depth=3), Limits(depth=2), "more than 2 folders deep"),
    ],
)
def test_each_limit_holds_to_the_last_byte(handed_in: Path, enough: Limits, short: Limits, said: str) -> None:
    check_folder(handed_in, enough)
    with pytest.raises(IntakeError, match=said):
        check_folder(handed_in, short)


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="nothing: is no folder"):
        check_folder(tmp_path / "nothing")


def test_names_cannot_write_to_the_terminal(handed_in: Path) -> None:
    (handed_in / "x\x1b[2J\n").symlink_to("a")
    with pytest.raises(IntakeError) as caught:
        check_folder(handed_in)
    assert caught.value.problem.isprintable()


def test_strangers_have_no_say_in_paths_and_weights() -> None:
    text = (
        'group = "One"\nseed = 5\ndata = "/etc"\nweights = "/tmp/evil.h5"\ncache = "/"\ncache_limit_mb = 1\n'
        'build = "/root"\ntemplates = "/tmp/evil"\n[show]\nneurons = 7\n[commentary]\ntransfer = "Mine."\n'
    )
    settings, plain = read_settings(text.encode(), "it"), Settings()
    assert (settings.group, settings.seed, settings.show.neurons) == ("One", 5, 7)
    assert settings.commentary.transfer == "Mine."
    assert [getattr(settings, name) for name in IGNORED] == [getattr(plain, name) for name in IGNORED]


def test_every_setting_with_a_path_is_ignored() -> None:
    """A setting that is added with a path has to be added to the ignored ones too."""
    paths = {name for name, field in Settings.model_fields.items() if "Path" in str(field.annotation)}
    assert paths
    assert paths <= set(IGNORED)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"group = 1", "it: group = 1"),
        (b"grup = 'One'", "did you mean 'group'"),
        (b"group = ", "it: not valid TOML"),
        (b"\xff", "it: not valid TOML"),
        (b"a = " + b"[" * 100_000, "it: "),
        (b"#" * (2**20 + 1), "it: has 1048577 bytes"),
    ],
)
def test_wrong_settings_are_one_error(data: bytes, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(data, "it")
