"""Loops, from their creation to their merge, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import grump


def finished(plane: grump.Plane, app: str) -> grump.Run:
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    plane.loops.start(loop)
    return plane.loops.wait(loop)


def test_a_loop_is_created_run_and_merged(plane: grump.Plane, app: str) -> None:
    loop = finished(plane, app)
    assert (loop.status.unified, loop.outcome) == ("completed", "matched")
    [file] = plane.loops.diff(loop)
    assert (file.path, file.status, file.additions) == ("done.txt", "added", 1)
    accepted = plane.loops.accept(loop)
    assert (Path(app) / "done.txt").read_text() == "hello\n"
    merged = plane.loops.open(loop.id)
    assert merged.integration.state == "merged"
    assert merged.integration.commit == accepted.merge_commit


def test_a_loop_is_as_it_was_asked_for(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create(
        "dark mode",
        app,
        "Add dark mode",
        agent="finishes",
        model="anthropic/claude-sonnet-4",
        max_iterations=3,
        max_consecutive_errors=2,
        stop_pattern="DONE$",
        branch_prefix="try/",
        commit_prefix="[try]",
        budget=grump.Budget(tokens=1000),
        policy="ask:20",
        require_changes=True,
        verify="make test",
    )
    assert loop.loop is not None
    config = loop.loop.config
    assert config.backend.agent == "finishes"
    assert str(config.model) == "anthropic/claude-sonnet-4"
    assert (config.max_iterations, config.max_consecutive_errors) == (3, 2)
    assert (config.stop_pattern, config.policy, config.verify) == ("DONE$", "ask:20", "make test")
    assert (config.git.branch_prefix, config.git.commit_prefix) == ("try/", "[try]")
    assert config.budget == grump.Budget(tokens=1000)
    assert config.require_changes


def test_creating_twice_with_one_key_makes_one_loop(plane: grump.Plane, app: str) -> None:
    """Pitfall 39: a create that is repeated does not make a second run."""
    one, again = (
        plane.loops.create("greet", app, "hello", agent="finishes", idempotency_key="k-1")
        for _ in range(2)
    )
    assert one.id == again.id


def test_what_was_edited_is_changed_and_the_rest_stays(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("greet", app, "hello", agent="finishes", max_iterations=3)
    edited = plane.loops.edit(loop, title="bye", prompt="bye")
    assert edited.title == "bye"
    assert edited.loop is not None
    assert (edited.loop.config.prompt, edited.loop.config.max_iterations) == ("bye", 3)


def test_a_running_loop_takes_a_prompt_and_is_stopped(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("wait", app, "hello", agent="hangs")
    plane.loops.start(loop)
    plane.loops.set_pending_prompt(loop, "something else")
    assert plane.loops.open(loop.id).loop.pending_prompt == "something else"  # type: ignore[union-attr]
    plane.loops.clear_pending_prompt(loop)
    plane.loops.stop(loop)
    stopped = plane.loops.open(loop.id)
    assert (stopped.status.unified, stopped.outcome) == ("cancelled", "stopped")
    assert stopped.status.is_terminal


def test_a_discarded_loop_is_brought_back_and_a_removed_one_forgotten(
    plane: grump.Plane, app: str
) -> None:
    loop = finished(plane, app)
    plane.loops.discard(loop)
    assert plane.loops.open(loop.id).status.unified == "discarded"
    plane.loops.undo(loop)
    assert plane.loops.open(loop.id).status.unified == "completed"
    plane.loops.remove(loop)
    plane.loops.purge(loop)
    with pytest.raises(grump.NotFoundError):
        plane.loops.open(loop.id)


def test_loops_are_listed_and_found(plane: grump.Plane, app: str) -> None:
    first = plane.loops.create("first", app, "hello", agent="finishes")
    second = plane.loops.create("second", app, "hello", agent="finishes")
    assert [loop.id for loop in plane.loops.list()] == [second.id, first.id]
    assert plane.loops.find("first") == first
    assert plane.runs.list(kind="loop", statuses=["running"]) == []


def test_plans_are_read(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("plan", app, "hello", agent="finishes")
    assert not plane.loops.plan(loop).exists
    planning = Path(app) / ".planning"
    planning.mkdir()
    (planning / "status.md").write_text("half\n")
    assert plane.loops.status_file(loop).content == "half\n"
    assert plane.loops.check_planning_dir(app).files == ("status.md",)


def test_a_question_is_answered(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("ask", app, "hello", agent="asks", policy="ask:600")
    plane.loops.start(loop)
    for update in plane.loops.watch(loop):
        if isinstance(update, grump.Event) and update.kind == "permission.requested":
            [approval] = plane.reviews.pending()
            assert (approval.action, approval.title) == ("bash", "run the test")
            plane.reviews.answer(approval, allow=False, note="not now")
    assert "refused.txt" in [file.path for file in plane.loops.diff(loop)]
    with pytest.raises(grump.ConflictError) as refused:
        plane.reviews.answer(approval.id, allow=True)
    assert refused.value.conflict is not None
    assert refused.value.conflict.code == "already_resolved"


def test_uncommitted_changes_are_refused_with_what_can_be_done(
    plane: grump.Plane, app: str
) -> None:
    (Path(app) / "mine.txt").write_text("mine\n")
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    with pytest.raises(grump.ConflictError) as refused:
        plane.loops.start(loop)
    assert refused.value.conflict is not None
    assert refused.value.conflict.code == "uncommitted_changes"
    assert "mine.txt" in refused.value.conflict.changed_files
    assert "stash" in refused.value.conflict.options
    plane.loops.start(loop, uncommitted="commit")
    assert plane.loops.wait(loop).outcome == "matched"


def test_waiting_ends_at_its_deadline_and_the_loop_goes_on(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("wait", app, "hello", agent="hangs")
    plane.loops.start(loop)
    with pytest.raises(TimeoutError) as over:
        plane.loops.wait(loop, timeout=0.05)
    assert isinstance(over.value, grump.GrumpError)
    assert plane.loops.open(loop.id).status.is_executing


def test_a_plane_says_who_it_is_and_how(plane: grump.Plane) -> None:
    assert plane.info.name == "engine"
    assert "loops.create" in plane.info.operations
    assert "text.delta" in plane.info.kinds
    assert "loop.budget" in plane.info.members
    assert plane.system.health().healthy


def test_the_last_model_is_remembered(plane: grump.Plane) -> None:
    assert plane.models.last_used() is None
    plane.models.set_last_used("anthropic/claude-sonnet-4")
    last = plane.models.last_used()
    assert last == grump.ModelRef(provider="anthropic", model="claude-sonnet-4")
    with pytest.raises(grump.InvalidInputError):
        plane.models.set_last_used("claude")


def test_a_folder_has_one_owner_at_a_time(plane: grump.Plane, data: Path) -> None:
    with pytest.raises(grump.ConflictError) as refused:
        grump.embedded(data)
    assert refused.value.conflict is not None
    assert refused.value.conflict.code == "owned"
    plane.close()
    grump.embedded(data).close()
