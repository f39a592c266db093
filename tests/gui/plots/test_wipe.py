"""The wipe's captions: what lies left and right of the line, below the ends of the picture."""

import numpy as np
import pytest
from PySide6.QtGui import QFontMetrics

from gui import style
from gui.plots.wipe import Wipe


@pytest.mark.parametrize("width", [120, 300, 700])
@pytest.mark.parametrize("names", [("a", "b"), ("fashion-latent-512, MSE 0.00358", "fashion-latent-64, MSE 0.00411"),
                                   ("short", "a very long name of a run, learning rate 0.00001, MSE 0.004")])
def test_captions_lie_within_the_view_and_never_over_each_other(qtbot, width, names):
    wipe = Wipe()
    qtbot.addWidget(wipe)
    wipe.resize(width, 300)
    wipe.set_pair(np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8), names)
    metrics = QFontMetrics(style.font("caption"))
    (left, *_), (right, *_) = wipe.caption_rects(metrics)
    assert wipe.rect().contains(left) and wipe.rect().contains(right)
    assert left.top() > wipe.picture_rect().bottom()
    together = metrics.horizontalAdvance(names[0]) + metrics.horizontalAdvance(names[1]) + style.M
    assert left.top() < right.top() or together <= left.width()
    assert not wipe.grab().toImage().isNull()
