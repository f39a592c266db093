"""The settings of the input: only what matters, and a look at the input before any run."""

import pytest

from gui.panels.input_section import InputSection


@pytest.fixture
def section(session, qtbot):
    section = InputSection(session)
    qtbot.addWidget(section)
    section.show()
    return section


def in_sight(section):
    return {path.rpartition(".")[2] for path, row in section.form.rows.items() if row.field.isVisible()}


@pytest.mark.parametrize(("change", "fields"), [
    ("none", set()), ("gaussian", {"strength", "seed"}), ("masking", {"strength", "seed"}),
    ("resolution", {"factor", "reduction", "jpeg_quality", "enlargement"})])
def test_only_the_settings_that_matter_are_shown(session, section, change, fields):
    session.draft.set("data.input.change", change)
    assert in_sight(section) == {"change"} | fields
    assert section.preview.isVisible() == (change != "none")


def test_the_look_follows_the_settings_before_any_run(session, section, qtbot):
    session.draft.set("data.input.change", "resolution")
    session.draft.set("data.input.enlargement", "none")
    side = session.draft.experiment.data.image_size or 28
    qtbot.waitUntil(lambda: f"sees, {side // 4}×" in section.said.text(), timeout=20_000)
    assert len(section.preview) == 6
    session.draft.set("data.input.factor", 2)
    qtbot.waitUntil(lambda: f"sees, {side // 2}×" in section.said.text(), timeout=20_000)


def test_a_folder_that_is_not_there_is_said_in_place_of_the_look(session, section, qtbot, tmp_path):
    session.draft.replace(session.draft.experiment.model_copy(update={"data": session.draft.experiment.data.model_copy(
        update={"dataset": "folder", "folder": str(tmp_path / "nowhere")})}))
    session.draft.set("data.input.change", "gaussian")
    qtbot.waitUntil(lambda: "nowhere" in section.said.text(), timeout=20_000)
    assert len(section.preview) == 0
