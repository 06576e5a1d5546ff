"""What a stage depends on, and that it can read nothing else."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from stand_in import make_home

from reportgen.dataset.inventory import take_inventory
from reportgen.engine import plan
from reportgen.engine.plan import Plan, find_changes, make_plan
from reportgen.engine.sources import _read, code_of
from reportgen.engine.stages.context import StageContext
from reportgen.outline.kind import find_kind
from reportgen.progress import Silent
from reportgen.settings import load_settings
from reportgen.store.cache import Cache
from reportgen.system import packages
from reportgen.templates import Templates, templates_folder
from reportgen.weights import WeightsFile

WEIGHTS = WeightsFile("embedded", Path("w.h5"), "1" * 64)
ALL = frozenset(spec.name for spec in plan.make_specs(find_kind()))
PLACES = {"data", "build", "cache", "cache_limit_mb", "templates", "fonts"}
SLOW = {
    "features",
    "transfer",
    "activations",
    "neurons",
    "occlusion",
    "channels",
    "guided_backprop",
    "methods",
    "randomisation",
    "shortcuts",
    "errors",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("home"))
    shutil.copytree(templates_folder(), home / "templates")
    return home


def planned(home: Path, weights: WeightsFile = WEIGHTS, **settings: Any) -> Plan:
    chosen = load_settings(folder=home, **settings)
    templates = Templates((*([chosen.templates] if chosen.templates else []), home / "templates"))
    return make_plan(chosen, take_inventory(home / "data", chosen.seed), weights, templates)


def changed(one: Plan, other: Plan) -> set[str]:
    """The stages with another key, among those whose own inputs differ: not only because of others."""
    return {
        name
        for name, stage in one.stages.items()
        if {**stage.digests, "stages": ""} != {**other.stages[name].digests, "stages": ""}
    }


def stale(one: Plan, other: Plan) -> set[str]:
    return {name for name, stage in one.stages.items() if stage.key != other.stages[name].key}


def test_the_same_inputs_give_the_same_keys(home: Path) -> None:
    assert stale(planned(home), planned(home)) == set()


@pytest.mark.long
@pytest.mark.parametrize(
    ("settings", "stages"),
    [
        (
            {"seed": 5},
            {
                *("convolution", "conv_stack", "transfer", "results", "neurons", "occlusion", "channels"),
                "methods",
            },
        ),
        ({"course": "C"}, {"results"}),
        ({"assignment": "A"}, {"results"}),
        ({"group": "G"}, {"results"}),
        ({"authors": [{"name": "Ada"}]}, {"results"}),
        ({"date": "2026-01-31"}, {"results"}),
        ({"theme": "paper"}, {"results"}),
        ({"show": {"colour": True, "filters": 2, "neurons": 2}}, {"convolution", "conv_stack"}),
        ({"show": {"filters": 9, "neurons": 2}}, {"conv_stack"}),
        ({"show": {"filters": 2, "neurons": 3}}, {"neurons", "channels"}),
        ({"convolution": {"stride": 2}}, {"convolution"}),
        ({"conv_stack": {"padding": [1, 0]}}, {"conv_stack"}),
        ({"occlusion": {"random_boxes": 31}}, {"occlusion"}),
        ({"occlusion": {"step": 16}}, {"occlusion"}),
        ({"guided_backprop": {"neurons": ["zero"]}}, {"guided_backprop"}),
        ({"methods": {"shown": ["grad_cam"]}}, {"methods"}),
        ({"methods": {"of": "cat"}}, {"methods"}),
        ({"methods": {"steps": 2}}, {"methods"}),
        ({"methods": {"samples": 2}}, {"methods"}),
        ({"methods": {"located_over": "test"}}, {"methods"}),
        ({"randomisation": {"seed": 2}}, {"randomisation"}),
        ({"randomisation": {"images": 1}}, {"randomisation"}),
        ({"shortcuts": {"images": 5}}, {"shortcuts"}),
        (
            {"guided_backprop": {"neurons": ["zero", "top:1"], "shared_scale": True}},
            {"guided_backprop"},
        ),
        ({"commentary": {"transfer": "Other words."}}, {"html"}),
        ({"cache_limit_mb": 5}, set()),
        ({"cache": "elsewhere"}, set()),
        ({"build": "elsewhere"}, set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),  # the same in all processes
)
def test_a_setting_counts_where_it_is_used(home: Path, settings: dict[str, Any], stages: set[str]) -> None:
    import datetime

    if "date" in settings:
        settings = {"date": datetime.date.fromisoformat(settings["date"])}
    # All that the reader may know of the settings is attached to the PDF.
    attached = set() if settings.keys() & PLACES else {"pdf"}
    assert changed(planned(home), planned(home, **settings)) == stages | attached


def test_sections_and_their_order_count_where_the_report_is_put_together(home: Path) -> None:
    every = planned(home)
    some = planned(home, sections=["neurons", "transfer"], guided_backprop={})
    turned = planned(home, sections=["transfer", "neurons"], guided_backprop={})
    assert set(every.stages) - set(some.stages) == {
        f"{prefix}{name}"
        for prefix in ("", "figures_")
        for name in (
            "convolution",
            "conv_stack",
            "occlusion",
            "channels",
            "guided_backprop",
            "methods",
            "randomisation",
            "shortcuts",
            "errors",
        )
    }
    assert {"features", "activations"} & set(
        planned(home, sections=["convolution"], guided_backprop={}, commentary={}).stages
    ) == set()
    assert stale(some, turned) == {"results", "html", "pdf"}
    kept = {"transfer", "neurons", "figures_transfer", "figures_neurons", "features", "activations"}
    assert {name: every.stages[name].key for name in kept} == {name: some.stages[name].key for name in kept}


def test_every_setting_is_declared_by_a_stage_or_names_a_place(tmp_path: Path) -> None:
    declared = {name.split(".")[0] for spec in plan.make_specs(find_kind()) for name in spec.settings}
    known = set(type(load_settings(folder=tmp_path)).model_fields)
    assert declared | PLACES | {"weights", "architecture"} == known
    assert declared & PLACES == set()


def test_weights_count_where_the_network_runs(home: Path) -> None:
    other = WeightsFile("embedded", Path("w.h5"), "2" * 64)
    assert changed(planned(home), planned(home, other)) == SLOW | {"weights"}


def test_a_version_counts_where_the_package_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = planned(home)
    real = packages.installed_versions()
    users = {
        "weasyprint": {"pdf", "results"},
        "pillow": {name for name in ALL if name.startswith("figures_")}
        | SLOW | {"dataset", "convolution", "conv_stack", "pdf", "results", "html"},
        "markdown-it-py": {"html"},
    }  # fmt: skip
    for name, stages in users.items():
        other = {**real, name: "0.0"}
        monkeypatch.setattr(packages, "installed_versions", partial(dict, other))
        monkeypatch.setattr(plan, "installed_versions", partial(dict, other))
        assert changed(before, planned(home)) == stages


@pytest.mark.parametrize("versions", [{}, {"pango": "1.50.12", "fonttools": "4.68.0"}])
def test_what_prints_counts_for_the_paper_and_stands_in_the_results(
    home: Path, monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]
) -> None:
    before = {"pango": "1.50.12", "harfbuzz-subset": "6.0.0"}
    monkeypatch.setattr(plan, "printer_versions", lambda: before)
    one = planned(home)
    assert one.stages["pdf"].inputs["printer"] == before
    monkeypatch.setattr(plan, "printer_versions", lambda: versions)
    other = planned(home)
    assert changed(one, other) == {"results", "pdf"}
    assert stale(one, other) == {"results", "html", "pdf"}
    assert other.stages["results"].inputs["versions"].items() >= versions.items()


@pytest.mark.long
def test_a_template_counts_for_the_document(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    for name in ("diff.css", ".hidden"):
        (copy / "templates" / name).write_text("other")
        assert stale(planned(home), planned(copy)) == set()
    for name in ("palette.css", "sorting.js", "report.css", "sections/title.html.j2"):
        with (copy / "templates" / name).open("a") as stream:
            stream.write("\n")
        assert changed(planned(home), planned(copy)) == {"html"}
        assert stale(planned(home), planned(copy)) == {"html", "pdf"}


def test_a_template_of_the_user_s_own_counts_instead_of_the_one_it_replaces(
    home: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    own = copy / "mine"
    own.mkdir()
    shutil.copy(copy / "templates/report.css", own)
    before = planned(copy)
    assert changed(before, planned(copy, templates=own)) == set(), "the same content"
    (own / "report.css").write_text("p { margin: 0 }")
    mine = planned(copy, templates=own)
    assert changed(before, mine) == {"html"}
    (copy / "templates/report.css").write_text("nobody reads this now")
    assert changed(mine, planned(copy, templates=own)) == set()
    (own / "new.j2").write_text("")
    assert find_changes(mine.stages["html"], mine) == ["new.j2"]


def test_the_annotations_count_where_boxes_are_used(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    (copy / "data/annotations.json").write_text("{}")
    assert changed(planned(home), planned(copy)) == {
        *("dataset", "neurons", "channels", "guided_backprop", "methods"),
    }


def test_code_counts_where_it_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = planned(home)
    real = code_of

    def edited(module: str, *_: Any, **__: Any) -> dict[str, str]:
        return {
            file: sha256 + "x" * file.endswith("transfer/analysis.py")
            for file, sha256 in real(module).items()
        }

    monkeypatch.setattr(plan, "code_of", edited)
    assert changed(before, planned(home)) == {"transfer"}


def test_single_items_do_not_hang_on_the_images_or_the_settings(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    shutil.copy(copy / "data/train/cat/0.png", copy / "data/train/cat/new.png")
    one, other = planned(home), planned(copy, show={"neurons": 9}, guided_backprop={"neurons": ["median"]})
    for name in SLOW:
        assert one.stages[name].base == other.stages[name].base
    heavier = planned(home, WeightsFile("embedded", Path("w.h5"), "2" * 64))
    assert all(one.stages[name].base != heavier.stages[name].base for name in SLOW)
    bases = {stage.base for stage in one.stages.values()}
    assert len(bases) == len(one.stages)


def context_of(home: Path, stage: str) -> StageContext:
    chosen = planned(home)
    cache = Cache(home / "cache", 10)

    def nothing() -> Any:
        raise AssertionError

    return StageContext(chosen.stages[stage], chosen, cache.items("b"), Silent(), lambda _: {}, nothing)


READS: dict[str, Callable[[StageContext], object]] = {
    "settings": lambda context: context.setting("seed"),
    "commentary": lambda context: context.setting("commentary"),
    "upstream": lambda context: context.artifacts("results"),
    "network": lambda context: context.network(),
    "weights": lambda context: context.weights,
    "images": lambda context: context.images,
    "inventory": lambda context: context.inventory,
    "examples": lambda context: context.examples,
    "annotations": lambda context: context.annotations,
    "templates": lambda context: context.templates,
    "versions": lambda context: context.versions,
}
ALLOWED = {
    "dataset": {"inventory"},
    "weights": {"network", "weights"},
    "transfer": {"settings", "network", "weights", "images"},
    "neurons": {"settings", "network", "weights", "examples", "annotations"},
    "html": {"commentary", "upstream", "templates"},
    "pdf": {"upstream", "settings", "commentary"},
    "results": {"settings", "examples", "versions"},
}


@pytest.mark.parametrize("stage", ALLOWED)
def test_a_stage_can_read_only_what_its_key_knows(home: Path, stage: str) -> None:
    readable, context = set(), context_of(home, stage)
    for name, read in READS.items():
        try:
            read(context)
        except KeyError:
            continue
        except AssertionError:
            pass
        readable.add(name)
    assert readable == ALLOWED[stage]


def test_files_that_change_meanwhile_are_noticed(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    (copy / "data/annotations.json").write_text("{}")
    chosen = planned(copy)
    assert [name for name in ALL if find_changes(chosen.stages[name], chosen)] == []
    (copy / "templates/report.css").write_text("")
    (copy / "data/annotations.json").write_text("{ }")
    assert find_changes(chosen.stages["html"], chosen) == ["report.css"]
    assert find_changes(chosen.stages["neurons"], chosen) == ["annotations.json"]
    assert find_changes(chosen.stages["pdf"], chosen) == []


def test_code_that_changes_meanwhile_is_noticed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = planned(home)
    real: Any = _read.__wrapped__

    def edited(file: Path) -> tuple[str, bytes]:
        data = real(file)[1] + b"MORE = 1\n" * file.as_posix().endswith("transfer/analysis.py")
        return hashlib.sha256(data).hexdigest(), data

    monkeypatch.setattr(_read, "__wrapped__", edited)
    assert find_changes(chosen.stages["transfer"], chosen) == [
        "the code in reportgen/sections/transfer/analysis.py"
    ]
    assert find_changes(chosen.stages["neurons"], chosen) == []
