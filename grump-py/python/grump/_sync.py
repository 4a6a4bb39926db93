"""The synchronous facade, generated from `_async.py` by ``cargo xtask python``: edit that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Union

from . import _native
from ._bridge import OpenedAtOnce, arguments, waited, opened
from .models import (
    Accepted,
    Approval,
    Cursor,
    EventPage,
    FileDiff,
    Health,
    LanguageModel,
    ModelRef,
    PlaneInfo,
    PlanningFile,
    PlanningFolder,
    Run,
    RunRef,
    Started,
    read_update,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

    from .models import Budget, Endpoint, Update

LoopId = Union[str, Run]
RunName = Union[Run, RunRef]


class Plane(OpenedAtOnce):
    """A control plane: here or elsewhere, the same calls.

    A context manager; without one call `close` when done. What the plane cannot do is refused with
    `UnsupportedError` before anything is sent or written; `info` says up front what it can.
    """

    def __init__(self, opening: _native.Call[_native.Plane]) -> None:
        self._opening = opening
        self._plane: _native.Plane | None = None
        super().__init__()

    def _open(self) -> Self:
        if self._plane is None:
            self._plane = waited(self._opening)
        return self

    def __enter__(self) -> Self:
        return self._open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends what the plane does in this process, and answers when it has.

        Agents that run here are ended and their runs left to be resumed; the data folder is free
        for another owner.
        """
        waited(opened(self._plane).close())

    @property
    def info(self) -> PlaneInfo:
        """Who the plane is and what it can do. Known without asking it."""
        return PlaneInfo.from_wire(json.loads(opened(self._plane).info))

    @property
    def loops(self) -> Loops:
        """Loops: make, start, watch, deliver."""
        return Loops(opened(self._plane))

    @property
    def runs(self) -> Runs:
        """Runs of any kind."""
        return Runs(opened(self._plane))

    @property
    def reviews(self) -> Reviews:
        """What waits for a person."""
        return Reviews(opened(self._plane))

    @property
    def deliveries(self) -> Deliveries:
        """What becomes of a run's work."""
        return Deliveries(opened(self._plane))

    @property
    def events(self) -> Events:
        """What happened and happens."""
        return Events(opened(self._plane))

    @property
    def models(self) -> Models:
        """The models that agents can use."""
        return Models(opened(self._plane))

    @property
    def system(self) -> System:
        """The plane itself."""
        return System(opened(self._plane))


class _Handle:
    """What acts on one sort of thing."""

    def __init__(self, plane: _native.Plane) -> None:
        self._plane = plane

    def _ask(self, operation: str, **named: Any) -> Any:
        answer = waited(self._plane.call(operation, arguments(**named)))
        return None if answer is None else json.loads(answer)


