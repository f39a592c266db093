"""What views that need a decoder make of a run that has none."""

import pytest

from engine import runs
from gui.tabs.generation import GenerationTab
from gui.tabs.interpolation import InterpolationTab
from gui.tabs.reconstruction import ReconstructionTab
from tests.gui.conftest import tiny
from tests.gui.tabs.conftest import LINEAR


@pytest.mark.parametrize("kind", [GenerationTab, InterpolationTab, ReconstructionTab])
def test_a_classifier_draws_no_images_and_the_autoencoder_after_it_does(kind, looking, recorded, qtbot):
    session = looking()
    autoencoder, failed = session.shown.run, []
    classifier = runs.adopt(recorded(tiny(**LINEAR, task="classifier", classifier__strategy="scratch")),
                            session.runs_dir)
    tab = kind(session)
    qtbot.addWidget(tab)
    tab.show()
    qtbot.waitUntil(lambda: tab.stage.state == "ready", timeout=20_000)
    session.shown.failed.connect(lambda *said: failed.append(said))
    session.shown.show_run(classifier)
    assert tab.stage.state == "empty" and "autoencoder" in tab.stage._text.text()
    session.shown.show_run(autoencoder)
    qtbot.waitUntil(lambda: tab.stage.state == "ready", timeout=20_000)
    assert failed == []
