"""Named tensors as the bytes of a safetensors file in which no flipped bit goes unseen. Checking one needs no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.runfiles.notices import DamagedFile, ProgramFile

if TYPE_CHECKING:
    from torch import Tensor

NOTES = "autoencoder-explorer"
"""Key of our values in the metadata of the file; they are one JSON text."""

BLANK = "0" * 64
"""Stands where the checksum will, while it is computed."""


def pack(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> bytes:
    """Tensors and JSON-able values -> the bytes of a safetensors file; equal input gives equal bytes."""
    from safetensors.torch import save

    plain = save(_separate(tensors))
    header, data = _split(plain)
    marks = {"format": "pt", NOTES: json.dumps(metadata, sort_keys=True), "sha256": BLANK}
    text = json.dumps({"__metadata__": marks, **json.loads(header)}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    digest = _digest(text, data)
    return b"".join((len(text).to_bytes(8, "little"), text.replace(BLANK.encode(), digest.encode(), 1), data))


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
    text, payload = _split(data)
    try:
        marks = json.loads(text)["__metadata__"]
        notes, digest = str(marks[NOTES]), str(marks["sha256"])
    except (ValueError, RecursionError, KeyError, TypeError):
        raise _damaged("its beginning is not readable") from None
    if digest != _digest(text.replace(digest.encode(errors="replace"), BLANK.encode(), 1), payload):
        raise _damaged("checksum does not match")
    values: dict[str, Any] = json.loads(notes)  # under the checksum, so it is what pack() wrote
    return values


def unpack(data: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Bytes of a file of ours -> its tensors and values. Raises DamagedFile."""
    from safetensors.torch import load

    values = check(data)
    try:
        return load(data), values
    except Exception as error:  # the checksum holds, so whatever the library dislikes was written so on purpose
        raise _damaged(str(error)) from error


def _split(data: bytes) -> tuple[bytes, memoryview]:
    """The header, as text, and the tensors' bytes of a safetensors file. Raises DamagedFile."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise _damaged("it is cut short")
    return data[8:8 + size], memoryview(data)[8 + size:]


def _digest(text: bytes, data: memoryview) -> str:
    """SHA-256 of a file whose own checksum is blank: names, types, shapes, values, and the tensors' bytes."""
    digest = hashlib.sha256(len(text).to_bytes(8, "little"))
    digest.update(text)
    digest.update(data)
    return digest.hexdigest()


def _refuse_programs(data: bytes) -> None:
    """Raise ProgramFile for what torch.save and pickle write: a zip archive, or a pickle from its first byte."""
    pickled = data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data[8:9] != b"{"
    if pickled or data.startswith(b"PK\x03\x04"):
        raise ProgramFile("file.program", "This file contains program code and was not opened.")


def _damaged(detail: str) -> DamagedFile:
    return DamagedFile("file.damaged", f"This file is damaged ({detail}).", detail=detail)
