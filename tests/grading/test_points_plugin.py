"""Tests with points, run by pytest with the plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
from graded_run import EARLIER, run_here, write_build, write_tests


def test_cases_share_the_points_of_their_function_alike(tmp_path: Path) -> None:
    text = """
@points(2, criterion="Q1 shape")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_shape(n): assert n < 3, "too large"
@points("0.5")
def test_layer_norm(): pass
class TestTransfer:
    @points(1)
    def test_accuracy(self): assert False
"""
    ended = run_here(write_tests(tmp_path, a=text))
    assert ended.scores == {
        "Q1 shape": "1.33 failed", "Layer norm": "0.5 passed", "Transfer: Accuracy": "0 failed",
    }  # fmt: skip
    assert (str(ended.grades.score), str(ended.grades.points)) == ("1.83", "3.5")
    assert ended.grades.complete
    assert ended.message("Q1 shape").splitlines()[0] == "too large"
    assert ended.code == 1


def test_functions_of_one_criterion_add_their_points_up(tmp_path: Path) -> None:
    text = """
@points(3, criterion="Q")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a(n): assert n == 1
@points(1, criterion="Q", tags="t")
def test_b(): pass
"""
    ended = run_here(write_tests(tmp_path, a=text))
    assert ended.scores == {"Q": "2 failed"}  # 3 · 1/3 + 1
    (only,) = ended.grades.criteria
    assert [str(case.weight) for case in only.cases] == ["1", "1", "1", "1"]
    text = text.replace("points(1,", "points(5,")
    assert run_here(write_tests(tmp_path, a=text)).scores == {"Q": "6 failed"}  # not 8 · 2/4
    assert only.tags == ("t",)


def test_a_case_may_have_points_of_its_own(tmp_path: Path) -> None:
    text = """
@pytest.mark.parametrize("n", [pytest.param(1, marks=points(1)), pytest.param(2, marks=points(1)), 3])
def test_a(n): assert n == 1
"""
    assert run_here(write_tests(tmp_path, a=text)).scores == {"A[1]": "1 passed", "A[2]": "0 failed"}


def test_points_that_differ_within_a_function_are_refused(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "def pytest_itemcollected(item):\n"
        "    item.add_marker(pytest.mark.points(item.callspec.params['n']))\n"
    )
    text = "@pytest.mark.parametrize('n', [1, 2])\ndef test_a(n): pass"
    ended = run_here(write_tests(tmp_path, a=text))
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "test_a.py::test_a[2]: the cases of one test function carry different points" in ended.output


def test_equal_names_of_two_files_stay_apart(tmp_path: Path) -> None:
    text = "@points(1)\ndef test_shape(): pass"
    ended = run_here(write_tests(tmp_path, a=text, b=text.replace("pass", "assert False")))
    assert ended.scores == {
        "Shape (test_a.py::test_shape)": "1 passed", "Shape (test_b.py::test_shape)": "0 failed",
    }  # fmt: skip


@pytest.mark.parametrize("depends", ["'Q1 shape'", "'test_shape'", "['test_z.py::test_shape']"])
def test_what_depends_on_a_failure_is_skipped_whatever_the_order_of_files(
    tmp_path: Path, depends: str
) -> None:
    first = f"""
@points(1, depends={depends})
def test_dependant(): pass
@points(1, depends="Dependant")
def test_further(): pass
@points(1)
def test_free(): pass
"""
    then = """
@points(1, criterion="Q1 shape")
@pytest.mark.parametrize("n", [1, 2])
def test_shape(n): assert n == 1
"""
    ended = run_here(write_tests(tmp_path, a=first, z=then), "-v")
    assert ended.scores == {
        "Dependant": "0 skipped", "Further": "0 skipped", "Free": "1 passed", "Q1 shape": "0.5 failed",
    }  # fmt: skip
    assert ended.message("Dependant") == "skipped because 'Q1 shape' failed"
    assert ended.message("Further") == "skipped because 'Q1 shape' failed"
    assert "1 failed, 2 passed, 2 skipped" in ended.output


def test_dependants_run_right_after_what_they_depend_on_and_all_else_stays(tmp_path: Path) -> None:
    text = """
