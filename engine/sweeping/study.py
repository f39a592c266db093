"""The sweep's study in Optuna: what was tried and what came of it, in a SQLite file that optuna-dashboard opens."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.experiment import flat
from engine.runfiles.notices import RunError
from engine.runfiles.saving import FULL
from engine.sweep import Axis, Sweep, identity, points

if TYPE_CHECKING:
    import optuna

NAME = "study.db"
CELL = "cell"
"""Attribute of a trial of the study: which combination of the sweep it is."""
OWNER = "sweep"
"""Attribute of the study: the hash of the sweep that it belongs to."""


class StudyError(RunError):
    """A study that cannot be used."""


class Study:
    """What the sampler knows: combinations, and the loss of those that are done."""

    def __init__(self, folder: Path, sweep: Sweep) -> None:
        """Open or make the study of a sweep's folder. Raises StudyError for one of another sweep, or a damaged file."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._sweep = sweep
        try:
            self._storage = storage = optuna.storages.RDBStorage(
                f"sqlite:///{folder / NAME}", engine_kwargs={"connect_args": {"timeout": 30}})
            there = optuna.get_all_study_names(storage)  # one at most of ours, whatever the sweep was called then
            self._study = optuna.create_study(
                storage=storage, study_name=next(iter(there), sweep.name or "sweep"), sampler=_sampler(sweep, 0),
                pruner=optuna.pruners.MedianPruner(), load_if_exists=True)
            owner, tried = self._study.user_attrs.get(OWNER), self._study.get_trials(deepcopy=False)
        except Exception as error:  # whatever SQLAlchemy and its driver raise
            raise StudyError("study.damaged", f"The study {folder / NAME} cannot be read ({type(error).__name__}). "
                             "Move it away; the finished runs are kept and a new study is made from them.",
                             path=str(folder / NAME)) from error
        if owner != identity(sweep) and (owner is not None or tried):
            raise StudyError("study.other", f"The study {folder / NAME} belongs to another experiment. Start the sweep "
                             "in a folder of its own.", path=str(folder / NAME))
        if owner is None:
            self._study.set_user_attr(OWNER, identity(sweep))
        self._open: dict[int, optuna.trial.Trial] = {}

    def tidy(self) -> None:
        """End what a crash left behind between being drawn and having a cell; only for whoever draws."""
        import optuna

        for trial in self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            if CELL not in trial.user_attrs:
                self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    def close(self) -> None:
        """Let go of the file, so that its folder can be moved on every system."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def finished(self) -> set[int]:
        """The cells whose end was told."""
        return {trial.user_attrs[CELL] for trial in self._study.get_trials(deepcopy=False)
                if CELL in trial.user_attrs and trial.state.is_finished()}

    def ask(self, cell: int, values: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Draw a combination for a cell, or find the one that was drawn for it before a crash.

        ``values``: what is known to have been drawn for it. A cell's draw depends on its number and on what is known of
        others, not on how often the sweep was interrupted. Raises StudyError where it cannot be written down.
        """
        import optuna

        for trial in self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            if trial.user_attrs.get(CELL) == cell:
                self._open[cell] = optuna.trial.Trial(self._study, trial._trial_id)
                return self._values(trial.params)
        ranges = {axis.field: _distribution(axis, self._sweep) for axis in self._sweep.axes}
        if values is not None:
            self._study.add_trial(optuna.trial.create_trial(
                params=dict(values), distributions=ranges, state=optuna.trial.TrialState.RUNNING,
                user_attrs={CELL: cell}))
            return self.ask(cell)
        self._study.sampler = _sampler(self._sweep, cell)
        try:
            drawn = self._study.ask(ranges)
            drawn.set_user_attr(CELL, cell)
        except Exception as error:  # whatever SQLAlchemy and its driver raise
            cause = FULL if "disk is full" in str(error) else f"the study cannot be written ({type(error).__name__})"
            raise StudyError("study.unwritable", f"{cause[:1].upper()}{cause[1:]}.", reason=cause) from error
        self._open[cell] = drawn
        return self._values(drawn.params)

    def prunes(self, cell: int, evaluations: Iterable[tuple[float, float]]) -> bool:
        """Tell how a drawn cell is doing, (epoch, loss); -> whether it is to be ended."""
        trial = self._open.get(cell)
        if trial is None:  # one that was finished before and is trained anew
            return False
        known = self._study._storage.get_trial(trial._trial_id).intermediate_values
        for epoch, loss in evaluations:
            if epoch >= 1 and round(epoch) not in known:
                trial.report(loss, round(epoch))
        return trial.should_prune()

    def tell(self, cell: int, values: Mapping[str, Any], loss: float | None, pruned: bool = False) -> None:
        """A cell is done: its loss, None where it has none. Of a grid's cell the study hears only now."""
        import optuna

        states = optuna.trial.TrialState
        state = states.PRUNED if pruned else states.FAIL if loss is None else states.COMPLETE
        value = loss if state == states.COMPLETE else None
        if (drawn := self._open.pop(cell, None)) is not None:
            self._study.tell(drawn, value, state=state)
            return
        if cell in self.finished():  # trained anew; the study keeps what it heard first
            return
        distributions = {field: _among(*_listed(self._sweep, field)) for field in values}
        self._study.add_trial(optuna.trial.create_trial(
            params=dict(values), distributions=distributions, value=value, state=state, user_attrs={CELL: cell}))

    def importance(self) -> dict[str, float]:
        """Field -> its share of the differences in loss; empty while too little is known."""
        import optuna

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that few trials say little is seen from their number
                return optuna.importance.get_param_importances(self._study)
        except (ValueError, RuntimeError, ImportError):
            return {}

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as the sweep names and orders them; JSON has made lists of nothing here."""
        return {axis.field: params[axis.field] for axis in self._sweep.axes if axis.field in params}


def _sampler(sweep: Sweep, cell: int) -> optuna.samplers.BaseSampler:
    import optuna

    seed = int.from_bytes(sha256(f"{sweep.seed} {cell}".encode()).digest()[:4], "big")
    if sweep.method == "tpe":
        return optuna.samplers.TPESampler(seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)


def _distribution(axis: Axis, sweep: Sweep) -> optuna.distributions.BaseDistribution:
    """Where a drawn value may lie: anywhere in a range, or among the values of a list."""
    import optuna

    ends = axis.range
    if ends is None:
        return optuna.distributions.CategoricalDistribution(list(axis.values))
    if isinstance(flat(sweep.base).get(axis.field), int):
        return optuna.distributions.IntDistribution(max(round(ends.low), int(ends.log)), round(ends.high), log=ends.log)
    return optuna.distributions.FloatDistribution(ends.low, ends.high, log=ends.log)


def _listed(sweep: Sweep, field: str) -> tuple[tuple[Any, ...], bool]:
    """Every value that a field has in a grid or a list, and whether they rise logarithmically."""
    for axis in sweep.axes:
        if axis.field == field:
            return points(axis, sweep.base), axis.range is not None and axis.range.log
    return tuple(flat(one)[field] for one in sweep.experiments), False


def _among(values: tuple[Any, ...], log: bool) -> optuna.distributions.BaseDistribution:
    """The distribution that all these values share: trials of one study may not differ in it."""
    import optuna

    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return optuna.distributions.CategoricalDistribution(list({repr(value): value for value in values}.values()))
    if all(isinstance(value, int) for value in values):
        return optuna.distributions.IntDistribution(min(values), max(values), log=log and min(values) > 0)
    return optuna.distributions.FloatDistribution(min(values), max(values), log=log)
