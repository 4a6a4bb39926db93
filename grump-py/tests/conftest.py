"""A repository, and planes on a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import grump

DONE = "Done.\n<promise>COMPLETE</promise>"
SCRIPTS = {
    # Writes the prompt to `done.txt`, and is done.
    "finishes": {
        "turns": [
            {"steps": [{"write": {"path": "done.txt", "content": "{{prompt}}\n"}}], "final": DONE}
        ]
    },
    # Does nothing until it is stopped.
    "hangs": {"turns": [{"steps": ["hang"], "final": "Not yet."}]},
    # Says a thousand words, a delta each, and is done.
    "talks": {
        "turns": [{"steps": [{"say": "word " * 1000}], "final": DONE}],
        "chunk": 5,
        "chunk_ms": 1,
    },
    # Asks whether it may, and is done.
    "asks": {
        "turns": [
            {
                "steps": [
                    {
                        "ask": {
                            "action": "bash",
                            "title": "run the test",
                            "else": [{"write": {"path": "refused.txt", "content": "no\n"}}],
                        }
                    },
                    {"write": {"path": "asked.txt", "content": "yes\n"}},
                ],
                "final": DONE,
            }
        ]
    },
}


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the user's git configuration is read."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def app(tmp_path: Path) -> str:
    """A repository with one commit."""
    path = tmp_path / "app"
    path.mkdir()
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["config", "user.name", "Example User"],
        ["config", "user.email", "user@example.com"],
        ["commit", "--quiet", "--allow-empty", "--message", "first"],
    ):
        subprocess.run(["git", *arguments], cwd=path, check=True)
    return str(path)


@pytest.fixture
def agents(tmp_path: Path) -> dict[str, str]:
    """The scripted agents, by name."""
    specs = {}
    for name, script in SCRIPTS.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(script))
        specs[name] = f"script: {path}"
    return specs


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where a plane keeps its data."""
    return tmp_path / "grump"


@pytest.fixture
def plane(data: Path, agents: dict[str, str]) -> Iterator[grump.Plane]:
    """A plane that is open."""
    with grump.embedded(data, agents=agents) as opened:
        yield opened


def eventually(holds: Callable[[], object], what: str) -> None:
    """Waits until something holds."""
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError(f"never happened: {what}")
