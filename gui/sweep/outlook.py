"""How long a sweep will take, and which of its cells cannot be: asked on the question thread while a person types."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine import sweep as sweeps
from engine.experiment import Experiment
from engine.sweep import Sweep
from gui.session import Session
from gui.sweep.cells import Look, look

CELLS, MACHINE = "sweep.cells", "sweep.machine"
DEVICE = "cpu"
"""Where workers train."""


def machine(device: str) -> tuple[int, bool]:
    """Cores that workers can have, and whether a GPU would train the networks together."""
    from engine.device import DeviceError, choose, physical_cores

    try:
        return physical_cores(), choose(device).type == "cuda"
    except DeviceError:  # the chosen one is not here: said when it is to be used
        return physical_cores(), False


def epochs_of(sweep: Sweep) -> float | None:
    """Epochs of a training, on average where they vary; None for a sweep without any training."""
    if sweep.experiments:
        return sum(one.train.epochs for one in sweep.experiments) / len(sweep.experiments)
    for axis in sweep.axes:
        if axis.field == "train.epochs":
            points = [point for point in sweeps.points(axis, sweep.base) if isinstance(point, int)]
            return sum(points) / len(points) if points else None
    return sweep.base.train.epochs


class Outlook(QObject):
    """Attributes: ``look``, what was found of the cells last, or None; ``complete``, whether that is all there is to
    find in the sweep of now. Signal: ``changed``."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.look: Look | None = None
        self.complete = False
        self._cores, self._gpu = 0, False
        self._looked_at: Sweep | None = None
        self._requests: dict[str, int] = {
            MACHINE: self._shown.compute(MACHINE, partial(machine, session.settings.device))}
        self._shown.answered.connect(self._take)
        self._shown.failed.connect(self._take_failure)
        session.forecast.changed.connect(self.changed)
        session.ready_changed.connect(self.changed)

    def ask(self, sweep: Sweep, sound: bool) -> None:
        """Look at the cells of a sweep; of one that is not sound, or whose cells are drawn, none is looked at."""
        if not sound or sweep.drawn:
            self.look = self._looked_at = None
            self.complete = False
            self._shown.cancel(CELLS)
            self._requests.pop(CELLS, None)
            return
        asked = sweep.model_copy(update={"seeds": (), "name": "", "note": "", "source": ""})
        if asked != self._looked_at:
            self._looked_at, self.complete = asked, False
            self._requests[CELLS] = self._shown.compute(CELLS, partial(look, asked))

    def want_time(self, base: Experiment) -> None:
        """Measure how long an epoch takes, where that disturbs no training; ``changed`` follows."""
        if self._session.ready and not self._disturbs:
            self._session.forecast.look_ahead((base,), DEVICE)

    @property
    def _disturbs(self) -> bool:
        """Whether something is being trained that measuring would disturb, and be disturbed by."""
        return self._session.training.at_work or self._session.sweeps.busy

    def epoch_s(self, base: Experiment) -> float | None:
        """Seconds per epoch, as far as it was measured."""
        return self._session.forecast.known(base, DEVICE)

    def workers(self, wanted: int) -> int:
        """How many train at once, ``wanted`` or as many as this computer has cores."""
        return wanted or max(1, self._cores)

    def together(self, sweep: Sweep, wanted: int) -> bool:
        """Whether the networks are trained on a GPU, many at once: how long that takes nobody has measured."""
        return self._gpu and not wanted and not sweep.prunes

    def why_unknown(self, cluster: bool, together: bool) -> str:
        """Why there is no forecast, where that is to be said."""
        if cluster:
            return self.tr("How long it takes depends on the cluster.")
        if together:
            return self.tr("The GPU trains many at once; how long it takes is seen once it does.")
        if not (self._session.ready or self._session.broken):
            return self.tr("How long it takes follows when torch is loaded.")
        if self._disturbs:
            return self.tr("How long it takes is measured when nothing is being trained.")
        return ""

    @Slot(str, int, object)
    def _take(self, key: str, request: int, answer: Any) -> None:
        if self._requests.get(key) != request:
            return
        if key == MACHINE:
            self._cores, self._gpu = answer
        else:
            self.look, self.complete = answer, answer.seen == answer.total
        self.changed.emit()

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, _: str) -> None:
        """The sweep can be started without having been looked at: what cannot be is left out then."""
        if key == CELLS and self._requests.get(key) == request:
            self.look = None
            self.changed.emit()
