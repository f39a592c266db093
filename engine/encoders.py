"""The encoder that a classifier begins with: found among the runs, checked, and kept as a copy in the classifier's run.

With the copy a run can be begun anew and resumed when the run that it comes from is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import runs, storage
from engine.events import MODEL
from engine.experiment import Experiment, differences
from engine.run import Run
from engine.runfiles import records, tensorfile
from engine.runfiles.notices import RunError

if TYPE_CHECKING:
    from torch import Tensor

NAME = "encoder.safetensors"
"""Of the copy, in the run's folder."""


@dataclass(frozen=True)
class Encoder:
    """An encoder's weights, and where they come from."""

    run: str
    step: int
    weights: Mapping[str, Tensor]

    def packed(self) -> bytes:
        """The copy as it stands in its file."""
        return tensorfile.pack(self.weights, {"kind": "encoder", "schema": records.SCHEMA, "run": self.run,
                                              "step": self.step})


def find(experiment: Experiment, runs_dir: Path) -> Encoder:
    """The encoder that an experiment names. Raises RunError, model.WeightsError."""
    source = source_run(experiment.classifier.encoder, runs_dir)
    step, weights = weights_at(source, experiment.classifier.snapshot)
    _require_same_network(experiment, source.experiment)
    _require_fitting(experiment, weights)
    return Encoder(source.name, step, weights)


def kept(run: Run) -> Encoder:
    """The copy in a classifier's run. Raises DamagedFile."""
    tensors, values = storage.read_tensors(run.folder / NAME)
    return Encoder(str(values["run"]), int(values["step"]), tensors)


def source_run(name: str, runs_dir: Path) -> Run:
    """A run by its name or folder; else the newest finished run of an experiment of this name. Raises RunError."""
    try:
        return runs.open_run(name, runs_dir)
    except RunError as error:
        if error.code != "run.missing":
            raise
    named = [run for run in runs.list_runs(runs_dir) if _is_run_of(run, name)]
    finished = [run for run in named if run.status == "finished"]
    if not named:
        raise RunError("classify.no_run", f"There is no run {name} in {runs_dir}, and no run of an experiment of that "
                       f"name. Train {name} first, or choose another run.", name=name, folder=str(runs_dir))
    return (finished or named)[0]


def _is_run_of(run: Run, name: str) -> bool:
    """Whether a run that can be read has this experiment, and is no classifier."""
    return run.problem is None and run.newer is None and run.experiment.name == name \
        and run.experiment.task == "autoencoder"


def weights_at(run: Run, which: str) -> tuple[int, dict[str, Tensor]]:
    """The encoder's weights at 'last', 'best' or a step, and the step. Raises RunError, DamagedFile."""
    from engine import model

    snapshots = {file.step: file.path for file in run.snapshots()}
    checkpoints = {file.step: file.path for file in run.checkpoints()}
    step = _step(run, which, {*snapshots, *checkpoints})
    if step in snapshots:
        return step, model.encoder_of(runs.load_snapshot(snapshots[step]))
    tensors, _ = storage.read_tensors(checkpoints[step])
    return step, model.encoder_of({key.removeprefix(MODEL): tensor for key, tensor in tensors.items()
                                   if key.startswith(MODEL)})


def _step(run: Run, which: str, steps: set[int]) -> int:
    """The step that is meant. Raises RunError when the run keeps no weights of it."""
    if not steps:
        raise RunError("classify.no_weights", f"{run.name} holds no weights yet. Train it first, or choose another "
                       "run.", name=run.name)
    wanted = max(steps) if which == "last" else run.best_step if which == "best" else int(which)
    if wanted not in steps:
        of, those = "its best step" if wanted is None else f"step {wanted}", _listed(sorted(steps))
        raise RunError("classify.no_step", f"{run.name} keeps no weights of {of}. It keeps those of the steps {those}.",
                       name=run.name, step=wanted, steps=those)
    return wanted


def _listed(steps: Sequence[int]) -> str:
    """'0, 20, 40, …, 9000'."""
    texts = [str(step) for step in steps]
    return ", ".join(texts if len(texts) <= 8 else [*texts[:5], "…", *texts[-2:]])


def _require_same_network(experiment: Experiment, source: Experiment) -> None:
    """Raise WeightsError for images of another shape, or for an encoder whose weights would mean something else."""
    from engine.model import WeightsError

    if source.image_shape != experiment.image_shape:
        theirs, ours = ("×".join(map(str, shape)) for shape in (source.image_shape, experiment.image_shape))
        raise WeightsError("weights.other_images", f"This encoder was trained on images of {theirs}, the classifier "
                           f"has {ours}. Choose the data set and image size of its run.",
                           trained=theirs, classifier=ours)
    for path, (theirs, ours) in differences(source, experiment).items():
        if path.startswith("model.encoder.") and not path.endswith(".dropout") and theirs is not None \
                and ours is not None and _changes_meaning(path):
            raise WeightsError("weights.other_encoder", f"This encoder belongs to another model ({path} is {ours}, "
                               f"its run has {theirs}). Use the encoder of its run.",
                               field=path, model=ours, file=theirs)


def _changes_meaning(path: str) -> bool:
    """Whether a setting leaves the shapes of the weights as they are, so that only comparing it finds it out."""
    return path.rpartition(".")[2] in ("stride", "padding", "activation", "pool_kernel", "pool_stride")


def _require_fitting(experiment: Experiment, weights: Mapping[str, Tensor]) -> None:
    """Raise WeightsError for weights of another shape, before a run is made; nothing is computed."""
    import torch

    from engine import model

    with torch.device("meta"):
        model.check_encoder(model.build(experiment), weights)
