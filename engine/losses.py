"""What training makes small: name -> function (reconstruction, image) -> mean loss."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "bce": F.binary_cross_entropy,
}
"""Each takes two (B, C, H, W), the image in [0, 1], and gives the mean over all numbers; 'bce' wants both in [0, 1]."""
