"""Two folders of images: the network is given those of one and is to draw those of the other, matched by name."""

from __future__ import annotations

import collections
from pathlib import Path

from engine.datasets import decoding, imagefiles
from engine.datasets.decoding import Refused
from engine.datasets.imagefiles import ImageFile, Skipped
from engine.datasets.importcache import Bytes, input_side
from engine.datasets.sources import DataError
from engine.dataspec import Data

SAMPLE = 50
"""So many pairs say how many times smaller the inputs are; every pair is then held to it."""


class Pairing:
    """Which file belongs to which; an ending may differ. Those without a partner are in ``skipped``.

    Attributes: ``files``, the targets that have a partner, in order; ``lone`` and ``lone_inputs``, which have none;
    ``factor``, how many times larger than their inputs the targets are.
    """

    def __init__(self, spec: Data, targets: list[ImageFile], inputs: list[ImageFile]) -> None:
        """``targets`` below the folder, ``inputs`` below the folder of inputs. Raises DataError where none match."""
        self._spec = spec
        self._targets, self._inputs = imagefiles.root(spec.folder), imagefiles.root(spec.input.folder)
        self._partners = _partners(targets, inputs)
        self.files = [file for file in targets if file.name in self._partners]
        taken = set(self._partners.values())
        self.lone = [file for file in targets if file.name not in self._partners]
        self.lone_inputs = [file for file in inputs if file.name not in taken]
        self.skipped = [
            *(Skipped(file.name, "image.no_input", "no input of this name") for file in self.lone),
            *(Skipped(f"{self._inputs.name}/{file.name}", "image.no_target", "an input without an image of this name")
              for file in self.lone_inputs)]
        if not self.files:
            raise DataError("data.no_pairs", f"No file of {self._inputs} has the name of an image in {self._targets}. "
                            "Choose the folder with the inputs of these images.", folder=str(self._targets),
                            inputs=str(self._inputs), field="data.input.folder", value=spec.input.folder)
        self.factor = self._usual_factor()

    def name(self, file: ImageFile) -> str:
        """The name of a target's partner, below the folder of inputs."""
        return self._partners[file.name]

    def path(self, file: ImageFile) -> Path:
        """Where a target's partner lies."""
        return self._inputs / self._partners[file.name]

    def decoded(self, file: ImageFile) -> Bytes:
        """The partner of a target -> uint8 (C, h, w). Raises Refused, also where the sizes do not go together."""
        spec, path = self._spec, self.path(file)
        try:
            size = decoding.size_of(path)
            by = spec.input.enlargement if spec.input.enlargement != "none" else "bicubic"
            pixels = decoding.decoded(path, input_side(spec), spec.colour, spec.fit, by)
        except Refused as error:
            raise Refused("image.input", f"its input: {error.text}", detail=error.text,
                          input_code=error.code, **error.values) from error
        target = decoding.size_of(self._targets / file.name)
        if target != (size[0] * self.factor, size[1] * self.factor):
            raise Refused("image.pair_size", f"{target[0]}×{target[1]} pixels, which is not {self.factor} times its "
                          f"input of {size[0]}×{size[1]}", width=target[0], height=target[1], input_width=size[0],
                          input_height=size[1], factor=self.factor)
        return pixels

    def _usual_factor(self) -> int:
        """The whole number by which most of some pairs differ. Raises DataError where there is none."""
        step = -(-len(self.files) // SAMPLE)
        counts = collections.Counter(self._factor(file) for file in self.files[::step])
        del counts[0]
        if not counts:
            raise DataError("data.pair_sizes", f"The images of {self._targets} are not a whole number of times as "
                            f"large as those of {self._inputs}. Choose inputs of the same shape, for example half as "
                            "wide and half as high.", folder=str(self._targets), inputs=str(self._inputs),
                            field="data.input.folder", value=self._spec.input.folder)
        return counts.most_common(1)[0][0]

    def _factor(self, file: ImageFile) -> int:
        """How many times larger one target is than its partner; 0 where that is no whole number, or one is no image."""
        try:
            width, height = decoding.size_of(self._targets / file.name)
            small_width, small_height = decoding.size_of(self.path(file))
        except Refused:
            return 0
        factor = width // small_width
        return factor if (width, height) == (small_width * factor, small_height * factor) else 0


def _partners(targets: list[ImageFile], inputs: list[ImageFile]) -> dict[str, str]:
    """Name of a target -> name of its input: the same name, else the same but for the ending."""
    names = {file.name for file in inputs}
    stems: dict[str, str] = {}
    for file in inputs:
        stems.setdefault(file.stem, file.name)
    found = {file.name: file.name if file.name in names else stems.get(file.stem, "") for file in targets}
    return {target: name for target, name in found.items() if name}
