"""The Reports tab on a small report: what is missing is queued, what is there is drawn from the run."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import resources
from engine import experiment as experiments
from engine import reports, runs
from engine.experiment import to_toml
from gui.tabs.reports import ReportsTab
from tests.gui.tabs.conftest import network

REPORT = """
title = "Small"
authors = "Somebody"
year = 2020
note = "A note."
[[experiment]]
preset = "tiny"
title = "Tiny"
note = "Small indeed"
reported = [{ quantity = "validation_loss", value = 0.05 }]
[[experiment]]
preset = "other"
title = "Other"
"""
FIGURES = {
    "growth": 'images = [3]\nepochs = [0, 1, 2]\nreported = [0.5, 0.4, 0.3]\n',
    "many": 'kind = "growth"\nsplit = "training"\nimages = [0, 1, 2]\nsteps = [0, 3]\n',
    "before_after": "images = [0]\n", "beside": "images = [0]\n", "codes": "images = [0, 1]\n",
    "interpolation": "images = [0, 1, 2, 3]\n", "generated": "images = [0]\n", "ten_best": "",
    "feature_maps": 'images = [0]\nexperiments = []\nmaps = [{ title = "First", preset = "tiny" }]\n',
    "curves": 'quantities = ["training_loss", "validation_loss"]\nbatches = true\n',
    "table": 'quantities = ["parameters", "validation_loss"]\n',
}


def written(kinds):
    text = REPORT
    for name in kinds:
        body = FIGURES[name]
        head = "" if "kind" in body else f'kind = "{name}"\n'
        who = "" if "experiments" in body else 'experiments = ["tiny"]\n'
        text += f'[[figure]]\n{head}{who}caption = "About {name}."\nalternative = "{name}"\n{body}'
    return text


@pytest.fixture
def tab(qtbot, looking, tmp_path, monkeypatch):
    """``tab(kinds, trained)`` -> the tab with a report of these figures, its answers all there."""
    presets = {"tiny": tmp_path / "tiny.toml", "other": tmp_path / "other.toml"}
    monkeypatch.setattr(resources, "presets", lambda: presets)

    def make(kinds, there=True, **changes):
        session = looking(**changes)
        experiment = experiments.replaced(session.shown.experiment, {"data.folder": ""})
        presets["tiny"].write_text(to_toml(experiment))
        presets["other"].write_text(to_toml(experiments.replaced(experiment, {"train.epochs": 3})))
        (tmp_path / "small.toml").write_text(written(kinds))
        if there:
            session.refresh_runs()
            qtbot.waitUntil(lambda: bool(session.runs.rows), timeout=5_000)
        made = ReportsTab(session, bundled=(reports.read(tmp_path / "small.toml"),))
        qtbot.addWidget(made)
        made.resize(800, 3000)
        made.show()
        qtbot.waitUntil(lambda: bool(made.standings) and not made._wanting and not made.asker.busy, timeout=20_000)
        return made, session

    return make


def test_every_kind_of_figure_is_drawn_from_the_run(tab):
    made, session = tab(list(FIGURES))

    assert [box.drawn for box in made.figures] == [True] * len(FIGURES)
    boxes = dict(zip(FIGURES, made.figures, strict=True))
    model, images = network(session)
    row = boxes["growth"].content.rows[0]
    assert row.labels[0] == "Original"
    assert [label.splitlines()[0] for label in row.labels[1:]] == ["Untrained", "Epoch 1", "Epoch 2"]
    assert "(report 0.3)" in row.labels[-1]
    last = model(images.test.images[3:4].float() / 255)[0, 0].detach().numpy()
    assert np.abs(row.pictures[-1] / 255 - last.clip(0, 1)).max() < 0.01
    assert [len(it.pictures) for it in boxes["many"].content.rows] == [3, 3]  # step 3 is not kept
    assert "3 batches" in boxes["many"].state.text()
    assert [len(it.pictures) for it in boxes["interpolation"].content.rows] == [10] * 4
    assert [len(it.pictures) for it in boxes["codes"].content.rows] == [3, 3]
    assert [len(boxes[name].content.rows[0].pictures) for name in ("generated", "ten_best")] == [2 + 6, 10]
    assert len(boxes["feature_maps"].content.rows[0].pictures) > 1
    assert len(boxes["curves"].content.lines) == 2


@pytest.fixture
def own_images(tmp_path_factory):
    """A folder of sixty images, as the settings that name it."""
    folder, values = tmp_path_factory.mktemp("own"), np.random.default_rng(4)
    for number in range(60):
        Image.fromarray(values.integers(0, 256, (8, 8), np.uint8)).save(folder / f"{number}.png")
    return {"data__dataset": "folder", "data__folder": str(folder), "data__colour": "grey"}


def test_figures_of_images_of_ones_own_take_the_folder_that_the_run_used(tab, own_images):
    made, session = tab(["beside", "codes", "interpolation", "generated", "ten_best"], **own_images)

    assert [box.state.text() for box in made.figures if not box.drawn] == []
    original = made.figures[0].content.rows[0].pictures[0]
    _, images = network(session)
    assert np.abs(original - images.test.images[0, 0].numpy()).max() < 1


def test_an_interrupted_run_on_a_folder_goes_on_with_it(qtbot, tab, own_images):
    made, session = tab([], **own_images)
    session.queue.pause()
    session.draft.replace(experiments.Experiment())
    wanted = experiments.replaced(session.shown.experiment, {"train.epochs": 3})
    cut = runs.create(session.runs_dir, wanted, "")
    session.refresh_runs()
    qtbot.waitUntil(lambda: made.standings["other"].found.status == "interrupted", timeout=10_000)

    made.queue_all.click()

    assert [(item.run, item.experiment.data.folder) for item in session.queue.items] == [
        (cut.folder, own_images["data__folder"])]


def test_the_table_has_the_reported_number_beside_ours(tab):
    made, session = tab(["table"])
    first, other = made.table.table.rows

    assert first[:4] == ("Tiny", "Finished", "Validation loss", "0.05")
    assert first[4] == reports.number("validation_loss", session.shown.run.state.validation_loss)
    assert first[5].endswith(("% higher", "% lower"))
    assert other[:2] == ("Other", "Not trained yet")


def test_what_is_missing_is_queued_once(qtbot, tab):
    made, session = tab([])
    session.queue.pause()

    assert made.queue_all.text() == "Queue what is missing (1)"
    made.queue_all.click()
    assert [item.experiment.train.epochs for item in session.queue.items] == [3]
    qtbot.waitUntil(lambda: not made.queue_all.isEnabled(), timeout=10_000)
    assert made.table.table.rows[1][1] == "Queued"


def test_a_figure_without_a_run_says_what_to_train(tab):
    made, session = tab(["beside"], there=False)
    session.queue.pause()
    box, = made.figures

    assert (box.drawn, box.content.isVisible(), box.state.text()) == (False, False, "Not trained yet: Tiny.")
    box.train.click()
    assert [item.experiment.name for item in session.queue.items] == ["tiny"]


def test_an_interrupted_run_is_queued_to_go_on(qtbot, tab):
    made, session = tab([])
    session.queue.pause()
    cut = runs.create(session.runs_dir, experiments.load(resources.presets()["other"]), "")
    session.refresh_runs()
    qtbot.waitUntil(lambda: made.standings["other"].found.status == "interrupted", timeout=10_000)

    made.queue_all.click()

    assert [item.run for item in session.queue.items] == [cut.folder]


def test_a_figure_that_fails_says_why_and_can_be_asked_again(qtbot, tab):
    made, _ = tab(["beside"])
    box, = made.figures
    box.fail("It broke.")

    assert box.state.text() == "It broke. What was drawn before stays."
    box.again.click()
    qtbot.waitUntil(lambda: not box.place.isVisible(), timeout=10_000)
    assert box.drawn


def test_a_figure_out_of_sight_asks_nothing(qtbot, tab):
    made, _ = tab(["codes"])
    made.figures[0]._signature = None
    made.resize(800, 200)
    made.read()
    qtbot.waitUntil(lambda: bool(made._wanting), timeout=10_000)
    made.look()

    assert made._wanting
    assert not made.asker.busy
    made._page.verticalScrollBar().setValue(made._page.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: not made._wanting and not made.asker.busy, timeout=10_000)


