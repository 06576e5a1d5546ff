"""Expressions by which authors print values of the results: ``transfer.accuracy.test | percent``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from markupsafe import Markup

from reportgen.contract.specimen import OpenList
from reportgen.document.numbers import FILTERS, Sourced, plain
from reportgen.errors import RenderError
from reportgen.text import did_you_mean, significant_text

ALLOWED = (
    'Allowed are a name in the results, such as transfer.accuracy.test or neurons.top["leopard"][0].value, '
    "and one filter after it, as in | percent or | decimal(1); or write \\{{ to show the braces."
)
_LONGEST = 200
"""Characters of an expression; no name in the results needs as many."""
_MOST_LISTED = 20
_MOST_DIGITS = 15
"""As many as a floating-point number has."""


@dataclass(frozen=True)
class _Use:
    """The signature of a filter: a value that ``fits``, and how many ``arguments``, each from ``least`` to
    15.
    """

    fits: Callable[[Any], bool]
    wants: str
    arguments: tuple[int, ...] = (0,)
    least: int = 1


def _is_number(value: Any) -> bool:
    # Not isinstance(): to Python a truth value is a whole number.
    # None, too: what a report may lack is printed as a dash, by the same filter.
    return value is None or type(value) in (int, float)


def _is_share(value: Any) -> bool:
    return value is None or (_is_number(value) and 0 <= value <= 1)


def _is_agreement(value: Any) -> bool:
    return value is None or (type(value) is float and -1 <= value <= 1)


def _is_choice(value: Any) -> bool:
    return bool(re.fullmatch(r"zero|median|position|(percentile|top|unusual):\d+", str(value)))


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


_USES = {
    "decimal": _Use(_is_number, "a number", (1,), least=0),
    "share": _Use(_is_share, "a number from 0 to 1", (0, 1)),
    "percent": _Use(_is_share, "a number from 0 to 1"),
    "agreement": _Use(_is_agreement, "a correlation or similarity from -1 to 1"),
    "activation": _Use(_is_number, "a number"),
    "significant": _Use(_is_number, "a number", (0, 1)),
    "minus": _Use(_is_number, "a number", (0, 1)),
    "whole": _Use(lambda value: value is None or type(value) is int, "a whole number"),
    "shape": _Use(_is_row, "a list of whole numbers"),
    "position": _Use(_is_row, "a list of whole numbers"),
    "span": _Use(
        lambda value: _is_row(value) and (isinstance(value, OpenList) or len(value) == 2),
        "a list of two whole numbers",
    ),
    "neuron_kind": _Use(_is_choice, "the rule of a guided-backpropagation table"),
    "size": _Use(lambda value: isinstance(value, list | dict), "a list or a table"),
    "text": _Use(lambda value: isinstance(value, str), "a text"),
}
"""Filter -> the type it accepts. On another type it would print what looks like a value and is not."""


def print_value(expression: str, results: Sourced) -> Markup:
    """The value that an expression names, as HTML with its pointer.

    Nothing of the expression is ever run: it is parsed, and its steps are looked up among the keys and items
    of the results. Raises ``RenderError``, whose problem does not name the location, for anything else.
    """
    path, call = _parse(expression)
    name, node = _follow(path, results)
    return _print(name, node) if call is None else _filter(name, node, call)


def _parse(expression: str) -> tuple[list[str | int], nodes.Filter | None]:
    """The steps of the name, and the filter if there is one."""
    if len(expression) > _LONGEST:
        raise RenderError(f"it has more than {_LONGEST} characters.", ALLOWED)
    try:
        # An expression that closes the braces itself, as "a }} b {{ c", becomes more than one node and is
        # refused below.
        parsed = Environment(autoescape=True).parse("{{ " + expression + " }}")
    except (TemplateSyntaxError, RecursionError):
        raise RenderError("it cannot be understood.", ALLOWED) from None
    match parsed.body:
        case [nodes.Output(nodes=[nodes.Filter(node=nodes.Expr() as named) as call])]:
            return _steps(named), call
        case [nodes.Output(nodes=[nodes.Expr() as named])]:
            return _steps(named), None
    raise RenderError("it is more than a name with a filter.", ALLOWED)


def _steps(node: nodes.Expr) -> list[str | int]:
    steps: list[str | int] = []
    while not isinstance(node, nodes.Name):
        match node:
            # No key begins with an underscore, and attributes of Python objects do.
            case nodes.Getattr(node=inner, attr=step) if not step.startswith("_"):
                steps.append(step)
            # Neither True, which as an index is 1, nor a slice.
            case nodes.Getitem(node=inner, arg=nodes.Const(value=step)) if type(step) in (str, int):
                steps.append(step)
            case _:
                raise RenderError("it is more than a name with a filter.", ALLOWED)
        node = inner
    if node.name.startswith("_"):
        raise RenderError("it is more than a name with a filter.", ALLOWED)
    return [node.name, *reversed(steps)]


def _follow(steps: list[str | int], results: Sourced) -> tuple[str, Sourced]:
    """The name as it is written at its shortest, and what it leads to."""
    name, node = "", results
    for step in steps:
        value = plain(node)
        if not _has(value, step):
            raise RenderError(
                f"{name or 'the root of the results'} {_describe_miss(value, step)}",
                "Correct the name; build/results.json has them all.",
            )
        name, node = _extend(name, step), node[step]
    return name, node


def _has(value: Any, step: str | int) -> bool:
    """Whether a step leads on from a value."""
    if isinstance(value, list):
        # Not from the end: a JSON pointer, which the value is printed with, knows no negative index.
        return isinstance(step, int) and (isinstance(value, OpenList) or 0 <= step < len(value))
    return isinstance(value, dict) and step in value


def _extend(name: str, step: str | int) -> str:
    if isinstance(step, str) and step.isidentifier():
        return f"{name}.{step}" if name else step
    return f'{name}["{step}"]' if isinstance(step, str) else f"{name}[{step}]"


def _describe_miss(value: Any, step: str | int) -> str:
    """Why a step leads nowhere, and where it could lead."""
    if isinstance(value, list):
        length = "" if isinstance(value, OpenList) else f" of {len(value)}"
        return f"is a list{length}, counted from 0, without '{step}'."
    if not isinstance(value, dict):
        return f"is a single value, with no '{step}' in it."
    return f"has no '{step}'; {_suggest(str(step), value)}"


def _suggest(wrong: str, right: Iterable[str]) -> str:
    names = list(right)
    return did_you_mean(wrong, names, f"it has {_listed(names)}.")


def _listed(names: list[str]) -> str:
    rest = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED] or ["nothing"]) + (f" and {rest} more" if rest > 0 else "")


def _filter(name: str, node: Sourced, call: nodes.Filter) -> Markup:
    use = _USES.get(call.name)
    if use is None:
        raise RenderError(f"there is no filter '{call.name}'.", f"There are {', '.join(_USES)}.")
    arguments = _arguments(call)
    if len(arguments) not in use.arguments or not all(use.least <= n <= _MOST_DIGITS for n in arguments):
        raise RenderError(
            f"'{call.name}' takes {' or '.join(map(str, use.arguments))} number in parentheses, "
            f"of digits, from {use.least} to {_MOST_DIGITS}.",
            "Correct the number, as in | decimal(1).",
        )
    if not use.fits(plain(node)):
        problem = f"'{call.name}' takes {use.wants}, which {name} is not."
        raise RenderError(problem, "Use another filter, or another name.")
    return Markup.escape(FILTERS[call.name](node, *arguments))


def _arguments(call: nodes.Filter) -> list[int]:
    found = [node.value for node in call.args if isinstance(node, nodes.Const) and type(node.value) is int]
    # What is no whole number was passed over above, and shows in the count.
    if call.kwargs or call.dyn_args or call.dyn_kwargs or len(found) != len(call.args):
        raise RenderError(f"'{call.name}' takes only whole numbers in its parentheses.", ALLOWED)
    return found


def _print(name: str, node: Sourced) -> Markup:
    """A value as it is printed without a filter."""
    match plain(node):
        # Before int(), which takes truth values as well.
        case bool(truth):
            return node.as_markup("yes" if truth else "no")
        case int():
            return Markup.escape(FILTERS["whole"](node))
        case float(number):
            return node.as_markup(rounded_text(number))
        case str(text):
            return node.as_markup(text)
        case None:
            return node.as_markup("–")
        case list(items):
            length = "" if isinstance(items, OpenList) else f" of {len(items)}"
            raise RenderError(
                f"{name} is a list{length}, not a single value.",
                f"Name one of them, counted from 0, as in {name}[0], or count them with | size.",
            )
    raise RenderError(
        f"{name} is not a single value; it has {_listed(list(plain(node)))}.", "Name one of them."
    )


def rounded_text(value: float) -> str:
    """A number with up to 4 significant digits; a share is 1 only if it is exactly that."""
    if 0 < value < 1:
        # With four digits 0.99996 would be rounded to 1.
        value = min(value, 0.9999)
    mantissa, times, power = significant_text(value, 4).partition(" × ")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + times + power
