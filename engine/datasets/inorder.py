"""Work on a few threads, with the results in the order of the items: a generator that never blocks for long."""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

HEARTBEAT_S = 0.1
"""The generator yields at least this often."""

DEPTH = 4
"""So many items for each thread are under way or done before their turn."""

Slot = queue.SimpleQueue[tuple[Result | None, BaseException | None]]
"""Where the one result of one item is put."""


def in_order(work: Callable[[Item], Result], items: Iterator[Item], threads: int = 2,
             ) -> Iterator[tuple[Item, Result] | None]:
    """(item, work(item)) for each item; None when nothing came for a moment. Raises what ``work`` raises.

    When it is closed the threads end after the item they are at; nobody waits for them.
    """
    todo: queue.SimpleQueue[tuple[Item, Slot[Result]] | None] = queue.SimpleQueue()
    closed = threading.Event()
    for _ in range(threads):
        threading.Thread(target=_work, args=(work, todo, closed), name="images", daemon=True).start()
    waiting: collections.deque[tuple[Item, Slot[Result]]] = collections.deque()
    try:
        while _fill(waiting, items, todo, DEPTH * threads):
            try:
                result, error = waiting[0][1].get(timeout=HEARTBEAT_S)
            except queue.Empty:
                yield None
                continue
            if error is not None:
                raise error
            yield waiting.popleft()[0], result  # type: ignore[misc]
    finally:
        closed.set()
        for _ in range(threads):
            todo.put(None)


def _fill(waiting: collections.deque[tuple[Item, Slot[Result]]], items: Iterator[Item],
          todo: queue.SimpleQueue[tuple[Item, Slot[Result]] | None], depth: int) -> int:
    """Hand out items until so many wait; -> how many wait, 0 at the end."""
    while len(waiting) < depth and (item := next(items, None)) is not None:
        waiting.append((item, queue.SimpleQueue()))
        todo.put(waiting[-1])
    return len(waiting)


def _work(work: Callable[[Item], Result], todo: queue.SimpleQueue[tuple[Item, Slot[Result]] | None],
          closed: threading.Event) -> None:
    """A thread: item after item until there is none."""
    while (job := todo.get()) is not None and not closed.is_set():
        item, slot = job
        try:
            slot.put((work(item), None))
        except BaseException as error:  # it is raised where the results are asked for
            slot.put((None, error))
