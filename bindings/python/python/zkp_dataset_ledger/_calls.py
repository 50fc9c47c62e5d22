"""How a call is told of progress, and how it is made from a coroutine."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TypeVar

from . import _native
from .errors import InvalidTypeError

T = TypeVar("T")

# Registered first, and so called last: nobody waits any more when the interpreter ends.
atexit.register(_native.end)


class Progress(NamedTuple):
    """What a call is doing."""

    stage: str
    """A word: read, seal, srs, commit, scan, merge, key, prove or append."""
    text: str
    """The same in words."""
    done: int | None
    """How much of ``total`` is done: bytes while a file is read, segments of the table while it is proved."""
    total: int | None
    """How much there is, where that is known."""


ProgressArgument = Callable[[Progress], object] | Literal[True] | None
"""A function that is called in the thread of the call, or ``True`` for a bar of tqdm. An exception of the function ends the call."""


class _Bar(Protocol):
    n: float
    total: float | None

    def set_description_str(self, text: str, refresh: bool = ...) -> None: ...
    def refresh(self) -> object: ...
    def close(self) -> None: ...


class Reporting:
    """Tells the caller of progress, while it is entered."""

    def __init__(self, progress: ProgressArgument) -> None:
        if not (progress is None or progress is True or callable(progress)):
            raise InvalidTypeError(
                f"progress is a function or True, not {type(progress).__name__}", hint="progress=print shows what is reported"
            )
        self._progress = progress
        self._bar: _Bar | None = None

    def __enter__(self) -> Callable[[str, str, int | None, int | None], object] | None:
        if self._progress is None:
            return None
        if self._progress is True:
            self._bar = _bar()
            return self._show
        function = self._progress
        return lambda stage, text, done, total: function(Progress(stage, text, done, total))

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, _stage: str, text: str, done: int | None, total: int | None) -> None:
        if self._bar is not None:
            self._bar.n, self._bar.total = done or 0, total
            self._bar.set_description_str(text, refresh=False)
            self._bar.refresh()


def _bar() -> _Bar:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise InvalidTypeError("progress=True shows a bar of tqdm, which is not installed", hint="pip install tqdm, or pass a function") from error
    bar: _Bar = tqdm(leave=False, bar_format="{desc} {bar} {elapsed}")
    return bar


async def in_thread(call: Callable[[_native.Cancel], T]) -> T:
    """Makes a call in another thread. When the task is cancelled, so is the call."""
    import asyncio

    cancel = _native.Cancel()
    try:
        return await asyncio.get_running_loop().run_in_executor(None, call, cancel)
    except asyncio.CancelledError:
        cancel.set()
        raise


def from_thread(progress: ProgressArgument) -> ProgressArgument:
    """The same function, called in the thread of the running loop."""
    import asyncio

    if progress is None or progress is True:
        return progress
    loop, function = asyncio.get_running_loop(), progress
    return lambda news: loop.call_soon_threadsafe(function, news)
