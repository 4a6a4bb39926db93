"""What planes answer: frozen values.

Words such as a status are plain text, because a newer plane may know more of them; the aliases
beside them (`RunStatus`, …) list those that this version knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Union

from ._model import Model, many

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

RunKind = Literal["loop", "ship", "job", "task", "chat"]
RunStatus = Literal[
    "draft",
    "queued",
    "starting",
    "running",
    "waiting",
    "paused",
    "awaiting_approval",
    "completed",
    "limit_reached",
    "failed",
    "cancelled",
    "merged",
    "rejected",
    "discarded",
    "unknown",
]
Outcome = Literal[
    "matched", "succeeded", "limit_reached", "budget", "errors", "stopped", "interrupted"
]

_EXECUTING = frozenset({"starting", "running", "waiting"})
_FINAL = frozenset({"merged", "rejected", "discarded"})
_TERMINAL = _FINAL | {"completed", "limit_reached", "failed", "cancelled"}


class Cursor(str):
    """A position in a plane's events: opaque, good for resuming, not for anything else."""

    __slots__ = ()


class Timestamp(str):
    """A moment, as the text it came as: RFC 3339 where the plane keeps to it."""

    __slots__ = ()

    @property
    def datetime(self) -> datetime | None:
        """The moment, aware of its offset; without one it is UTC. ``None`` for other text."""
        from datetime import datetime, timezone

        # Before Python 3.11 neither `Z` nor other than 3 or 6 digits are understood.
        text, _, fraction = self.replace("Z", "+00:00").partition(".")
        digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
        if digits:
            text += f".{digits[:6]:0<6}"
        text += fraction[len(digits) :]
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


class Status(Model):
    """Where a run is.

    Attributes:
        unified: The word that all planes share; one of `RunStatus`.
        native: The plane's own word.
    """

    unified: str
    native: str = ""

    @property
    def is_executing(self) -> bool:
        """An agent is at work, or about to be."""
        return self.unified in _EXECUTING

    @property
    def is_terminal(self) -> bool:
        """The work is over, unless the run is started anew."""
        return self.unified in _TERMINAL

    @property
    def is_final(self) -> bool:
        """Nothing but removal is left."""
        return self.unified in _FINAL

    def __str__(self) -> str:
        return self.native if self.unified == "unknown" else self.unified


class Conflict(Model):
    """What stood in the way of a call.

    Attributes:
        code: The reason, such as ``"already_running"`` or ``"uncommitted_changes"``.
        current: The status the thing is in.
        changed_files: Files that are in the way.
        options: What the caller may choose: ``"commit"``, ``"stash"``, ``"cancel"``.
    """

    code: str
    current: Status | None = None
    changed_files: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    _readers: ClassVar = {"current": Status.from_wire, "changed_files": tuple, "options": tuple}


class Remote(Model):
    """What the other side said, when a failure came over a wire.

    Attributes:
        status: The HTTP status.
        code: The other side's own code, spelled as it was sent.
        request_id: The other side's id of the request.
    """

    status: int | None = None
    code: str | None = None
    request_id: str | None = None


