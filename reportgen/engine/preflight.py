"""What can be known to be wrong before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reportgen.engine.plan import Plan, printed_texts
from reportgen.errors import PreflightError, Problem, WeightsError
from reportgen.networks import USUAL
from reportgen.outline.declaration import is_own

Check = Callable[[Plan], Iterable[Problem]]
"""Checks one aspect of a plan. It imports lazily, when it is called, and never TensorFlow."""


def find_problems(plan: Plan) -> list[Problem]:
    """Everything that is wrong with a plan, each once, in the order of :data:`CHECKS`."""
    return list(dict.fromkeys(problem for check in CHECKS for problem in check(plan)))


def refuse_problems(plan: Plan) -> None:
    """Raise ``PreflightError`` with all problems of a plan if there are any."""
    problems = find_problems(plan)
    if problems:
        raise PreflightError(problems)


def check_sections(plan: Plan) -> Iterable[Problem]:
    """No section finds anything wrong with the settings and the data."""
    for section in plan.kind.sections:
        if (module := section.load("preflight")) is not None:
            with section.attributing_errors():
                # A list, so that what a generator raises is raised here.
                found = list(module.find_problems(plan.settings, plan.inventory))
            yield from found


def check_declarations(plan: Plan) -> Iterable[Problem]:
    """What sections of other packages declare leads to values, functions and settings that there are."""
    if all(map(is_own, plan.kind.sections)):
        return
    from reportgen.contract.declarations import find_declaration_faults

    yield from find_declaration_faults(plan.kind)


def check_commentary(plan: Plan) -> Iterable[Problem]:
    """Formulas, references and values of the commentary are right, as far as is known before results."""
    slots = {slot: text for slot, text in plan.settings.commentary.model_dump().items() if text.strip()}
    if not slots:
        return
    from markupsafe import Markup

    from reportgen.document.commentary import CommentaryContext, find_faults, reference_names
    from reportgen.document.formulas import FormulaSetter
    from reportgen.document.numbers import Sourced
    from reportgen.engine.expected import expect_names, expect_results

    classes = plan.inventory.classes
    names = expect_names(plan.kind, len(classes), annotated=plan.inventory.survey.annotations is not None)
    context = CommentaryContext(
        results=Sourced(expect_results(plan.settings, plan.inventory)),
        # Figures have no numbers yet; whether there is one of that name is checked against ``names``.
        reference=lambda _kind, _name: Markup(),
        names=reference_names(names, classes, plan.kind),
        formula=FormulaSetter().set,
    )
    for slot, text in slots.items():
        for fault in find_faults(text, context):
            # The line in report.toml, not in the text: this is where the author corrects it.
            location = plan.settings.origin.at(("commentary", slot), fault.line)
            yield Problem(f"{location}: commentary.{slot}: {fault.problem}", fault.remedy)


def check_theme(plan: Plan) -> Iterable[Problem]:
    """There is a theme of the name that the settings give."""
    theme, known = plan.settings.theme, plan.templates.themes
    if theme not in known:
        where = plan.settings.origin.at(("theme",))
        yield Problem(
            f"{where}: theme: there is no theme '{theme}'; there are {', '.join(known)}.",
            "Name one of these, or give a folder of templates with themes/" + f"{theme}/print.css in it.",
        )


def check_fonts(plan: Plan) -> Iterable[Problem]:
    """Every word that is to be printed is in a font of the report, of the settings or of this machine."""
    # Known from the plan; only if a word lacks a font must its location be found.
    if not plan.typefaces.lacking:
        return
    from reportgen.typefaces.choice import describe_lack, find_lack

    for location, text in printed_texts(plan.settings, plan.inventory, plan.templates).items():
        if find_lack(text, plan.typefaces):
            problem, remedy = describe_lack(text, plan.typefaces)
            yield Problem(f"{location}: {problem}", remedy)


def check_weights(plan: Plan) -> Iterable[Problem]:
    """A weights file of the user's own is VGG19's, judging by its layers' shapes."""
    # Published and embedded weights are known by their hashes.
    # Nor does anybody but Keras know the layers of another network before it is loaded.
    if plan.weights.source != "file" or plan.settings.architecture != USUAL:
        return
    from reportgen.models.vgg_files import open_layers, require_vgg19

    try:
        with open_layers(plan.weights.path) as stored:
            require_vgg19(stored)
    except WeightsError as error:
        yield Problem(error.problem, error.remedy)


CHECKS: tuple[Check, ...] = (
    check_theme,
    check_declarations,
    check_sections,
    check_weights,
    check_commentary,
    check_fonts,
)
"""Every check, in the order in which its problems are reported."""
