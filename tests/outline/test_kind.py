"""Which sections a report has: found by name, chosen, ordered, and refused in words."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.contract.known_pointers import know_pointers
from reportgen.contract.schema import find_document_kind
from reportgen.engine.stages.figures import require_all
from reportgen.errors import SettingsError
from reportgen.grading.checks import find_checks
from reportgen.outline.kind import Outline, OutlineError, ReportKind, find_kind, find_section, list_sections
from reportgen.outline.section import Exhibit, Reads, Reference, Section, SectionError
from reportgen.settings import load_settings

FIRST = ("convolution", "conv_stack", "transfer", "neurons", "guided_backprop")
ALL = (
    "convolution",
    "conv_stack",
    "transfer",
    "neurons",
    "occlusion",
    "channels",
    "guided_backprop",
    "methods",
    "randomisation",
    "shortcuts",
    "errors",
)


def section(name: str, **more: object) -> Section:
    given: dict[str, object] = {
        "title": name, "package": "nowhere", "result": "R", "meaning": "M.", "reads": Reads(), **more,
    }  # fmt: skip
    return Section(name=name, **given)  # type: ignore[arg-type]


def test_the_assignment_has_its_sections_in_order() -> None:
    assert find_kind().names == ALL
    assert find_kind().slots == ("introduction", *ALL, "observations")


def test_sections_are_chosen_and_ordered() -> None:
    assert find_kind("assignment", ("transfer", "convolution")).names == ("transfer", "convolution")
    assert find_kind("assignment", ("convolution", "conv_stack")).uses_weights is False
    assert find_kind("assignment", ("convolution", "neurons")).uses_weights is True


@pytest.mark.parametrize(
    ("names", "problem", "remedy"),
    [
        (("neuron",), "there is no section 'neuron'", "Did you mean 'neurons'?"),
        (("transfer", "transfer"), "'transfer' is named twice", "once"),
        (("json:nothing",), "'json:nothing' cannot be loaded", "json:nothing"),
        (("no.such.package:SECTION",), "No module named 'no'", "Install"),
        (("json:loads",), "json:loads is a function, not a Section", ""),
    ],
)
def test_what_cannot_be_had_is_told(names: tuple[str, ...], problem: str, remedy: str) -> None:
    with pytest.raises(OutlineError) as caught:
        find_kind("assignment", names)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_settings_say_in_which_line_a_section_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    file.write_text('group = "A"\nsections = ["transfer", "neuron"]\nseed = -1\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    lines = caught.value.problem.splitlines()
    assert any(line.startswith(f"{file}, line 2: sections: there is no section 'neuron'") for line in lines)
    assert any(line.startswith(f"{file}, line 3: seed") for line in lines)


def test_the_keys_of_a_section_that_cannot_be_found_are_not_called_unknown(tmp_path: Path) -> None:
    (tmp_path / "report.toml").write_text(
        'sections = ["convolution", "edge"]\n\n[commentary]\nedges = "Words."\n', encoding="utf-8"
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(folder=tmp_path)
    (line,) = caught.value.problem.splitlines()
    assert "there is no section 'edge'" in line


def test_words_for_a_section_that_was_left_out_are_an_error_and_empty_ones_none(tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    text = 'sections = ["transfer"]\n[commentary]\ntransfer = "Mine."\nneurons = "{}"\n'
    file.write_text(text.format(""), encoding="utf-8")
    assert load_settings(file).commentary.model_dump() == {
        "introduction": "", "transfer": "Mine.", "observations": "",
    }  # fmt: skip
    file.write_text(text.format("Lost."), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"line 4: .*commentary\.neurons"):
        load_settings(file)


def test_a_document_names_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "harmful.py").write_text("raise SystemExit('it was imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    document = {
        "kind": {"name": "harmful:REPORT", "version": "1", "sections": ["harmful:SECTION", "transfer", 5]}
    }
    found = find_document_kind(document)
    assert (found.name, found.names) == ("assignment", ("transfer",))
    assert "harmful" not in sys.modules


def test_of_a_document_only_expected_sections_are_understood() -> None:
    document = {"kind": {"name": "assignment", "version": "9", "sections": ["neurons", "transfer"]}}
    expected = find_kind("assignment", ("transfer", "convolution"))
    assert find_document_kind(document, expected).names == ("transfer",)
    assert find_document_kind({}).names == FIRST  # those of documents before 1.2
    assert find_document_kind({"kind": 3}).names == FIRST


def test_an_outline_is_written_as_settings_have_it() -> None:
    assert Outline().table == {}
    assert Outline(sections=("transfer",)).table == {"sections": ["transfer"]}
    assert Outline("other:REPORT").table == {"report": "other:REPORT"}


def test_figures_of_a_class_stand_together_and_declared_ones_only_are_known() -> None:
    displayed = (
        Exhibit("first"),
        Exhibit("input_<i>"),
        Exhibit("patch_<i>"),
        Exhibit("cell_<i>_<k>", "cell"),
        Exhibit("last"),
    )
    drawn = section("s", figures=displayed)
    assert drawn.figure_names(2) == ["first", "input_0", "patch_0", "input_1", "patch_1", "last"]
    assert drawn.find_figure("cell_1_12").location == "cell"
    for unknown in ("input_", "input_0_1", "cell_1", "first_"):
        with pytest.raises(SectionError, match=f"draws '{unknown}'"):
            drawn.find_figure(unknown)


def test_a_figure_that_is_declared_and_not_drawn_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one_figure").mkdir()
    (tmp_path / "one_figure/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    declared = section(
        "s",
        package="one_figure",
        figures=(
            Exhibit("first"), Exhibit("input_<i>"), Exhibit("rare", if_any=True), Exhibit("cell_<k>", "cell"),
        ),
    )  # fmt: skip
    require_all(declared, {"first", "input_0", "input_1"}, None, 2)
    with pytest.raises(SectionError, match="declares the figure 'input_1', which its"):
        require_all(declared, {"first", "input_0", "rare"}, None, 2)
    # Its claims know which there are; the one that may be missing is due with these numbers.
    (tmp_path / "one_figure/claims.py").write_text(
        "def list_figures(numbers):\n    return ['first', *numbers]\n", encoding="utf-8"
    )
    require_all(declared, {"first"}, [], 2)
    with pytest.raises(SectionError, match="declares the figure 'rare'"):
        require_all(declared, {"first", "input_0"}, ["rare"], 2)


def test_tables_of_boxes_are_there_if_there_are_boxes() -> None:
    tables = (Exhibit("a_<i>"), Exhibit("b", "appendix"), Exhibit("c", "appendix", if_annotated=True))
    displayed = section("s", tables=tables)
    assert displayed.table_names(2, "body", annotated=False) == ["a_0", "a_1"]
    assert displayed.table_names(2, "appendix", annotated=False) == ["b"]
    assert displayed.table_names(2, "appendix", annotated=True) == ["b", "c"]


def test_a_package_without_what_it_must_have_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "halfway").mkdir()
    (tmp_path / "halfway/__init__.py").write_text("")
    (tmp_path / "halfway/result.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    half = section("half", package="halfway")
    with pytest.raises(SectionError, match=r"halfway\.result has no 'R'"):
        half.result_type  # noqa: B018 - a property
    with pytest.raises(SectionError, match=r"has no figures\.py"):
        half.require("figures", "draw")
    assert half.load("claims") is None
    with pytest.raises(SectionError, match="there is no package 'nowhere'"):
        section("s").folder  # noqa: B018 - a property


def test_a_claim_of_two_sections_stands_at_the_last_and_needs_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"claims_{name}").mkdir()
        (tmp_path / f"claims_{name}/__init__.py").write_text("")
        (tmp_path / f"claims_{name}/claims.py").write_text(
            "from reportgen.outline.section import Claim\n"
            "def decide(numbers):\n"
            "    yield Claim('shared', 'Both.', numbers)\n"
            f"    yield Claim('{name}', 'Own.', True, {name == 'two'})\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    kind = ReportKind("k", "1", tuple(section(n, package=f"claims_{n}") for n in ("one", "two")))
    for numbers, holds in (((True, True), True), ((False, True), False), ((True, False), False)):
        claims = kind.decide_claims(dict(zip(("one", "two"), numbers, strict=True)))
        assert [(c.name, c.passed) for c in claims] == [("one", True), ("shared", holds), ("two", True)]
        assert [c.finding for c in claims] == [False, False, True]
    assert [c.name for c in kind.decide_claims({"two": True})] == ["shared", "two"]


def test_a_section_is_found_by_its_name() -> None:
    assert find_section("neurons").name == "neurons"
    assert find_section("reportgen.sections.neurons.section:SECTION") == find_section("neurons")


@pytest.mark.parametrize(
    "name", ["checks", "html", "figures_x", "observations", "Upper", "a-b", "1st", "", "at"]
)
def test_a_name_that_stands_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(SectionError, match=f"section '{name}'"):
        section(name)


def test_two_sections_with_a_figure_of_one_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rival.py").write_text(
        "from reportgen.outline.section import Reads, Section, Exhibit\n"
        "SECTION = Section('rival', 'R', 'rival', 'R', 'M.', Reads(), figures=(Exhibit('maps'),))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_kind("assignment", ("transfer", "rival:SECTION")).names == ("transfer", "rival")
    with pytest.raises(OutlineError, match="'convolution' and 'rival' both have 'maps'"):
        find_kind("assignment", ("convolution", "rival:SECTION"))


def test_a_module_that_breaks_while_it_is_imported_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unfinished.py").write_text(
        "from reportgen.outline.section import Section\nSECTION = Section('unfinished')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OutlineError, match=r"cannot be loaded: TypeError: .*missing") as caught:
        find_kind("assignment", ("unfinished:SECTION",))
    assert caught.value.remedy == "Correct 'unfinished:SECTION'."


def test_a_fault_of_a_section_is_located_in_its_own_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the library that it called, which its author cannot correct."""
    (tmp_path / "calling").mkdir()
    (tmp_path / "calling/__init__.py").write_text("")
    (tmp_path / "calling/claims.py").write_text("import json\n\njson.loads('{')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SectionError, match=r"JSONDecodeError: .*claims\.py, line 3\)"):
        section("calling", package="calling").load("claims")


