"""What the viewer lays over an input image."""

from __future__ import annotations

from small_results import document, results_of

from reportgen.sections.guided_backprop.page import find_overlays


def test_the_field_is_that_of_the_network_that_ran_and_the_patch_the_measured_one() -> None:
    changed = document()
    guided, neurons = changed["guided_backprop"]["rows"], changed["neurons"]
    neurons["geometry"] = {"size": 30, "stride": 16, "padding": 7}
    neurons["network_geometry"] = {"size": 20, "stride": 16, "padding": 2}
    guided["cat"][1]["position"] = neurons["top"]["cat"][0]["position"]
    first, second = find_overlays(results_of(changed), "cat")
    assert (first.field, first.patch) == ("0 18 0 18", "")
    # Position (3, 4, …): rows 3·16 − 2 = 46 to 66, columns 4·16 − 2 = 62 to 82.
    assert (second.field, second.patch) == ("46 66 62 82", "40 90 50 120")


def test_a_document_that_does_not_know_the_network_has_the_architectures_field() -> None:
    changed = document()
    del changed["neurons"]["network_geometry"]
    changed["neurons"]["geometry"] = {"size": 20, "stride": 16, "padding": 2}
    assert find_overlays(results_of(changed), "cat")[0].field == "0 18 0 18"


def test_patches_of_another_layer_are_not_shown() -> None:
    changed = document()
    changed["guided_backprop"]["rows"]["cat"][0]["position"] = [3, 4, 5]
    changed["guided_backprop"]["layer"] = "block5_conv3"
    assert find_overlays(results_of(changed), "cat")[0].patch == ""
