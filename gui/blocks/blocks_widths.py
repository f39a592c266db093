"""How wide the columns of two tables of blocks are, together."""

from __future__ import annotations

Widths = dict[str, int]
"""Column -> px; 0 hides it."""


def aligned(one: Widths, other: Widths) -> list[Widths]:
    """The same columns as wide in both tables; output padding stands below pooling."""
    encoder = {key: max(width, other.get(key, 0)) for key, width in one.items()}
    decoder = {key: max(width, one.get(key, 0)) for key, width in other.items()}
    if "pool_kernel" in encoder and "pool_kernel" not in decoder:
        decoder["output_padding"] = max(decoder["output_padding"], encoder["pool_kernel"] + encoder["pool_stride"])
    return [encoder, decoder]


def spread(widths: Widths, room: int) -> Widths:
    """Columns that share what is left of the room (output padding as much as the two columns above it) or, to spare a
    scroll bar, give up to 4 px of their padding."""
    shares = {key: 2 if key == "output_padding" and "pool_stride" not in widths else 1 for key, width in widths.items()
              if width and key != "number"}
    spare = room - sum(widths.values())
    each = spare // sum(shares.values())
    if spare < 0:
        return {key: width - min(4, -each) * shares.get(key, 0) for key, width in widths.items()}
    result = {key: width + each * shares.get(key, 0) for key, width in widths.items()}
    result[list(shares)[-1]] += spare - each * sum(shares.values())
    return result
