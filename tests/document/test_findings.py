"""The findings that a report begins with: each turns round or vanishes where the data say the contrary."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from small_page import SmallPage
from small_results import document

from reportgen.document import html

Change = Callable[[Any], None]


def changed(*changes: Change) -> Any:
    made = document()
    for change in changes:
        change(made)
    return made


def test_accuracy() -> None:
    def recognise(right: int) -> Change:
        def change(made: Any) -> None:
            made["transfer"]["confusion"]["test"] = [[right, 20 - right], [20 - right, right]]

        return change

    strong, chance, none = (SmallPage(changed(recognise(right))).findings() for right in (19, 11, 1))
    (item,) = [text for text in strong if "recognises more test images" in text]
    assert "38 of 40" in item
    assert "beside 0.50" in item
    assert not any("test images than" in text for text in chance)
    assert any("does not recognise more" in text for text in none)


def confuse(made: Any, ring: list[list[int]]) -> None:
    others = {cue: [[6, 6], [6, 6]] for cue in ("colour", "file", "thumbnail")}
    made["shortcuts"]["confusion"] = {"ring": ring, **others}


def test_what_gives_the_class_away() -> None:
    found = SmallPage(changed(lambda made: confuse(made, [[12, 0], [0, 12]])))
    (item,) = [text for text in found.findings() if "can be told from" in text]
    assert "the outermost ring alone tells it for 24 of 24 images (accuracy 1.00, chance 0.50)" in item
    assert "It is not shown that the network uses the outermost ring" in item
    nothing = SmallPage(changed(lambda made: confuse(made, [[6, 6], [6, 6]])))
    assert not any("told" in text for text in nothing.findings())
    assert "can be told" not in nothing.words(".abstract")


def test_what_of_the_file_gives_the_class_away() -> None:
    def change(made: Any, heights: int) -> None:
        confuse(made, [[6, 6], [6, 6]])
        made["shortcuts"]["confusion"]["file"] = [[12, 0], [1, 11]]
        made["shortcuts"]["file_alone"]["height"] = heights

    for heights in (22, 15):
        page = SmallPage(changed(partial(change, heights=heights)))
        (item,) = [text for text in page.findings() if "can be told from" in text]
        assert "the file alone tells it for 23 of 24 images" in item
        for text in (item, page.words("#shortcuts")):
            # 15 of 24 are more than half, but not more than chance gives.
            most = f"the height alone tells most, namely the class of {heights}"
            reported = f"Of the file’s properties {most}" in text
            assert reported == (heights == 22)


@pytest.mark.parametrize(
    ("cat", "dog", "reported"), [(0, 11, True), (9, 0, True), (5, 7, False), (0, 0, False)]
)
def test_frames(cat: int, dog: int, reported: bool) -> None:
    def change(made: Any) -> None:
        for label, frames in (("cat", cat), ("dog", dog)):
            look = made["shortcuts"]["classes"][label]
            made["shortcuts"]["classes"][label] = {**look, "dark_frames": frames, "light_frames": 0}

    page = SmallPage(changed(change))
    found = [text for text in page.findings() if text.startswith("A frame gives a class away")]
    assert len(found) == reported
    label, framed, others = ("dog", dog, cat) if dog > cat else ("cat", cat, dog)
    said = f"{framed} of 12 images of {label} have a dark frame, and {others} of 12 of all other classes"
    assert all(said in text for text in found)
    words = page.words("#shortcuts")
    assert (said in words) == bool(cat or dog)
    assert ("It is not shown that a frame gives a class away" in words) == (bool(cat or dog) and not reported)


def try_without_ring(made: Any, before: int, after: int) -> None:
    """So many of twenty images are recognised as they are, and without the ring."""
    made["shortcuts"]["tested"] = [
        {"file": f"test/{n}.jpg", "true": "cat", "as_it_is": "cat" if n < before else "dog",
         "without_ring": "cat" if n < after else "dog"}
        for n in range(20)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (19, 5, ("fewer images", "it tells a class by the ring, or a border of one colour misleads it")),
        (5, 19, ("more images", "the ring misleads it, or a border of one colour helps it")),
        (10, 12, ()),
    ],
)
def test_the_ring(before: int, after: int, said: tuple[str, ...]) -> None:
    page = SmallPage(changed(lambda made: try_without_ring(made, before, after)))
    found = [text for text in page.findings() if text.startswith("Where one colour hides")]
    assert len(found) == bool(said)
    for text in found:
        head, caveat = said
        assert f"recognises {head}: {after} of 20 test images, beside {before} as they are" in text
        # A border of one colour is an input, too: neither page says that the ring is needed.
        assert f"Either {caveat}: this does not tell which." in text
    assert "network needs the" not in page.words("body")
    assert "it is the ring that misleads" not in page.words("body")


def rank_loud(made: Any, ranks: list[int], part: float, p_value: float) -> None:
    for image in made["channels"]["classes"].values():
        loud = image["loud"][0]
        image["loud"] = [{**loud, "strength_rank": rank, "contribution": part} for rank in ranks]
    made["channels"]["strength"] = {
        "expected": 0.39, "alpha": 0.05, "permutations": 999, "p_value": p_value,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("part", "reported"),
    [(1.0, "14 argue for the class, 0 against it"), (-1.0, "0 argue for the class, 14 ag")],
)
def test_loud_channels_that_decide(part: float, reported: str) -> None:
    """A channel that argues against the class decides, too; red if only the positive end counts."""
    page = SmallPage(changed(lambda made: rank_loud(made, [1] * 7 + [400] * 3, part, 0.001)))
    (item,) = [text for text in page.findings() if "loudest channels are among" in text]
    assert "more often than chance would give: 14 of 20, beside 0.39 by chance" in item
    assert reported in item
    words = page.words("#channels")
    assert "The loudest channels are strong more often than chance would give: 14 of 20 are" in words
    assert "p = 0.0010 after 999 exchanges" in words
    assert ("Of the 14, 14 argue for the class and 0 against it" in words) == (part > 0)


@pytest.mark.parametrize(
    ("ranks", "reported"), [([1, *[400] * 9], "2 of 20 are"), ([400] * 10, "0 of 20 are")]
)
def test_loud_channels_that_chance_explains(ranks: list[int], reported: str) -> None:
    page = SmallPage(changed(lambda made: rank_loud(made, ranks, -1.0, 0.3)))
    assert not any("loudest channels are among" in text for text in page.findings())
    words = page.words("#channels")
    assert (
        f"It is not shown that the loudest channels are strong more often than chance would give: {reported}"
        in words
    )
    assert "The loudest channels are strong" not in words


def test_older_documents_claim_nothing_of_strong_channels() -> None:
    def change(made: Any) -> None:
        del made["channels"]["strength"]
        for image in made["channels"]["classes"].values():
            for each in (each for name in ("loud", "decisive", "unusual") for each in image[name]):
                each.pop("strength_rank", None)

    page = SmallPage(changed(change))
    assert "strong" not in page.words("#channels")
    assert "and its rank among all 512 channels" in page.words("#appendix")


def lie(made: Any, loud: int, unusual: int) -> None:
    made["dataset"]["annotated"] = True
    for image in made["channels"]["classes"].values():
        image["on_animal"] = {
            "loud": loud, "decisive": 2, "unusual": unusual, "total": 20, "chance": 0.4,
        }  # fmt: skip


@pytest.mark.parametrize(("loud", "unusual", "reported"), [(8, 19, True), (19, 19, False), (2, 6, False)])
def test_channels_for_once(loud: int, unusual: int, reported: bool) -> None:
    items = SmallPage(changed(lambda made: lie(made, loud, unusual))).findings()
    found = [text for text in items if "exceed their usual output" in text]
    assert len(found) == reported
    assert all("38 of 40 of their neurons lie on it, 16 of the loudest" in text for text in found)


def harm(made: Any, ranks: list[int]) -> None:
    """Patches apart from each other, of so many random boxes each as bad as the patch."""
    for neurons in made["occlusion"]["neurons"].values():
        patch = neurons[0]["patch"]
        neurons[:] = [
            {**neurons[0], "harming": rank, "harming_more": rank,
             "patch": {**patch, "box": {"rows": [20 * n, 20 * n + 20], "cols": [0, 20]}}}
            for n, rank in enumerate(ranks)
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("ranks", "finding", "sentence"),
    [
        # Six of ten harm much, and the others as little as can be told from no patch at all.
        ([2] * 6 + [16] * 4, "more than random places do: the removal of 12 of 20", "harms its neuron more"),
        ([28] * 8 + [2] * 2, "less than random places do: the removal of 4 of 20", "harms its neuron less"),
        # More than half, as a coin gives them in nearly every second case.
        ([10] * 6 + [19] * 4, "", "whether removing a patch harms its neuron more"),
    ],
)
def test_patches_by_occlusion(ranks: list[int], finding: str, sentence: str) -> None:
    page = SmallPage(changed(partial(harm, ranks=ranks)))
    found = [text for text in page.findings() if "to their neurons" in text]
    assert len(found) == bool(finding)
    assert all(finding in text for text in found)
    reported = [
        words for words in ("neuron more", "neuron less") if f"harms its {words}" in page.words("#occlusion")
    ]
    assert sentence in page.words("#occlusion")
    assert reported == [sentence[-11:]]


def survive(made: Any, agreement: float) -> None:
    for neuron in made["randomisation"]["neurons"].values():
        likeness = neuron["redrawn"][-1]["likeness"]
        neuron["redrawn"][-1] = {
            **neuron["redrawn"][-1],
            "likeness": {**likeness, "guided": {**likeness["guided"], "signed": agreement}},
        }


def test_guided_gradients() -> None:
    kept, lost = (SmallPage(changed(partial(survive, agreement=a))).findings() for a in (0.5, 0.1))
    assert any("Guided gradients survive" in text and "0.50" in text for text in kept)
    assert not any("Guided gradients" in text for text in lost)


def err(made: Any, taken: int, own: int) -> None:
    made["errors"]["images"] = {"cat": 20, "dog": 20}
    (mistake,) = made["errors"]["mistakes"]
    near = {label: [{"file": "f", "label": label, "similarity": 0.5}] for label in ("cat", "dog")}
    made["errors"]["mistakes"] = [
        *({**mistake, "nearest": near["dog"]} for _ in range(taken)),
        *({**mistake, "nearest": near["cat"]} for _ in range(own)),
    ]


@pytest.mark.parametrize(
    ("taken", "own", "finding", "sentence"),
    [
        (
            12,
            1,
            "Most misclassified images resemble the class",
            "The nearest training image of most errors is of the class",
        ),
        (
            1,
            12,
            "Most misclassified images do not resemble",
            "The nearest training image of most errors is not of the class",
        ),
        (6, 0, "Most misclassified images resemble", "So what is confused here is alike"),
        (0, 6, "Most misclassified images do not", "does not explain most of these errors"),
        # By the sign test five errors show nothing, nor do nine against two.
        (
            5,
            0,
            "",
            "Of the 5 misclassified images, 5 have a nearest training image of the predicted class",
        ),
        (0, 2, "", "0 have a nearest training image of the predicted class, 2 one of the true class"),
        (1, 0, "", "The training image nearest to the misclassified one is of the predicted class."),
        (0, 1, "", "The training image nearest to the misclassified one is of the true class."),
        (9, 2, "", "Of the 11 misclassified images, 9 have a nearest"),
        (0, 0, "", "so there is no error to look into"),
    ],
)
def test_errors(taken: int, own: int, finding: str, sentence: str) -> None:
    without = ("nearest",) if taken + own == 0 else ()
    page = SmallPage(changed(lambda made: err(made, taken, own)), without)
    found = [text for text in page.findings() if text.startswith("Most misclassified images")]
    assert len(found) == bool(finding)
    assert all(text.startswith(finding) for text in found)
    text = page.words("#errors")
    assert sentence in text
    if taken + own:
        verb = "is" if taken + own == 1 else "are"
        assert f"{taken + own} of 40 test images {verb} misclassified" in text
        assert f"of cat {taken + own} of 20 as dog" in text
        assert "Every test image of dog is recognised" in text
        assert (f"it is for {taken} of {taken + own}; for {own} it is of" in text) == bool(finding)
        assert ("So what is confused" in text or "So likeness" in text) == bool(finding)
        assert ("of most errors" in text) == bool(finding)
    else:
        assert "All 40 test images are recognised" in text
        assert "black frame" not in text


def duplicate(made: Any, pairs: int, leaked: int) -> None:
    errors = made["errors"]
    errors |= {"pairs": pairs, "leaked": leaked, "twins": errors["twins"][:pairs]}


def test_near_duplicates() -> None:
    some = SmallPage(document())
    none = SmallPage(changed(lambda made: duplicate(made, 0, 0)), ("twins",))
    elsewhere = SmallPage(changed(lambda made: duplicate(made, 1, 0)))
    assert any("nearly the same as images of another split: 1 of 8" in text for text in some.findings())
    assert "there are 2 such pairs" in some.words("#errors")
    assert "nearly the same as an image of another split" in some.words("#appendix")
    assert not any("nearly the same" in text for text in (*none.findings(), *elsewhere.findings()))
    assert "No image is nearly the same as an image of another split" in none.words("#errors")
    assert "differ in more than 8 of 64 bits" in none.words("#errors")
    # A table of nothing says no more than the sentence.
    listed = [
        ["nearly the same" in each.get_text() for each in page.soup.select("#appendix caption")]
        for page in (some, none)
    ]
    assert [sum(each) for each in listed] == [1, 0]
    assert "0 of 8 test images have a near-duplicate" in elsewhere.words("#errors")


def test_patches_as_pictures() -> None:
    def look(overlapping: int) -> Change:
        def change(made: Any) -> None:
            for each in made["neurons"]["looks"].values():
                each["overlapping"] = overlapping

        return change

    near, apart = (SmallPage(changed(look(count))).findings() for count in (10, 0))
    assert any("mostly show the same place: 20 of 20" in text for text in near)
    assert not any("place" in text for text in apart)


@pytest.mark.parametrize(
    ("share", "p_value", "reported", "said"),
    [
        (0.1, 0.002, "are flatter than random parts", "The patches have less contrast than boxes"),
        (0.9, 0.002, "have more contrast than random parts", "The patches have more contrast than boxes"),
        (0.3, 0.104, "", "It is not shown that the patches have less contrast than boxes"),
    ],
)
def test_flat_patches(share: float, p_value: float, reported: str, said: str) -> None:
    def change(made: Any) -> None:
        made["neurons"]["flatness"] |= {"share": share, "p_value": p_value}

    page = SmallPage(changed(change))
    found = [text for text in page.findings() if "random parts of their images" in text]
    assert [f"neurons {reported}" in text for text in found] == [True] * bool(reported)
    assert all(f"{100 * share:.1f} % of the boxes" in text.replace("\u00a0", " ") for text in found)
    words = page.words("#appendix")
    assert said in words
    assert "10 of 10 patches have less contrast than their whole image; of such boxes 7.5 would." in words
    assert "0.10 / 0.15 / 0.20" in words
    assert "2 of 5 / 0.1" in words


def test_older_documents_compare_no_patches_with_chance() -> None:
    def change(made: Any) -> None:
        del made["neurons"]["flatness"]
        for each in made["neurons"]["looks"].values():
            each.pop("chance", None)

    words = SmallPage(changed(change)).words("#appendix")
    assert "0.10 / 0.20" in words
    assert "boxes of their sizes" not in words


def test_the_farthest_from_what_is_expected_comes_first_and_stands_on_the_title_page() -> None:
    for agreement, first in ((0.99, "Guided gradients"), (0.4, "A frame gives a class away")):
        page = SmallPage(changed(partial(survive, agreement=agreement)))
        assert page.findings()[0].startswith(first)
        assert first in page.words(".abstract")
        assert page.words(".abstract").count("alone tells") <= 1


def test_there_are_at_most_eight_each_with_a_link_to_its_section() -> None:
    def everything(made: Any) -> None:
        made["transfer"]["confusion"]["test"] = [[20, 0], [1, 19]]
        try_without_ring(made, 19, 5)
        lie(made, 2, 19)
        harm(made, [28] * 8 + [2] * 2)
        err(made, 12, 0)

    page = SmallPage(changed(everything))
    assert len(page.findings()) == html.MOST_FINDINGS == 8
    for item in page.soup.select("#findings > ol > li"):
        link = item.select("a")[-1]
        target = page.soup.select_one(str(link["href"]))
        assert target is not None
        heading = target.select_one("h2")
        assert heading is not None
        assert heading.get_text() == link.get_text()


def test_what_was_checked_is_no_finding_and_empty_words_make_no_chapter() -> None:
    page = SmallPage(document())
    assert page.soup.select_one("#observations") is None
    assert not any("formula" in text or "seed" in text for text in page.findings())
    names = [link.get_text(strip=True) for link in page.soup.select("nav.contents a")]
    assert "Findings" in names
    assert "Observations" not in names


@pytest.mark.parametrize(
    ("selective", "p_value", "reported"), [(300, 0.001, True), (24, 0.3, False), (20, 1.0, False)]
)
def test_channels_that_prefer_a_class(selective: int, p_value: float, reported: bool) -> None:
    def change(made: Any) -> None:
        made["channels"]["over_data"] |= {"selective": selective, "p_value": p_value}

    page = SmallPage(changed(change))
    assert any("channels prefer images of one class" in text for text in page.findings()) == reported
    words = page.words("#channels")
    assert ("Of all channels, more prefer a class than chance would give" in words) == reported
    assert ("Of all channels, no more prefer a class" in words) == (not reported)
    assert f"{selective} of the 500" in words


@pytest.mark.parametrize(("rare", "most"), [(0.001, True), (0.2, False)])
def test_the_loudest_channels_that_prefer_a_class(rare: float, most: bool) -> None:
    def change(made: Any) -> None:
        for each in made["channels"]["over_data"]["channels"]:
            each["p_value"] = rare

    words = SmallPage(changed(change)).words("#channels")
    assert ("Most of these channels prefer one class" in words) == most
    assert ("Most of these channels do not prefer one class" in words) == (not most)


@pytest.mark.parametrize("silent", [0, 400])
def test_channels_that_are_silent_in_all_images(silent: int) -> None:
    def change(made: Any) -> None:
        made["channels"]["over_data"]["silent_channels"] = silent

    page = SmallPage(changed(change))
    reported = [text for text in page.findings() if "silent in all training images" in text]
    assert [text.startswith("Some channels are silent") for text in reported] == ([True] if silent else [])
    assert (
        f"Some channels are silent in all images, and can tell nothing about them: {silent} of 512"
        in page.words("#channels")
    ) == bool(silent)


@pytest.mark.parametrize("wrong", [6, 7, 9])
def test_errors_that_the_figure_leaves_out_are_in_a_table(wrong: int) -> None:
    def change(made: Any) -> None:
        made["errors"]["images"] = {"cat": 20, "dog": 20}
        made["errors"]["mistakes"] = [
            {
                "file": f"test/cat/{n}.jpg", "true": "cat", "predicted": "dog", "probability": 0.75,
                "nearest": [{"file": f"train/dog/{n}.png", "label": "dog", "similarity": 0.5 + n / 100}],
            }
            for n in range(wrong)
        ]  # fmt: skip

    page = SmallPage(changed(change))
    rows = page.soup.select("table:has(#table-further_errors) tbody tr")
    cells = [[" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in rows]
    assert cells == [
        [f"test/cat/{n}.jpg", "dog", f"train/dog/{n}.png", "dog", f"{0.5 + n / 100:.3f}"]
        for n in range(6, wrong)
    ]
    caption = page.words("#figure-nearest figcaption")
    assert ("has the others" in caption) == (wrong > 6)
