"""Which trainings can be done together."""

from __future__ import annotations

from engine.blocks import Linear
from engine.experiment import Experiment, Model, replaced
from engine.sweeping.alike import alike, groups

DENSE = Experiment(model=Model(encoder=(Linear(size=32),)))


def test_only_what_differs_in_numbers_belongs_together():
    free = {"train.learning_rate": 0.5, "train.momentum": 0.1, "train.weight_decay": 0.2, "train.seed": 7,
            "model.encoder.0.dropout": 0.3, "name": "another"}
    assert alike(DENSE, replaced(DENSE, free))
    for field, value in (("train.batch_size", 10), ("train.epochs", 9), ("train.optimizer", "sgd"), ("data.seed", 2),
                         ("model.encoder.0.size", 16), ("train.precision", "bfloat16"), ("train.loss", "l1")):
        assert not alike(DENSE, replaced(DENSE, {field: value})), field
    sampled = replaced(DENSE, {"train.evaluation_images": 10})
    assert not alike(sampled, replaced(sampled, {"train.seed": 7}))


def test_groups_keep_the_order_and_leave_alone_what_cannot_be_stacked():
    noisy = replaced(DENSE, {"data.input.change": "gaussian"})
    small = replaced(DENSE, {"model.encoder.0.size": 16})
    chosen = [DENSE, small, noisy, replaced(DENSE, {"train.learning_rate": 0.5}), noisy, small]
    assert groups(chosen) == [[0, 3], [1, 5], [2], [4]]
    assert groups([]) == []
