"""The Jinja2 environment: strict, autoescaped; and the Content Security Policy of the page."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen.document.fonts import font_css
from reportgen.errors import RenderError
from reportgen.store.files import cannot_be_read
from reportgen.templates import Templates
from reportgen.text import printable

_FONT_MARK = "/* fonts */"
_POLICY_MARK = "content-security-policy-of-this-page"
_MOST_COMPILED = 500


class CompiledTemplates(BytecodeCache):
    """What templates were compiled to, by their text, while the process lives.

    Not on the disk, where Jinja2 would keep it: what is kept there is run, and a cache on the disk may be a
    stranger's.
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template's code, or none."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember a template's code."""
        # Whoever edits templates for days while ``watch`` runs fills no memory.
        if len(self._codes) >= _MOST_COMPILED:
            self._codes.clear()
        self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def compiled_templates(_kind: str) -> CompiledTemplates:
    """The templates of one kind of environment, whose options decide what they are compiled to.

    Compiling takes most of the time in which a report's page is made; the pages of a class's groups, and
    those that ``watch`` makes at each change, are made from the same templates.
    """
    return CompiledTemplates()


def open_environment(templates: Templates) -> ImmutableSandboxedEnvironment:
    """An environment for ``templates`` in which a name that is unknown is an error.

    ``source(name)`` there is the text of a style sheet or script.
    """
    # A sandbox, since templates may be somebody else's: they reach nothing but what they are given.
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(templates.folders),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled_templates("page"),
    )
    # A global, since included and imported templates see nothing else.
    environment.globals["source"] = lambda name: embed(name, templates.path(name))
    return environment


def render_page(environment: ImmutableSandboxedEnvironment, template: str, mark: str = "") -> str:
    """A self-contained page with its fonts and its policy, for which a template has ``font_mark`` and
    ``policy_mark``. Raises ``RenderError`` for a mistake in the template.

    ``mark`` comes first: by it the file is known as ours, whoever wrote the template.
    """
    environment.globals.update(font_mark=Markup(_FONT_MARK), policy_mark=_POLICY_MARK)  # noqa: S704 - a constant
    try:
        html = environment.get_template(template).render()
    except TemplateError as error:
        raise RenderError(f"templates/{template}: {error}", "Correct the template.") from error
    if mark:
        # By the program and not by the template, which may be a user's own.
        html = html.replace("<head>", f"<head>\n{mark}", 1)
    # The fonts first: the policy has hashes over the finished style sheet.
    html = html.replace(_FONT_MARK, font_css(html), 1)
    return html.replace(_POLICY_MARK, str(Markup.escape(content_security_policy(html))), 1)


def _finalize(value: Any) -> Any:
    """Characters that do not print are shown by their escapes, in every text of the page."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def embed(name: str, path: Path | None) -> Markup:
    """The style sheet or script in ``path``, to go between its tags; if it cannot, ``RenderError``."""
    if path is None or not path.is_file():
        raise RenderError(f"templates/{name}: there is no such file.", "Restore it.")
    text = read_template(path)
    # It would end the element there, and the rest would be text or tags of the page.
    if re.search(r"</(style|script)", text, re.IGNORECASE):
        raise RenderError(f"templates/{name}: it has an end tag in it.", "Write it in another way.")
    return Markup(text)  # noqa: S704 - a style sheet or script of the project


def read_template(path: Path) -> str:
    """The text of a template. Raises ``RenderError`` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RenderError(cannot_be_read(path, error), "Restore the file.") from None
    except UnicodeDecodeError as error:
        raise RenderError(f"{path}: not UTF-8 text: {error}.", "Save the file as UTF-8.") from None


_BLOCK = re.compile(r"<(style|script)\b[^>]*>(.*?)</\1>", re.DOTALL)


def content_security_policy(html: str) -> str:
    """The policy that lets a self-contained page use its own style sheets and scripts, by their hashes.

    Pictures and fonts come from ``data:`` addresses; nothing is fetched, framed, submitted or run besides.
    Content Security Policy Level 3, W3C.
    """
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for kind, content in _BLOCK.findall(html):
        # Of every character between the tags, blanks and line ends included, as the standard has it.
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    rules = ["default-src 'none'", "img-src data:", "font-src data:"]
    # Nothing for a kind that the page does not have: what default-src forbids stays forbidden.
    rules += [f"{kind}-src {' '.join(dict.fromkeys(found))}" for kind, found in hashes.items() if found]
    # These two do not fall back on default-src.
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


_LINE = re.compile(r"^[ \t]*//[^\n]*\n|^[ \t]+", re.MULTILINE)


def lean(script: str) -> Markup:
    """A script without indentation and without the lines that are comments: an eighth of its bytes, in every
    report. Its other lines stay, so that an error names a line that can be found.
    """
    return Markup(_LINE.sub("", script))  # noqa: S704 - what it is given may be embedded, and less of it may
