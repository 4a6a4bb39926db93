"""Waiting: signals, cancelling, threads, event loops, forks."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import grump


def program(data: Path, body: str) -> str:
    """A program with a plane, and a way to send itself a Ctrl-C soon."""
    return textwrap.dedent(
        """
        import asyncio, os, signal, sys, threading, grump

        def interrupt_soon():
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

        plane = grump.embedded(sys.argv[1])
        updates = plane.events.watch_all(since="now")
        """
    ) + textwrap.dedent(body)


def outcome(data: Path, body: str) -> str:
    """What the program writes; one that does not end is a failure."""
    ran = subprocess.run(
        [sys.executable, "-c", program(data, body), str(data)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout + ran.stderr


def test_an_interrupt_ends_a_call_that_blocks(data: Path) -> None:
    """Pitfall 29: the interpreter is free while a call waits, so its signals are heard."""
    said = outcome(
        data,
        """
        interrupt_soon()
        try:
            next(updates)
        except KeyboardInterrupt:
            print("interrupted")
        print("healthy", plane.system.health().healthy)
        """,
    )
    assert said == "interrupted\nhealthy True\n"


def test_an_interrupt_ends_a_call_that_blocks_an_event_loop(data: Path) -> None:
    """Pitfall 28: a synchronous call inside of a running loop works, and can be interrupted."""
    said = outcome(
        data,
        """
        async def main():
            print("healthy", plane.system.health().healthy)
            interrupt_soon()
            next(updates)

        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
        """,
    )
    assert said == "healthy True\ninterrupted\n"


def test_an_interrupt_ends_a_task_that_awaits(data: Path) -> None:
    said = outcome(
        data,
        """
        async def main():
            interrupt_soon()
            async with grump.aembedded(sys.argv[1] + "2") as other:
                await anext(other.events.watch_all(since="now"))

        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
        """,
    )
    assert said == "interrupted\n"


def test_other_threads_run_while_one_waits(plane: grump.Plane, app: str) -> None:
    """Pitfall 29: the lock is not held while a call waits."""
    updates = plane.events.watch_all(since="now")
    told: list[grump.Update] = []
    waiting = threading.Thread(target=lambda: told.append(next(updates)))
    waiting.start()
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    waiting.join()
    [update] = told
    assert isinstance(update, grump.Event)
    assert update.run == loop.ref


def test_cancelling_a_task_drops_its_call(data: Path, agents: dict[str, str], app: str) -> None:
    async def main() -> None:
        async with grump.aembedded(data, agents=agents) as plane:
            loop = await plane.loops.create("wait", app, "hello", agent="hangs")
            await plane.loops.start(loop)
            waiting = asyncio.create_task(plane.loops.wait(loop))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(plane.loops.wait(loop), 0.01)
            assert (await plane.loops.open(loop)).status.is_executing

    asyncio.run(main())


def test_many_calls_are_awaited_at_once(data: Path, agents: dict[str, str], app: str) -> None:
    async def main() -> None:
        async with grump.aembedded(data, agents=agents) as plane:
            loop = await plane.loops.create("greet", app, "hello", agent="finishes")
            answers = await asyncio.gather(*(plane.loops.open(loop) for _ in range(500)))
            assert {answer.id for answer in answers} == {loop.id}

    asyncio.run(main())


def test_the_asynchronous_plane_runs_a_loop(data: Path, agents: dict[str, str], app: str) -> None:
    async def main() -> list[str]:
        async with grump.aembedded(data, agents=agents) as plane:
            loop = await plane.loops.create("greet", app, "hello", agent="finishes")
            await plane.loops.start(loop)
            told = [u async for u in plane.loops.watch(loop) if isinstance(u, grump.Event)]
            await plane.loops.accept(loop)
            return [event.kind for event in told]

    assert asyncio.run(main())[-1] == "run.completed"


def test_errors_are_raised_where_they_are_awaited(data: Path) -> None:
    async def main() -> None:
        plane = await grump.aembedded(data)
        with pytest.raises(grump.NotFoundError):
            await plane.loops.open("no-such-loop")
        await plane.close()

    asyncio.run(main())


def test_a_plane_that_is_not_open_says_how_to_open_it(data: Path) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = grump.aembedded(data).loops


def in_a_child(plane: grump.Plane, answers: multiprocessing.SimpleQueue[str]) -> None:
    try:
        plane.system.health()
    except RuntimeError as error:
        answers.put(str(error))


def test_a_forked_child_is_refused_and_harms_nothing(plane: grump.Plane) -> None:
    """Pitfall 29: a runtime does not survive a fork, and says so instead of hanging."""
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=in_a_child, args=(plane, answers))
    child.start()
    assert "forked" in answers.get()
    child.join()
    assert child.exitcode == 0
    assert plane.system.health().healthy


def healthy(data: str, answers: multiprocessing.SimpleQueue[bool]) -> None:
    with grump.embedded(data) as plane:
        answers.put(plane.system.health().healthy)


def test_a_spawned_child_has_planes_of_its_own(plane: grump.Plane, tmp_path: Path) -> None:
    """Pitfall 29: processes that are started by spawn are as good as any."""
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    child = context.Process(target=healthy, args=(str(tmp_path / "other"), answers))
    child.start()
    assert answers.get()
    child.join()


def test_a_child_that_was_forked_before_the_first_use_works(data: Path) -> None:
    program = """
import os, sys, grump
child = os.fork()
if child == 0:
    with grump.embedded(sys.argv[1]) as plane:
        os._exit(0 if plane.system.health().healthy else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-c", program, str(data)], check=True, timeout=60)


def test_importing_does_not_import_asyncio() -> None:
    """Importing takes under 100 ms; asyncio alone takes half of that."""
    program = "import sys, grump; sys.exit('asyncio' in sys.modules or 'dataclasses' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_signals_are_as_they_were(plane: grump.Plane) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert os.getpid() == os.getpid()
