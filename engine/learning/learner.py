"""A model that learns from batches, in the memory format and precision that pay, and gives itself as plain tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engine import model
from engine.events import MODEL
from engine.experiment import Experiment
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS

OPTIMIZER = "optimizer."
"""Prefix of the optimizer's tensors, as in ``optimizer.0.exp_avg``: parameter number, name."""


class Learner:
    """The live model with its optimizer; only the training thread touches it."""

    learns_from_codes = False
    """Whether it is given codes in place of images: a probe is."""

    def __init__(self, experiment: Experiment, device: torch.device) -> None:
        self.device = device
        self.memory_format = memory_format(experiment, device)
        self.model = model.build(experiment).to(device, memory_format=self.memory_format).train()  # type: ignore[call-overload]
        self.optimizer = OPTIMIZERS[experiment.train.optimizer](self._trained(), experiment.train)
        self._loss = LOSSES[experiment.train.loss]
        self._bfloat16 = experiment.train.precision == "bfloat16"

    def _trained(self) -> Iterator[nn.Parameter]:
        """The parameters that the optimizer changes."""
        return self.model.parameters()

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Inputs and the images to be drawn, (B, C, H, W) in [0, 1] -> the mean loss of the batch, with its graph."""
        with self._autocast():
            outputs = self.model(inputs)
        return self._loss(outputs.float(), targets)

    def update(self, loss: Tensor) -> None:
        """Follow the gradient of a loss by one step of the optimizer."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    @torch.inference_mode()
    def measured(self, inputs: Tensor, targets: Tensor) -> tuple[float, int]:
        """The same -> their mean loss in eval mode and single precision, and how many are classified rightly: none."""
        self.model.eval()
        try:
            return self._loss(self.model(inputs), targets).item(), 0
        finally:
            self.model.train()

    def set_learning_rate(self, value: float) -> None:
        """Use this learning rate from the next update on."""
        for group in self.optimizer.param_groups:
            group["lr"] = value

    def weights(self) -> dict[str, Tensor]:
        """Contiguous copies of the model's state on the CPU."""
        return {key: copied(tensor) for key, tensor in self.model.state_dict().items()}

    def optimizer_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Contiguous copies of the optimizer's state on the CPU, by name."""
        for index, parameter in enumerate(_parameters(self.optimizer)):
            for key, value in self.optimizer.state.get(parameter, {}).items():
                if value is not None:
                    yield f"{OPTIMIZER}{index}.{key}", copied(value)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take weights and optimizer state from the tensors of a State. Raises model.WeightsError."""
        weights = {key.removeprefix(MODEL): value for key, value in tensors.items() if key.startswith(MODEL)}
        model.check(self.model, weights)
        self.model.load_state_dict(weights)
        parameters = list(_parameters(self.optimizer))
        for key, value in tensors.items():
            if key.startswith(OPTIMIZER):
                index, name = key.removeprefix(OPTIMIZER).split(".")
                parameter = parameters[int(index)]
                self.optimizer.state[parameter][name] = self._restored(name, value, parameter)

    def _restored(self, name: str, value: Tensor, parameter: nn.Parameter) -> Tensor:
        """A piece of optimizer state where and how the optimizer wants it.

        Fused kernels walk over raw memory, so the state must have the strides of its parameter: a contiguous average
        beside channels_last weights would be applied to the wrong weights without an error.
        """
        if name == "step":
            fused = self.optimizer.defaults.get("fused")
            return value.clone().to(parameter.device if fused else "cpu")
        return torch.empty_like(parameter).copy_(value)

    def _autocast(self) -> AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16) if self._bfloat16 else nullcontext()


def memory_format(experiment: Experiment, device: torch.device) -> torch.memory_format:
    """channels_last for every network with a convolution: measured never slower and up to a fifth faster on the CPU
    (docs/benchmarks.md), and the format of CUDA's tensor cores. Dense networks have nothing to gain from it."""
    convolves = any("convolution" in block.kind for block in experiment.model.encoder)
    pays = convolves and device.type in ("cpu", "cuda")
    return torch.channels_last if pays else torch.contiguous_format


def copied(tensor: Tensor) -> Tensor:
    """A contiguous copy on the CPU, which safetensors can write and no later step changes."""
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def finite(tensors: Iterable[Tensor]) -> bool:
    """Whether no number is NaN or infinite."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors if tensor.is_floating_point())


def _parameters(optimizer: Optimizer) -> Iterator[nn.Parameter]:
    """The parameters in the optimizer's order."""
    for group in optimizer.param_groups:
        yield from group["params"]
