"""What an instructor may write into class.toml, and how each mistake is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reportgen.batch.class_file import Class, ClassError, Limits, read_class
from reportgen.batch.contents import folder_name
from reportgen.batch.publication import OutputFolderError, open_output
from reportgen.batch.reception import receive


def write(home: Path, text: str, *folders: str) -> Path:
    for folder in folders:
        (home / folder).mkdir(parents=True, exist_ok=True)
    file = home / "class.toml"
    file.write_text(text, encoding="utf-8")
    return file


def group(name: str, folder: str) -> str:
    return f'[[group]]\nname = "{name}"\nfolder = "{folder}"\n'


def problems(file: Path) -> list[str]:
    with pytest.raises(ClassError) as caught:
        read_class(file)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    lines = caught.value.problem.splitlines()
    assert all(line.startswith((f"{file}: ", f"{file}, line ")) for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def test_a(): pass")
    (tmp_path / "w.h5").write_bytes(b"")
    text = (
        'title = "Vision"\nrubric = ["mine.py"]\nverify = true\nprocesses = 3\ntime_limit_s = 90\n'
        'memory_limit_mb = 1500\nweights = "w.h5"\ncache = "c"\n'
    )
    chosen = read_class(write(tmp_path, text + group("Ä. Noether", "g/1"), "g/1"))
    assert (chosen.title, chosen.processes) == ("Vision", 3)
    assert chosen.limits == Limits(90, 1500)
    assert chosen.rubrics == (tmp_path / "mine.py",)
    assert (chosen.weights, chosen.cache) == (str(tmp_path / "w.h5"), tmp_path / "c")
    assert [(each.name, each.folder, each.slug) for each in chosen.groups] == [
        ("Ä. Noether", tmp_path / "g/1", "ä.-noether")
    ]


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    chosen = read_class(write(tmp_path, group("A", "a"), "a"))
    assert chosen == Class(chosen.groups, (), processes=1)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:")
    text = (
        'titel = "x"\nprocesses = 0\nverify = "yes"\nrubric = ["broken.py", "none.toml"]\nweights = "w.h5"\n'
        + group("A", "a")
        + group("A", "a")
        + group("a!", "missing")
        + '[[group]]\nname = "D"\nfodler = "a"\n'
        + group("…", "a")
    )
    found = problems(write(tmp_path, text, "a"))
    for words in (
        ("unknown key 'titel'", "did you mean 'title'?"),
        ("processes = 0", "greater than or equal to 1"),
        ("verify = 'yes'", "boolean"),
        ("rubric = 'broken.py'", "no Python"),
        ("rubric = 'none.toml'", "no such file"),
        ("weights = 'w.h5'", "no file"),
        ("group.name = 'A'", "twice"),
        ("group.name = 'a!'", "same folder, 'a', as that of 'A'"),
        ("group 'a!'", "folder = 'missing'", "no such folder"),
        ("unknown key 'group 4.fodler'", "did you mean 'folder'?"),
        ("group 4.folder is missing",),
        ("group.name = '…'", "no letter"),
    ):
        matching = [line for line in found if all(word in line for word in words)]
        assert len(matching) == 1, (words, found)
    assert len(found) == 12


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "group is missing"),
        ("group = []", "group = []"),
        ("a = [", "not valid TOML"),
        ("group = 3", "group = 3"),
        ("[[group]]", "group 1.name is missing"),
        ('time_limit_s = nan\n[[group]]\nname="A"\nfolder="."', "time_limit_s"),
    ],
)
def test_files_that_are_no_class(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in line for line in problems(write(tmp_path, text)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_of_another_editor_is_read(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path, "", "a")
    file.write_bytes(group("Zoë", "a").replace("\n", "\r\n").encode(encoding))
    assert [each.name for each in read_class(file).groups] == ["Zoë"]


def test_a_rubric_among_a_groups_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/mine.py").write_text("")
    assert (
        "whose files are not run" in problems(write(tmp_path, 'rubric = "a/mine.py"\n' + group("A", "a")))[0]
    )


def test_a_folder_of_groups(tmp_path: Path) -> None:
    for name in ("Zwei", "eins", ".hidden", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("")
    chosen = read_class(tmp_path, tmp_path / "out")
    received = receive(chosen, tmp_path / "out")
    assert [(each.name, each.folder) for each in received.groups] == [
        ("Zwei", tmp_path / "Zwei"),
        ("eins", tmp_path / "eins"),
    ]


def test_a_folder_without_groups_or_with_names_that_collide(tmp_path: Path) -> None:
    with pytest.raises(ClassError, match="no folders of groups"):
        read_class(tmp_path)
    (tmp_path / "a b").mkdir()
    (tmp_path / "A-B").mkdir()
    with pytest.raises(ClassError, match="same folder, 'a-b'"):
        receive(read_class(tmp_path), tmp_path / "out")


def test_images_submissions_and_releases_are_looked_for(tmp_path: Path) -> None:
    text = (
        'submissions = "none"\ndata = "no images"\nrelease = ["Grup A"]\nverify = false\n'
        + group("Group A", "a")
        + 'data = "none either"\n'
    )
    found = problems(write(tmp_path, text, "a"))
    for words in (
        ("submissions = 'none'", "no such folder or zip"),
        ("data = 'no images'", "no such folder"),
        ("group 'Group A'", "data = 'none either'", "no such folder"),
        ("verify = false", "take the line out"),
    ):
        assert len([line for line in found if all(word in line for word in words)]) == 1, (words, found)
    found = problems(write(tmp_path, 'release = ["Grup A"]\n' + group("Group A", "a"), "a"))
    assert found == ["release = 'Grup A': there is no group of that name (did you mean 'Group A'?)"]


def test_the_images_of_a_group_go_before_those_of_the_class(tmp_path: Path) -> None:
    text = 'data = "all"\nrelease = ["B"]\n' + group("A", "a") + group("B", "b") + 'data = "own"\n'
    chosen = read_class(write(tmp_path, text, "a", "b", "all", "own"))
    assert [each.data for each in chosen.groups] == [tmp_path / "all", tmp_path / "own"]
    assert chosen.released == {"B"}


@pytest.mark.parametrize(
    "name", ["../up", "/etc/x", "..", "a/../../b", "~x", "con\x00fuse", "-rf", ".hid", "x" * 300]
)
def test_a_name_makes_one_harmless_folder_name(name: str) -> None:
    made = folder_name(name)
    assert "/" not in made
    assert "\0" not in made
    assert not made.startswith((".", "-", "~"))
    assert len(made) <= 60


def test_names_that_differ_in_case_only_are_one_folder() -> None:
    assert folder_name("Straße 1") == folder_name("STRASSE  1") == "strasse-1"


@pytest.mark.parametrize("out", ["class/a", "class/a/x", "class", "."])
def test_the_output_stays_out_of_what_was_handed_in(tmp_path: Path, out: str) -> None:
    chosen = read_class(write(tmp_path, group("A", "class/a"), "class/a"))
    with (
        pytest.raises(OutputFolderError, match="overlaps"),
        open_output(tmp_path / out, chosen.groups, print),
    ):
        pass


def test_a_folder_with_files_of_others_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.odt").write_text("mine")
    with pytest.raises(OutputFolderError, match="thesis"), open_output(tmp_path / "out", (), print):
        pass
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.odt"]


def test_to_read_a_class_needs_nothing_heavy(tmp_path: Path) -> None:
    import subprocess

    file = write(tmp_path, group("A", "a"), "a")
    code = (
        "import sys; from pathlib import Path; "
        "from reportgen.batch import attempt, class_file, progress_view, run; "
        f"class_file.read_class(Path({str(file)!r})); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    heavy = {"tensorflow", "keras", "pytest", "jinja2", "matplotlib", "distributed", "sklearn", "weasyprint"}
    assert not heavy & set(loaded.split())