class Loops(_Handle):
    """Loops: the same prompt again and again in a git worktree, until a stop pattern matches.

    Calls that name a loop take its id, or the `Run` itself.
    """

    def create(
        self,
        title: str,
        directory: str,
        prompt: str,
        *,
        agent: str | None = None,
        connect: Endpoint | None = None,
        model: str | ModelRef | None = None,
        max_iterations: int | None = None,
        max_consecutive_errors: int | None = None,
        stop_pattern: str | None = None,
        branch_prefix: str | None = None,
        commit_prefix: str | None = None,
        budget: Budget | None = None,
        policy: str | None = None,
        require_changes: bool | None = None,
        verify: str | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Creates a loop; nothing runs yet.

        Args:
            title: What people call it.
            directory: Absolute path of the folder to work on, on the plane's machine.
            prompt: What the agent is told in each iteration.
            agent: The agent's name, or for an embedded plane its specification, such as
                ``"cmd: claude -p"``; ``"opencode"`` where nothing is said.
            connect: Where an agent that is running already listens.
            model: ``"PROVIDER/MODEL"``; the agent's own default where nothing is said.
            max_iterations: How many iterations there may be; without limit where nothing is said.
            max_consecutive_errors: How many errors in a row end the loop.
            stop_pattern: A regular expression on the assistant's final message.
            branch_prefix: What its branch's name begins with.
            commit_prefix: What its commits' messages begin with.
            budget: How much time and how many tokens it may use.
            policy: What the agent may do without asking: ``"allow"``, ``"deny"``, ``"ask"``,
                ``"ask:SECONDS"``.
            require_changes: A match counts only if the loop has changed something.
            verify: A match counts only if this command succeeds in the worktree.
            idempotency_key: Creating with the same key again answers with the loop that is there.

        Raises:
            InvalidInputError: An empty title or prompt, a folder that is not absolute, a stop
                pattern that is no regular expression, an agent that is not configured.
        """
        answer = self._ask(
            "loops.create",
            title=title,
            directory=str(directory),
            prompt=prompt,
            agent=agent,
            connect=_members(connect),
            model=_text(model),
            max_iterations=max_iterations,
            max_consecutive_errors=max_consecutive_errors,
            stop_pattern=stop_pattern,
            branch_prefix=branch_prefix,
            commit_prefix=commit_prefix,
            budget=_members(budget),
            policy=policy,
            require_changes=require_changes,
            verify=verify,
            idempotency_key=idempotency_key,
        )
        return Run.from_wire(answer)

    def list(self) -> Sequence[Run]:
        """Lists the loops, the newest first."""
        return Runs(self._plane).list(kind="loop")

    def open(self, loop: LoopId) -> Run:
        """Reads one loop.

        Raises:
            NotFoundError: There is no such loop.
        """
        return Runs(self._plane).open(_loop(loop))

    def find(self, text: str) -> Run:
        """Finds the one loop whose id holds the text, or whose title it is.

        Raises:
            NotFoundError: There is none.
            InvalidInputError: There are several.
        """
        return Run.from_wire(self._ask("loops.find", text=text))

    def start(self, loop: LoopId, *, uncommitted: str | None = None) -> Started:
        """Starts a loop; answers when it is under way.

        Args:
            loop: Which.
            uncommitted: What to do about the folder's uncommitted changes: ``"commit"`` or
                ``"stash"``. Refused where there are some and nothing is said.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``already_running``, ``uncommitted_changes`` or ``not_startable``.
            InvalidInputError: The folder cannot be worked in.
        """
        return Runs(self._plane).start(_loop(loop), uncommitted=uncommitted)

    def stop(self, loop: LoopId) -> None:
        """Stops a loop; answers when nothing of it is left running.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``not_running``.
        """
        Runs(self._plane).stop(_loop(loop))

    def wait(self, loop: LoopId, *, timeout: float | None = None) -> Run:
        """Waits until a loop's work is over, and answers with the loop as it is then.

        Args:
            loop: Which.
            timeout: How long to wait, in seconds; the loop goes on all the same.

        Raises:
            NotFoundError: There is no such loop.
            TimeoutError: The work is not over yet.
        """
        return Runs(self._plane).wait(_loop(loop), timeout=timeout)

    def watch(self, loop: LoopId, *, since: str | Cursor = "beginning") -> Updates:
        """Watches a loop: what is stored, then what happens, until its work is over.

        Args:
            loop: Which.
            since: ``"beginning"``, ``"now"``, or a cursor.

        Raises:
            NotFoundError: There is no such loop.
            CursorExpiredError: The cursor is of another journal, or was trimmed away.
        """
        return Events(self._plane).watch(_loop(loop), since=since)

    def edit(
        self,
        loop: LoopId,
        *,
        title: str | None = None,
        prompt: str | None = None,
        model: str | ModelRef | None = None,
        max_iterations: int | None = None,
        max_consecutive_errors: int | None = None,
        stop_pattern: str | None = None,
        branch_prefix: str | None = None,
        commit_prefix: str | None = None,
        budget: Budget | None = None,
    ) -> Run:
        """Changes a loop; what is not said stays. A running one takes it up with its next iteration.

        Raises:
            NotFoundError: There is no such loop.
            InvalidInputError: As for `create`, and then nothing changes.
        """
        answer = self._ask(
            "loops.edit",
            id=_loop(loop).id,
            title=title,
            prompt=prompt,
            model=_text(model),
            max_iterations=max_iterations,
            max_consecutive_errors=max_consecutive_errors,
            stop_pattern=stop_pattern,
            branch_prefix=branch_prefix,
            commit_prefix=commit_prefix,
            budget=_members(budget),
        )
        return Run.from_wire(answer)

    def set_pending_prompt(self, loop: LoopId, prompt: str) -> None:
        """Sets the prompt of the next iteration, in place of one that was set before.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``not_running``.
            InvalidInputError: The prompt is empty.
        """
        self._ask("loops.set_pending_prompt", id=_loop(loop).id, prompt=prompt)

    def clear_pending_prompt(self, loop: LoopId) -> None:
        """Clears the prompt of the next iteration; nothing happens where there is none.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``not_running``.
        """
        self._ask("loops.clear_pending_prompt", id=_loop(loop).id)

    def plan(self, loop: LoopId) -> PlanningFile:
        """Reads ``.planning/plan.md``, from the worktree once there is one.

        Raises:
            NotFoundError: There is no such loop; a file that is not there is no error.
        """
        return PlanningFile.from_wire(self._ask("loops.plan", id=_loop(loop).id))

    def status_file(self, loop: LoopId) -> PlanningFile:
        """Reads ``.planning/status.md``, as `plan` does.

        Raises:
            NotFoundError: There is no such loop; a file that is not there is no error.
        """
        return PlanningFile.from_wire(self._ask("loops.status_file", id=_loop(loop).id))

    def check_planning_dir(self, directory: str) -> PlanningFolder:
        """Looks into a folder's ``.planning``.

        Raises:
            InvalidInputError: The path is not absolute; a folder that is not there is no error.
        """
        answer = self._ask("loops.check_planning_dir", directory=str(directory))
        return PlanningFolder.from_wire(answer)

    def diff(self, loop: LoopId) -> Sequence[FileDiff]:
        """What a loop changed since it began; while it runs, up to its last commit.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``no_git_branch``.
        """
        return Deliveries(self._plane).diff(_loop(loop))

    def accept(self, loop: LoopId) -> Accepted:
        """Merges a loop's work into the branch it was started from: all of it, or nothing.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``accept_failed``, ``merge_conflict`` or ``checkout_in_the_way``.
        """
        return Deliveries(self._plane).accept(_loop(loop))

    def discard(self, loop: LoopId) -> None:
        """Throws a loop's work away, keeping a backup that `undo` takes.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``discard_failed``.
        """
        Deliveries(self._plane).discard(_loop(loop))

    def undo(self, loop: LoopId) -> None:
        """Brings a discarded or removed loop back to the status it had.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``nothing_to_undo``.
        """
        Deliveries(self._plane).undo(_loop(loop))

    def remove(self, loop: LoopId) -> None:
        """Marks a loop as deleted, stopping it first. What it made is kept until `purge`.

        Raises:
            NotFoundError: There is no such loop.
        """
        Runs(self._plane).remove(_loop(loop))

    def purge(self, loop: LoopId) -> None:
        """Forgets a merged or deleted loop: its record, its events, its backups.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``purge_failed``.
        """
        Deliveries(self._plane).purge(_loop(loop))


class Runs(_Handle):
    """Runs of any kind. Calls that name one take the `Run` or its `RunRef`."""

    def list(
        self, *, kind: str | None = None, statuses: Sequence[str] = ()
    ) -> Sequence[Run]:
        """Lists runs, the newest first.

        Args:
            kind: Only of this `RunKind`.
            statuses: Only in one of these `RunStatus`; all where it is empty.
        """
        answer = self._ask("runs.list", kind=kind, statuses=[*statuses])
        return [Run.from_wire(run) for run in answer]

    def open(self, run: RunName) -> Run:
        """Reads one run.

        Raises:
            NotFoundError: There is no such run.
        """
        return Run.from_wire(self._ask("runs.open", run=_name(run)))

    def start(self, run: RunName, *, uncommitted: str | None = None) -> Started:
        """Starts a run's work; answers when it is under way. See `Loops.start`."""
        answer = self._ask("runs.start", run=_name(run), uncommitted=uncommitted)
        return Started.from_wire(answer)

    def stop(self, run: RunName) -> None:
        """Stops a run's work; answers when nothing of it is left running.

        Raises:
            NotFoundError: There is no such run.
            ConflictError: ``not_running``.
        """
        self._ask("runs.stop", run=_name(run))

    def remove(self, run: RunName) -> None:
        """Marks a run as deleted, stopping it first.

        Raises:
            NotFoundError: There is no such run.
        """
        self._ask("runs.remove", run=_name(run))

    def wait(self, run: RunName, *, timeout: float | None = None) -> Run:
        """Waits until a run's work is over. See `Loops.wait`."""
        answer = self._ask("runs.wait", run=_name(run), timeout=timeout)
        return Run.from_wire(answer)


class Reviews(_Handle):
    """What waits for a person."""

    def pending(self) -> Sequence[Approval]:
        """Lists what waits for an answer, the oldest first."""
        return [Approval.from_wire(one) for one in self._ask("reviews.pending")]

    def answer(
        self, approval: str | Approval, *, allow: bool, note: str | None = None
    ) -> None:
        """Answers one approval, once.

        Args:
            approval: Which; its id will do.
            allow: Yes, this once, or no.
            note: A word to the agent, where it was refused: what to do instead.

        Raises:
            NotFoundError: There is no such approval.
            ConflictError: ``already_resolved``.
        """
        which = approval.id if isinstance(approval, Approval) else approval
        self._ask("reviews.answer", approval=which, allow=allow, note=note)


class Deliveries(_Handle):
    """What becomes of a run's work. See the methods of the same names in `Loops`."""

    def diff(self, run: RunName) -> Sequence[FileDiff]:
        """What a run changed."""
        answer = self._ask("deliveries.diff", run=_name(run))
        return [FileDiff.from_wire(file) for file in answer]

    def accept(self, run: RunName) -> Accepted:
        """Merges a run's work."""
        return Accepted.from_wire(self._ask("deliveries.accept", run=_name(run)))

    def discard(self, run: RunName) -> None:
        """Throws a run's work away, keeping a backup."""
        self._ask("deliveries.discard", run=_name(run))

    def undo(self, run: RunName) -> None:
        """Brings a discarded or removed run back."""
        self._ask("deliveries.undo", run=_name(run))

    def purge(self, run: RunName) -> None:
        """Forgets a merged or discarded run."""
        self._ask("deliveries.purge", run=_name(run))


class Events(_Handle):
    """What happened and happens."""

    def history(
        self,
        *,
        run: RunName | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> EventPage:
        """Reads stored events in order, 500 at a time where no limit is said.

        Args:
            run: Only those of this run.
            after: Only those after this cursor.
            limit: At most so many.

        Raises:
            NotFoundError: There is no such run.
            CursorExpiredError: The cursor is of another journal, or was trimmed away.
        """
        name = None if run is None else _name(run)
        answer = self._ask("events.history", run=name, after=after, limit=limit)
        return EventPage.from_wire(answer)

    def watch(self, run: RunName, *, since: str | Cursor = "beginning") -> Updates:
        """Watches one run. See `Loops.watch`."""
        asked = arguments(run=_name(run), since=_since(since))
        return Updates(self._plane.watch("events.watch", asked))

    def watch_all(self, *, since: str | Cursor = "beginning") -> Updates:
        """Watches all runs; as `watch`, but without an end."""
        asked = arguments(since=_since(since))
        return Updates(self._plane.watch("events.watch_all", asked))


class Models(_Handle):
    """The models that agents can use."""

    def list(self, directory: str) -> Sequence[LanguageModel]:
        """The models that the agents know in this folder, an absolute path.

        Raises:
            InvalidInputError: The path is not absolute.
            AgentError: An agent cannot say.
        """
        answer = self._ask("models.list", directory=str(directory))
        return [LanguageModel.from_wire(model) for model in answer]

    def last_used(self) -> ModelRef | None:
        """The last model that was used."""
        answer = self._ask("models.last_used")
        return None if answer is None else ModelRef.from_wire(answer)

    def set_last_used(self, model: str | ModelRef) -> None:
        """Sets the last model that was used.

        Raises:
            InvalidInputError: It names no model.
        """
        self._ask("models.set_last_used", model=_text(model))


class System(_Handle):
    """The plane itself."""

    def health(self) -> Health:
        """Whether the plane works. An answer that says it does not is no error."""
        return Health.from_wire(self._ask("system.health"))


class Updates(OpenedAtOnce):
    """The updates of one run or of all, in order: an iterator and a context manager.

    Being reconnected is not an error and does not show. What shows is a `Gap` where events may be
    missing, followed by a `Resync` with the run as it was read anew. The stream of one run ends only
    after everything was told and the run's work is over; one that ends early raises
    `TruncatedError` or `StalledError`: go on from `cursor`.

    Cancelling the task that waits for the next update, or giving up waiting, loses nothing.
    """

    def __init__(self, stream: _native.Stream) -> None:
        self._stream = stream
        super().__init__()

    def _open(self) -> Self:
        waited(self._stream.opened())
        return self

    def __enter__(self) -> Self:
        return self._open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Update:
        while (text := self._stream.take()) is None:
            if self._stream.ended:
                raise StopIteration
            waited(self._stream.ready())
        return read_update(json.loads(text))

    @property
    def cursor(self) -> Cursor | None:
        """The position behind the last update that was yielded."""
        text = self._stream.cursor
        return None if text is None else Cursor(text)

    def close(self) -> None:
        """Stops the watching, and touches nothing else. Whoever waits for an update sees the end."""
        self._stream.close()


def _loop(loop: LoopId) -> RunRef:
    return RunRef(kind="loop", id=loop.id if isinstance(loop, Run) else loop)


def _name(run: RunName) -> dict[str, str]:
    return {"kind": run.kind, "id": run.id}


def _since(since: str | Cursor) -> str | dict[str, str]:
    if not isinstance(since, Cursor) and since in ("beginning", "now"):
        return since
    return {"cursor": since}


def _text(model: str | ModelRef | None) -> str | None:
    return None if model is None else str(model)


def _members(model: Budget | Endpoint | None) -> dict[str, Any] | None:
    return None if model is None else {k: v for k, v in model._values().items() if k != "extra"}
