"""What the tabs look at: a run, one of its snapshots, and the chosen images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.dataspec import Data
from engine.events import Snapshot
from engine.experiment import Experiment
from engine.ownimage import OwnImage
from engine.runfiles.notices import RunError
from engine.runfiles.saving import Saved, Thinned
from gui.models import Models, Question, SnapshotHandle
from gui.workers import LatestOnly

if TYPE_CHECKING:
    from engine.runs import Run

Image = tuple[str, int]
"""Split and index of an image, counted from 0."""

OWN = "own"
"""The split of the person's own images."""

FIRST_IMAGE: Image = ("test", 0)
FIRST_PAIR: tuple[Image, Image] = (("test", 0), ("test", 1))


class Shown(QObject):
    """The shown run and snapshot, the chosen images, and the way to ask about them.

    Attributes: ``run``, ``experiment`` (of the run), ``snapshot``, ``snapshots`` (by step), ``live`` (following the
    newest), ``split`` and ``image`` (its index), ``pair``, ``own`` (the person's own images). Signals carry the new
    value: ``run_changed`` (Run or None), ``snapshots_changed`` (tuple), ``changed`` (SnapshotHandle or None),
    ``live_changed`` (bool), ``image_changed`` ((split, index)), ``pair_changed``, ``own_changed`` (tuple); what was
    asked comes by ``answered`` (key, request, answer), ``failed`` (key, request, text) and ``done`` (key, request).
    First comes a run's change, then its snapshots', then the snapshot's.
    """

    run_changed = Signal(object)
    snapshots_changed = Signal(object)
    changed = Signal(object)
    live_changed = Signal(bool)
    image_changed = Signal(object)
    pair_changed = Signal(object)
    own_changed = Signal(object)
    answered = Signal(str, int, object)
    failed = Signal(str, int, str)
    done = Signal(str, int)

    def __init__(self, questions: LatestOnly, models: Models, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._questions, self._models = questions, models
        self.data_dir = data_dir
        self.run: Run | None = None
        self.experiment: Experiment | None = None
        self.snapshot: SnapshotHandle | None = None
        self.snapshots: tuple[SnapshotHandle, ...] = ()
        self.live = True
        self._unsaved: dict[int, SnapshotHandle] = {}
        self._newest: SnapshotHandle | None = None
        self._failed: set[str] = set()  # keys of the questions whose newest answer is a failure
        self.split, self.image = FIRST_IMAGE
        self.pair: tuple[Image, Image] = FIRST_PAIR
        self.own: tuple[OwnImage, ...] = ()
        questions.answered.connect(self._relay_answer)
        questions.failed.connect(self._relay_failure)
        questions.done.connect(self._relay_done)

    @property
    def dataset_spec(self) -> Data | None:
        """Which images the shown run uses."""
        return self.experiment.data if self.experiment else None

    @property
    def position(self) -> int:
        """Index of the shown snapshot among ``snapshots``; their number when it is a live one not among them."""
        steps = [handle.step for handle in self.snapshots]
        if self.snapshot is None or self.snapshot.step not in steps:
            return len(steps)
        return steps.index(self.snapshot.step)

    def show_run(self, run: Run | None) -> None:
        """Show a run, from its newest snapshot on; images stay chosen while the data set stays."""
        before = self.dataset_spec
        self.run = run
        self.experiment = _experiment(run)
        self.live, self._unsaved, self._newest = True, {}, None
        if before != self.dataset_spec:  # own images are there for every data set
            self.split, self.image = (self.split, self.image) if self.split == OWN else FIRST_IMAGE
            left, right = (a if a[0] == OWN else b for a, b in zip(self.pair, FIRST_PAIR, strict=True))
            self.pair = left, right
        self._list()
        self.snapshot = self._latest()
        self.run_changed.emit(run)
        self.snapshots_changed.emit(self.snapshots)
        self.changed.emit(self.snapshot)

    def show_step(self, step: int) -> None:
        """Show the snapshot of this step, or the last one before it."""
        earlier = [handle for handle in self.snapshots if handle.step <= step] or list(self.snapshots[:1])
        if earlier:
            self._follow(False)
            self._choose(earlier[-1])

    def show_position(self, position: int) -> None:
        """Show the snapshot at this place of ``snapshots``; beyond the last one, the newest."""
        if position >= len(self.snapshots):
            self.go_live()
        elif self.snapshots:
            self._follow(False)
            self._choose(self.snapshots[max(0, position)])

    def go_live(self) -> None:
        """Show the newest snapshot, and each newer one as it comes."""
        self._follow(True)
        self._choose(self._latest())

    def choose_image(self, split: str, index: int) -> None:
        """Choose the image that the latent grid shows."""
        if (split, index) != (self.split, self.image):
            self.split, self.image = split, index
            self.image_changed.emit((split, index))

    def choose_pair(self, a: Image, b: Image) -> None:
        """Choose the two images to interpolate between."""
        if (a, b) != self.pair:
            self.pair = (a, b)
            self.pair_changed.emit(self.pair)

    def set_own(self, images: tuple[OwnImage, ...]) -> None:
        """Other own images; what is chosen stays chosen while it is among them, wherever it stands now."""
        before, self.own, self._models.own = self.own, images, images

        def kept(image: Image, instead: Image) -> Image:
            if image[0] != OWN:
                return image
            same = before[image[1]] if image[1] < len(before) else None
            return (OWN, images.index(same)) if same in images else instead

        chosen = kept((self.split, self.image), FIRST_IMAGE)
        pair = kept(self.pair[0], FIRST_PAIR[0]), kept(self.pair[1], FIRST_PAIR[1])
        self.choose_image(*chosen)
        self.choose_pair(*pair)
        self.own_changed.emit(images)

    def ask(self, key: str, question: Question, *arguments: Any) -> int:
        """Ask about the shown snapshot; returns the request's number, 0 when there is nothing to ask about."""
        if self.snapshot is None or self.experiment is None:
            self._questions.cancel(key)
            return 0
        return self.ask_of(key, self.snapshot, self.experiment, question, *arguments)

    def ask_of(self, key: str, snapshot: SnapshotHandle, experiment: Experiment, question: Question,
               *arguments: Any) -> int:
        """Ask about a snapshot of any run (see ``handles_of``) with its experiment; returns the request's number."""
        return self._questions.ask(key, partial(self._models.answer, snapshot, experiment, self.data_dir, question,
                                                arguments))

    def compute(self, key: str, work: Callable[[], Any]) -> int:
        """Do something that needs no snapshot on the question thread; answered like a question."""
        return self._questions.ask(key, work)

    def look_again(self) -> None:
        """There are other data: whoever got no answer asks again, since ``changed`` follows."""
        if self._failed and self.snapshot is not None:
            self._failed.clear()
            self.changed.emit(self.snapshot)

    def cancel(self, key: str) -> None:
        """Forget what was asked with this key."""
        self._questions.cancel(key)

    def take(self, run: Run, events: Iterable[Any]) -> None:
        """Take in what the training of ``run`` tells; nothing when another run is shown."""
        if self.run is None or run.folder != self.run.folder:
            return
        listed = False
        for event in events:
            if isinstance(event, Snapshot):
                handle = SnapshotHandle(run.folder, event.step, event.epoch, None, event.weights, not event.kept)
                self._newest = handle
                if event.kept:
                    self._unsaved[event.step] = handle
                    listed = True
            elif isinstance(event, Thinned) or (isinstance(event, Saved) and event.kind == "snapshot"):
                listed = True
        if listed:
            self._list()
            self.snapshots_changed.emit(self.snapshots)
        if self.live:
            self._choose(self._latest())

    def move(self, run: Run) -> None:
        """The training of the shown run goes on in another folder; stay at the same step."""
        if self.run is None or self.run.name != run.name:
            return
        self.run = run
        self._list()
        self.run_changed.emit(run)
        self.snapshots_changed.emit(self.snapshots)

    def _list(self) -> None:
        """Snapshots on disk, and those in memory that are not on disk yet."""
        handles = {handle.step: handle for handle in handles_of(self.run)} if self.run else {}
        newest = max(handles, default=-1)
        self._unsaved = {step: handle for step, handle in self._unsaved.items() if step > newest}
        handles |= self._unsaved
        self.snapshots = tuple(handles[step] for step in sorted(handles))

    def _latest(self) -> SnapshotHandle | None:
        kept = self.snapshots[-1] if self.snapshots else None
        if self._newest is not None and (kept is None or self._newest.step >= kept.step):
            return self._newest
        return kept

    def _follow(self, live: bool) -> None:
        if live != self.live:
            self.live = live
            self.live_changed.emit(live)

    def _choose(self, handle: SnapshotHandle | None) -> None:
        shown = self.snapshot
        if handle is None or (shown is not None and (shown.run, shown.step) == (handle.run, handle.step)):
            return
        self.snapshot = handle
        self.changed.emit(handle)

    @Slot(str, int, object)
    def _relay_answer(self, key: str, number: int, answer: Any) -> None:
        self._failed.discard(key)
        self.answered.emit(key, number, answer)

    @Slot(str, int, str)
    def _relay_failure(self, key: str, number: int, text: str) -> None:
        self._failed.add(key)
        self.failed.emit(key, number, text)

    @Slot(str, int)
    def _relay_done(self, key: str, number: int) -> None:
        self.done.emit(key, number)


def handles_of(run: Run) -> tuple[SnapshotHandle, ...]:
    """The snapshots of a run that are on disk, by step; none when its folder has disappeared."""
    return tuple(SnapshotHandle(run.folder, file.step, file.epoch, file.path) for file in run.snapshots())


def _experiment(run: Run | None) -> Experiment | None:
    """The run's experiment; None without a run and where it cannot be read."""
    try:
        return run.experiment if run else None
    except RunError:
        return None
