"""What a network must beat, in the window: lines and words in the Training tab, pictures in the gallery."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF

from gui.tabs.reconstruction import ReconstructionTab
from gui.tabs.training import TrainingTab
from tests.gui.conftest import trained


@pytest.fixture
def training(qtbot, session):
    trained(qtbot, session)
    tab = TrainingTab(session)
    qtbot.addWidget(tab)
    tab.resize(900, 600)
    tab.show()
    qtbot.waitUntil(lambda: tab._book is not None, timeout=20_000)
    return tab


def test_the_lines_and_the_verdict_come_when_they_are_wanted(qtbot, session, training):
    assert training.curves._levels.values == ()
    training.baselines.switch.click()
    qtbot.waitUntil(lambda: len(training.curves._levels.values) == 2, timeout=30_000)
    (pca, pca_loss), (mean, mean_loss) = training.curves._levels.values
    assert pca.startswith("PCA, 4 components") and mean.startswith("mean image")
    assert 0 < pca_loss < mean_loss
    assert training.verdict.isVisible()
    assert training.verdict.text().startswith("Not better than PCA with 4 components")

    def in_sight():
        low, high = box.viewRange()[1]
        name = training.curves._levels._lines[0].label.sceneBoundingRect()
        return 10**low <= pca_loss and mean_loss <= 10**high and box.sceneBoundingRect().contains(name)

    box = training.curves._box
    qtbot.waitUntil(in_sight, timeout=5_000)
    line = training.curves._levels._lines[0]
    assert line.label.sceneBoundingRect().center().y() > box.mapViewToScene(QPointF(0, line.value())).y()
    training.baselines.switch.click()
    assert training.curves._levels.values == () and not training.verdict.isVisible()


def test_a_run_with_another_loss_says_why_there_are_none(qtbot, session, training):
    session.draft.set("train.loss", "bce")
    trained(qtbot, session)
    assert not training.baselines.switch.isEnabled()
    assert "another loss" in training.baselines.switch.toolTip()


def test_a_code_as_large_as_the_image_says_so(qtbot, session, training):
    session.draft.set("model.encoder.1.size", 64)
    training.baselines.switch.click()
    trained(qtbot, session)
    qtbot.waitUntil(lambda: len(training.curves._levels.values) == 1, timeout=30_000)
    assert "would lose nothing" in training.verdict.text()


def test_the_gallery_shows_both_beside_the_reconstruction(qtbot, session):
    trained(qtbot, session)
    tab = ReconstructionTab(session)
    qtbot.addWidget(tab)
    tab.resize(900, 600)
    tab.show()
    qtbot.waitUntil(lambda: tab.page is not None, timeout=20_000)
    assert len(tab.gallery._pixels) == 3
    tab.baselines.click()
    qtbot.waitUntil(lambda: len(tab.gallery._pixels) == 5, timeout=30_000)
    assert "PCA" in tab.gallery._captions[0][2] and "mean image" in tab.gallery._captions[0][2]
    tab.baselines.click()
    assert len(tab.gallery._pixels) == 3


@pytest.fixture
def coarse(session):
    """Inputs of half the side, enlarged again."""
    session.draft.set_many({"data.image_size": 16, "data.input.change": "resolution", "data.input.factor": 2})
    return session


def test_a_network_with_coarse_inputs_must_beat_enlargement(qtbot, coarse):
    trained(qtbot, coarse)
    tab = TrainingTab(coarse)
    qtbot.addWidget(tab)
    tab.resize(900, 600)
    tab.show()
    qtbot.waitUntil(lambda: tab._book is not None, timeout=20_000)
    tab.baselines.switch.click()
    qtbot.waitUntil(lambda: tab.baselines.quality is not None, timeout=30_000)
    names = [name.split()[0] for name, _ in tab.curves._levels.values]
    assert names == ["nearest", "bilinear", "bicubic", "PCA,", "mean"]
    bicubic = tab.baselines.quality.of("bicubic")
    assert f"bicubic {bicubic.psnr:.1f} dB · SSIM {bicubic.ssim:.3f}" in tab.verdict.text()
    assert tab.verdict.text().startswith("Not better than bicubic enlargement")


def test_the_gallery_shows_the_input_and_the_enlargements(qtbot, coarse):
    trained(qtbot, coarse)
    tab = ReconstructionTab(coarse)
    qtbot.addWidget(tab)
    tab.resize(900, 600)
    tab.show()
    qtbot.waitUntil(lambda: tab.page is not None, timeout=20_000)
    assert len(tab.gallery._pixels) == 4 and tab.explanation.text().startswith("Input, image, reconstruction")
    assert "dB" in tab.gallery._captions[0][2] and "SSIM" in tab.gallery._captions[0][2]
    tab.baselines.click()
    qtbot.waitUntil(lambda: len(tab.gallery._pixels) == 9, timeout=30_000)
    assert "bicubic" in tab.gallery._captions[0][2] and "bicubic" in tab.explanation.text()
