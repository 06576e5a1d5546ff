"""What people read about reportgen, compared with what is true: keys, commands, links, paths, pages."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pydantic import BaseModel
from tracked import ROOT, tracked_texts

import reportgen
from reportgen.batch import class_file
from reportgen.cli.program import app
from reportgen.contract.schema import list_pointers, read_schema
from reportgen.errors import UserError
from reportgen.grading import rubric, rubric_rows
from reportgen.settings import understand_settings

PAGES = sorted((ROOT / "docs").rglob("*.md"))
ARTICLES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "data/README.md")]


def test_nowhere_is_a_package_advised_that_is_another_projects_or_nobodys() -> None:
    """On PyPI reportgen is another project, and this one's name is not registered yet."""
    tool = r"(?:pip3?|pipx|uv|conda|poetry|%pip)[ '\",]+(?:pip +)?(?:install|add|tool install|run)\b"
    advice = re.compile(rf"{tool}[^\n;)`]*[ '\"](?:cnn[-_])?reportgen(?![-\w./])", re.IGNORECASE)
    assert [name for name, text in tracked_texts().items() if advice.search(text)] == []
    for package in ("reportgen", "cnn-reportgen", "'reportgen[cluster]'"):
        assert advice.search(f"Run: pip install -U {package}")
    assert not advice.search("pip install -e '.[cluster]'; reportgen")


def test_the_readme_is_read_in_five_minutes_and_has_pictures() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert len(re.findall(r'<img src="docs/pictures/\w+\.png" alt="[^"]{30,}"', text)) >= 2
    linked = set(re.findall(r"\]\((docs/[\w/-]+\.md)", text))
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")} - linked == {
        "docs/index.md"
    }


