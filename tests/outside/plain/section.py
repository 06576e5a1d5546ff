"""How many classes there are."""

from reportgen.outline.section import Reads, Section

SECTION = Section(
    name="plain",
    title="Plain",
    package="plain",
    result="Plain",
    meaning="How many classes there are.",
    reads=Reads(images="examples"),
)
