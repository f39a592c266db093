"""The drop-down of runs to check."""

from pathlib import Path

from gui.widgets.runchooser import RunChooser


def test_the_same_runs_leave_the_list_as_a_person_reads_it(qtbot):
    chooser = RunChooser("Earlier runs", "")
    qtbot.addWidget(chooser)
    chooser.set_runs([(Path(str(number)), f"run {number}") for number in range(30)])
    item = chooser.list.item(20)
    chooser.list.setCurrentItem(item)
    chooser.set_runs([(Path(str(number)), f"run {number}") for number in range(30)])
    assert chooser.list.currentItem() is item
    chooser.set_runs([(Path("1"), "run 1")])
    assert chooser.list.count() == 1