def slugs(markdown: str) -> set[str]:
    """The anchors that a Markdown file has: its headings in small letters, with hyphens for spaces."""
    titles = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", markdown))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("article", ARTICLES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(article: Path) -> None:
    text = article.read_text(encoding="utf-8")
    links = re.findall(r'\]\(([^)\s]+)\)|src="([^"]+)"', text)
    for link in filter(None, (one for pair in links for one in pair)):
        assert not link.startswith(("http:", "/")), link
        path, _, anchor = link.partition("#")
        target = article.parent / path if path else article
        assert target.exists(), f"{article.name} links to {path}, which is not there"
        assert not anchor or anchor in slugs(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("article", [*ARTICLES, *PAGES], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_path_of_the_project_that_is_named_exists(article: Path) -> None:
    text = article.read_text(encoding="utf-8")
    folders = r"(?:reportgen|tests|templates|docs|\.github)"
    named = set(re.findall(rf"`({folders}/[\w./-]*)`", text))
    if article.name == "how-it-works.md":
        named |= set(tree(text))
        assert len(named) > 30
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def tree(text: str) -> Iterator[str]:
    """The paths in the list of modules: names by their indentation, up to the words that explain them."""
    (block,) = re.findall(r"(?ms)^```\n(reportgen/\n.*?)^```", text)
    folders: list[tuple[int, str]] = []
    for line in block.splitlines():
        indent = len(line) - len(line.lstrip())
        folders = [folder for folder in folders if folder[0] < indent]
        above = "".join(name for _, name in folders)
        names = re.match(r"(?:[\w.]+(?:/|\.py)(?: |$))+", line.strip())
        assert names, line
        yield from (above + name for name in names[0].split())
        folders.append((indent, names[0].split()[0]))


def first_cells(page: str) -> list[str]:
    """The names in backticks in the first column of the tables of a page."""
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    return [
        name
        for line in lines
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]


def keys_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The keys of a table and of the tables in it, joined by dots."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys_of(field.annotation, f"{above}{name}.")
        else:
            yield above + name


def test_the_page_for_students_lists_every_key_of_the_settings() -> None:
    page = (ROOT / "docs/students.md").read_text(encoding="utf-8")
    keys = set(keys_of(type(understand_settings({}, "the defaults"))))
    sections = {key for key in keys if key.startswith("commentary.")}
    (row,) = [line for line in page.splitlines() if line.startswith("| `commentary.<section>`")]
    assert {f"commentary.{name}" for name in re.findall(r"`(\w+)`", row.split("|")[3])} == sections
    open_ended = {"commentary.<section>", "example_images.<class>"}
    assert set(first_cells("students.md")) == keys - sections - {"example_images"} | open_ended


def test_the_page_for_classes_lists_every_key_of_a_class_file(tmp_path: Path) -> None:
    (tmp_path / "class.toml").write_text("no_such_key = 1\n[[group]]\nname = 'a'\nfolder = 'a'\n")
    with pytest.raises(UserError) as caught:
        class_file.read_class(tmp_path / "class.toml")
    (allowed,) = re.findall(r"allowed are ([\w, ]+)", caught.value.problem)
    assert sorted(first_cells("classes.md")) == sorted(allowed.split(", "))


def test_the_page_for_graders_lists_every_key_of_a_rubric() -> None:
    page = (ROOT / "docs/graders.md").read_text(encoding="utf-8")
    keys = {*rubric_rows.KEYS, *rubric._KEYS, *rubric._KEYS_OF_LATE, *rubric._KEYS_OF_GROUP} - {"check"}
    listed = set(first_cells("graders.md"))
    assert listed <= keys | {"check"}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_the_page_on_the_command_lists_every_command() -> None:
    page = (ROOT / "docs/command.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"`reportgen ([\w-]+(?: \| [\w-]+)+)`", page)
    commands = [command for command in app.registered_commands if not command.hidden]
    names = {command.name or command.callback.__name__ for command in commands if command.callback}
    assert set(line.split(" | ")) == names | {group.name for group in app.registered_groups}


def test_messages_name_pages_that_are_there() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "reportgen").rglob("*.py")}
    named = {page for text in sources.values() for page in re.findall(r"docs/[\w/-]+\.md", text)}
    assert {"docs/students.md", "docs/graders.md", "docs/classes.md"} <= named
    assert [page for page in sorted(named) if not (ROOT / page).is_file()] == []


class Site:
    """The documentation, built into a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.html")}

    def words(self, page: str) -> str:
        """The text of a page, with single spaces."""
        reader = _Reader()
        reader.feed(self.pages[page].read_text(encoding="utf-8"))
        return " ".join(" ".join(reader.texts).split())

    def loaded(self, page: str) -> Sequence[str]:
        """The addresses that a page loads something from."""
        reader = _Reader()
        reader.feed(self.pages[page].read_text(encoding="utf-8"))
        return reader.loaded


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.loaded: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag != "a" and named.get("rel") != "canonical":
            self.loaded += [value for name, value in attrs if name in ("src", "href", "srcset") and value]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return Site(folder)


@pytest.mark.long
def test_pages_load_nothing_from_elsewhere(site: Site) -> None:
    """Neither by their elements nor by a style sheet."""
    loaded = {address for page in site.pages for address in site.loaded(page)}
    assert len(loaded) > 10
    assert [address for address in loaded if re.match(r"(?:\w+:)?//", address)] == []
    sheets = [path.read_text(encoding="utf-8") for path in site.folder.rglob("*.css")]
    assert sheets
    assert [
        found for text in sheets for found in re.findall(r"""url\(['"]?(?:https?:)?//[^)]*""", text)
    ] == []


def test_the_page_of_pointers_has_all_of_them(site: Site) -> None:
    words = site.words("pointers.html")
    pointers = list_pointers(read_schema())
    assert len(pointers) > 300
    assert [one.pattern for one in pointers if one.pattern not in words] == []


def test_the_api_is_described_by_its_docstrings(site: Site) -> None:
    words = site.words("python.html")
    described = [
        reportgen.build,
        reportgen.load_results,
        reportgen.Report,
        reportgen.UserError,
        reportgen.Report.show,
    ]
    for one in described:
        first = (inspect.getdoc(one) or "").split(".")[0]
        assert re.sub(r"[`*]", "", " ".join(first.split())) in words, one
    for name in inspect.signature(reportgen.build).parameters:
        assert f"{name} :" in words or f"{name}:" in words, name
    assert all(name in words for name in reportgen.__all__ if name != "__version__")


def test_the_table_of_methods_has_a_row_for_each_and_its_numbers() -> None:
    from reportgen.analysis.attribution import METHODS

    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\|.*\(`\w+`\)", line)]
    assert [re.findall(r"`(\w+)`", row[0])[0] for row in rows] == list(METHODS)
    for row in rows:
        assert len(row) == 8
        assert re.fullmatch(r"[\d.]+ %|beyond ten times", row[4]), row
        assert all(re.fullmatch(r"−?[\d.]+", cell) for cell in (row[3], *row[5:])), row
