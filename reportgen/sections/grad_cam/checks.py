"""Is there a map of each class for each image, and is it what the report says of it?"""

from __future__ import annotations

from typing import Final

from reportgen.grading.checks import NamedCheck, classes, is_close
from reportgen.grading.report import Report, require


def judge_maps(report: Report, label: str) -> None:
    """The image of a class has a map of every class, none with a value below zero, and the figures that the
    report gives of them are theirs.
    """
    results = report.results
    labels = list(results.dataset.classes)
    maps = report.array("grad_cam", "maps")
    require(
        maps.shape[:2] == (len(labels), len(labels)),
        f"/grad_cam/arrays/maps: its shape is {list(maps.shape)} for {len(labels)} classes",
    )
    own = maps[labels.index(label)]
    require(float(own.min()) >= 0, f"/grad_cam/classes/{label}: a map has values below zero")
    for name, values in zip(labels, own, strict=True):
        pointer = f"/grad_cam/classes/{label}/maps/{name}"
        found, highest = results.grad_cam.classes[label].maps[name], float(values.max())
        require(
            is_close(found.highest, highest),
            f"{pointer}/highest: found {found.highest:.6g}, the map has {highest:.6g}",
        )
        if found.peak is not None:
            require(
                is_close(float(values[tuple(found.peak)]), highest),
                f"{pointer}/peak: the map is not largest in {list(found.peak)}",
            )


CHECKS: Final = {"class_maps": NamedCheck(classes, judge_maps)}
