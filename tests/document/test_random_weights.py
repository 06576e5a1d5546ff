"""A report of random weights says so large, and claims nothing of a trained network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_page import SmallPage
from small_results import document

from reportgen.networks import NetworkChoice
from reportgen.weights import WeightsFile, describe_network

LEARNT = re.compile(
    r"ImageNet|\bas trained|trained network|pretrained|what was learnt|nothing learnt|all that was learnt"
)
"""Words of a network that has learnt something."""

METHOD = re.compile(r"(the mean (colour|of the colours)|mean colour) of ImageNet")
"""A fill by its name, which is no claim about the weights."""


def page(source: str, survives: bool) -> SmallPage:
    made = document()
    if source == "random":
        weights = describe_network(WeightsFile("random", Path("random"), "0" * 64), NetworkChoice())
        made["provenance"]["weights"] = weights.model_dump()
    alike = 0.9 * survives
    for neuron in made["randomisation"]["neurons"].values():
        for redrawn in neuron["redrawn"]:
            redrawn["likeness"] = {
                kind: {**likeness, "signed": alike, "absolute": alike}
                for kind, likeness in redrawn["likeness"].items()
            }
    return SmallPage(made)


def claims(displayed: SmallPage) -> list[str]:
    """What the page says of something learnt, references and the table of sources aside."""
    main = displayed.soup.select_one("main")
    assert main is not None
    for aside in main.select("#references, #sources, script, style"):
        aside.decompose()
    text = METHOD.sub("", " ".join(main.get_text().split()))
    return [text[max(0, hit.start() - 60) : hit.end() + 20] for hit in LEARNT.finditer(text)]


@pytest.mark.parametrize("survives", [True, False])
def test_random_weights_are_said_so_large_and_nothing_learnt_is_claimed(survives: bool) -> None:
    displayed = page("random", survives)
    note = displayed.soup.select_one("#weights")
    assert note is not None
    assert "untrained" in note["class"]
    words = displayed.words("#weights")
    assert words.startswith("Weights used: random.")
    assert "for trying out only" in words
    assert "has not learnt anything" in words
    # Half as large again as text, bold and framed: in the page itself, as it is finished.
    (rule,) = re.findall(r"\.note\.untrained\s*\{([^}]*)\}", str(displayed.soup))
    assert "font-size: 1.5em" in rule
    assert "font-weight: bold" in rule
    assert "border: 3pt" in rule
    # On the title page, before everything that is computed.
    assert str(displayed.soup).index('id="weights"') < str(displayed.soup).index('id="findings"')
    assert "drawn at random; it has not been trained for anything" in displayed.words("#transfer")
    assert "compares one network of noise with others" in displayed.words("#randomisation")
    assert claims(displayed) == []


def test_the_words_are_there_where_a_network_was_trained() -> None:
    """Or they would be looked for in vain."""
    displayed = page("embedded", True)
    note = displayed.soup.select_one("#weights")
    assert note is not None
    assert "untrained" not in note["class"]
    said = " ".join(claims(displayed))
    for word in ("classes of ImageNet", "as trained", "trained network", "what was learnt", "all that was"):
        assert word in said
