"""What a forked process is kept from. RocksDB has threads for the whole process, which a child does not get: it would wait for them."""

from __future__ import annotations

import os
from collections.abc import Callable

from .errors import ForkedError

_inherited = False
# What a child does first; there is something to do once a store was opened.
_leave_at_exit: Callable[[], object] | None = None


def embedded_store() -> None:
    """Called before an embedded store is opened.

    Raises :class:`ForkedError` where the process that this one was forked from has opened one.
    """
    global _leave_at_exit
    if _inherited:
        raise ForkedError(
            "this process was forked from one that had opened a ledger",
            hint='start processes with multiprocessing\'s "spawn", or open ledgers only after the fork',
        )
    if _leave_at_exit is None:
        import ctypes

        library = ctypes.CDLL(None)
        # When a process exits, RocksDB joins its threads; in a child there is nothing to join, and the attempt ends it by a signal. Python has finished by then.
        # Not every C library has it.
        on_exit = getattr(library, "on_exit", None)
        _leave_at_exit = (lambda: on_exit(library._exit, None)) if on_exit else (lambda: None)


def _in_child() -> None:
    global _inherited
    if _leave_at_exit is not None and not _inherited:
        _inherited = True
        _leave_at_exit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
