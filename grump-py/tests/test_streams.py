"""Streams: every event once and in order, from anywhere, and nothing lost by giving up waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

import grump


def kinds(updates: Iterable[grump.Update]) -> list[str]:
    return [update.kind for update in updates if isinstance(update, grump.Event)]


def finished(plane: grump.Plane, app: str, agent: str = "finishes") -> grump.Run:
    loop = plane.loops.create("greet", app, "hello", agent=agent)
    plane.loops.start(loop)
    return plane.loops.wait(loop)


def test_a_stream_tells_everything_and_ends_with_the_work(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    plane.loops.start(loop)
    told = kinds(plane.loops.watch(loop))
    assert told[0] == "run.created"
    assert told[-1] == "run.completed"


def test_a_stream_goes_on_behind_its_cursor(plane: grump.Plane, app: str) -> None:
    loop = finished(plane, app)
    every = list(plane.loops.watch(loop))
    with plane.loops.watch(loop) as updates:
        first = [next(updates), next(updates)]
        cursor = updates.cursor
    assert cursor is not None
    assert first + list(plane.loops.watch(loop, since=cursor)) == every


def test_a_start_names_the_position_before_it(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    started = plane.loops.start(loop)
    assert started.cursor is not None
    assert "run.created" not in kinds(plane.loops.watch(loop, since=started.cursor))


def test_a_stream_that_is_closed_is_over(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("wait", app, "hello", agent="hangs")
    with plane.loops.watch(loop) as updates:
        next(updates)
    assert list(updates) == []


def test_closing_ends_the_wait_of_another_task(data: Path, agents: dict[str, str], app: str) -> None:
    async def watch() -> list[grump.Update]:
        async with grump.aembedded(data, agents=agents) as plane:
            updates = plane.events.watch_all(since="now")
            waiting = asyncio.create_task(anext(updates, None))
            await updates
            updates.close()
            assert await waiting is None
            return [update async for update in updates]

    assert asyncio.run(watch()) == []


def test_a_stream_is_opened_while_another_task_waits_for_it(
    data: Path, agents: dict[str, str], app: str
) -> None:
    async def watch() -> None:
        async with grump.aembedded(data, agents=agents) as plane:
            updates = plane.events.watch_all(since="now")
            waiting = asyncio.create_task(anext(updates, None))
            for _ in range(100):
                await plane.system.health()
            await updates
            loop = await plane.loops.create("greet", app, "hello", agent="finishes")
            update = await waiting
            assert isinstance(update, grump.Event)
            assert update.run == loop.ref

    asyncio.run(watch())


def test_watching_what_is_not_there_is_refused_at_once(plane: grump.Plane) -> None:
    with pytest.raises(grump.NotFoundError):
        plane.loops.watch("no-such-loop")
    with pytest.raises(grump.CursorExpiredError):
        plane.events.watch_all(since="00000000-0000-7000-8000-000000000000-1")


def test_history_is_read_page_by_page(plane: grump.Plane, app: str) -> None:
    loop = finished(plane, app)
    first = plane.events.history(run=loop, limit=3)
    assert (len(first.events), first.has_more) == (3, True)
    rest = plane.events.history(run=loop, after=first.cursor)
    assert not rest.has_more
    assert kinds([*first.events, *rest.events]) == kinds(plane.loops.watch(loop))


def test_all_runs_are_watched_at_once(plane: grump.Plane, app: str) -> None:
    one, two = (plane.loops.create(name, app, "hello", agent="finishes") for name in "ab")
    with plane.events.watch_all() as updates:
        seen = [next(updates), next(updates)]
    assert [u.run.id for u in seen if isinstance(u, grump.Event)] == [one.id, two.id]


def test_giving_up_waiting_loses_nothing(data: Path, agents: dict[str, str], app: str) -> None:
    """Pitfall 27: an update that arrives while its waiter is cancelled is yielded to the next."""

    async def watch() -> tuple[list[grump.Update], int, list[grump.Update]]:
        async with grump.aembedded(data, agents=agents) as plane:
            loop = await plane.loops.create("talk", app, "hello", agent="talks")
            await plane.loops.start(loop)
            updates, told, given_up = plane.loops.watch(loop), [], 0
            while True:
                try:
                    told.append(await asyncio.wait_for(anext(updates), 0.0005))
                except asyncio.TimeoutError:
                    given_up += 1
                except StopAsyncIteration:
                    break
            return told, given_up, [update async for update in plane.loops.watch(loop)]

    told, given_up, stored = asyncio.run(watch())
    assert given_up > 0
    assert [json.dumps(u.payload) for u in told if isinstance(u, grump.Event)] == [
        json.dumps(u.payload) for u in stored if isinstance(u, grump.Event)
    ]
