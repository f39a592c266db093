"""Many networks of one architecture as one: weights and gradients of all in one tensor, each with its own dropout."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from engine.experiment import Experiment
from engine.learning.learner import Learner
from engine.losses import LOSSES
from engine.model import Autoencoder
from engine.shapes import Layer, Plan
from engine.sweeping.stackedoptimizers import COUNTED, Stacked


class CellDropout(nn.Module):
    """Dropout whose share is a number of its network, 0 among them."""

    share: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("share", torch.zeros(()), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Any shape -> the same."""
        if not self.training:
            return values
        return values * (torch.rand_like(values) >= self.share) / (1 - self.share)


class Stack(Learner):
    """The networks of several learners, which from now on share their weights and optimizer states with it.

    Whatever those learners tell of themselves (weights, checkpoints) is what was learnt here; they learn no more.
    """

    def __init__(self, experiments: Sequence[Experiment], learners: Sequence[Learner]) -> None:
        self.device, self.memory_format = learners[0].device, torch.contiguous_format
        self._learners, self._settings = learners, [experiment.train for experiment in experiments]
        self._loss = LOSSES[self._settings[0].loss]
        plans = [learner.model.plan for learner in learners]
        self.model = _common(plans)
        weights, buffers = stack_module_state([learner.model for learner in learners])  # type: ignore[arg-type]
        self._weights = torch.cat([weight.detach().flatten(1) for weight in weights.values()], 1)
        self._parameters = {name: part.detach().requires_grad_() for name, part in
                            zip(weights, self._parts(self._weights), strict=True)}
        self._buffers = {**buffers, **_shares(plans, self.device)}
        self._steps = Stacked(self._settings, self.device)
        self._share_weights(buffers)

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Inputs and targets (B, C, H, W) for all networks, or (N, B, C, H, W) for each -> the mean losses (N,)."""
        each = 0 if inputs.dim() == 5 else None
        together = vmap(self._one, in_dims=(0, 0, each, each), randomness="different")
        losses: Tensor = together(self._parameters, self._buffers, inputs, targets)
        return losses

    def _one(self, weights: dict[str, Tensor], buffers: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of a single network."""
        return self._loss(functional_call(self.model, (weights, buffers), (inputs,)), targets)

    def update(self, loss: Tensor) -> None:
        """Follow the gradients of losses (N,), none of which depends on another network."""
        gradients = torch.autograd.grad(loss.sum(), list(self._parameters.values()))
        self._steps.step(self._weights, torch.cat([gradient.flatten(1) for gradient in gradients], 1))
        if self._steps.steps == 1:
            self._share_state()

    @torch.inference_mode()
    def measured(self, inputs: Tensor, targets: Tensor) -> tuple[Any, int]:
        """Inputs and targets (B, C, H, W) -> the mean losses (N,) in eval mode, in double precision, and 0."""
        self.model.eval()
        try:
            return self.loss(inputs, targets).double(), 0
        finally:
            self.model.train()

    # Sharing

    def _parts(self, values: Tensor) -> list[Tensor]:
        """(N, P) -> views of it, (N, *shape) for each parameter."""
        shapes = [parameter.shape for parameter in self._learners[0].model.parameters()]
        parts = values.split([shape.numel() for shape in shapes], 1)
        return [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]

    def _share_weights(self, buffers: dict[str, Tensor]) -> None:
        """Let every learner's model be a view of its row."""
        parts = self._parts(self._weights)
        for row, learner in enumerate(self._learners):
            for parameter, part in zip(learner.model.parameters(), parts, strict=True):
                parameter.data = part[row]
            for name, buffer in learner.model.named_buffers():
                buffer.data = buffers[name][row]

    def _share_state(self) -> None:
        """The same for the optimizers, whose state begins with the first step."""
        for name, values in self._steps.state.items():
            parts = self._parts(values)
            for row, learner in enumerate(self._learners):
                if name == "momentum_buffer" and not self._settings[row].momentum:
                    continue
                for parameter, part in zip(learner.model.parameters(), parts, strict=True):
                    learner.optimizer.state[parameter][name] = part[row]

    def note_steps(self) -> None:
        """Let the learners' optimizers know how many steps were taken, where they count them."""
        if self._settings[0].optimizer in COUNTED and self._steps.steps:
            steps = torch.tensor(float(self._steps.steps))
            for learner in self._learners:
                for parameter in learner.model.parameters():
                    learner.optimizer.state[parameter]["step"] = steps


def _common(plans: Sequence[Plan]) -> Autoencoder:
    """A model without weights that has dropout wherever one of the plans has it."""
    def with_dropout(part: str) -> tuple[Layer, ...]:
        return tuple(dataclasses.replace(layers[0], dropout=max(layer.dropout for layer in layers))
                     for layers in zip(*(getattr(plan, part) for plan in plans), strict=True))

    plan = dataclasses.replace(plans[0], encoder=with_dropout("encoder"), decoder=with_dropout("decoder"))
    with torch.device("meta"):
        model = Autoencoder(plan)
        for block in [*model.encoder, *model.decoder]:
            for name, part in block.named_children():
                if isinstance(part, nn.Dropout):
                    setattr(block, name, CellDropout())
    return model.train()


def _shares(plans: Sequence[Plan], device: torch.device) -> dict[str, Tensor]:
    """The share (N,) of each block that has dropout in one of the plans, by the name of its buffer."""
    return {f"{layers[0].name}.dropout.share": torch.tensor([layer.dropout for layer in layers], device=device)
            for layers in zip(*(plan.layers for plan in plans), strict=True) if any(layer.dropout for layer in layers)}
