"""Commentary criteria count words and citations of the text that is attached to the PDF, and say so."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from small_results import small_results

from reportgen.grading.commentary import count_words, find_figures, find_pointers, find_works
from reportgen.grading.rubric import RubricError, load_rubric
from reportgen.grading.run import grade
from reportgen.grading.score import Grades

TEXT = """
Our accuracy of {{ transfer.accuracy.test | percent }} (see @fig:confusion and Table 2) is low.
He et al. (2015) and Simonyan and Zisserman, 2015, say $a^2 + b$ why, as in @fig:confusion.
"""
LABEL = " (counts words, does not judge them)"


def make_pdf(folder: Path, commentary: str | None = TEXT) -> Path:
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.attachments["results.json"] = small_results().model_dump_json().encode()
        if commentary is not None:
            settings = f"[commentary]\ntransfer = '''{commentary}'''\nobservations = 'Three more words'\n"
            paper.attachments["report.toml"] = settings.encode()
        paper.save(folder / "report.pdf")
    return folder / "report.pdf"


def write(folder: Path, row: str) -> Path:
    file = folder / "my.rubric.toml"
    file.write_text(f'[[check]]\ncriterion = "Words"\npoints = 6\n{row}\n', encoding="utf-8")
    return file


def graded(folder: Path, row: str, commentary: str | None = TEXT) -> Grades:
    return grade(make_pdf(folder, commentary), [write(folder, row)], show=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two three", 3),
        ("It's a state-of-the-art net.", 4),
        ("**bold** _words_, and `code`", 4),
        ("[a link](https://example.org/with/words) more", 3),
        ("accuracy of {{ transfer.accuracy.test | percent }}", 3),
        ("see @fig:patches-leopard", 2),
        ("the size $W_2 = 3$ is right", 5),
        ("— … —", 0),
        ("Größe und naïveté", 3),
        ("שלום עולם", 2),
    ],
)
def test_words_are_counted_as_a_reader_would(text: str, words: int) -> None:
    assert count_words(text) == words


def test_citations_are_found_once_each() -> None:
    assert find_works(TEXT) == {("He", "2015"), ("Simonyan", "2015")}
    assert find_works("[1] and [2], [1] again, [3](http://x) is a link") == {("", "1"), ("", "2")}
    assert find_figures(TEXT) == {("fig", "confusion"), ("tab", "2")}
    assert find_figures("Fig. 3, Figure 3 and figure of speech") == {("fig", "3")}
    assert set(find_pointers('{{ neurons.top["cat"][0].value | decimal(1) }}')) >= {
        "/neurons/top/cat/0/value"
    }


@pytest.mark.parametrize(
    ("row", "score"),
    [
        ('commentary = "transfer"\nwords = 10', "6"),
        ('commentary = "transfer"\nwords = [10, 15]', "0"),
        ('commentary = "observations"\nwords = [3, 3]', "6"),
        ('commentary = "*"\nwords = [3, 3]', "0"),
        ('commentary = "introduction"\nwords = 1', "0"),
        ('commentary = "transfer"\nreferences = 2', "6"),
        ('commentary = "transfer"\nreferences = 3', "0"),
        ('commentary = "transfer"\nfigures = 2', "6"),
        ('commentary = "transfer"\nfigures = 3', "0"),
        ('commentary = "transfer"\nfigures = ["@fig:confusion", "/transfer/accuracy/test"]', "6"),
        ('commentary = "transfer"\nfigures = ["/transfer/accuracy/*"]', "6"),
        ('commentary = "transfer"\nfigures = ["@fig:images"]', "0"),
        ('commentary = "transfer"\nwords = 10\nreferences = 3\nfigures = 2', "4"),
    ],
)
def test_what_is_asked_for_is_counted(tmp_path: Path, row: str, score: str) -> None:
    grades = graded(tmp_path, row)
    assert f"{grades.score:f}" == score
    assert grades.criteria[0].name == "Words" + LABEL


def test_a_report_whose_words_did_not_come_along_loses_nothing(tmp_path: Path) -> None:
    grades = graded(tmp_path, 'commentary = "transfer"\nwords = 10', None)
    assert (grades.criteria[0].status, f"{grades.checked:f}") == ("not checkable", "0")
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    row = write(tmp_path, 'commentary = "transfer"\nwords = 10')
    assert grade(tmp_path / "results.json", [row], show=False).open_points == ["6 not checkable"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('commentary = "transfr"\nwords = 10', "did you mean 'transfer'?"),
        ('commentary = "transfer"', "words, references or figures"),
        ('commentary = "transfer"\nwords = [20, 10]', "words = [20, 10]"),
        ('commentary = "transfer"\nreferences = -1', "references = -1"),
        ('commentary = "transfer"\nfigures = ["images"]', "figures = 'images'"),
        ('commentary = "transfer"\nfigures = ["/transfer/acuracy/test"]', "did you mean"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(RubricError) as caught:
        load_rubric(write(tmp_path, row))
    assert said in caught.value.problem
