"""The reports against their presets and against runs: which run answers to an experiment, and how far it comes."""

from __future__ import annotations

import dataclasses

import pytest

import resources
from engine import experiment as ex
from engine import reports, runs
from engine.reports import ReportError
from engine.run import Run
from tests.gui.conftest import tiny

REPORTS = reports.bundled()
SMALL = 'title = "A"\nauthors = "B"\nyear = 2020\n[[experiment]]\npreset = "tiny"\ntitle = "Tiny"\n'


@pytest.mark.parametrize("report", REPORTS, ids=[report.name for report in REPORTS])
def test_a_bundled_report_names_presets_and_figures_that_are_there(report):
    from gui.reports.pictures import PLANS

    assert {entry.preset for entry in report.experiment} <= set(resources.presets())
    assert {maps.preset for figure in report.figure for maps in figure.maps} <= set(resources.presets())
    assert {figure.kind for figure in report.figure} <= {*PLANS, "curves", "table", "confusion"}
    assert all(figure.alternative and figure.caption for figure in report.figure)
    for figure in report.figure:
        keep = {name: ex.load(resources.presets()[name]).train.keep for name in figure.experiments}
        wanted = {epoch for epoch in figure.epochs if epoch}
        assert all(wanted <= set(epochs) for epochs in keep.values()), "its epochs are kept"


def test_every_reproduced_preset_belongs_to_a_report():
    told = {entry.preset for report in REPORTS for entry in report.experiment}

    assert told == set(resources.presets()) - {"digits-quick", "photos-residual", "fashion-denoising", "shapes-quick"}


def test_the_8_stands_beside_its_five_reported_errors():
    dense = next(report for report in REPORTS if report.name == "2-dense-mnist")
    eight = next(figure for figure in dense.figure if figure.reported)

    assert (eight.images, eight.epochs) == ((486,), (0, 10, 50, 100, 500))
    assert eight.reported == (0.233811, 0.051340, 0.028528, 0.018116, 0.006251)
    assert "485" in eight.caption


@pytest.mark.parametrize(("text", "words"), [
    ("title =", "bad.toml"), ('title = "A"\nauthors = "B"\nyear = 2020\n', "experiment"),
    (SMALL + 'color = 1\n', "color"),
    (SMALL + '[[figure]]\nkind = "pie"\ncaption = ""\nalternative = "x"\n', "kind"),
    (SMALL + '[[figure]]\nkind = "curves"\ncaption = ""\nalternative = "x"\nexperiments = ["other"]\n', "other"),
    (SMALL + '[[figure]]\nkind = "curves"\ncaption = ""\nalternative = "x"\nquantities = ["parameters"]\n', "curve"),
])
def test_a_report_that_cannot_be_used_says_what_is_wrong(tmp_path, text, words):
    (tmp_path / "bad.toml").write_text(text)

    with pytest.raises(ReportError, match=words):
        reports.read(tmp_path / "bad.toml")


def test_seeds_words_and_the_run_of_the_encoder_do_not_matter():
    probe = ex.load(resources.presets()["fashion-probe-512"])

    def with_(**changes):
        return ex.replaced(probe, {path.replace("__", "."): value for path, value in changes.items()})

    assert reports.same(probe, with_(train__seed=7, note="mine"))
    assert reports.same(probe, with_(classifier__encoder="2026-11-20_10-00-00_fashion-latent-512"))
    assert not reports.same(probe, with_(classifier__encoder="2026-11-20_10-00-00_fashion-latent-64"))
    assert not reports.same(probe, with_(train__epochs=1))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A report of one tiny experiment, which is a preset of its own."""
    (tmp_path / "tiny.toml").write_text(ex.to_toml(tiny()))
    monkeypatch.setattr(resources, "presets", lambda: {"tiny": tmp_path / "tiny.toml"})
    path = tmp_path / "small.toml"
    path.write_text(SMALL + 'reported = [{ quantity = "validation_loss", value = 0.05 }]\n')
    return reports.read(path)


def trained(folder, experiment):
    from engine import data, train
    from engine.inbox import Inbox

    images = data.load(experiment.data, folder)
    run = runs.create(folder / "runs", experiment, images.fingerprint, threads=1)
    for _ in runs.record(run, train.train(experiment, images, Inbox(), threads=1), Inbox()):
        pass
    return run


def test_an_experiment_is_missing_queued_interrupted_or_finished(small, tmp_path):
    experiment = tiny()

    assert reports.found(small, [])[0].status == "missing"
    assert reports.found(small, [], [tiny(train__seed=3)])[0].status == "queued"
    begun = runs.create(tmp_path / "runs", experiment, "")
    cut = reports.found(small, [begun])[0]
    assert (cut.status, cut.run, cut.resumable, cut.lacking) == ("interrupted", begun, True, True)
    done = [trained(tmp_path, tiny(train__seed=seed)) for seed in (1, 2)]
    found = reports.found(small, [begun, *done, Run(tmp_path / "nowhere")])[0]
    assert (found.status, found.run, found.repeats, found.lacking) == ("finished", done[0], 2, False)
    assert found.ours("validation_loss") == done[0].state.validation_loss
    assert reports.found(small, [trained(tmp_path, tiny(train__epochs=1))])[0].status == "missing"


def test_the_markdown_has_the_reported_number_and_ours(small, tmp_path):
    run = trained(tmp_path, tiny())
    lines = reports.markdown(small, [run]).splitlines()

    assert lines[0] == "### A (B, 2020)"
    assert f"| Tiny | validation loss | 0.05 | {run.state.validation_loss:.4g} |" in lines[-1]
    assert lines[-1].endswith("| finished |")
    assert "|  |  | missing |" in reports.markdown(small, [])


@pytest.mark.parametrize(("quantity", "reported", "ours", "expected"), [
    ("validation_loss", 0.0074, 0.0074, ("same", 0)), ("validation_loss", 0.01, 0.012, ("higher", 20)),
    ("validation_accuracy", 0.87, 0.874, ("higher", 0.4)), ("validation_accuracy", 0.9, 0.89, ("lower", 1)),
    ("parameters", 11748, 11745, ("lower", 100 * 3 / 11748))])
def test_a_difference_is_in_per_cent_or_in_points(quantity, reported, ours, expected):
    side, amount = reports.differs(quantity, reported, ours)

    assert side == expected[0]
    assert amount == pytest.approx(expected[1], abs=1e-6)


def test_the_first_maps_are_those_of_the_seed(tmp_path):
    import torch

    from engine import firstmaps

    before = torch.get_rng_state()
    maps = firstmaps.first_maps(tiny(), tmp_path, "test", 0)

    assert maps.values.shape == (2, 4, 4)
    assert torch.equal(before, torch.get_rng_state())
    assert (maps.values == firstmaps.first_maps(tiny(), tmp_path, "test", 0).values).all()
    assert (maps.values != firstmaps.first_maps(tiny(train__seed=5), tmp_path, "test", 0).values).any()
    assert dataclasses.is_dataclass(maps)
