"""What the page says of other methods of explanation, and the contrary on other numbers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from small_page import SmallPage
from small_results import document

Change = Callable[[Any], object]


def page(change: Change) -> SmallPage:
    made = document()
    change(made["methods"])
    return SmallPage(made)


def cells(displayed: SmallPage) -> list[list[str]]:
    """The rows of the table of methods."""
    table = displayed.soup.select_one("#methods table")
    assert table is not None
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in table.select("tbody tr")
    ]


def boxed(on_it: bool) -> Change:
    def change(section: Any) -> None:
        for image in section["classes"].values():
            image |= {"animal": 0.25, "centre_on_animal": True}
            for own in image["maps"]:
                own |= {"peak_on_animal": on_it, "on_animal": 0.5}

    return change


@pytest.mark.parametrize(("off", "printed"), [(3.456, "3.46"), (0.4, "0.40"), (0.0, "0.00")])
def test_a_sum_that_is_off_by_more_than_the_whole_is_printed_as_it_is(off: float, printed: str) -> None:
    def change(section: Any) -> None:
        for image in section["classes"].values():
            image["maps"][0]["incompleteness"] = off

    product, cam = cells(page(change))
    assert (product[0], product[2]) == ("Gradient × input", printed)
    assert (cam[0], cam[2]) == ("Grad-CAM", "–")


@pytest.mark.parametrize(
    ("agreement", "said", "not_said"),
    [
        (0.7, "The methods agree on", "do not agree"),
        (0.25, "The methods do not agree on", "methods agree on"),
    ],
)
def test_whether_methods_agree_is_said_as_the_numbers_have_it(
    agreement: float, said: str, not_said: str
) -> None:
    displayed = page(lambda section: section.update(agreement=agreement))

    words = displayed.words("#methods")
    assert said in words
    assert not_said not in words
    assert f"correlation of {agreement:.2f}" in words
    assert ("does not show where" in words) == (agreement < 0.5)
    listed = [text for text in displayed.findings() if "methods of explanation" in text]
    assert len(listed) == (agreement < 0.5)


def test_a_page_says_which_class_the_maps_are_of() -> None:
    usual = SmallPage(document())
    assert "the score of the class that the image is assigned to" in usual.words("#methods")
    assert "Maps of the decision, dog" in usual.words("#figure-methods_1")

    def explain_dog(section: Any) -> None:
        section["of"] = "dog"
        for image in section["classes"].values():
            image["explained"] = "dog"

    named = page(explain_dog)
    assert "the score of dog, whichever class the image is assigned to" in named.words("#methods")
    assert "decision" not in named.words("#methods")
    # Both images are taken for a cat.
    for i, label in enumerate(("cat", "dog")):
        reported = named.words(f"#figure-methods_{i}")
        assert f"Maps for dog, {label}" in reported
        assert "predicted as cat, and its maps for dog" in reported


def test_without_two_maps_nothing_is_said_of_agreement() -> None:
    displayed = page(lambda section: section.update(agreement=None))

    assert "agree on what" not in displayed.words("#methods")
    assert not any("methods of explanation" in text for text in displayed.findings())


@pytest.mark.parametrize(
    ("on_it", "said"), [(True, "Most maps are largest on"), (False, "Most maps are not")]
)
def test_peaks_are_told_where_boxes_are_known(on_it: bool, said: str) -> None:
    displayed = page(boxed(on_it))

    assert said in displayed.words("#methods")
    assert "would have 25.0 % of itself there" in displayed.words("#methods")
    assert [row[3:] for row in cells(displayed)] == [[f"{2 * on_it} of 2", "50.0 %"]] * 2


def test_without_boxes_nothing_is_said_of_an_animal() -> None:
    displayed = page(lambda _section: None)

    assert "animal" not in displayed.words("#methods")
    assert all(len(row) == 3 for row in cells(displayed))


def test_no_value_is_said_to_raise_or_lower_the_score() -> None:
    # Of a gradient and of what the guided rule makes of it that would be false.
    words = page(lambda _section: None).words("#methods")
    assert "raises" not in words
    assert "lowers" not in words


def test_maps_that_are_zero_have_no_peak() -> None:
    def change(section: Any) -> None:
        boxed(on_it=True)(section)
        for image in section["classes"].values():
            image["maps"][1] |= {"peak": None, "peak_on_animal": None, "on_animal": None}

    assert [row[3:] for row in cells(page(change))] == [["2 of 2", "50.0 %"], ["–", "–"]]


def compared(*correlations: float | None) -> Change:
    """The maps of the first class's image were made for a second class, too."""

    def change(section: Any) -> None:
        # A copy, for both classes have one image in this document.
        image = section["classes"]["cat"] = copy.deepcopy(section["classes"]["cat"])
        image["second"] = "dog"
        for own, correlation in zip(image["maps"], correlations, strict=True):
            own["other_class"] = correlation

    return change


