"""The asynchronous facade. `_sync.py` is generated from this file: ``cargo xtask python``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Union

from . import _native
from ._bridge import OpenedByAwait, arguments, awaited, opened
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


class AsyncPlane(OpenedByAwait):
    """A control plane: here or elsewhere, the same calls.

    A context manager; without one call `close` when done. What the plane cannot do is refused with
    `UnsupportedError` before anything is sent or written; `info` says up front what it can.
    """

    def __init__(self, opening: _native.Call[_native.Plane]) -> None:
        self._opening = opening
        self._plane: _native.Plane | None = None
        super().__init__()

    async def _open(self) -> Self:
        if self._plane is None:
            self._plane = await awaited(self._opening)
        return self

    async def __aenter__(self) -> Self:
        return await self._open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends what the plane does in this process, and answers when it has.

        Agents that run here are ended and their runs left to be resumed; the data folder is free
        for another owner.
        """
        await awaited(opened(self._plane).close())

    @property
    def info(self) -> PlaneInfo:
        """Who the plane is and what it can do. Known without asking it."""
        return PlaneInfo.from_wire(json.loads(opened(self._plane).info))

    @property
    def loops(self) -> AsyncLoops:
        """Loops: make, start, watch, deliver."""
        return AsyncLoops(opened(self._plane))

    @property
    def runs(self) -> AsyncRuns:
        """Runs of any kind."""
        return AsyncRuns(opened(self._plane))

    @property
    def reviews(self) -> AsyncReviews:
        """What waits for a person."""
        return AsyncReviews(opened(self._plane))

    @property
    def deliveries(self) -> AsyncDeliveries:
        """What becomes of a run's work."""
        return AsyncDeliveries(opened(self._plane))

    @property
    def events(self) -> AsyncEvents:
        """What happened and happens."""
        return AsyncEvents(opened(self._plane))

    @property
    def models(self) -> AsyncModels:
        """The models that agents can use."""
        return AsyncModels(opened(self._plane))

    @property
    def system(self) -> AsyncSystem:
        """The plane itself."""
        return AsyncSystem(opened(self._plane))


class _AsyncHandle:
    """What acts on one sort of thing."""

    def __init__(self, plane: _native.Plane) -> None:
        self._plane = plane

    async def _ask(self, operation: str, **named: Any) -> Any:
        answer = await awaited(self._plane.call(operation, arguments(**named)))
        return None if answer is None else json.loads(answer)


