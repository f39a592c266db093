"""Named tensors as the bytes of a safetensors file in which no flipped bit goes unseen. Checking one needs no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.notices import DamagedFile, ProgramFile

if TYPE_CHECKING:
    from torch import Tensor

NOTES = "autoencoder-explorer"
"""Key of our values in the metadata of the file; they are one JSON text."""

Header = dict[str, Any]


def pack(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> bytes:
    """Tensors and JSON-able values -> the bytes of a safetensors file; equal input gives equal bytes."""
    from safetensors.torch import save

    header, data = _split(save(_separate(tensors)))
    notes = json.dumps(metadata, sort_keys=True)
    marks = {"format": "pt", NOTES: notes, "sha256": _digest(header, notes, data)}
    text = json.dumps({"__metadata__": marks, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join((len(text).to_bytes(8, "little"), text, data))


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous tensors on the CPU; those that share memory are copied, which safetensors insists on."""
    separate: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        plain = tensor.detach().to("cpu").contiguous()
        place = plain.untyped_storage().data_ptr()
        separate[name] = plain.clone() if place in seen else plain
        seen.add(place)
    return separate


def check(data: bytes) -> dict[str, Any]:
    """Bytes of a file of ours -> its values. Raises DamagedFile if a bit is not as written, ProgramFile for pickle."""
    _refuse_programs(data)
    header, payload = _split(data)
    marks = header.pop("__metadata__", None)
    if not isinstance(marks, dict) or not isinstance(marks.get(NOTES), str):
        raise _damaged("it has no checksum")
    if marks.get("sha256") != _digest(header, marks[NOTES], payload):
        raise _damaged("checksum does not match")
    values: dict[str, Any] = json.loads(marks[NOTES])  # under the checksum, so it is what pack() wrote
    return values


def unpack(data: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Bytes of a file of ours -> its tensors and values. Raises DamagedFile."""
    from safetensors.torch import load

    values = check(data)
    try:
        return load(data), values
    except Exception as error:  # the checksum holds, so whatever the library dislikes was written so on purpose
        raise _damaged(str(error)) from error


def _split(data: bytes) -> tuple[Header, memoryview]:
    """The JSON header and the tensors' bytes of a safetensors file. Raises DamagedFile."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise _damaged("it is cut short")
    try:
        header = json.loads(data[8:8 + size])
    except (ValueError, RecursionError):
        raise _damaged("its beginning is not readable") from None
    if not isinstance(header, dict):
        raise _damaged("its beginning is not readable")
    return header, memoryview(data)[8 + size:]


def _digest(header: Header, notes: str, data: memoryview) -> str:
    """SHA-256 over names, types, shapes and places of the tensors, the values, and the tensors' bytes."""
    described = json.dumps([header, notes], sort_keys=True).encode()
    digest = hashlib.sha256(len(described).to_bytes(8, "little"))
    digest.update(described)
    digest.update(data)
    return digest.hexdigest()


def _refuse_programs(data: bytes) -> None:
    """Raise ProgramFile for what torch.save and pickle write: a zip archive, or a pickle from its first byte."""
    pickled = data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data[8:9] != b"{"
    if pickled or data.startswith(b"PK\x03\x04"):
        raise ProgramFile("file.program", "This file contains program code and was not opened.")


def _damaged(detail: str) -> DamagedFile:
    return DamagedFile("file.damaged", f"This file is damaged ({detail}).", detail=detail)
