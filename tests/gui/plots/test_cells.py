"""Cells of a gallery: as many as fit, enlarged by whole factors."""

import pytest

from gui.plots.cells import arrange


@pytest.mark.parametrize("width", [220, 500, 780, 1100, 2200])
@pytest.mark.parametrize("side", [8, 28, 32, 256])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_as_many_columns_as_fit_at_whole_factors(width, side, ratio):
    cells = arrange((side, side), width, ratio)
    assert cells.left >= 0 and cells.left + (cells.columns - 1) * cells.step.width() + cells.cell.width() <= width + 4
    factor = cells.picture.width() * ratio / side
    assert factor == int(factor) or (factor < 1 and cells.columns == 1)
    assert width - cells.columns * cells.cell.width() < cells.cell.width()
