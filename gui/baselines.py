"""What the shown run must beat: the mean image and PCA, asked once they are wanted, drawn and put into words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.fields import LABELS
from gui.session import Session
from gui.widgets.fields import translated
from gui.widgets.quantities import significant, similarity

KEY, QUALITY_KEY = "training.baselines", "training.quality"


class BaselineLines(QObject):
    """Ties a switch to a question about the shown run.

    Attributes: ``switch``; ``answer`` of the shown run, None until it is known; ``quality`` of the shown snapshot on
    the validation images, where plain enlargement is among what it must beat. Signal: ``changed``.
    """

    changed = Signal()

    def __init__(self, session: Session, view: QWidget) -> None:
        super().__init__(view)
        self._shown, self._view = session.shown, view
        self.answer: Any = None
        self.quality: Any = None
        self._request = self._measuring = 0
        self.switch = QCheckBox(self.tr("Baselines"))
        self.switch.setAccessibleName(self.tr("Baselines"))
        self.switch.toggled.connect(self.refresh)
        self._shown.run_changed.connect(self.refresh)
        self._shown.changed.connect(self._ask_when_there)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)

    def why_not(self) -> str:
        """Why the shown run has no baselines; '' when it has."""
        experiment = self._shown.experiment
        if experiment is None:
            return self.tr("No run is shown.")
        if experiment.task != "autoencoder":
            return self.tr("A classifier has no reconstruction to compare with.")
        if experiment.train.loss != "mse":
            return self.tr("PCA and the mean image are measured by the mean squared error; this run has another loss.")
        return ""

    @Slot()
    def refresh(self) -> None:
        """Ask anew for the shown run, or show nothing."""
        why = self.why_not()
        self.switch.setEnabled(not why)
        self.switch.setToolTip(why or self.tr("Draw the loss of PCA with as many components as the code has numbers, "
                                              "and that of the mean image; computed once for each data set"))
        self.answer, self.quality, self._request, self._measuring = None, None, 0, 0
        self._ask_when_there()
        self.changed.emit()

    @Slot()
    def _ask_when_there(self) -> None:
        wanted = self.switch.isChecked() and self.switch.isEnabled()
        if wanted and self.answer is None and not self._request and self._shown.snapshot is not None:
            self._request = self._shown.ask(KEY, "baselines")
        elif wanted and self.answer is not None and self.answer.enlargements:
            self._measuring = self._shown.ask(QUALITY_KEY, "quality", "validation")

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key == KEY and request == self._request and hasattr(answer, "mean_mse"):
            self.answer = answer
            self.changed.emit()
            self._ask_when_there()
        elif key == QUALITY_KEY and request == self._measuring and hasattr(answer, "rows"):
            self.quality = answer
            self.changed.emit()

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self.switch.setToolTip(text)

    def levels(self) -> tuple[tuple[str, float], ...]:
        """(name, loss) of the lines to draw."""
        it = self.answer if self.switch.isChecked() and self.switch.isEnabled() else None
        if it is None:
            return ()
        mean = (self.tr("mean image {mse}").format(mse=significant(it.mean_mse, 3)), it.mean_mse)
        enlarged = tuple((f"{translated(LABELS[by]).lower()} {significant(mse, 3)}", mse)
                         for by, mse in it.enlargements)
        if it.pca_mse is None:
            return (*enlarged, mean)
        name = self.tr("PCA, {count} components {mse}")
        pca = name.format(count=f"{it.components:,}", mse=significant(it.pca_mse, 3))
        return (*enlarged, (pca, it.pca_mse), mean)

    def verdict(self, loss: float | None) -> str:
        """'Better than PCA with 64 components: 0.0088 against 0.0105.', for a validation loss."""
        it = self.answer if self.levels() else None
        if it is None:
            waits = bool(self._request) and self.switch.isChecked() and self.answer is None
            return self.tr("Computing PCA of the training images…") if waits else ""
        if loss is not None and it.enlargements:
            return self._against_enlargement(loss, dict(it.enlargements)["bicubic"])
        if it.pca_mse is None:
            return str(it.reason)
        if loss is None:
            return ""
        words = self.tr("Better than PCA with {count} components: {ours} against {theirs}.") if loss < it.pca_mse else \
            self.tr("Not better than PCA with {count} components: {ours} against {theirs}.")
        said = words.format(count=f"{it.components:,}", ours=significant(loss, 3), theirs=significant(it.pca_mse, 3))
        return f"{said} {it.reason}".rstrip()

    def _against_enlargement(self, ours: float, theirs: float) -> str:
        """The verdict on a network whose inputs are small images."""
        words = self.tr("Better than bicubic enlargement: {ours} against {theirs}.") if ours < theirs else \
            self.tr("Not better than bicubic enlargement: {ours} against {theirs}.")
        return " ".join([words.format(ours=significant(ours, 3), theirs=significant(theirs, 3)), *self._alike()])

    def _alike(self) -> list[str]:
        """The same by PSNR and SSIM, of the shown snapshot, once they are measured."""
        mine, bicubic = (self.quality.of(name) if self.quality else None for name in ("network", "bicubic"))
        if mine is None or bicubic is None:
            return []
        text = self.tr("At the shown snapshot: {ours}; bicubic {theirs}.")
        return [text.format(ours=similarity(mine.psnr, mine.ssim), theirs=similarity(bicubic.psnr, bicubic.ssim))]
