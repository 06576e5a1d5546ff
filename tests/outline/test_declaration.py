"""An author's usual mistakes in ``section.py``: each is told with file, line, value and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_data import draw_tiny_data

from reportgen.dataset.inventory import take_inventory
from reportgen.engine.preparation import plan_build
from reportgen.errors import UserError
from reportgen.outline.declaration import find_meaningless, require_settings
from reportgen.outline.kind import OutlineError, ReportKind, find_kind, list_sections
from reportgen.outline.section import Section, SectionError
from reportgen.progress import Silent
from reportgen.settings import Settings, load_settings
from reportgen.verify.recomputation import WeightsFound, recompute

SECTION = """\
from reportgen.outline.section import Exhibit, Origin, Reads, Rule, Section, Tolerance

SECTION = Section(
    name="edges", title="Edges", package="PACKAGE", result="Edges", meaning="M.",
    reads=Reads(images="examples", settings=("show.colour",)),
    figures=(Exhibit("edges"),),
    origins=(
        Origin("/mean", ".compute.run", "examples"),
    ),
)
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a package whose section has a mistake, and returns its name, by which it can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write_package(old: str, new: str) -> str:
        # A name of its own: Python keeps what it has imported.
        name = f"declared_{abs(hash((old, new)))}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        assert old in SECTION
        text = SECTION.replace(old, new).replace("PACKAGE", name)
        (tmp_path / name / "section.py").write_text(text, encoding="utf-8")
        return name

    return write_package


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            '"/mean", ".compute.run", "examples"',
            '"/mean", ".compute.run", "example"',
            8,
            ("Origin('/mean', '.compute.run', 'example')", "folder, examples, used", "'examples'?"),
        ),
        ('images="examples"', 'images="example"', 5, ("Reads(images='example')", "used, examples, both")),
        (
            'images="examples"',
            'images="used", stages=("feature",)',
            5,
            ("Reads(stages=('feature',))", "did you mean 'features'?"),
        ),
        (
            'Exhibit("edges")',
            'Exhibit("edges", "apendix")',
            6,
            ("Exhibit('edges', 'apendix')", "'appendix'?"),
        ),
        ('("show.colour",)', '("show.colour")', 5, ("settings is no tuple", "settings=('show.colour',)")),
        ('(Exhibit("edges"),)', 'Exhibit("edges")', 0, ("figures is no tuple", "figures=(Exhibit(…),)")),
    ],
)
def test_a_value_that_stands_for_nothing_is_refused_as_the_report_is_put_together(
    write: Write, tmp_path: Path, old: str, new: str, line: int, words: tuple[str, ...]
) -> None:
    name = write(old, new)
    with pytest.raises(SectionError) as caught:
        find_kind("assignment", (f"{name}.section:SECTION",))
    file = tmp_path / name / "section.py"
    assert f"section 'edges': {file}{f', line {line}' if line else ''}: " in caught.value.problem
    for each in words:
        assert each in caught.value.problem
    assert caught.value.exit_code == 1
    assert "docs/sections.md" in caught.value.remedy


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("show.color", "did you mean 'show.colour'?"),
        ("show.model_dump", "there is no setting 'show.model_dump'"),
        ("kind", "there is no setting 'kind'"),
        ("value", "there is no setting 'value'"),
        ("seed.x", "there is no setting 'seed.x'"),
    ],
)
def test_a_setting_that_is_none_is_refused_where_it_is_named(
    write: Write, tmp_path: Path, name: str, words: str
) -> None:
    package = write("show.colour", name)
    file = tmp_path / "report.toml"
    file.write_text(f'sections = ["{package}.section:SECTION"]\n', encoding="utf-8")
    settings = load_settings(file)
    with pytest.raises(SectionError, match=r"section\.py, line 5: Reads") as caught:
        require_settings(settings.kind.section("edges"), settings.names)
    assert words in caught.value.problem


def test_neither_a_build_nor_verify_plans_with_a_setting_that_is_none(write: Write, tmp_path: Path) -> None:
    package = write("show.colour", "show.color")
    file = tmp_path / "report.toml"
    file.write_text(f'sections = ["{package}.section:SECTION"]\n', encoding="utf-8")
    draw_tiny_data(tmp_path / "data")
    settings = load_settings(file)
    with pytest.raises(SectionError, match=r"did you mean 'show\.colour'"):
        plan_build(settings, tmp_path / "data", Silent())
    inventory = take_inventory(tmp_path / "data", settings.seed)
    with pytest.raises(SectionError, match=r"did you mean 'show\.colour'"):
        recompute(settings, inventory, WeightsFound(None), Silent())


def test_a_setting_that_there_is_and_a_whole_table_are_read() -> None:
    names = Settings().names
    assert {"seed", "show", "show.colour", "commentary"} <= names
    for name in names:
        Settings().value(name)


@pytest.mark.parametrize("section", list_sections(), ids=lambda section: section.name)
def test_the_sections_of_reportgen_pass_what_is_asked_of_others(section: Section) -> None:
    assert list(find_meaningless(section)) == []
    kind = find_kind("architectures" if section.name in find_kind("architectures").names else "assignment")
    require_settings(section, load_settings_of(kind).names)


def load_settings_of(kind: ReportKind) -> Settings:
    from reportgen.settings import settings_type

    return settings_type(kind)()


def test_a_mistake_in_a_report_of_another_package_is_told_in_its_own_words(
    write: Write, tmp_path: Path
) -> None:
    name = write('images="examples"', 'images="exampels"')
    (tmp_path / name / "report.py").write_text(
        f"from reportgen.outline.kind import ReportKind\nfrom {name}.section import SECTION\n"
        "REPORT = ReportKind('r', '1', (SECTION,))\n",
        encoding="utf-8",
    )
    with pytest.raises(UserError) as caught:
        find_kind(f"{name}.report:REPORT")
    assert isinstance(caught.value, OutlineError)
    assert "section.py, line 5: Reads(images='exampels')" in caught.value.problem
    assert "\n" not in caught.value.problem
