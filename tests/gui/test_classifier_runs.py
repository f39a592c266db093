"""Classifiers through the window's own order: trained like any run, and what is missing told where it is looked for."""

from engine import classify
from engine.experiment import replaced
from gui.plots import boxes
from gui.tabs.architecture import ArchitectureTab
from tests.gui.conftest import tiny, trained


def test_a_classifier_is_trained_like_any_draft(session, qtbot):
    trained(qtbot, session)
    source = session.training.run
    session.draft.replace(classify.experiment_for(source, "probe", changes={"train.epochs": 2}))
    trained(qtbot, session)
    run = session.training.run
    assert (run.status, run.experiment.task) == ("finished", "classifier")
    assert run.experiment.classifier.encoder == source.name
    looks = run.metrics().evaluations
    assert [e.epoch for e in looks] == [0, 1, 2]
    assert looks[-1].validation_accuracy == run.state.validation_accuracy is not None


def test_a_classifier_without_its_encoder_says_what_to_train_first(session, qtbot):
    session.draft.replace(replaced(tiny(), {"task": "classifier", "classifier.encoder": "fashion-dropout"}))
    failure = trained(qtbot, session)
    assert failure.code == "classify.no_run" and "Train fashion-dropout first" in failure.text
    assert any("Train fashion-dropout first" in message.text for message in session.messages)
    assert session.training.run is None


def test_the_architecture_of_a_classifier_is_drawn_with_its_layer(session, qtbot):
    tab = ArchitectureTab(session)
    qtbot.addWidget(tab)
    session.draft.replace(replaced(tiny(), {"task": "classifier", "classifier.strategy": "scratch"}))
    assert [node.part for node in boxes.nodes(session.draft.plan)][-2:] == ["code", "classifier"]
    tab.resize(900, 700)
    assert not tab.grab().isNull()