def test_0(): pass
@points(1, depends=["test_3", "test_4"])
def test_1(): pass
@points(1)
def test_2(): pass
@points(1, depends="test_5")
def test_3(): pass
@points(1)
def test_4(): pass
def test_5(): pass
def test_6(): pass
"""
    ended = run_here(write_tests(tmp_path, a=text), "-v")
    order = [line.split("::")[1].split()[0] for line in ended.output.splitlines() if "PASSED" in line]
    assert order == [f"test_{n}" for n in (0, 2, 4, 5, 3, 1, 6)]
    assert list(ended.scores) == ["1", "2", "3", "4"]


def test_a_test_without_points_may_be_depended_on(tmp_path: Path) -> None:
    text = "def test_sane(): assert False\n@points(1, depends='test_sane')\ndef test_a(): pass"
    ended = run_here(write_tests(tmp_path, a=text))
    assert ended.scores == {"A": "0 skipped"}
    assert ended.message("A") == "skipped because 'test_sane' failed"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@points(1, depends='test_bb')\ndef test_a(): pass\ndef test_b(): pass", "'test_bb'.*'test_b'"),
        ("@points(1, criterion='Q', depends='Q')\ndef test_a(): pass", "circle: .*test_a → .*test_a"),
        (
            "@points(1, depends='test_b')\ndef test_a(): pass\n@points(1, depends='A')\ndef test_b(): pass",
            "circle: .*test_a → .*test_b → .*test_a",
        ),
        ("@points('x')\ndef test_a(): pass", r"test_a\.py::test_a: points\('x'\)"),
        ("@points(1)\n@points(2)\ndef test_a(): pass", "test_a: carries the marker points 2 times"),
        (
            "@points(1, criterion='Q')\ndef test_a(): pass\n"
            "@points(1, criterion='Q', visibility='hidden')\ndef test_b(): pass",
            "'Q' is hidden here and visible in",
        ),
    ],
)
def test_mistakes_in_markers_are_one_usage_error(tmp_path: Path, text: str, named: str) -> None:
    import re

    (tmp_path / "grades.json").write_text(EARLIER)
    ended = run_here(write_tests(tmp_path, a=text))
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    (error,) = [line for line in ended.output.splitlines() if line.startswith("ERROR")]
    assert re.search(named, error)
    assert not (tmp_path / "grades.json").exists()


ERRORS = """
@pytest.fixture
def broken(): raise OSError("no disk")
@pytest.fixture
def spoilt():
    yield
    raise OSError("still open")
