"""The same program on a plane that is here and on one that `grump serve` serves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import grump

GRUMP = Path(
    os.environ.get("GRUMP_BIN") or Path(__file__).parents[2] / "target" / "debug" / "grump"
)


@contextmanager
def served(data: Path, agents: dict[str, str], port: int = 0) -> Iterator[str]:
    """A server on this folder, by its address."""
    assert GRUMP.exists(), f"{GRUMP} is missing: cargo build --package grump-cli"
    named = [word for name, spec in agents.items() for word in ("--agent", f"{name}={spec}")]
    listen = ["serve", "--ralpher", f"127.0.0.1:{port}"]
    command = [str(GRUMP), "--json", "--data", str(data), *listen, *named]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GRUMP_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["ralpher"]
        server.send_signal(signal.SIGTERM)


@pytest.fixture(params=["embedded", "served"])
def plane(
    request: pytest.FixtureRequest, data: Path, agents: dict[str, str]
) -> Iterator[grump.Plane]:
    if request.param == "embedded":
        with grump.embedded(data, agents=agents) as opened:
            yield opened
    else:
        with served(data, agents) as url, grump.connect(url) as opened:
            yield opened


def test_one_program_runs_on_both(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("greet", app, "hello", agent="finishes", max_iterations=3)
    plane.loops.start(loop)
    with plane.loops.watch(loop) as updates:
        told = [update for update in updates if isinstance(update, grump.Event)]
    assert [event.kind for event in told if event.kind.startswith("run.")][-1] == "run.completed"
    assert [file.path for file in plane.loops.diff(loop)] == ["done.txt"]
    accepted = plane.loops.accept(loop)
    assert len(accepted.merge_commit) == 40
    assert (Path(app) / "done.txt").read_text() == "hello\n"
    assert plane.loops.open(loop).status.unified == "merged"
    plane.loops.purge(loop)
    assert plane.loops.list() == []


def test_a_loop_is_stopped_and_discarded_on_both(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("wait", app, "hello", agent="hangs")
    plane.loops.start(loop)
    with pytest.raises(grump.ConflictError) as refused:
        plane.loops.start(loop)
    assert refused.value.conflict is not None
    assert refused.value.conflict.code == "already_running"
    plane.loops.stop(loop)
    plane.loops.discard(loop)
    assert plane.loops.open(loop).status.unified == "discarded"


def test_a_stream_goes_on_behind_its_cursor_on_both(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    plane.loops.start(loop)
    every = list(plane.loops.watch(loop))
    with plane.loops.watch(loop) as updates:
        first = [next(updates), next(updates)]
        cursor = updates.cursor
    assert cursor is not None
    rest = list(plane.loops.watch(loop, since=cursor))
    assert [kind(update) for update in first + rest] == [kind(update) for update in every]


def kind(update: grump.Update) -> str:
    return update.kind if isinstance(update, grump.Event) else repr(update)
