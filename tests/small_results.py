"""Results written by hand, as small as the contract allows, for two classes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from reportgen.contract.schema import results_type
from reportgen.outline.kind import find_kind
from reportgen.results import Results

LABELS = ("cat", "dog")
_INIT = {
    "fan_in": 9, "n": 9, "sigma_expected": 0.4714, "sigma_observed": 0.4, "statistic": 6.48,
    "interval": [0.97, 29.7], "p_value": 0.6, "alpha": 0.001, "plausible": True,
    "redrawn": True,
}  # fmt: skip
_SUMMARY = {
    "file": "arrays/convolution.npz", "key": "filter", "shape": [3, 3], "dtype": "float32",
    "min": -1.0, "max": 1.0, "mean": 0.0, "norm": 2.0,
}  # fmt: skip
_FIELD = {"rows": [0, 224], "cols": [10, 224]}
_NEURON = {
    "position": [3, 4, 5], "value": 7.5, "receptive_field": _FIELD,
    "patch": {"rows": [40, 90], "cols": [50, 120], "energy_share": 0.81},
    "field": {"rows": [0, 200], "cols": [30, 224]}, "support": {"rows": [2, 200], "cols": [30, 220]},
}  # fmt: skip
_ROW = {
    "choice": "zero", "position": [0, 0, 0], "value": 0.0, "gradient_max_abs": 0.0, "blank": True,
    "relu_total": 16, "relu_guided": 16, "scale_limit": 0.0, "energy_share": None,
}  # fmt: skip
_PATCH = {"rows": [0, 90], "cols": [8, 96], "energy_share": 0.8}
_LOUD = {
    "position": [3, 4, 5], "value": 7.5, "value_rank": 1, "contribution": -0.5, "contribution_rank": 500,
    "strength_rank": 2,
    "ratio": 3.0, "patch": _PATCH,
}  # fmt: skip
_DECISIVE = {
    **_LOUD,
    "position": [1, 2, 7],
    "value": 2.5,
    "value_rank": 40,
    "contribution": 1.5,
    "contribution_rank": 1,
    "strength_rank": 1,
}
_LED = {
    "file": "test/x.jpg", "predicted": "cat", "score": 3.5, "bias": 0.25,
    "loud": [_LOUD, _LOUD], "decisive": [_DECISIVE, _LOUD], "unusual": [_DECISIVE, _LOUD], "on_animal": None,
}  # fmt: skip
_METHODS = {
    "file": "test/x.jpg", "predicted": "cat", "score": 8.5, "baseline": 1.5, "animal": None,
    "centre_on_animal": None,
    "maps": [
        {
            "method": "gradient_x_input", "peak": [3, 4], "limit": 2.5, "incompleteness": 0.4,
            "peak_on_animal": None, "on_animal": None,
        },
        {
            "method": "grad_cam", "peak": [100, 110], "limit": 1.25, "incompleteness": None,
            "peak_on_animal": None, "on_animal": None,
        },
    ],
}  # fmt: skip
_ALIKE = {"signed": 0.9, "absolute": 0.8, "ssim": 0.7}
_UNLIKE = {"signed": -0.05, "absolute": 0.6, "ssim": None}
_REDRAWN = {
    "value": -2.5, "guided_limit": 0.3, "plain_limit": 0.1,
    "likeness": {"guided": _ALIKE, "plain": _UNLIKE},
}  # fmt: skip
_EXPLAINED = {
    "file": "test/x.jpg", "position": [3, 4, 5], "value": 7.5, "field": {"rows": [0, 154], "cols": [10, 206]},
    "guided_limit": 0.4, "plain_limit": 0.2, "redrawn": [_REDRAWN, {**_REDRAWN, "value": 1.5}],
}  # fmt: skip


_OCCLUDED_BOX = {
    "box": {"rows": [40, 90], "cols": [50, 120]}, "kept": 1.5, "removed": 6.0, "kept_in_blur": 2.0,
    "removed_in_blur": 7.0,
}  # fmt: skip
_OCCLUDED = {
    "position": [3, 4, 5], "value": 7.5, "blank": 0.75, "patch": _OCCLUDED_BOX,
    "best": {**_OCCLUDED_BOX, "box": {"rows": [80, 130], "cols": [30, 100]}, "kept": 4.5, "removed": 3.0},
    "tried": 9, "random_removed": 5.25, "harming": 12, "harming_more": 11,
}  # fmt: skip
_PATCHES = {
    "patches": 5, "contrast": 0.1, "image_contrast": 0.2, "flatter": 5, "black": 0.0, "image_black": 0.1,
    "at_edge": 2, "pairs": 10, "overlapping": 8, "places": 2, "on_animal": None, "animal_area": None,
    "chance": {"contrast": 0.15, "flatter": 3.75, "black": 0.05, "at_edge": 0.125},
}  # fmt: skip
_EXCITING = {
    "file": "train/cat/1.jpg", "label": "cat", "value": 9.5, "position": [3, 4, 5],
    "patch": {"rows": [40, 136], "cols": [50, 146]},
}  # fmt: skip
_OVER_DATA = {
    "split": "train", "classes": {"cat": 12, "dog": 12}, "shown": 9, "side": 96, "silent_share": 0.75,
    "silent_channels": 0, "alpha": 0.05, "tested": 500, "selective": 24, "expected": 20.5,
    "permutations": 999, "p_value": 0.3,
    "channels": [
        {"channel": 5, "active": 24, "label": "cat", "most": 9, "p_value": 0.0004, "images": [_EXCITING] * 9},
        {"channel": 6, "active": 20, "label": "dog", "most": 5, "p_value": 1.0, "images": [_EXCITING] * 9},
    ],
}  # fmt: skip
_JUDGED = {"file": "test/x.jpg", "true": "cat", "predicted": "dog", "probability": 0.75}
_MISTAKE = {
    **_JUDGED,
    "nearest": [
        {"file": "train/dog/1.jpg", "label": "dog", "similarity": 0.875},
        {"file": "train/cat/1.jpg", "label": "cat", "similarity": 0.5},
    ],
}
_LOOK = {
    "images": 12, "dark_frames": 0, "light_frames": 1, "brightness": 0.5, "width": 300.0, "height": 200.0,
    "bytes_per_pixel": 0.25, "exif": 0, "formats": {"JPEG": 12},
}  # fmt: skip


def _each(value: Any) -> dict[str, Any]:
    return dict.fromkeys(LABELS, value)


def _layer(depth: int, filters: int, side: int) -> dict[str, Any]:
    return {
        "filters": filters, "kernel_shape": [3, 3, depth, filters],
        "input_shape": [side + 2, side + 2, depth],
        "expected_shape": [side, side, filters], "observed_shape": [side, side, filters], "matches": True,
        "stride": 1, "padding": 0, "init_check": _INIT, "weight_limit": 1.25,
        "maxima": _each([0.5, *[0.0] * 9]),
    }  # fmt: skip


def document() -> dict[str, Any]:
    """A new ``results.json`` as Python data, derived values left out; whoever asks may change it."""
    splits = ("train", "val", "test")
    made = {
        "kind": {"name": "assignment", "version": "1.0", "sections": list(find_kind().names)},
        "report": {"course": "C", "assignment": "A", "group": "", "authors": [], "date": None},
        "provenance": {
            "seed": 1, "data_fingerprint": "f" * 64, "versions": {"reportgen": "0"},
            "weights": {"source": "embedded", "name": "w.h5", "sha256": "0" * 64, "note": "Note."},
        },
        "dataset": {
            "classes": list(LABELS), "counts": {split: _each(4) for split in splits}, "layout": "split",
            "drawn_by_program": False, "annotated": False, "examples": _each("test/x.jpg"), "duplicates": [],
            "warnings": [],
            "images": [{"file": "test/x.jpg", "split": "test", "label": "cat", "sha256": "1" * 64}],
        },
        "convolution": {
            "colour": False, "input_shape": [224, 224], "filter_size": 3, "stride": 1, "padding": 0,
            "filter": [[0.1, 0.2, 0.3]] * 3, "expected_shape": [222, 222],
            "classes": _each({"file": "test/x.jpg", "observed_shape": [222, 222], "matches": True}),
            "init_check": _INIT, "scale_limit": 1.0,
            "arrays": {
                "filter": _SUMMARY, "map_0": {**_SUMMARY, "key": "map_0"},
                "map_1": {**_SUMMARY, "key": "map_1"},
            },
        },
        "conv_stack": {
            "colour": False, "shown": 10, "files": _each("test/x.jpg"), "arrays": {},
            "layers": [_layer(1, 32, 222), _layer(32, 64, 220)],
        },
        "transfer": {
            "feature_layer": "block5_conv4", "feature_pooling": "global_average", "feature_size": 512,
            "classes": list(LABELS), "trainable_parameters": 1026, "frozen_parameters": 20024384,
            "frozen_sha256": {"before": "a" * 64, "after": "a" * 64},
            "training": {
                "optimizer": "Adam", "learning_rate": 0.01, "batch_size": 16, "max_epochs": 9, "patience": 2,
                "epochs_run": 1, "best_epoch": 1, "feature_scale": 1.5,
            },
            "history": {"loss": [0.5], "accuracy": [0.9], "val_loss": [0.6], "val_accuracy": [0.8]},
            "confusion": {"train": [[4, 0], [0, 4]], "val": [[2, 2], [0, 4]], "test": [[3, 1], [2, 2]]},
            "per_class": {split: _each({"precision": None, "recall": 0.5, "support": 4}) for split in splits},
            "misclassified": [
                {"file": "test/x.jpg", "true": "cat", "predicted": "dog", "probabilities": _each(0.5)}
            ],
            "arrays": {},
        },
        "neurons": {
            "layer": "block5_conv4", "layer_shape": [14, 14, 512], "files": _each("test/x.jpg"),
            "geometry": {"size": 252, "stride": 16, "padding": 118},
            "network_geometry": {"size": 196, "stride": 16, "padding": 90}, "top": _each([_NEURON]),
            "top_distinct": _each([_NEURON]), "positive_share": _each(0.3), "head_overlap": None,
            "looks": _each(_PATCHES), "arrays": {},
            "flatness": {
                "share": 0.4, "expected": 0.5, "flatter": 7.5, "alpha": 0.05, "draws": 999, "p_value": 0.25,
            },
        },
        "occlusion": {
            "layer": "block5_conv4", "files": _each("test/x.jpg"), "random_boxes": 30, "step": 32,
            "blur": 10.0, "neurons": _each([_OCCLUDED]), "arrays": {},
        },
        "guided_backprop": {
            "layer": "block5_conv4", "files": _each("test/x.jpg"), "percentile": 99.5, "shared_scale": False,
            "rows": {
                "cat": [_ROW, {**_ROW, "value": 2.0, "blank": False}],
                "dog": [{**_ROW, "blank": False}, {**_ROW, "value": 3.0}],
            },
            "area_share": None, "signs": {"negative": 3, "positive": 1}, "arrays": {},
        },
        "channels": {
            "layer": "block5_conv4", "channels": 512, "exact": True, "images": 150, "floor": 2.5,
            "quantile": 0.75,
            "strength": {"expected": 0.0156, "alpha": 0.05, "permutations": 999, "p_value": 0.001},
            "classes": _each(_LED), "over_data": _OVER_DATA, "arrays": {},
        },
        "methods": {
            "layer": "block5_conv4", "shown": ["gradient_x_input", "grad_cam"], "steps": 32, "samples": 16,
            "noise": 0.15, "seed": 1, "cells": 14, "agree_from": 0.5, "complete_below": 0.01,
            "classes": _each(_METHODS), "agreement": 0.25, "arrays": {},
        },
        "randomisation": {
            "layer": "block5_conv4", "seed": 1, "images": 3, "percentile": 99.5, "alike_from": 0.3,
            "unlike_below": 0.1, "kept": ["block5_conv4"],
            "networks": [
                {"first_block": 5, "layers": 3, "weights": 700},
                {"first_block": 1, "layers": 13, "weights": 900},
            ],
            "neurons": _each(_EXPLAINED), "arrays": {},
        },
        "shortcuts": {
            "ring_width": 4, "segments": 8, "thumbnail_side": 8, "folds": 4, "fewest": 4, "smallest": 12,
            "regularisation": 0.1, "near": 7.0, "near_duplicates": 0, "dark_below": 0.2, "light_above": 0.8,
            "frame_step": 0.1, "features": {"ring": 96, "colour": 3, "file": 5, "thumbnail": 192},
            "confusion": {
                "ring": [[12, 0], [1, 11]], "colour": [[7, 5], [5, 7]],
                "file": [[6, 6], [6, 6]], "thumbnail": [[8, 4], [4, 8]],
            },
            "file_alone": {
                "width": 12, "height": 11, "shape": 12, "bytes_per_pixel": 9, "exif": 12, "format": 12,
            },
            "classes": {"cat": _LOOK, "dog": {**_LOOK, "dark_frames": 11}}, "examples": {}, "asked": 60,
            "alpha": 0.05,
            "tested": [
                {"file": "test/x.jpg", "true": "cat", "as_it_is": "cat", "without_ring": "dog"},
                {"file": "test/y.jpg", "true": "dog", "as_it_is": "dog", "without_ring": "dog"},
            ],
            "arrays": {},
        },
        "errors": {
            "images": {"cat": 4, "dog": 4}, "mistakes": [_MISTAKE], "agreeing": 6, "surest": [_JUDGED],
            "least_sure": [_JUDGED], "hash_bits": 64, "near": 8, "pairs": 2, "leaked": 1, "most_listed": 12,
            "twins": [
                {
                    "first": "train/cat/1.jpg", "first_split": "train", "second": "test/x.jpg",
                    "second_split": "test", "same_class": True, "distance": 2,
                },
                {
                    "first": "train/dog/1.jpg", "first_split": "train", "second": "val/dog/1.jpg",
                    "second_split": "val", "same_class": False, "distance": 6,
                },
            ],
            "variance_share": [0.5, 0.25], "arrays": {},
        },
        "checks": [{"name": "frozen_base", "claim": "It is.", "passed": True}],
    }  # fmt: skip
    return copy.deepcopy(made)


def results_of(document: Any) -> Results:
    """A document of the assignment as a result object."""
    return results_type(find_kind(), Results).model_validate(document)


def small_results() -> Results:
    """The same as a result object."""
    return results_of(document())


def write_build(folder: Path) -> Path:
    """A build folder with these results and a page of one line."""
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    (folder / "report.html").write_text("<p>The page.</p>", encoding="utf-8")
    return folder
