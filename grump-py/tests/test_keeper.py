"""The keeper: nothing is left of agents, even when this program is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import grump
from grump import _keeper

from .conftest import eventually

# A tool that left the agent's session, its group and its environment behind.
DAEMON = """\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        os.execve("/bin/sleep", ["sleep", "100000"], {})
    os._exit(0)
time.sleep(100000)
"""

PROGRAM = """\
import sys, grump
data, app, agent = sys.argv[1:]
plane = grump.embedded(data, agents={"busy": agent})
loop = plane.loops.create("busy", app, "work", agent="busy")
plane.loops.start(loop)
plane.loops.wait(loop)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_kill_9_of_a_program_leaves_nothing_of_its_agents(tmp_path: Path, app: str) -> None:
    """Pitfall 16: a daemon that forked twice, took a session of its own and cleared its environment
    goes with the program that embeds the engine."""
    daemon, pid = tmp_path / "daemon.py", tmp_path / "pid"
    daemon.write_text(DAEMON)
    agent = f"cmd: {sys.executable} {daemon} {pid}"
    victim = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path / "grump"), app, agent])
    eventually(pid.exists, "the daemon runs")
    left = int(pid.read_text())
    assert alive(left)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    eventually(lambda: not alive(left), "the daemon is gone")


def test_an_agent_inherits_what_the_program_has_and_no_more(
    data: Path, app: str, monkeypatch: object
) -> None:
    """An interpreter that starts in the C locale exports another one; agents do not get that."""
    shell = shutil.which("sh")
    spec = f"cmd: {shell} -c 'env > environment.txt; echo \"<promise>COMPLETE</promise>\"'"
    program = f"""
import sys, grump
with grump.embedded(sys.argv[1], agents={{"env": {spec!r}}}) as plane:
    loop = plane.loops.create("env", sys.argv[2], "look", agent="env")
    plane.loops.start(loop)
    plane.loops.wait(loop)
    print(next(file.patch for file in plane.loops.diff(loop)))
"""
    bare = {"PATH": os.environ["PATH"], "HOME": str(data.parent), "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(
        [sys.executable, "-c", program, str(data), app],
        env=bare, capture_output=True, text=True, timeout=60, check=True,
    )
    assert "+HOME=" in ran.stdout
    assert "LC_CTYPE" not in ran.stdout


def test_a_frozen_program_has_no_interpreter_to_start_a_keeper_with(monkeypatch: object) -> None:
    assert _keeper.command() is not None
    monkeypatch.setattr(sys, "frozen", True, raising=False)  # type: ignore[attr-defined]
    assert _keeper.command() is None


def test_the_code_of_an_agent_comes_through_the_keeper(data: Path, app: str) -> None:
    agents = {"fails": "cmd: sh -c 'exit 7'"}
    with grump.embedded(data, agents=agents) as plane:
        loop = plane.loops.create("fails", app, "work", agent="fails", max_consecutive_errors=1)
        plane.loops.start(loop)
        failed = plane.loops.wait(loop)
    assert failed.outcome == "errors"
    assert failed.error is not None
    assert "7" in failed.error
