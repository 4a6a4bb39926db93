"""Between the native half and the two facades: waiting, awaiting, arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Generator
    from typing import TypeVar

    from . import _native

    _T = TypeVar("_T")


def settle(answers: list[tuple[Future[Any], Any, BaseException | None]]) -> None:
    """Hands answers to those who await them; runs in the event loop's thread."""
    for future, value, error in answers:
        if future.done():
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


def log(level: int, target: str, text: str) -> None:
    """Logs a record of the native half: ``grump_engine::agent`` under ``grump.engine.agent``."""
    import logging

    name = target.replace("::", ".").replace("_", ".", 1)
    logging.getLogger(name).log(level, "%s", text)


async def awaited(call: _native.Call[_T]) -> _T:
    """Awaits a call; cancelling the task drops it."""
    return await call


def waited(call: _native.Call[_T]) -> _T:
    """Blocks until a call is done, with the interpreter's lock released."""
    return call.wait()


def opened(plane: _native.Plane | None) -> _native.Plane:
    """The plane, where it is open."""
    if plane is None:
        raise RuntimeError("the plane is not open yet: open it with `async with` or `await`")
    return plane


def arguments(**named: Any) -> str:
    """Arguments as the native half reads them. What is ``None`` was not said."""
    return json.dumps({name: value for name, value in named.items() if value is not None})


class OpenedAtOnce:
    """What the synchronous facade opens when it makes it."""

    def __init__(self) -> None:
        self._open()

    def _open(self) -> Any:
        raise NotImplementedError


class OpenedByAwait:
    """What the asynchronous facade opens by ``async with`` or ``await``."""

    def __init__(self) -> None:
        """Nothing happens yet."""

    async def _open(self) -> Any:
        raise NotImplementedError

    def __await__(self: _T) -> Generator[Any, None, _T]:
        return self._open().__await__()  # type: ignore[attr-defined, no-any-return]
