"""The page that sets up a sweep: what a person types becomes an order, and what cannot be is said before the start."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

import resources
from engine import experiment as experiments
from engine import sweep as sweeps
from engine.datasets import sources
from engine.experiment import Experiment
from engine.sweep import Axis, Range, Sweep
from engine.sweeping.told import SweepOrder
from gui.sweep import variables
from gui.sweep.setup import START_S, SweepPage
from tests.gui.conftest import tiny

RATE, MOMENTUM, KERNEL = "train.learning_rate", "train.momentum", "model.encoder.0.kernel"


@pytest.fixture
def show(qtbot):
    """``show(session, presets)`` -> the page, with its orders in ``page.orders``."""
    def shown(session, presets=None):
        page = SweepPage(session, None, presets)
        page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(page)
        page.orders = []
        page.ordered.connect(page.orders.append)
        page.show()
        return page
    return shown


@pytest.fixture
def page(make_session, show):
    """The page before torch is there: nothing of it waits for that."""
    return show(make_session(tiny(train__optimizer="sgd"), load=False))


def typed(edit, text):
    """Type a text in place of what stands in a field."""
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)


def choose(box, data):
    """Choose from a list as a person does."""
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def fill(row, low, high, count, log=False):
    """A range, typed; the count replaces what stands before its unit."""
    typed(row.range.low, str(low))
    typed(row.range.high, str(high))
    typed(row.range.count, str(count))
    row.range.log.setChecked(log)


def add(page, path):
    page.axes.add.click()
    choose(page.axes.rows[-1].field, path)
    return page.axes.rows[-1]


def why_not(page):
    assert not page.foot.start.isEnabled()
    return page.foot.start.toolTip()


def order(page):
    page.foot.start.click()
    return page.orders[-1]


def test_a_person_types_a_grid_of_361_networks(page):
    assert [row.path for row in page.axes.rows] == [RATE] and page.axes.rows[0].range.log.isChecked()
    fill(page.axes.rows[0], 0.05, 0.95, 19)
    page.axes.add.click()
    assert page.axes.rows[1].path == MOMENTUM, "the next usual field"
    fill(page.axes.rows[1], 0.05, 0.95, 19)
    assert page.axes.rows[1].said.text() == "19 values: 0.05, 0.1, 0.15 … 0.95"
    assert page.foot.forecast.text().startswith("361 runs × 2 epochs")
    made = order(page)
    assert isinstance(made, SweepOrder) and len(sweeps.trials(made.sweep)) == sweeps.count(made.sweep) == 361
    assert (made.workers, made.cluster, made.threads, made.folder) == (0, "", 1, None)
    assert made.sweep.base == page._session.draft.experiment and made.sweep.name == "Learning rate × Momentum"
    assert (made.data_dir, made.runs_dir) == (page._session.data_dir, page._session.runs_dir)
    assert not page.isVisible()


def test_the_keyboard_alone_sets_up_and_starts(page):
    page.activateWindow()
    page.source.preset.setFocus()
    row, keys = page.axes.rows[0], []
    for _ in range(12):
        keys.append(page.focusWidget())
        QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
    wanted = [page.source.preset, page.source.open, page.source.save, page.source.base, page.source.name, row.field,
              row.kind, row.range.low, row.range.high, row.range.count, row.range.log, row.remove]
    assert [type(it) for it in keys] == [type(it) for it in wanted] and keys[:9] == wanted[:9]
    assert page.focusWidget() is page.axes.add
    row.range.low.setFocus()
    before = page.sweep
    QTest.keyClick(row.range.low, Qt.Key.Key_Return)
    assert not page.orders, "Return in a field starts nothing"
    QTest.keyClick(row.range.low, Qt.Key.Key_Up)
    assert row.range.low.text() == "1.3e-5" and page.sweep != before, "arrow keys step"
    QTest.keyClick(row.range.low, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(page.orders) == 1


def test_lists_take_numbers_choices_and_decimal_commas(page):
    row = page.axes.rows[0]
    choose(row.kind, "list")
    assert row.list.text() == "1e-5, 0.000177827941, 0.00316227766, 0.05623413252, 1", "the range, written out"
    typed(row.list, "0.1, 0.5 0.9")
    assert page.sweep.axes == (Axis(field=RATE, values=(0.1, 0.5, 0.9)),)
    typed(row.list, "0,1; 0,5")
    assert page.sweep.axes[0].values == (0.1, 0.5) and page.foot.start.isEnabled()
    other = add(page, "train.optimizer")
    assert not other.kind.isEnabled() and "by name" in other.kind.toolTip()
    assert other.axis().values == ("adam", "adamw", "sgd", "rmsprop"), "all choices to begin with"
    typed(other.list, "sgd, AdamW")
    assert other.axis().values == ("sgd", "adamw") and other.said.text() == "2 values: SGD with momentum, AdamW"
    flag = add(page, "model.residual")
    assert flag.list.text() == "yes, no" and flag.axis().values == (True, False)
    whole = add(page, "train.batch_size")
    fill(whole, 1, 8, 4, log=True)
    assert whole.axis().range.log and whole.said.text() == "4 values: 1, 2, 4, 8"


@pytest.mark.parametrize(("path", "text", "said"), [
    (RATE, "", "no values"), (RATE, "0.1, fast", "'fast' is not a number"), (RATE, "0.1, 0", "0 is out of range"),
    (MOMENTUM, "0.5, 1", "1 is out of range"), (MOMENTUM, "inf", "out of range"),
    ("train.batch_size", "2.5", "not a whole number"), (RATE, "0.1, 0.1", "0.1 more than once"),
    ("train.optimizer", "adam, lion", "'lion' is no Optimizer. Use Adam"), ("model.residual", "maybe", "Use yes, no"),
])
def test_values_that_cannot_be_are_named_below_their_axis(page, path, text, said):
    row = page.axes.rows[0]
    choose(row.field, path)
    choose(row.kind, "list")
    typed(row.list, "x")  # so that an empty text is an edit too
    QTest.keyClick(row.list, Qt.Key.Key_Backspace)
    typed(row.list, text) if text else None
    assert said in row.problem.text() and row.problem.isVisible() and row.list.property("problem")
    assert said in why_not(page)
    QTest.keyClick(row.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not page.orders


@pytest.mark.parametrize(("low", "high", "log", "said"), [
    ("", "1", False, "Give the numbers"), ("a", "1", False, "'a' is not a number"), ("0.9", "0.1", False, "must rise"),
    ("-1", "1", False, "-1 is out of range"), ("0", "0.5", True, "begins above 0")])
def test_ranges_that_cannot_be_are_named(page, low, high, log, said):
    row = page.axes.rows[0]
    choose(row.field, MOMENTUM)
    row.range.log.setChecked(log)
    typed(row.range.high, high)
    typed(row.range.low, low)
    if not low:
        QTest.keyClick(row.range.low, Qt.Key.Key_Delete)
    assert said in row.problem.text() and row.range.low.property("problem") and said in why_not(page)
    assert not page.source.save.isEnabled() and said in page.source.save.toolTip(), "half of it cannot be saved"
    typed(row.range.low, "0.01")
    typed(row.range.high, "0.5")
    assert page.foot.start.isEnabled() and not row.problem.isVisible() and page.source.save.isEnabled()


def test_no_axis_and_the_same_axis_twice_are_refused(page):
    page.axes.rows[0].remove.click()
    assert not page.axes.rows and page.axes.empty.isVisible() and "at least one field" in page.foot.problems.text()
    assert "at least one field" in why_not(page)
    add(page, RATE)
    assert page.foot.start.isEnabled()
    row = add(page, RATE)
    assert row.problem.text() == "Learning rate varies twice. Remove one of the axes." and row.field.property("problem")
    row.remove.click()
    assert page.foot.start.isEnabled() and len(page.axes.rows) == 1
    page.method.seeds.setValue(3)
    add(page, "train.seed")
    assert "several seeds" in why_not(page)


def test_a_million_cells_are_refused_by_their_count_at_once(page):
    fill(page.axes.rows[0], 0.05, 0.95, 1000)
    page.axes.add.click()
    fill(page.axes.rows[1], 0.05, 0.95, 1000)
    assert page.outlook._looked_at is None and not page.foot.cells.isVisible(), "no cell is made"
    assert "1,000,000 trainings" in page.foot.problems.text() and "1,000,000 trainings" in why_not(page)
    assert page.foot.forecast.text().startswith("1,000,000 runs") and "ends" not in page.foot.forecast.text()


def test_impossible_cells_are_listed_and_left_out_or_corrected(session, show, qtbot):
    page = show(session)
    row = page.axes.rows[0]
    choose(row.field, KERNEL)
    choose(row.kind, "list")
    typed(row.list, "3, 5, 40, 50")
    page.method.seeds.setValue(2)
    qtbot.waitUntil(lambda: page.foot.cells.text().startswith("2 of 4 cells cannot be"), timeout=10_000)
    assert "left out" in page.foot.cells.text() and "kernel (block 1) 40: " in page.foot.cells.text()
    assert "kernel (block 1) 50" in page.foot.cells.toolTip() and page.foot.cells.property("tone") == "warning"
    assert page.foot.forecast.text().startswith("4 runs"), "two cells, two seeds"
    assert not order(page).sweep.correct
    page.show()
    typed(row.list, "40, 50")
    qtbot.waitUntil(lambda: not page.foot.start.isEnabled(), timeout=10_000)
    assert why_not(page) == "None of the cells can be trained."
    typed(row.list, "3")
    qtbot.waitUntil(lambda: page.foot.cells.text() == "Every cell can be trained.", timeout=10_000)
    assert page.foot.start.isEnabled() and page.foot.cells.property("tone") == "quiet"


def test_cells_with_a_remedy_are_corrected_when_that_is_chosen(make_session, show, qtbot):
    page = show(make_session(tiny(model__output="relu")))
    choose(page.axes.rows[0].field, "train.loss")
    qtbot.waitUntil(lambda: "cannot be; they are left out" in page.foot.cells.text(), timeout=10_000)
    choose(page.method.impossible, True)
    qtbot.waitUntil(lambda: "they are corrected" in page.foot.cells.text(), timeout=10_000)
    made = order(page).sweep
    assert made.correct and not any(trial.problems for trial in sweeps.trials(made))


def test_the_forecast_is_measured_and_follows_the_typing(session, show, qtbot):
    page = show(session)
    page.method.workers.setValue(1)
    qtbot.waitUntil(lambda: "about" in page.foot.forecast.text(), timeout=20_000)
    assert page.foot.forecast.text().startswith("5 runs × 2 epochs, about ") and ", ends " in page.foot.forecast.text()
    typed(page.axes.rows[0].range.count, "20000")
    epoch_s = page.outlook.epoch_s(page.base)
    assert page._seconds(page.sweep, page.base, 20_000) == pytest.approx(START_S + 20_000 * 2 * epoch_s)
    page.method.workers.setValue(0)
    assert page._seconds(page.sweep, page.base, 20_000) == pytest.approx(
        START_S + 20_000 * 2 * epoch_s / page.outlook.workers(0))
    choose(page.axes.rows[0].field, "train.epochs")
    choose(page.axes.rows[0].kind, "list")
    typed(page.axes.rows[0].list, "1, 3, 8")
    assert page.foot.forecast.text().startswith("3 runs × 4 epochs"), "on average"
    typed(page.method.cluster, "tcp://scheduler:8786")
    assert page.foot.forecast.text().endswith("depends on the cluster.")


def test_before_torch_the_forecast_says_when_it_comes(page):
    assert page.foot.forecast.text() == "5 runs × 2 epochs. How long it takes follows when torch is loaded."


def test_methods_show_what_applies_to_them(page):
    method = page.method
    assert not method.trials.isVisible() and not method.pruning.isVisible()
    choose(method.method, "tpe")
    assert method.trials.isVisible() and method.pruning.isVisible()
    typed(method.trials, "30")
    method.pruning.click()
    assert (page.sweep.method, page.sweep.trials, page.sweep.pruning) == ("tpe", 30, True)
    assert page.foot.forecast.text().startswith("30 runs") and not page.foot.cells.isVisible()
    typed(method.seeds, "3")
    assert page.sweep.seeds == (0, 1, 2) and page.foot.forecast.text().startswith("90 runs")
    assert not method.pruning.isEnabled() and "several seeds" in method.pruning.toolTip()
    choose(method.method, "grid")
    assert not method.trials.isVisible() and page.foot.forecast.text().startswith("15 runs")


def test_seeds_begin_with_the_experiments_own_and_stay_in_range(make_session, show):
    page = show(make_session(tiny(train__seed=2**31 - 2), load=False))
    page.method.seeds.setValue(2)
    assert page.sweep.seeds == (2**31 - 2, 2**31 - 1)
    page.method.seeds.setValue(4)
    assert page.sweep.seeds == tuple(range(2**31 - 4, 2**31))
    page.method.seeds.setValue(1)
    assert page.sweep.seeds == ()


def test_a_cluster_takes_an_address_and_no_number_of_workers(page):
    typed(page.method.cluster, "somewhere")
    assert "'somewhere' is no address" in page.foot.problems.text() and "no address" in why_not(page)
    typed(page.method.cluster, "tcp://scheduler:8786")
    assert not page.method.workers.isEnabled() and "its own" in page.method.workers.toolTip()
    assert order(page).cluster == "tcp://scheduler:8786"
    assert "images are not sent" in page.method.cluster.toolTip()


@pytest.mark.parametrize("path", resources.sweeps().values(), ids=lambda path: path.stem)
def test_every_preset_is_shown_as_it_is_and_not_changed(make_session, show, path):
    page = show(make_session(load=False), resources.sweeps())
    index = page.source.preset.findText(path.stem)
    page.source.preset.setCurrentIndex(index)
    page.source.preset.activated.emit(index)
    assert page.sweep == sweeps.load(path) and page.foot.start.isEnabled()
    assert page.source.preset.currentText() == path.stem
    assert page.axes.names.isVisible() == bool(page.sweep.experiments)
    page.method.seeds.setValue(2)
    assert page.source.preset.currentIndex() == -1, "no longer the preset"
    page.method.seeds.setValue(1)
    assert page.source.preset.currentText() == path.stem


def test_a_list_of_experiments_is_named_and_can_be_left_for_axes(page):
    page.show_sweep(Sweep(experiments=(tiny(name="one"), tiny(name="two", train__epochs=4))))
    assert [page.axes.names.item(place).text() for place in range(2)] == ["one", "two"]
    assert not page.axes.add.isVisible() and not page.source.base.isVisible() and not page.method.method.isVisible()
    assert page.foot.forecast.text().startswith("2 runs × 3 epochs")
    page.axes.instead.click()
    assert page.sweep.experiments == () and page.sweep.base == page._session.draft.experiment
    assert page.axes.rows and page.source.base.isVisible() and page.foot.start.isEnabled()


FULL = Sweep(name="mine", source="me", note="why", base=tiny(), axes=(
    Axis(field=RATE, range=Range(low=0.0123456789, high=0.5, count=7, log=True)),
    Axis(field=MOMENTUM, values=(0.1, 0.2)), Axis(field="train.loss", values=("mse", "l1"))),
    method="random", trials=9, seeds=(4, 7), seed=3, correct=True, pruning=True, piece_epochs=2)


def test_any_sweep_is_shown_and_given_back_unchanged(page):
    page.show_sweep(FULL)
    assert page.sweep == FULL
    page.method.seeds.setValue(1)
    page.method.seeds.setValue(2)
    assert page.sweep == FULL, "the seeds of the file, as long as there are so many"


def test_saving_and_opening_give_the_same_sweep(page, tmp_path):
    page.show_sweep(FULL)
    page.source.save.click()
    dialog = page.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "mine.toml"))
    dialog.close()
    assert sweeps.load(tmp_path / "mine.toml") == FULL and page.foot.note.text() == "Saved mine.toml."
    page.show_sweep(Sweep(base=tiny(), axes=(Axis(field=RATE, values=(0.1,)),)))
    assert page.sweep != FULL and page.foot.note.text() == ""
    page.open_file(tmp_path / "mine.toml")
    assert page.sweep == FULL


def test_a_file_that_is_no_sweep_or_cannot_be_written_changes_nothing(page, tmp_path):
    before = page.sweep
    (tmp_path / "bad.toml").write_text("axes = 3")
    page.open_file(tmp_path / "bad.toml")
    assert "bad.toml could not be opened: axes" in page.foot.problems.text() and page.sweep == before
    page.open_file(tmp_path / "none.toml")
    assert "none.toml could not be opened" in page.foot.problems.text() and page.foot.start.isEnabled()
    page.save_file(tmp_path / "no folder" / "a.toml")
    assert "Could not write a.toml" in page.foot.problems.text()
    page.method.seeds.setValue(2)
    assert not page.foot.problems.isVisible(), "until the next edit"


def test_an_axis_of_another_network_is_named_until_the_base_has_it(page):
    page.show_sweep(Sweep(base=Experiment(), axes=(Axis(field="model.encoder.2.size", values=(8, 16)),)))
    assert page.foot.start.isEnabled() and page.axes.rows[0].label == "Code size"
    choose(page.source.base, "form")
    assert "no field model.encoder.2.size" in why_not(page)
    row = page.axes.rows[0]
    assert row.label == "model.encoder.2.size" and row.field.findData("model.encoder.1.size") >= 0
    page._session.draft.replace(Experiment())
    assert page.foot.start.isEnabled() and page.sweep.base == Experiment()


def test_a_field_that_changes_nothing_says_so(page):
    row = add(page, MOMENTUM)
    assert "does not use it" not in row.said.text()
    page._session.draft.set("train.optimizer", "adam")
    assert "Adam does not use it" in row.said.text() and page.foot.start.isEnabled()
    add(page, "train.optimizer")
    assert "does not use it" not in row.said.text(), "the optimizer varies too"


def test_missing_data_are_named_and_nothing_is_ordered(make_session, show, monkeypatch):
    page = show(make_session(tiny(), load=False))
    page._session.draft.set("data.dataset", "mnist")
    monkeypatch.setattr(sources, "status", lambda name, folder: sources.Status("missing", "not here", 0))
    page.foot.start.click()
    assert not page.orders and "MNIST" in page.foot.problems.text() and page.isVisible()
    assert "MNIST" in page._session.messages[-1].text, "with its buttons, in the window"


def test_while_a_sweep_is_trained_another_can_be_set_up_but_not_started(page, monkeypatch):
    monkeypatch.setattr(type(page._session.sweeps), "busy", True)
    page._session.sweeps.state_changed.emit("running")
    assert "A sweep is being trained" in why_not(page) and not page.foot.problems.isVisible()
    monkeypatch.undo()
    page._session.sweeps.state_changed.emit("idle")
    assert page.foot.start.isEnabled()


def test_every_control_is_named_and_explained(page):
    add(page, "train.optimizer")
    controls = [*(it for row in page.axes.rows for it in row.inputs()), *page.method.inputs(), page.axes.add,
                page.axes.instead, page.axes.names, page.source.preset, page.source.open, page.source.save,
                page.source.base, page.source.name, page.foot.close_button, page.foot.start]
    unnamed = [it for it in controls if not it.accessibleName() or not it.toolTip()]
    assert not unnamed


@pytest.mark.parametrize("task", ["autoencoder", "classifier"])
def test_the_usual_fields_come_first_and_no_two_are_called_the_same(task):
    base = tiny(task=task)
    found = [it for group in variables.groups(base) for it in group]
    labels = [it.label for it in found]
    assert len(set(labels)) == len(labels)
    assert ("classifier.strategy" in [it.path for it in found]) == (task == "classifier")
    assert [it.path for it in found[:5]] == [RATE, MOMENTUM, "train.weight_decay", "train.batch_size",
                                             experiments.code_size_path(base)]
    assert not {"name", "source", "note", "data.folder", "model.encoder.0.kind"} & {it.path for it in found}
