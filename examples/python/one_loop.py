"""One loop from its creation to its merge, embedded.

``python examples/python/one_loop.py`` makes a small repository in a temporary folder and lets a
shell command be the agent. Put your own folder and agent in its place.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import grump

# Appends a line, and says that it is done when there are three.
AGENT = (
    """cmd: sh -c 'echo "line {iteration}" >> lines.txt; echo "{iteration} of 3"; """
    """test {iteration} -lt 3 || echo "<promise>COMPLETE</promise>"'"""
)


def main(folder: Path) -> None:
    app = folder / "app"
    make_repository(app)
    with grump.embedded(folder / "grump", agents={"writer": AGENT}) as plane:
        loop = plane.loops.create(
            "three lines", str(app), "Write three lines", agent="writer", max_iterations=10
        )
        plane.loops.start(loop)
        for update in plane.loops.watch(loop):
            if isinstance(update, grump.Event):
                show(update)
        for file in plane.loops.diff(loop):
            print(file.status, file.path, f"+{file.additions} -{file.deletions}")
        accepted = plane.loops.accept(loop)
        print("merged as", accepted.merge_commit)
    assert (app / "lines.txt").read_text() == "line 1\nline 2\nline 3\n"


def show(event: grump.Event) -> None:
    if event.kind == "text.delta":
        print(event.payload["text"], end="")
    elif event.kind == "commit.created":
        print("commit", event.payload["commit"])
    else:
        print(event.kind)


def make_repository(path: Path) -> None:
    path.mkdir()
    for arguments in (
        ["init", "--quiet"],
        ["config", "user.name", "Example User"],
        ["config", "user.email", "user@example.com"],
        ["commit", "--quiet", "--allow-empty", "--message", "first"],
    ):
        subprocess.run(["git", *arguments], cwd=path, check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
