"""Reports: everything that was exported is there and named, and nothing half made ever is."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from engine import exporting, runs
from engine.blocks import Linear
from engine.classify import experiment_for
from engine.dataspec import Data
from engine.experiment import Experiment, Model, Train, from_toml
from engine.inbox import Inbox
from engine.job import Order, Started, train
from engine.reportparts import Exported
from engine.run import Run
from engine.runfiles.notices import NotWritable, RunError


def small(**data):
    return Experiment(name="small", model=Model(encoder=(Linear(size=4),)),
                      data=Data(**{"image_size": 8, "training_images": 100, **data}),
                      train=Train(batch_size=50, epochs=2, learning_rate=0.01))


def trained(experiment: Experiment, folder: Path) -> Run:
    import torch

    torch.set_num_threads(1)
    told = [event for turn in train(Order(experiment, folder, folder / "runs", "cpu", 1), Inbox()) for event in turn]
    return next(event.run for event in told if isinstance(event, Started))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Run]:
    """An autoencoder, one on smaller images, and a classifier on the first."""
    folder = tmp_path_factory.mktemp("made")
    first = trained(small(), folder)
    return {"first": first, "other images": trained(small(image_size=12), folder),
            "classifier": trained(experiment_for(first, "probe"), folder)}


@pytest.fixture
def run(made, tmp_path) -> dict[str, Run]:
    """Copies that a test may damage."""
    return {name: Run(Path(shutil.copytree(it.folder, tmp_path / "runs" / it.name))) for name, it in made.items()}


def export(chosen, to, data_dir=Path()) -> Exported:
    return list(exporting.export(chosen, to, data_dir))[-1]


def page(found: Exported) -> str:
    return (found.folder / "README.md").read_text("utf-8")


def test_a_report_shows_settings_figures_and_tables(run, tmp_path):
    found = export(run.values(), tmp_path / "to")
    assert found.folder == tmp_path / "to" / "report"
    names = ["loss-mse", "loss-cross-entropy", "accuracy", "reconstructions",
             f"interpolation-{run['first'].name}", f"interpolation-{run['other images'].name}"]
    assert [name.partition("-")[2].partition("-")[2].rpartition(".")[0] for name in found.figures] == names
    for it in run.values():
        assert from_toml((found.folder / f"settings-{it.name}.toml").read_text("utf-8")) == it.experiment
    shown = page(found)
    for number, name in enumerate(found.figures, start=1):
        assert (found.folder / name).stat().st_size and f"]({name})\n\n**Figure {number}.** " in shown
    for name in found.tables:
        assert all((found.folder / "tables" / f"{name}.{ending}").stat().st_size for ending in ("csv", "md", "tex"))
    assert [it.run for it in found.skipped] == [run["other images"].name]
    assert "![]" not in shown and "other images than the first run" in shown


def test_the_numbers_are_those_of_the_runs(run, tmp_path):
    found = export([run["first"], run["classifier"]], tmp_path)
    rows = list(csv.DictReader((found.folder / "figure-1-loss-mse.csv").open(encoding="utf-8")))
    told = run["first"].metrics().evaluations
    assert [float(row["loss"]) for row in rows if row["quantity"] == "validation loss"] \
        == [it.validation_loss for it in told]
    counts = list(csv.reader((found.folder / "tables" / f"confusion-{run['classifier'].name}.csv").open()))[1:]
    right = sum(int(row[index + 1]) for index, row in enumerate(counts))
    every = sum(int(cell) for row in counts for cell in row[1:])
    assert right / every == pytest.approx(run["classifier"].state.test_accuracy)


def test_a_column_for_each_run_of_the_same_images(run, tmp_path):
    twin = Run(Path(shutil.copytree(run["first"].folder, tmp_path / "twin ñ 🎉")))
    found = export([run["first"], twin], tmp_path)
    assert not found.skipped
    picture = Image.open(found.folder / found.figures[1])
    assert picture.width == 3 * (112 + 2) + 2 and picture.height == 8 * (112 + 2) + 2
    assert f"({twin.name})" in page(found).replace("\\", "")
    assert f"settings-{twin.name}.toml" in unquote(page(found))


def test_a_run_chosen_twice_is_there_once_and_equal_names_stay_apart(run, tmp_path):
    namesake = Run(Path(shutil.copytree(run["first"].folder, tmp_path / "elsewhere" / run["first"].name)))
    found = export([run["first"], run["first"], namesake], tmp_path)
    assert len(list(found.folder.glob("settings-*.toml"))) == 2


def test_an_older_report_is_left_alone(run, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "README.md").write_text("mine")
    found = export([run["first"]], tmp_path)
    assert found.folder.name == "report_2"
    assert (tmp_path / "report" / "README.md").read_text() == "mine"


@pytest.mark.parametrize("file", ["experiment.toml", "metrics.jsonl"])
def test_a_damaged_run_is_named_and_the_others_are_exported(file, run, tmp_path):
    broken = run["other images"].folder / file
    broken.unlink()
    broken.mkdir()
    found = export([run["other images"], run["first"]], tmp_path)
    assert [it.run for it in found.skipped] == [run["other images"].name]
    assert "## Left out" in page(found)
    assert (found.folder / f"settings-{run['first'].name}.toml").is_file()


def test_damaged_weights_leave_the_curves(run, tmp_path):
    newest = run["first"].snapshots()[-1].path
    newest.write_bytes(newest.read_bytes()[:-20])
    found = export([run["first"]], tmp_path)
    assert found.figures == ("figure-1-loss.svg",)
    assert "damaged" in found.skipped[0].reason and len(found.skipped) == 1


def test_a_run_without_weights_or_evaluations_has_its_settings(run, tmp_path):
    new = runs.create(tmp_path / "runs", small(), "x")
    found = export([new], tmp_path)
    assert found.tables == ("comparison",) and "has no values yet" in page(found)


def test_images_that_are_not_here_leave_the_curves(tmp_path):
    new = runs.create(tmp_path / "runs", small(dataset="mnist"), "x")
    folder = trained(small(), tmp_path).folder
    shutil.copytree(folder / "history", new.folder / "history", dirs_exist_ok=True)
    found = export([new], tmp_path, tmp_path / "no data")
    assert found.figures == ("figure-1-loss.svg",) and found.skipped


def test_nothing_to_export_is_an_error_and_no_folder(run, tmp_path):
    (run["first"].folder / "experiment.toml").write_text("x = [")
    with pytest.raises(RunError, match=r"nothing to export.*unreadable"):
        export([run["first"]], tmp_path / "to")
    assert not list((tmp_path / "to").iterdir())


def test_a_cancelled_export_leaves_nothing(run, tmp_path):
    length = len(list(exporting.export(run.values(), tmp_path / "whole", Path())))
    for turns in range(1, length):
        made = exporting.export(run.values(), tmp_path / "to", Path())
        for _ in range(turns):
            next(made)
        made.close()
        assert not list((tmp_path / "to").iterdir())


def test_a_folder_below_a_file_is_refused(run, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotWritable, match=r"Cannot write to .*file"):
        export([run["first"]], tmp_path / "file" / "below")


def test_a_full_disk_leaves_nothing(run, tmp_path, monkeypatch):
    real, written = os.write, []

    def write(descriptor, data):
        written.append(len(data))
        if len(written) > 5:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    made = exporting.export([run["first"]], tmp_path / "to", Path())
    next(made)
    monkeypatch.setattr(os, "write", write)
    with pytest.raises(NotWritable, match="disk is full"):
        list(made)
    assert not list((tmp_path / "to").iterdir())


@pytest.mark.parametrize("name", ["*star* [link](x) <b>", "a|b", "daño 🎉", "two\nlines"])
def test_names_of_any_kind_are_shown_as_they_are(name, run, tmp_path):
    runs.set_notes(run["first"], name=name)
    shown = page(export([run["first"]], tmp_path))
    assert exporting.plain(name) in shown
