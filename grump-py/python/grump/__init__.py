"""One SDK to supervise coding agents: embedded or remote, the same program.

    import grump

    with grump.embedded("./.grump") as plane:
        loop = plane.loops.create("dark mode", "/home/me/app", "Add dark mode", max_iterations=10)
        plane.loops.start(loop)
        for update in plane.loops.watch(loop):
            print(update)
        plane.loops.accept(loop)

`connect` is the same for a plane elsewhere; `aembedded` and `aconnect` are both for ``async with``,
``await`` and ``async for``. What planes answer are the frozen values of `grump.models`; what goes
wrong is a `GrumpError`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import _keeper, _native, errors, models
from ._async import AsyncPlane, AsyncUpdates
from ._bridge import arguments
from ._sync import Plane, Updates
from .errors import *  # noqa: F403
from .errors import __all__ as _errors
from .models import (
    Budget,
    Cursor,
    Endpoint,
    Event,
    Gap,
    Loop,
    ModelRef,
    Resync,
    Run,
    RunRef,
    Status,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AsyncPlane",
    "AsyncUpdates",
    "Budget",
    "Cursor",
    "Endpoint",
    "Event",
    "Gap",
    "Loop",
    "ModelRef",
    "Plane",
    "Resync",
    "Run",
    "RunRef",
    "Status",
    "Update",
    "Updates",
    "aconnect",
    "aembedded",
    "connect",
    "embedded",
    "errors",
    "models",
]
__all__ += _errors


def connect(url: str | None = None, *, token: str | None = None) -> Plane:
    """Opens a plane that runs elsewhere. Nothing is sent until something is asked.

    Args:
        url: The dialect, ``+``, and the server's base URL: ``"ralpher+http://localhost:3000"``;
            ``$GRUMP_URL`` where nothing is said.
        token: Shown with every request, for a server that asks for one; ``$GRUMP_API_KEY`` where
            nothing is said.

    Raises:
        InvalidInputError: The address is not understood.
    """
    return Plane(_connect(url, token))


def aconnect(url: str | None = None, *, token: str | None = None) -> AsyncPlane:
    """As `connect`, to be opened with ``async with`` or ``await``."""
    return AsyncPlane(_connect(url, token))


def _connect(url: str | None, token: str | None) -> _native.Call[_native.Plane]:
    known = os.environ.get
    asked = arguments(url=url or known("GRUMP_URL", ""), token=token or known("GRUMP_API_KEY") or None)
    return _native.connect(asked)


def embedded(
    path: str | os.PathLike[str],
    *,
    agents: Mapping[str, str] | None = None,
    max_running: int | None = None,
    resume: str | None = None,
) -> Plane:
    """Opens a plane that runs agents right here and keeps its data in a folder.

    It owns the folder until it is closed, and goes on with loops that a crash cut off.

    Args:
        path: The data folder; made where it is not there.
        agents: Agents that loops may name, by specification: ``{"busy": "cmd: ./agent.sh"}``.
        max_running: How many loops run at once; four where nothing is said.
        resume: What to do about loops that a crash cut off: ``"continue"``, ``"give_up"`` or
            ``"leave"``.

    Raises:
        ConflictError: Another process owns the folder (``owned``).
        StorageError: The journal is damaged, of a newer version, or cannot be written.
        InvalidInputError: A specification cannot be read.
    """
    return Plane(_embedded(path, agents, max_running, resume))


def aembedded(
    path: str | os.PathLike[str],
    *,
    agents: Mapping[str, str] | None = None,
    max_running: int | None = None,
    resume: str | None = None,
) -> AsyncPlane:
    """As `embedded`, to be opened with ``async with`` or ``await``."""
    return AsyncPlane(_embedded(path, agents, max_running, resume))


def _embedded(
    path: str | os.PathLike[str],
    agents: Mapping[str, str] | None,
    max_running: int | None,
    resume: str | None,
) -> _native.Call[_native.Plane]:
    asked = arguments(
        path=os.fspath(path),
        agents=dict(agents or {}),
        max_running=max_running,
        resume=resume,
        keeper=_keeper.command(),
    )
    return _native.embedded(asked)