@points(1)
def test_setup(broken): pass
@points(1)
def test_teardown(spoilt): pass
@points(1)
def test_unknown(nothing_of_that_name): pass
@points(1)
def test_skipped(): pytest.skip("no time")
@points(1)
@pytest.mark.xfail(reason="too hard")
def test_expected(): assert False
@points(1)
@pytest.mark.xfail(strict=True)
def test_surprise(): pass
@points(1)
def test_exit(): raise SystemExit("bye")
"""


def test_errors_count_zero_and_are_shown(tmp_path: Path) -> None:
    ended = run_here(write_tests(tmp_path, a=ERRORS))
    assert ended.scores == {
        "Setup": "0 error", "Teardown": "0 error", "Unknown": "0 error", "Skipped": "0 skipped",
        "Expected": "0 failed", "Surprise": "0 failed", "Exit": "0 failed",
    }  # fmt: skip
    for name, words in (
        ("Setup", "no disk"), ("Teardown", "still open"), ("Unknown", "nothing_of_that_name"),
        ("Skipped", "no time"), ("Expected", "expected to fail: too hard"), ("Exit", "bye"),
    ):  # fmt: skip
        assert words in ended.message(name)
        assert words in ended.output
    assert ended.grades.points == 7


def test_a_file_that_cannot_be_read_is_a_row_and_costs_the_others_nothing(tmp_path: Path) -> None:
    folder = write_tests(
        tmp_path,
        a="@points(1)\ndef test_a(): pass",
        b="import nothing_of_that_name\n@points(4)\ndef test_b(): pass",
        c="pytest.skip('not this year', allow_module_level=True)",
    )
    ended = run_here(folder)
    assert ended.scores == {"A": "1 passed", "test_b.py": "0 error", "test_c.py": "0 skipped"}
    assert "nothing_of_that_name" in ended.message("test_b.py")
    assert ended.message("test_c.py") == "not this year"
    assert not ended.grades.complete
    assert [gap.split(",")[0] for gap in ended.grades.gaps] == [
        "test_b.py could not be collected", "test_c.py was skipped as a whole",
    ]  # fmt: skip
    assert ended.code not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)


@pytest.mark.parametrize(
    ("stop", "arguments", "reason"),
    [
        ("assert False", ("-x",), "stopping after 1 failures"),
        ("raise KeyboardInterrupt", (), "interrupted"),
        ("pytest.exit('enough')", (), "enough"),
    ],
)
def test_what_a_stopped_run_did_not_reach_counts_zero(
    tmp_path: Path, stop: str, arguments: tuple[str, ...], reason: str
) -> None:
    text = f"""
@points(1)
def test_a(): pass
def test_stop(): {stop}
@points(1)
@pytest.mark.parametrize("n", [1, 2])
def test_b(n): pass
@points(1, depends="test_b")
def test_c(): pass
"""
    ended = run_here(write_tests(tmp_path, a=text), *arguments)
    assert ended.scores == {"A": "1 passed", "B": "0 error", "C": "0 skipped"}
    assert ended.message("C") == "skipped because 'B' did not run"
    (gap,) = ended.grades.gaps
    assert gap.startswith("3 of 4 tests with points did not run")
    assert reason in gap
    assert ended.code != 0


def test_a_test_that_is_interrupted_in_its_middle_has_not_passed(tmp_path: Path) -> None:
    text = """
@pytest.fixture
def long():
    yield
    raise KeyboardInterrupt
@points(1)
def test_a(long): pass
"""
    assert run_here(write_tests(tmp_path, a=text)).scores == {"A": "0 error"}


def test_what_is_left_out_is_not_scored_but_said(tmp_path: Path) -> None:
    text = """
