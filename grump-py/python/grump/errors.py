"""Exceptions: `GrumpError`, and one subclass for each kind of failure."""

from __future__ import annotations

import builtins
import json
from typing import TYPE_CHECKING, Any

from .models import Conflict, Remote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AgentError",
    "ConflictError",
    "CursorExpiredError",
    "ForbiddenError",
    "GrumpError",
    "InternalError",
    "InvalidInputError",
    "NotFoundError",
    "ProtocolError",
    "RateLimitedError",
    "RemoteError",
    "StalledError",
    "StorageError",
    "TimeoutError",
    "TransportError",
    "TruncatedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedError",
]


class GrumpError(Exception):
    """Something went wrong. ``str(error)`` is one line: what happened, to what, what to do.

    Attributes:
        kind: The kind in snake case, such as ``"not_found"``.
        message: What happened, without operation, advice and context.
        operation: The operation that failed, such as ``"loops.start"``.
        advice: What the caller can do about it.
        context: What it happened to, by name.
        retry: Whether the same call may be made again: ``"never"``, ``"safe"``, ``"after"`` (the
            seconds in ``retry_after``), ``"maybe_applied"`` (read the state first) or
            ``"exhausted"``.
        retry_after: Seconds to wait before trying again.
        conflict: What stood in the way, for `ConflictError`.
        remote: What the other side said, when the failure came over a wire.
        causes: The errors underneath, in words, the nearest first.
    """

    kind: str = "internal"

    def __init__(self, text: str = "", details: Mapping[str, Any] | None = None) -> None:
        # Both go to the base class: pickle and copy make the error anew from what it was given.
        super().__init__(text, details)
        self.text = text
        known = details or {}
        conflict, remote = known.get("conflict"), known.get("remote")
        self.kind = known.get("kind", type(self).kind)
        self.message: str = known.get("message", text)
        self.operation: str | None = known.get("operation")
        self.advice: str | None = known.get("advice")
        self.context: Mapping[str, str] = known.get("context", {})
        self.retry: str = known.get("retry", "never")
        self.retry_after: float | None = known.get("retry_after")
        self.conflict: Conflict | None = conflict and Conflict.from_wire(conflict)
        self.remote: Remote | None = remote and Remote.from_wire(remote)
        self.causes: Sequence[str] = tuple(known.get("causes", ()))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class InvalidInputError(GrumpError):
    """An argument is wrong. Correct it; the same call will fail again."""

    kind = "invalid_input"


class UnauthenticatedError(GrumpError):
    """No credential, or one that is not accepted. Log in or pass another key."""

    kind = "unauthenticated"


class ForbiddenError(GrumpError):
    """The credential is good but not for this. Ask for the right, or do without."""

    kind = "forbidden"


class NotFoundError(GrumpError):
    """There is no such thing. Check the id; it may have been removed."""

    kind = "not_found"


class ConflictError(GrumpError):
    """The thing is in a state in which this cannot be done. Read it and decide anew."""

    kind = "conflict"


class UnsupportedError(GrumpError):
    """This plane cannot do that at all. Look at ``plane.info`` before calling."""

    kind = "unsupported"


class RateLimitedError(GrumpError):
    """Too many requests. Wait as long as ``retry_after`` says."""

    kind = "rate_limited"


class TimeoutError(GrumpError, builtins.TimeoutError):
    """A deadline passed. What was asked for may still happen: read the state."""

    kind = "timeout"


class UnavailableError(GrumpError):
    """The other side cannot answer now. Try again later."""

    kind = "unavailable"


class RemoteError(GrumpError):
    """The other side failed. Report it to whoever runs it."""

    kind = "remote"


class ProtocolError(GrumpError):
    """The other side sent something that is not of its protocol. Check its version and address."""

    kind = "protocol"


class TransportError(GrumpError):
    """The connection could not be made, or broke. Check address and network."""

    kind = "transport"


class TruncatedError(GrumpError):
    """A stream ended before the run did. Read the run's state; watch again from the cursor."""

    kind = "truncated"


class StalledError(GrumpError):
    """A stream was reconnected again and again without getting on. Look at the other side."""

    kind = "stalled"


class CursorExpiredError(GrumpError):
    """The cursor is of another journal or was trimmed away. Read the state, watch from now."""

    kind = "cursor_expired"


class AgentError(GrumpError):
    """The coding agent failed, or is not installed. Its message says why."""

    kind = "agent"


class StorageError(GrumpError):
    """The data folder cannot be read or written, or is damaged. It was left as it is."""

    kind = "storage"


class InternalError(GrumpError):
    """A fault of grump itself. Please report it."""

    kind = "internal"


_BY_KIND: dict[str, type[GrumpError]] = {one.kind: one for one in GrumpError.__subclasses__()}


def _from_native(text: str) -> GrumpError:
    details = json.loads(text)
    return _BY_KIND.get(details["kind"], GrumpError)(details.pop("text"), details)
