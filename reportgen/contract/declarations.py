"""Checks what a section declares by pointers and by names of functions: each must lead to something.

A pattern that fits nothing is silent otherwise: its tolerance is not applied, and the list of sources names
another function. Nothing is imported for it but the section's module ``result``.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from reportgen.contract.known_pointers import STAR, KnownPointers, Node, describe_section, know_pointers
from reportgen.errors import Problem, SettingsError
from reportgen.outline.declaration import RUBRIC_FILE, is_own, locate
from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Section
from reportgen.pointer import REMEDY, PointerError, is_index, split_pointer
from reportgen.results import SPLITS
from reportgen.text import as_sentence, find_nearest, propose
from reportgen.toml.reading import decode_text, parse_table

_Fits = Callable[[str, str], bool]
"""Whether a step of a pattern fits a name."""

_GLOB = frozenset("*?[")


def find_faults(section: Section) -> Iterator[Problem]:
    """Every pattern that fits no result of the section, and every function that is not there.

    Raises ``SectionError`` if it has no result type.
    """
    # Of a type that no schema can be made of, pydantic says so.
    with section.attributing_errors():
        schema = describe_section(section)
    known = KnownPointers((schema,), (section.name,))
    for what, pattern, fits in _list_patterns(section):
        try:
            steps = [section.name, *split_pointer(pattern)]
        except PointerError as error:
            yield _problem(section, pattern, f"{what}: {error.problem}", error.remedy)
            continue
        if not _reaches(schema, schema["$defs"], steps, fits):
            # Suggested as the section's declarations write it, below the section.
            near = known.suggest(f"/{section.name}{pattern}").removeprefix(f"/{section.name}")
            remedy = as_sentence(propose(near)) or REMEDY
            told = f"{what}: no value of {section.result} has such a pointer."
            yield _problem(section, pattern, told, remedy)
    for origin in section.origins:
        if missing := _find_missing(section, origin.function):
            told = f"Origin('{origin.pattern}', '{origin.function}'): {missing}"
            yield _problem(section, origin.function, told, "Name the function that computes these values.")


def _problem(section: Section, value: str, told: str, remedy: str) -> Problem:
    return Problem(f"section '{section.name}': {locate(section, value)}: {told}", remedy)


def _list_patterns(section: Section) -> Iterator[tuple[str, str, _Fits]]:
    """What declares a pointer below the section, the pointer, and how its steps are compared."""
    for origin in section.origins:
        yield f"Origin('{origin.pattern}')", origin.pattern, _fits_star
    for rule in section.tolerances:
        yield f"Rule('{rule.pattern}')", rule.pattern, _fits_shell
    for name in ("compared", "derived"):
        for pointer in getattr(section, name):
            yield f"{name}, '{pointer}'", pointer, _fits_exactly
    for setting, pointer in section.recorded_settings:
        yield f"recorded_settings, ('{setting}', '{pointer}')", pointer, _fits_exactly
    if headline := section.headline:
        for pointer in (headline.count, headline.total):
            yield f"Headline, '{pointer}'", pointer, _fits_exactly
    if classification := section.classification:
        for pointer in filter(None, (classification.confusion, classification.misclassified)):
            yield f"Classification, '{pointer}'", pointer, _fits_exactly


def _reaches(node: Node, types: Node, steps: Sequence[str], fits: _Fits) -> bool:
    """Whether the steps of a pattern lead from a node of a schema to something that may be there."""
    if "$ref" in node:
        node = types[node["$ref"].rpartition("/")[2]]
    if choices := node.get("anyOf") or node.get("oneOf"):
        return any(_reaches(each, types, steps, fits) for each in choices)
    # Of what may be anything, anything may lie below.
    if not steps or not node:
        return True
    return any(_reaches(child, types, steps[1:], fits) for child in _list_children(node, steps[0], fits))


def _list_children(node: Node, step: str, fits: _Fits) -> Iterator[Node]:
    yield from (child for name, child in node.get("properties", {}).items() if fits(step, name))
    yield from (child for i, child in enumerate(node.get("prefixItems", ())) if fits(step, str(i)))
    further = node.get("additionalProperties", "properties" not in node and node.get("type") == "object")
    if further is not False:
        keys = node.get("propertyNames", {})
        names = keys.get("enum") or (SPLITS if keys.get("placeholder") == "split" else ())
        if not names or any(fits(step, name) for name in names):
            yield further if isinstance(further, dict) else {}
    # Of a list, an index or what stands for several.
    if isinstance(node.get("items"), dict) and (is_index(step) or not _GLOB.isdisjoint(step)):
        yield node["items"]


def _fits_exactly(step: str, name: str) -> bool:
    return step == name


def _fits_star(step: str, name: str) -> bool:
    return step in (STAR, name)


def _fits_shell(step: str, name: str) -> bool:
    # Not fnmatch(), which ignores capitals on some systems.
    return fnmatchcase(name, step)


def _find_missing(section: Section, function: str) -> str:
    """What of a function's dotted name is not there, "" if all of it is, as far as files tell."""
    parts = (section.package + function if function.startswith(".") else function).split(".")
    try:
        spec = importlib.util.find_spec(parts[0])
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return f"there is no package '{parts[0]}'."
    if not spec.submodule_search_locations:
        return _find_missing_name(Path(spec.origin), parts[1:]) if spec.origin else ""
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    for count, part in enumerate(parts[1:], 1):
        below = [folder / part for folder in folders if (folder / part).is_dir()]
        if not below:
            module = next((file for folder in folders if (file := folder / f"{part}.py").is_file()), None)
            if module:
                return _find_missing_name(module, parts[count + 1 :])
            # A module that was compiled shows nothing of what is in it.
            if any(any(folder.glob(f"{part}.*")) for folder in folders):
                return ""
            beside = [file.stem for file in folders[0].glob("*.py")]
            return _find_missing_name(folders[0] / "__init__.py", parts[count:], beside)
        folders = below
    return "it names a package, and no function."