@pytest.mark.parametrize(
    ("first", "blind", "said"),
    [
        (0.95, 1, "so it shows the image rather than this decision"),
        (0.9, 1, "Not every tested map changes much with the class: for 1 of 2"),
        (0.85, 0, "Every tested map changes with the class: for 0 of 2"),
    ],
)
def test_a_map_that_is_the_same_for_another_class_is_told(first: float, blind: int, said: str) -> None:
    displayed = page(compared(first, -0.25))

    words = displayed.words("#methods")
    assert said in words
    assert ("Every tested map changes" in words) == (not blind)
    assert ("rather than this decision" in words) == bool(blind)
    assert "over the first image" in words
    assert [row[3] for row in cells(displayed)] == [f"{first:.2f}", "−0.25"]


def test_methods_that_are_too_slow_are_not_tested() -> None:
    displayed = page(compared(0.5, None))

    assert [row[3] for row in cells(displayed)] == ["0.50", "–"]
    assert "for 0 of 1 the correlation" in displayed.words("#methods")


def test_without_a_second_class_nothing_is_said_of_one() -> None:
    words = page(lambda _section: None).words("#methods")
    assert "ther class" not in words
    assert "with the class" not in words


def located(gain: float, hits: float, images: int = 20) -> Change:
    """Boxes are known; the gain's interval is 0.1 wide to either side, and the middle hits half of them."""

    def change(made: Any) -> None:
        some = {"mean": 0.5, "low": 0.25, "high": 0.75}
        made["dataset"]["annotated"] = True
        made["methods"]["located"] = {
            "images": images, "resamples": 2000, "random": 0.2, "centre_hits": 0.5, "centre_energy": 0.375,
            "methods": [
                {
                    "method": name, "hits": {**some, "mean": hits}, "energy": some,
                    "gain": {"mean": gain, "low": gain - 0.1, "high": gain + 0.1}, "overlap": some,
                    "random_overlap": 0.125, "centre_overlap": 0.625,
                }
                for name in made["methods"]["shown"]
            ],
        }  # fmt: skip

    return change


@pytest.mark.parametrize(("over", "columns"), [("examples", 3), ("test", 5)])
def test_what_lies_on_the_object_is_printed_once_for_the_same_images(over: str, columns: int) -> None:
    made = document()
    boxed(on_it=True)(made["methods"])
    located(0.3, 0.75)(made)
    made["methods"]["located_over"] = over
    page = SmallPage(made)
    assert {len(row) for row in cells(page)} == {columns}
    words = page.words("#methods")
    assert ("how much of it lies on the annotated object" in words) == (over == "test")
    assert ("the mean part inside the box" in words) == (over == "test")
    assert "Most maps are largest on" in words


@pytest.mark.parametrize(("gain", "displayed"), [(0.3, True), (0.05, False), (-0.3, False)])
def test_maps_find_the_animal_only_if_their_interval_says_so(gain: float, displayed: bool) -> None:
    made = document()
    located(gain, 0.75)(made)
    page = SmallPage(made)
    words = page.words("#methods")
    assert ("Most methods place more of their maps on the object than chance" in words) == displayed
    assert ("It is not shown that most methods place more" in words) == (not displayed)
    assert f"lies above zero for {2 if displayed else 0} of 2" in words
    assert any("lie on the object by more than chance" in text for text in page.findings()) == displayed


@pytest.mark.parametrize("images", [1, 3, 19])
def test_of_few_images_there_is_no_interval_and_no_claim(images: int) -> None:
    made = document()
    located(0.3, 1.0, images)(made)
    page = SmallPage(made)
    words = page.words("#methods")
    assert f"than chance gives cannot be told from {images} image" in words
    assert "that is too few for intervals" in words
    assert "bootstrap interval, from" not in words
    assert "0.25 to 0.75" not in words
    assert not any("by more than chance" in text and "Maps" in text for text in page.findings())