class AsyncLoops(_AsyncHandle):
    """Loops: the same prompt again and again in a git worktree, until a stop pattern matches.

    Calls that name a loop take its id, or the `Run` itself.
    """

    async def create(
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
        answer = await self._ask(
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

    async def list(self) -> Sequence[Run]:
        """Lists the loops, the newest first."""
        return await AsyncRuns(self._plane).list(kind="loop")

    async def open(self, loop: LoopId) -> Run:
        """Reads one loop.

        Raises:
            NotFoundError: There is no such loop.
        """
        return await AsyncRuns(self._plane).open(_loop(loop))

    async def find(self, text: str) -> Run:
        """Finds the one loop whose id holds the text, or whose title it is.

        Raises:
            NotFoundError: There is none.
            InvalidInputError: There are several.
        """
        return Run.from_wire(await self._ask("loops.find", text=text))

    async def start(self, loop: LoopId, *, uncommitted: str | None = None) -> Started:
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
        return await AsyncRuns(self._plane).start(_loop(loop), uncommitted=uncommitted)

    async def stop(self, loop: LoopId) -> None:
        """Stops a loop; answers when nothing of it is left running.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``not_running``.
        """
        await AsyncRuns(self._plane).stop(_loop(loop))

    async def wait(self, loop: LoopId, *, timeout: float | None = None) -> Run:
        """Waits until a loop's work is over, and answers with the loop as it is then.

        Args:
            loop: Which.
            timeout: How long to wait, in seconds; the loop goes on all the same.

        Raises:
            NotFoundError: There is no such loop.
            TimeoutError: The work is not over yet.
        """
        return await AsyncRuns(self._plane).wait(_loop(loop), timeout=timeout)

    def watch(self, loop: LoopId, *, since: str | Cursor = "beginning") -> AsyncUpdates:
        """Watches a loop: what is stored, then what happens, until its work is over.

        Args:
            loop: Which.
            since: ``"beginning"``, ``"now"``, or a cursor.

        Raises:
            NotFoundError: There is no such loop.
            CursorExpiredError: The cursor is of another journal, or was trimmed away.
        """
        return AsyncEvents(self._plane).watch(_loop(loop), since=since)

    async def edit(
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
        answer = await self._ask(
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

    async def set_pending_prompt(self, loop: LoopId, prompt: str) -> None:
        """Sets the prompt of the next iteration, in place of one that was set before.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``not_running``.
            InvalidInputError: The prompt is empty.
        """
        await self._ask("loops.set_pending_prompt", id=_loop(loop).id, prompt=prompt)

    async def clear_pending_prompt(self, loop: LoopId) -> None:
        """Clears the prompt of the next iteration; nothing happens where there is none.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``not_running``.
        """
        await self._ask("loops.clear_pending_prompt", id=_loop(loop).id)

    async def plan(self, loop: LoopId) -> PlanningFile:
        """Reads ``.planning/plan.md``, from the worktree once there is one.

        Raises:
            NotFoundError: There is no such loop; a file that is not there is no error.
        """
        return PlanningFile.from_wire(await self._ask("loops.plan", id=_loop(loop).id))

    async def status_file(self, loop: LoopId) -> PlanningFile:
        """Reads ``.planning/status.md``, as `plan` does.

        Raises:
            NotFoundError: There is no such loop; a file that is not there is no error.
        """
        return PlanningFile.from_wire(await self._ask("loops.status_file", id=_loop(loop).id))

    async def check_planning_dir(self, directory: str) -> PlanningFolder:
        """Looks into a folder's ``.planning``.

        Raises:
            InvalidInputError: The path is not absolute; a folder that is not there is no error.
        """
        answer = await self._ask("loops.check_planning_dir", directory=str(directory))
        return PlanningFolder.from_wire(answer)

    async def diff(self, loop: LoopId) -> Sequence[FileDiff]:
        """What a loop changed since it began; while it runs, up to its last commit.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``no_git_branch``.
        """
        return await AsyncDeliveries(self._plane).diff(_loop(loop))

    async def accept(self, loop: LoopId) -> Accepted:
        """Merges a loop's work into the branch it was started from: all of it, or nothing.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``accept_failed``, ``merge_conflict`` or ``checkout_in_the_way``.
        """
        return await AsyncDeliveries(self._plane).accept(_loop(loop))

    async def discard(self, loop: LoopId) -> None:
        """Throws a loop's work away, keeping a backup that `undo` takes.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``discard_failed``.
        """
        await AsyncDeliveries(self._plane).discard(_loop(loop))

    async def undo(self, loop: LoopId) -> None:
        """Brings a discarded or removed loop back to the status it had.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``nothing_to_undo``.
        """
        await AsyncDeliveries(self._plane).undo(_loop(loop))

    async def remove(self, loop: LoopId) -> None:
        """Marks a loop as deleted, stopping it first. What it made is kept until `purge`.

        Raises:
            NotFoundError: There is no such loop.
        """
        await AsyncRuns(self._plane).remove(_loop(loop))

    async def purge(self, loop: LoopId) -> None:
        """Forgets a merged or deleted loop: its record, its events, its backups.

        Raises:
            NotFoundError: There is no such loop.
            ConflictError: ``purge_failed``.
        """
        await AsyncDeliveries(self._plane).purge(_loop(loop))


class AsyncRuns(_AsyncHandle):
    """Runs of any kind. Calls that name one take the `Run` or its `RunRef`."""

    async def list(
        self, *, kind: str | None = None, statuses: Sequence[str] = ()
    ) -> Sequence[Run]:
        """Lists runs, the newest first.

        Args:
            kind: Only of this `RunKind`.
            statuses: Only in one of these `RunStatus`; all where it is empty.
        """
        answer = await self._ask("runs.list", kind=kind, statuses=[*statuses])
        return [Run.from_wire(run) for run in answer]

    async def open(self, run: RunName) -> Run:
        """Reads one run.

        Raises:
            NotFoundError: There is no such run.
        """
        return Run.from_wire(await self._ask("runs.open", run=_name(run)))

    async def start(self, run: RunName, *, uncommitted: str | None = None) -> Started:
        """Starts a run's work; answers when it is under way. See `AsyncLoops.start`."""
        answer = await self._ask("runs.start", run=_name(run), uncommitted=uncommitted)
        return Started.from_wire(answer)

    async def stop(self, run: RunName) -> None:
        """Stops a run's work; answers when nothing of it is left running.

        Raises:
            NotFoundError: There is no such run.
            ConflictError: ``not_running``.
        """
        await self._ask("runs.stop", run=_name(run))

    async def remove(self, run: RunName) -> None:
        """Marks a run as deleted, stopping it first.

        Raises:
            NotFoundError: There is no such run.
        """
        await self._ask("runs.remove", run=_name(run))

    async def wait(self, run: RunName, *, timeout: float | None = None) -> Run:
        """Waits until a run's work is over. See `AsyncLoops.wait`."""
        answer = await self._ask("runs.wait", run=_name(run), timeout=timeout)
        return Run.from_wire(answer)


class AsyncReviews(_AsyncHandle):
    """What waits for a person."""

    async def pending(self) -> Sequence[Approval]:
        """Lists what waits for an answer, the oldest first."""
        return [Approval.from_wire(one) for one in await self._ask("reviews.pending")]

    async def answer(
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
        await self._ask("reviews.answer", approval=which, allow=allow, note=note)


class AsyncDeliveries(_AsyncHandle):
    """What becomes of a run's work. See the methods of the same names in `AsyncLoops`."""

    async def diff(self, run: RunName) -> Sequence[FileDiff]:
        """What a run changed."""
        answer = await self._ask("deliveries.diff", run=_name(run))
        return [FileDiff.from_wire(file) for file in answer]

    async def accept(self, run: RunName) -> Accepted:
        """Merges a run's work."""
        return Accepted.from_wire(await self._ask("deliveries.accept", run=_name(run)))

    async def discard(self, run: RunName) -> None:
        """Throws a run's work away, keeping a backup."""
        await self._ask("deliveries.discard", run=_name(run))

    async def undo(self, run: RunName) -> None:
        """Brings a discarded or removed run back."""
        await self._ask("deliveries.undo", run=_name(run))

    async def purge(self, run: RunName) -> None:
        """Forgets a merged or discarded run."""
        await self._ask("deliveries.purge", run=_name(run))


class AsyncEvents(_AsyncHandle):
    """What happened and happens."""

    async def history(
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
        answer = await self._ask("events.history", run=name, after=after, limit=limit)
        return EventPage.from_wire(answer)

    def watch(self, run: RunName, *, since: str | Cursor = "beginning") -> AsyncUpdates:
        """Watches one run. See `AsyncLoops.watch`."""
        asked = arguments(run=_name(run), since=_since(since))
        return AsyncUpdates(self._plane.watch("events.watch", asked))

    def watch_all(self, *, since: str | Cursor = "beginning") -> AsyncUpdates:
        """Watches all runs; as `watch`, but without an end."""
        asked = arguments(since=_since(since))
        return AsyncUpdates(self._plane.watch("events.watch_all", asked))


class AsyncModels(_AsyncHandle):
    """The models that agents can use."""

    async def list(self, directory: str) -> Sequence[LanguageModel]:
        """The models that the agents know in this folder, an absolute path.

        Raises:
            InvalidInputError: The path is not absolute.
            AgentError: An agent cannot say.
        """
        answer = await self._ask("models.list", directory=str(directory))
        return [LanguageModel.from_wire(model) for model in answer]

    async def last_used(self) -> ModelRef | None:
        """The last model that was used."""
        answer = await self._ask("models.last_used")
        return None if answer is None else ModelRef.from_wire(answer)

    async def set_last_used(self, model: str | ModelRef) -> None:
        """Sets the last model that was used.

        Raises:
            InvalidInputError: It names no model.
        """
        await self._ask("models.set_last_used", model=_text(model))


class AsyncSystem(_AsyncHandle):
    """The plane itself."""

    async def health(self) -> Health:
        """Whether the plane works. An answer that says it does not is no error."""
        return Health.from_wire(await self._ask("system.health"))


class AsyncUpdates(OpenedByAwait):
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

    async def _open(self) -> Self:
        await awaited(self._stream.opened())
        return self

    async def __aenter__(self) -> Self:
        return await self._open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        while (text := self._stream.take()) is None:
            if self._stream.ended:
                raise StopAsyncIteration
            await awaited(self._stream.ready())
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