def _find_missing_name(file: Path, names: Sequence[str], beside: Iterable[str] = ()) -> str:
    """What of the names is not in a module; ``beside`` it may be modules, which are only suggested."""
    if not names:
        return f"it names the module {file}, and no function in it."
    try:
        # Parsed and not imported, which may take the seconds of TensorFlow.
        body: Sequence[ast.stmt] = ast.parse(file.read_bytes()).body
    except FileNotFoundError:
        body = ()
    except (OSError, SyntaxError, ValueError):
        return ""  # told by whoever imports it
    for name in names:
        bound = dict(_list_bound(body))
        # What is imported by a star has any name.
        if "*" in bound:
            return ""
        if name not in bound:
            hint = propose(find_nearest(name, [*bound, *beside]))
            return f"there is no '{name}' in {file}" + (f"; {hint}" if hint else ".")
        inner = bound[name]
        if not isinstance(inner, ast.ClassDef):
            return ""
        body = inner.body
    return ""


def _list_bound(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """The names that statements bind, each with its statement."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, statement
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (((each.asname or each.name).partition(".")[0], statement) for each in names)
            case ast.Assign() | ast.AnnAssign():
                yield from ((n.id, statement) for n in ast.walk(statement) if isinstance(n, ast.Name))
            case _:
                inner = [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)]
                yield from _list_bound(inner)


def find_rubric_faults(section: Section, known: KnownPointers) -> Iterator[Problem]:
    """Every pointer of the section's rubric that no report can have.

    What else may be wrong in a rubric is said when it is read for grading.
    """
    file = section.folder / RUBRIC_FILE
    if not file.is_file():
        return
    try:
        table, origin = parse_table(decode_text(file.read_bytes(), str(file)), str(file))
    except SettingsError as error:
        yield Problem(error.problem, error.remedy)
        return
    rows = table.get("check")
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        pointer = row.get("pointer") if isinstance(row, dict) else None
        if not isinstance(pointer, str):
            continue
        where = f"section '{section.name}': {origin.at(('check', number, 'pointer'))}: pointer"
        try:
            if not known.find(pointer):
                remedy = as_sentence(propose(known.suggest(pointer))) or REMEDY
                yield Problem(f"{where} = '{pointer}' is in no results.json.", remedy)
        except PointerError as error:
            yield Problem(f"{where}: {error.problem}", error.remedy)


def find_declaration_faults(kind: ReportKind) -> list[Problem]:
    """What is wrong with the declarations of those sections of a report that are not reportgen's own."""
    outside = [section for section in kind.sections if not is_own(section)]
    found = [problem for section in outside for problem in find_faults(section)]
    if not found and any((section.folder / RUBRIC_FILE).is_file() for section in outside):
        known = know_pointers(kind)
        found = [problem for section in outside for problem in find_rubric_faults(section, known)]
    return found
