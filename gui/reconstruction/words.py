"""What the gallery of reconstructions says: which picture is which, and what stands below each image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from engine.fields import LABELS
from gui.widgets.fields import translated
from gui.widgets.quantities import significant, similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.answers import Reconstructions

translate = QCoreApplication.translate


def explanation(page: Reconstructions | None, known: Any) -> str:
    """Which picture is which, and what a click does; ``known`` is what the baselines make of the page, or None."""
    names = [translate("reconstruction", "image"), translate("reconstruction", "reconstruction"),
             translate("reconstruction", "absolute error")]
    names[:0] = [] if page is None or page.inputs is None else [translate("reconstruction", "input")]
    if known is not None:
        names += [] if known.pca is None else [translate("reconstruction", "PCA")]
        names += [translate("reconstruction", "mean image"),
                  *(translated(LABELS[by]).lower() for by, *_ in known.enlarged)]
    pictures = ", ".join(names)
    use = translate("reconstruction", "A click chooses the image for the other tabs; a right click uses it for the "
                                      "interpolation.")
    return f"{pictures[:1].upper()}{pictures[1:]}. {use}"


def captions(page: Reconstructions, classes: Sequence[str], known: Any) -> list[str]:
    """Index, class and error of each image, with tabs between; then the errors of the baselines, where ``known``."""
    result = [f"{index}\t{name}\t{measures}"
              for index, name, measures in zip(page.indices.tolist(), classes, _measures(page), strict=True)]
    if known is None:
        return result
    rivals = [] if known.pca_mse is None else [("PCA", known.pca_mse)]
    enlarged = [(translated(LABELS[by]).lower(), errors) for by, _, errors in known.enlarged]
    mean = (translate("reconstruction", "mean image"), known.mean_mse)
    rivals += enlarged[-1:] or [mean]  # of the enlargements the strongest
    return [" · ".join([caption, *(f"{name} {significant(float(errors[place]), 3)}" for name, errors in rivals)])
            for place, caption in enumerate(result)]


def _measures(page: Reconstructions) -> list[str]:
    """The error of each image; where the input is another one, also PSNR and SSIM."""
    errors = [significant(float(mse), 3) for mse in page.mse]
    if page.inputs is None:
        return errors
    return [f"{error} · {similarity(float(ratio), float(alike))}"
            for error, ratio, alike in zip(errors, page.psnr, page.ssim, strict=True)]


def means(page: Reconstructions) -> str:
    """The means of the page: its error, and how alike the images are where there are any."""
    mean = float(page.mse.mean()) if len(page.mse) else None
    text = translate("reconstruction", "Mean MSE of the page {mse}").format(mse=significant(mean))
    alike = similarity(float(page.psnr.mean()), float(page.ssim.mean())) if len(page.mse) else ""
    return f"{text} · {alike}" if alike else text