@points(1)
def test_a(): assert False
@points(1, depends="A")
def test_b(): pass
"""
    ended = run_here(write_tests(tmp_path, a=text), "-k", "test_b")
    assert ended.scores == {"B": "1 passed"}
    assert "a part of the points: 1 tests with points were left out" in ended.output
    assert not ended.grades.complete
    ended = run_here(tmp_path, "test_a.py::test_b")  # then nothing is known of the others
    assert ended.scores == {"B": "1 passed"}


def test_options_without_any_points_leave_incomplete_grades(tmp_path: Path) -> None:
    ended = run_here(write_tests(tmp_path, a="def test_a(): pass"))
    assert (ended.grades.criteria, ended.grades.gaps) == ((), ("no test has points",))


def test_nothing_is_graded_or_removed_if_tests_are_only_listed(tmp_path: Path) -> None:
    (tmp_path / "grades.json").write_text("kept")
    run_here(write_tests(tmp_path, a="@points(1)\ndef test_a(): pass"), "--collect-only")
    assert (tmp_path / "grades.json").read_text() == "kept"


READERS = """
@points(1)
def test_numbers(results): assert results.transfer.accuracy["test"] == 5 / 8
@points(1)
def test_page(report_html): assert report_html == "<p>The page.</p>"
"""


def test_results_are_those_that_are_named_or_the_last_build(tmp_path: Path) -> None:
    folder = write_tests(tmp_path / "home", a=READERS)
    write_build(tmp_path / "elsewhere")
    ended = run_here(folder, "--results", "../elsewhere")
    assert ended.scores == {"Numbers": "1 passed", "Page": "1 passed"}
    assert ended.grades.subject == "../elsewhere"
    assert run_here(folder, "--results=../elsewhere/results.json").scores == ended.scores

    write_build(folder / "out")
    (folder / "report.toml").write_text('build = "out"')
    ended = run_here(folder)
    assert ended.scores == {"Numbers": "1 passed", "Page": "1 passed"}
    assert ended.grades.subject == "out"


def test_the_settings_of_the_current_folder_come_before_those_of_the_root(tmp_path: Path) -> None:
    inner = write_tests(tmp_path / "inner", a=READERS)
    write_build(tmp_path / "outer-build")
    (tmp_path / "report.toml").write_text('build = "outer-build"')
    assert run_here(inner, "--rootdir=..").scores == {"Numbers": "1 passed", "Page": "1 passed"}
    (inner / "report.toml").write_text('build = "inner-build"')
    assert "inner-build" in run_here(inner, "--rootdir=..").output
    (inner / "report.toml").write_text("colour = 3")
    ended = run_here(inner, "--rootdir=..")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "unknown key 'colour'" in ended.output


@pytest.mark.parametrize("arguments", [("--results=nowhere",), ()])
def test_missing_results_are_one_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = run_here(write_tests(tmp_path, a=READERS * 10), *arguments)
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert ended.output.count("ERROR") == 1
    assert str(tmp_path / (arguments[0].partition("=")[2] if arguments else "build")) in ended.output
    assert "Traceback" not in ended.output


def test_a_wrong_path_is_an_error_even_if_no_test_reads_it(tmp_path: Path) -> None:
    ended = run_here(write_tests(tmp_path, a="@points(1)\ndef test_a(): pass"), "--results=nowhere")
    assert ended.code == pytest.ExitCode.USAGE_ERROR


def test_own_fixtures_of_the_same_names_need_no_report(tmp_path: Path) -> None:
    text = "@pytest.fixture\ndef results(): return 7\n@points(1)\ndef test_a(results): assert results == 7"
    assert run_here(write_tests(tmp_path, a=text)).scores == {"A": "1 passed"}


def test_a_pdf_brings_no_page_and_the_error_names_the_remedy(tmp_path: Path) -> None:
    import pikepdf

    build = write_build(tmp_path / "build")
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.attachments["results.json"] = (build / "results.json").read_bytes()
        paper.save(tmp_path / "report.pdf")
    ended = run_here(write_tests(tmp_path, a=READERS), "--results=report.pdf")
    assert ended.scores == {"Numbers": "1 passed", "Page": "0 not checkable"}
    assert "grade the build folder" in ended.message("Page")


def test_a_pointer_to_nothing_is_named_without_the_names_of_our_modules(tmp_path: Path) -> None:
    write_build(tmp_path / "build")
    text = "@points(1)\ndef test_a(results): results.at('/transfer/luck')"
    message = run_here(write_tests(tmp_path, a=text)).message("A")
    assert "/transfer/luck" in message
    assert "reportgen.contract" not in message


def test_a_page_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    build = write_build(tmp_path / "build")
    (tmp_path / "secret").write_text("<p>The page.</p>")
    (build / "report.html").unlink()
    (build / "report.html").symlink_to(tmp_path / "secret")
    assert run_here(write_tests(tmp_path, a=READERS)).scores["Page"] == "0 error"


def test_a_file_that_cannot_be_written_is_said_and_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    folder = write_tests(tmp_path, a="@points(1)\ndef test_a(): pass")
    ended = run_here(folder, "--gradescope=taken/results.json")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "taken" in ended.output


def test_a_file_that_cannot_be_written_at_the_end_is_no_success_either(tmp_path: Path) -> None:
    text = "import pathlib\n@points(1)\ndef test_a(): pathlib.Path('g.json').mkdir()"
    ended = run_here(write_tests(tmp_path, a=text), "--gradescope=g.json")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "g.json" in ended.output