def test_publications_are_listed_once_by_author() -> None:
    first, second = Reference("B.", 2001, "T", "W"), Reference("A.", 2002, "T", "W")
    kind = ReportKind("k", "1", (section("s", references=(first,)), section("t", references=(first,))))
    assert kind.list_references(second) == [second, first]


def test_findings_are_ranked_by_weight_and_conditions_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, claims in (
        ("heavy", "Claim('a', 'A.', True, True, 0.2), Claim('b', 'B.', False, True, 0.9)"),
        (
            "light",
            "Claim('c', 'C.', True, False, 1.0), Claim('d', 'D.', True, True), "
            "Claim('e', 'E.', True, True, 0.2)",
        ),
    ):
        (tmp_path / f"ranked_{name}").mkdir()
        (tmp_path / f"ranked_{name}/__init__.py").write_text("")
        (tmp_path / f"ranked_{name}/claims.py").write_text(
            f"from reportgen.outline.section import Claim\ndef decide(numbers):\n    yield from ({claims})\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    kind = ReportKind("k", "1", tuple(section(n, package=f"ranked_{n}") for n in ("heavy", "light")))
    ranked = kind.rank_findings({"heavy": 1, "light": 1})
    assert [(each.name, claim.name) for each, claim in ranked] == [
        ("heavy", "b"), ("heavy", "a"), ("light", "e"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [section.name for section in list_sections()])
def test_a_section_without_what_it_is_computed_from_names_it_all_at_once(name: str, tmp_path: Path) -> None:
    """One line with the remedy; whoever follows it has a report."""
    needed = find_section(name).reads.sections
    file = tmp_path / "report.toml"
    file.write_text(f'sections = ["{name}"]\n', encoding="utf-8")
    if not needed:
        assert load_settings(folder=tmp_path).kind.names == (name,)
        return

    with pytest.raises(SettingsError) as caught:
        load_settings(folder=tmp_path)

    (line,) = caught.value.problem.splitlines()
    for each in (name, *needed):
        assert f"'{each}'" in line
    assert "is computed from" in line
    followed = [*needed, name]
    file.write_text(f"sections = {followed}\n".replace("'", '"'), encoding="utf-8")
    assert list(load_settings(folder=tmp_path).kind.names) == followed


def test_a_section_that_cannot_be_loaded_harms_no_report_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One entry point leads nowhere; another one's section has a result and checks that fail."""
    texts = {
        "section.py": "from reportgen.outline.section import Reads, Section\n"
        "SECTION = Section('unready', 'H', 'unready', 'Unready', 'H.', Reads())\n",
        "result.py": "1 / 0\n",
        "checks.py": "1 / 0\n",
    }
    (tmp_path / "unready").mkdir()
    for name, text in {"__init__.py": "", **texts}.items():
        (tmp_path / "unready" / name).write_text(text, encoding="utf-8")
    described = tmp_path / "broken-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(
        "[reportgen.sections]\nbroken = no_such_package.section:SECTION\nunready = unready.section:SECTION\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    names = {each.name for each in list_sections()}
    assert {"transfer", "unready"} <= names
    assert "broken" not in names
    assert "the section 'broken' cannot be loaded" in capsys.readouterr().err
    assert find_checks().keys() == find_checks(find_kind()).keys() != set()
    assert "unready" not in know_pointers().sections
    with pytest.raises(OutlineError, match="'broken' cannot be loaded"):
        find_section("broken")
    named = ReportKind("k", "1", (find_section("unready"),))
    for ask in (find_checks, know_pointers):
        with pytest.raises(SectionError, match="'unready': ZeroDivisionError"):
            ask(named)


def describe_package(folder: Path, name: str) -> None:
    described = folder / f"{name}-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(f"[reportgen.sections]\n{name} = no_such_package:SECTION\n")


def test_packages_are_searched_once_and_again_where_one_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Red if every question searches them all, and if one that came meanwhile is never found."""
    searched: list[str] = []
    before = importlib.metadata.entry_points

    def search(**chosen: Any) -> Any:
        searched.append(chosen["group"])
        return before(**chosen)

    monkeypatch.setattr(importlib.metadata, "entry_points", search)
    monkeypatch.syspath_prepend(str(tmp_path))
    describe_package(tmp_path, "early")
    for _ in range(3):
        list_sections()
    assert searched == ["reportgen.sections"]
    assert "'early' cannot be loaded" in capsys.readouterr().err
    describe_package(tmp_path, "late")
    list_sections()
    assert "'late' cannot be loaded" in capsys.readouterr().err