class RunRef(Model):
    """Names a run.

    Attributes:
        kind: What sort of work it is; one of `RunKind`.
        id: Its id, unique within its kind and plane. Compared, never looked into.
    """

    kind: str
    id: str

    _readers: ClassVar = {"id": str}

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class ModelRef(Model):
    """Names a language model; as text ``PROVIDER/MODEL``.

    Attributes:
        provider: Who serves it: ``"anthropic"``.
        model: Its name there.
    """

    provider: str
    model: str

    _names: ClassVar = {"provider": "providerID", "model": "modelID"}

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class LanguageModel(Model):
    """A language model that agents can use.

    Attributes:
        provider: Who serves it: ``"anthropic"``.
        model: Its name there.
        provider_title: What people call its provider.
        title: What people call it.
        connected: Whether it can be used now, which takes a credential.
    """

    provider: str
    model: str
    provider_title: str = ""
    title: str = ""
    connected: bool = False

    _names: ClassVar = {
        "provider": "providerID",
        "model": "modelID",
        "provider_title": "providerName",
        "title": "modelName",
    }

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Usage(Model):
    """Tokens.

    Attributes:
        input: Tokens read, cached ones included.
        output: Tokens written, reasoning included.
        cached: Tokens read from a cache.
        cost: Cost in US dollars, where the agent says so.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cost: float | None = None


class Budget(Model):
    """How much a loop may use before it ends as ``"limit_reached"``; ``None`` is without limit.

    Attributes:
        seconds: Time at work, over all iterations and restarts.
        tokens: Tokens read and written, over all iterations and restarts.
    """

    seconds: int | None = None
    tokens: int | None = None


class GitConfig(Model):
    """How a loop's branches and commits are named.

    Attributes:
        branch_prefix: What its branch's name begins with.
        commit_prefix: What its commits' messages begin with.
    """

    branch_prefix: str
    commit_prefix: str


class Endpoint(Model):
    """Where a running agent listens.

    Attributes:
        hostname: Host name or address.
        port: TCP port.
    """

    hostname: str
    port: int


class Backend(Model):
    """Which agent does the work, and where.

    Attributes:
        agent: The agent's name in the plane's configuration.
        connect: Where an agent that is running already listens; ``None`` starts one.
    """

    agent: str
    connect: Endpoint | None = None

    _names: ClassVar = {"agent": "type"}
    _readers: ClassVar = {"connect": Endpoint.from_wire}


def _policy(wire: Any) -> str:
    ask = wire.get("ask") if isinstance(wire, dict) else None
    return f"ask:{ask['seconds']}" if ask else str(wire)


class LoopConfig(Model):
    """What a loop is told to do, and how.

    Attributes:
        directory: Absolute path of the folder to work on, on the plane's machine.
        prompt: What the agent is told in each iteration.
        backend: Which agent does the work.
        model: The model; ``None`` is the agent's own default.
        max_iterations: How many iterations there may be since the last start.
        max_consecutive_errors: How many errors in a row end the loop.
        stop_pattern: A regular expression on the assistant's final message.
        git: How branches and commits are named.
        budget: How much time and how many tokens it may use.
        policy: What the agent may do without asking: ``"allow"``, ``"deny"``, ``"ask:SECONDS"``.
        require_changes: A match counts only if the loop has changed something.
        verify: A match counts only if this command succeeds in the worktree.
    """

    directory: str
    prompt: str
    backend: Backend
    model: ModelRef | None = None
    max_iterations: int | None = None
    max_consecutive_errors: int
    stop_pattern: str
    git: GitConfig
    budget: Budget = Budget()
    policy: str = "allow"
    require_changes: bool = False
    verify: str | None = None

    _readers: ClassVar = {
        "backend": Backend.from_wire,
        "model": ModelRef.from_wire,
        "git": GitConfig.from_wire,
        "budget": Budget.from_wire,
        "policy": _policy,
    }


class Iteration(Model):
    """One pass of a loop.

    Attributes:
        number: Its number, from 1.
        started_at: When it began.
        ended_at: When it ended.
        outcome: How it ended: ``"continue"``, ``"matched"`` or ``"error"``.
        commit: The commit of what it changed; ``None`` where it changed nothing.
        error: The error it ended in.
    """

    number: int
    started_at: Timestamp
    ended_at: Timestamp
    outcome: str
    commit: str | None = None
    error: str | None = None

    _readers: ClassVar = {"started_at": Timestamp, "ended_at": Timestamp}


class Loop(Model):
    """What only loops have.

    Attributes:
        config: What it is told to do, and how.
        iteration: The iteration it is in, or was in last; 0 before the first.
        consecutive_errors: How many iterations ended in an error since the last that did not.
        recent_iterations: The last iterations, at most ten, the newest last.
        pending_prompt: The prompt of the next iteration instead of the configured one.
        branch: The branch that holds its work, once it was started.
        target_branch: The branch its work is to be merged into.
        worktree: The folder it works in, once it was started.
        usage: Tokens used in all its iterations.
        worked_ms: Time at work in all its iterations, in milliseconds.
    """

    config: LoopConfig
    iteration: int = 0
    consecutive_errors: int = 0
    recent_iterations: tuple[Iteration, ...] = ()
    pending_prompt: str | None = None
    branch: str | None = None
    target_branch: str | None = None
    worktree: str | None = None
    usage: Usage = Usage()
    worked_ms: int = 0

    _readers: ClassVar = {
        "config": LoopConfig.from_wire,
        "recent_iterations": many(Iteration.from_wire),
        "usage": Usage.from_wire,
    }


class Integration(Model):
    """What became of a run's work.

    Attributes:
        state: ``"none"``, ``"committed"``, ``"merged"`` or ``"branch_deleted"``.
        commit: The commit that holds it, where there is one.
    """

    state: str
    commit: str | None = None


def _integration(wire: Any) -> Integration:
    if isinstance(wire, dict):
        state, commit = next(iter(wire.items()), ("none", None))
        return Integration(state=state, commit=commit)
    return Integration(state=str(wire))


class Run(Model):
    """One supervised piece of agent work.

    Attributes:
        kind: What sort of work it is; one of `RunKind`.
        id: Its id, unique within its kind and plane. Compared, never looked into.
        title: What people call it.
        status: Where it is.
        outcome: Why its work ended; one of `Outcome`, ``None`` while it has not.
        error: The last error that matters, in words.
        resumable: A crash cut it off, and starting it goes on where it was.
        integration: What became of its work.
        created_at: When it was created.
        updated_at: When anything about it last changed.
        started_at: When its work last began.
        ended_at: When its work last ended.
        loop: What only loops have.
    """

    kind: str
    id: str
    title: str
    status: Status
    outcome: str | None = None
    error: str | None = None
    resumable: bool = False
    integration: Integration = Integration(state="none")
    created_at: Timestamp
    updated_at: Timestamp
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    loop: Loop | None = None

    _names: ClassVar = {"loop": "detail"}
    _readers: ClassVar = {
        "id": str,
        "status": Status.from_wire,
        "integration": _integration,
        "created_at": Timestamp,
        "updated_at": Timestamp,
        "started_at": Timestamp,
        "ended_at": Timestamp,
        "loop": lambda detail: Loop.from_wire(detail["loop"]) if "loop" in detail else None,
    }

    @property
    def ref(self) -> RunRef:
        """What names it."""
        return RunRef(kind=self.kind, id=self.id)


class Started(Model):
    """A run was started.

    Attributes:
        cursor: The position before the first event of this start, where the plane has positions:
            watching from here misses nothing.
    """

    cursor: Cursor | None = None

    _readers: ClassVar = {"cursor": Cursor}


class Accepted(Model):
    """A run's work was merged.

    Attributes:
        merge_commit: The commit that holds it on the target branch.
        left_out: Files that were changed in the worktree but not committed.
    """

    merge_commit: str
    left_out: tuple[str, ...] = ()

    _readers: ClassVar = {"left_out": tuple}


class FileDiff(Model):
    """What an agent changed in one file.

    Attributes:
        path: The file's path, the new one where it was renamed; quoted as git does where it is
            not UTF-8.
        old_path: The path it had, where it was renamed.
        status: ``"added"``, ``"modified"``, ``"deleted"`` or ``"renamed"``.
        file_type: ``"text"``, ``"binary"``, ``"symlink"`` or ``"submodule"``.
        additions: Lines added.
        deletions: Lines deleted.
        mode_change: The file's mode before and after, in git's octal words, where it changed.
        patch: This file's part of the patch, headers included: what ``git apply`` takes.
    """

    path: str
    old_path: str | None = None
    status: str
    file_type: str = "text"
    additions: int = 0
    deletions: int = 0
    mode_change: tuple[str, str] | None = None
    patch: str = ""

    _readers: ClassVar = {"mode_change": tuple}


class PlanningFile(Model):
    """A file of the loop's ``.planning`` folder.

    Attributes:
        content: Its content; empty where it does not exist.
        exists: Whether it exists.
    """

    content: str = ""
    exists: bool = False


class PlanningFolder(Model):
    """What a folder's ``.planning`` holds.

    Attributes:
        exists: Whether the folder exists.
        files: The names of the files in it, sorted.
    """

    exists: bool = False
    files: tuple[str, ...] = ()

    _readers: ClassVar = {"files": tuple}


class Approval(Model):
    """Something that waits for a person's decision.

    Attributes:
        id: Its id.
        run: The run that waits for it.
        action: What kind of thing it is: ``"edit"``, ``"bash"``, …
        title: What it is, for people.
        detail: The agent's own description: patterns, command, diff.
        requested_at: When it was asked.
        deadline: When it is denied if nobody answers.
        decision: The answer; ``None`` while it is pending.
    """

    id: str
    run: RunRef
    action: str
    title: str
    detail: Any = None
    requested_at: Timestamp
    deadline: Timestamp | None = None
    decision: str | None = None

    _readers: ClassVar = {
        "id": str,
        "run": RunRef.from_wire,
        "requested_at": Timestamp,
        "deadline": Timestamp,
    }


class Health(Model):
    """Whether a plane works.

    Attributes:
        healthy: Whether everything it needs is there.
        version: Its version; empty where it does not say.
        problems: What is wrong, in words.
    """

    healthy: bool
    version: str = ""
    problems: tuple[str, ...] = ()

    _readers: ClassVar = {"problems": tuple}


class PlaneInfo(Model):
    """Who a plane is and what it can do.

    Attributes:
        name: What it is: ``"engine"``, or the name of a dialect.
        version: Its version, where it is known without asking.
        operations: What it can do, such as ``"loops.create"``.
        kinds: The kinds of events its streams tell of, such as ``"text.delta"``.
        members: What its answers hold and its requests take beyond what every plane has, such as
            ``"loop.budget"``.
    """

    name: str
    version: str | None = None
    operations: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()

    _readers: ClassVar = {"operations": frozenset, "kinds": frozenset, "members": frozenset}


class Event(Model):
    """Something happened to a run.

    Attributes:
        kind: What, such as ``"text.delta"``, ``"tool.called"`` or ``"run.completed"``.
        run: The run it happened to.
        payload: What is told about it, by kind: ``{"text": …}`` for ``"text.delta"``.
        iteration: The iteration it happened in, from 1.
        phase: The phase it happened in.
        seq: The plane's number of the event, where it has one.
        at: When it happened, by the plane's clock.
        received_at: When it was received, by this machine's clock.
        severity: How grave it is, in the plane's words.
        origin: ``"wire"``, or ``"synthesised"`` where it was found by comparing two reads.
    """

    kind: str
    run: RunRef
    payload: Mapping[str, Any] = {}
    iteration: int | None = None
    phase: str | None = None
    seq: str | None = None
    at: Timestamp | None = None
    received_at: Timestamp
    severity: str | None = None
    origin: str = "wire"

    _readers: ClassVar = {"run": RunRef.from_wire, "at": Timestamp, "received_at": Timestamp}


class Gap(Model):
    """A place in a stream where events may be missing. A `Resync` follows.

    Attributes:
        after: The last position before it.
        before: The first position behind it.
        reason: How it came about.
    """

    after: Cursor | None = None
    before: Cursor | None = None
    reason: str = ""

    _readers: ClassVar = {"after": Cursor, "before": Cursor}


class Resync(Model):
    """The run as it is now, read anew after a gap.

    Attributes:
        run: The run.
    """

    run: Run

    _readers: ClassVar = {"run": Run.from_wire}


Update = Union[Event, Gap, Resync]


def read_update(wire: Mapping[str, Any]) -> Update:
    """Reads what a stream yields."""
    event = wire.get("event")
    if event is not None:
        return Event.from_wire(event)
    gap = wire.get("gap")
    return Resync.from_wire({"run": wire["resync"]}) if gap is None else Gap.from_wire(gap)


class EventPage(Model):
    """Some events, and where to go on.

    Attributes:
        events: The events, in order.
        cursor: The position behind the last of them.
        has_more: Whether there were more when the page was read.
    """

    events: tuple[Event, ...] = ()
    cursor: Cursor | None = None
    has_more: bool = False

    _readers: ClassVar = {"events": many(Event.from_wire), "cursor": Cursor}
