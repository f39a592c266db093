"""The bytes behind one address, as they come: a generator that never blocks for long, so that cancelling is quick.

A name that is looked up, a server that does not answer and a stalled connection all block in the system, out of reach
of ``close()``. A thread of its own waits there; the generator only looks into a queue, and leaves when it is closed.
"""

from __future__ import annotations

import errno
import queue
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

PIECE, DEPTH = 16 * 1024, 64
"""Bytes of a piece, and how many pieces wait at most."""

HEARTBEAT_S = 0.2
"""The generator yields at least this often."""

TIMEOUTS_S = (10.0, 20.0)
"""To connect, and between two pieces."""


class TransferError(Exception):
    """Why the bytes did not come: a code, and a reason that completes 'could not be downloaded: …'."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Head:
    """What the server says before the bytes: where they start."""

    start: int


Item = Head | bytes | TransferError | None
"""What the thread hands over; None is the end."""


def pieces(url: str, start: int, timeouts_s: tuple[float, float] = TIMEOUTS_S,
           ) -> Generator[Head | bytes | None, None, None]:
    """A Head, then the bytes from ``start`` on, or from 0 if the server cannot; None when nothing came for a moment.

    Raises TransferError.
    """
    items: queue.Queue[Item] = queue.Queue(DEPTH)
    closed = threading.Event()
    threading.Thread(target=_pull, args=(url, start, timeouts_s, items, closed), name="download", daemon=True).start()
    try:
        while True:
            try:
                item = items.get(timeout=HEARTBEAT_S)
            except queue.Empty:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, TransferError):
                raise item
            yield item
    finally:
        closed.set()


def _pull(url: str, start: int, timeouts_s: tuple[float, float], items: queue.Queue[Item],
          closed: threading.Event) -> None:
    """The thread: request, and hand over Head, pieces, and None or the error at the end."""
    def hand_over(item: Item) -> bool:
        while not closed.is_set():
            try:
                items.put(item, timeout=HEARTBEAT_S)
                return True
            except queue.Full:
                continue
        return False

    try:
        _request(url, start, timeouts_s, hand_over)
        hand_over(None)
    except TransferError as error:
        hand_over(error)
    except Exception as error:  # whatever it is, the window must hear of it in words
        hand_over(explained(error))


def _request(url: str, start: int, timeouts_s: tuple[float, float], hand_over: Callable[[Item], bool]) -> None:
    """Ask for the bytes and hand them over. Raises TransferError, and what requests and urllib3 raise."""
    import requests

    headers = {"Accept-Encoding": "identity", "User-Agent": "autoencoder-explorer"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.get(url, headers=headers, stream=True, timeout=timeouts_s) as response:
        if response.status_code not in (200, 206):
            raise _refusal(response.status_code)
        hand_over(Head(_first_byte(response)))
        while piece := response.raw.read(PIECE, decode_content=False):
            if not hand_over(piece):
                return


def _first_byte(response: Any) -> int:
    """Where the answer starts: 0, or what 'Content-Range: bytes 500-999/1000' says. Raises TransferError."""
    if response.status_code == 200:
        return 0
    try:
        return int(response.headers["Content-Range"].split()[1].split("-")[0])
    except (KeyError, IndexError, ValueError):
        raise TransferError("range", "the server does not say which part it sends") from None


def _refusal(status: int) -> TransferError:
    """The answer that is not the file, in words."""
    refused, absent, busy = "the server refuses access", "the server does not have the file", "the server is busy"
    words = {401: refused, 403: refused, 404: absent, 410: absent, 416: "the server cannot continue",
             429: busy, 503: busy}
    text = words.get(status, "the server has an error" if status >= 500 else "the server answered something else")
    return TransferError(f"status {status}", f"{text} ({status})")


def explained(error: BaseException) -> TransferError:
    """An exception of requests, urllib3 or the system as a TransferError, by what lies at its root."""
    import requests
    import urllib3.exceptions as urllib3

    causes = list(_causes(error))
    if any(getattr(cause, "errno", None) in (errno.ENETUNREACH, errno.EHOSTUNREACH) for cause in causes):
        return TransferError("offline", "there is no connection to the network")
    kinds: dict[str, tuple[tuple[type[BaseException], ...], str]] = {
        "name": ((urllib3.NameResolutionError, socket.gaierror), "the server's name was not found (are you offline?)"),
        "refused": ((ConnectionRefusedError,), "the server refused the connection"),
        "timeout": ((TimeoutError, urllib3.TimeoutError, requests.Timeout), "the server did not answer in time"),
        "certificate": ((urllib3.SSLError, requests.exceptions.SSLError), "the server's certificate is not valid"),
        "cut": ((urllib3.ProtocolError, ConnectionError, requests.exceptions.ChunkedEncodingError),
                "the connection was cut"),
    }
    for code, (types, reason) in kinds.items():
        if any(isinstance(cause, types) for cause in causes):
            return TransferError(code, reason)
    return TransferError("connection", f"the connection failed ({error})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it wraps, in any of the ways that the libraries use."""
    if isinstance(error, BaseException):
        yield error
        for inner in (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args):
            if inner is not error and isinstance(inner, BaseException):
                yield from _causes(inner)