def test_an_interval_of_one_number_is_none() -> None:
    made = document()
    located(0.3, 1.0)(made)
    for each in made["methods"]["located"]["methods"]:
        each["hits"] = {"mean": 1.0, "low": 1.0, "high": 1.0}
    page = SmallPage(made)
    cell = page.soup.select("#methods table")[1].select("tbody tr")[0].select("td")[0]
    assert cell.get_text(" ", strip=True) == "1.00 –"


@pytest.mark.parametrize(("hits", "better"), [(0.75, True), (0.5, False)])
def test_the_middle_of_the_image_is_a_rival(hits: float, better: bool) -> None:
    made = document()
    located(0.3, hits)(made)
    words = SmallPage(made).words("#methods")
    assert ("In these images most methods point at the object more often" in words) == better
    assert ("Photographers put objects into the middle" in words) == (not better)
    rows = [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in SmallPage(made).soup.select("#methods table")[1].select("tbody tr")
    ]
    assert rows[0][1:] == [
        f"{hits:.2f} 0.25 to 0.75",
        "0.50 0.25 to 0.75",
        "0.50 0.25 to 0.75",
        "0.12",
        "0.62",
    ]
    assert rows[-2][1:3] == ["0.20", "0.20"]
    assert rows[-1][1:3] == ["0.50", "0.38"]


def test_without_a_box_there_is_no_verdict() -> None:
    made = document()
    made["dataset"]["annotated"] = True
    words = SmallPage(made).words("#methods")
    assert "None of the images that are looked at has a box" in words
    assert "than chance" not in words


def outlined(gain: float, images: int = 20) -> Change:
    """Boxes and outlines are known; by the boxes all maps lie on the object."""

    def change(made: Any) -> None:
        located(0.3, 0.75)(made)
        some = {"mean": 0.375, "low": 0.125, "high": 0.625}
        made["methods"]["located"]["outlined"] = {
            "images": images, "random": 0.125, "centre_hits": 0.0625, "centre_energy": 0.25,
            "methods": [
                {
                    "method": name, "hits": {**some, "mean": 0.5}, "energy": some,
                    "gain": {"mean": gain, "low": gain - 0.1, "high": gain + 0.1},
                }
                for name in made["methods"]["shown"]
            ],
        }  # fmt: skip

    return change


@pytest.mark.parametrize(("gain", "displayed"), [(0.3, True), (0.05, False), (-0.3, False)])
def test_outlines_are_told_beside_the_boxes(gain: float, displayed: bool) -> None:
    made = document()
    outlined(gain)(made)
    page = SmallPage(made)
    words = page.words("#methods")
    assert (
        "Most methods place more of their maps inside its outline than chance gives" in words
    ) == displayed
    assert ("not shown that most methods place more of their maps inside its outline" in words) != displayed
    assert (
        f"outline than chance gives: the interval lies above zero for {2 if displayed else 0} of 2" in words
    )
    # What is said of the boxes stays.
    assert "Most methods place more of their maps on the object than chance" in words
    rows = [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in page.soup.select("#methods table")[1].select("tr")
    ]
    assert rows[0][-2:] == ["Outline: hits", "Outline: share"]
    assert rows[1][-2:] == ["0.50 0.12 to 0.62", "0.38 0.12 to 0.62"]
    assert rows[-2][-2:] == ["0.12", "0.12"]
    assert rows[-1][-2:] == ["0.06", "0.25"]
    assert len({len(row) for row in rows}) == 1


def test_of_few_outlines_there_is_no_interval_and_no_claim() -> None:
    made = document()
    outlined(0.3, images=19)(made)
    page = SmallPage(made)
    words = page.words("#methods")
    assert "over the 19 images where one is known" in words
    assert "inside its outline" not in words
    assert page.soup.select("#methods table")[1].select("tbody td")[-1].get_text(strip=True) == "0.25"
    assert page.soup.select("#methods table")[1].select("tbody tr")[0].select("td")[-1].text == "0.38"


def test_without_outlines_none_is_spoken_of() -> None:
    made = document()
    located(0.3, 0.75)(made)
    assert "utline" not in SmallPage(made).words("#methods")
