"""Exceptions say what happened, to what, and what to do."""

from __future__ import annotations

import copy
import pickle

import pytest

import grump


@pytest.fixture
def error(plane: grump.Plane) -> grump.GrumpError:
    with pytest.raises(grump.NotFoundError) as raised:
        plane.loops.open("no-such-loop")
    return raised.value


def test_an_error_has_everything_that_is_known(error: grump.GrumpError) -> None:
    assert error.kind == "not_found"
    assert error.operation == "runs.open"
    assert "no-such-loop" in "".join(error.context.values())
    assert error.retry == "never"
    assert error.conflict is None


def test_an_error_reads_as_one_line_with_operation_and_message(error: grump.GrumpError) -> None:
    assert str(error).startswith(f"runs.open: {error.message}")
    assert "\n" not in str(error)


def test_an_error_survives_pickle_and_copy(error: grump.GrumpError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_a_conflict_survives_pickle(plane: grump.Plane, app: str) -> None:
    loop = plane.loops.create("greet", app, "hello", agent="finishes")
    with pytest.raises(grump.ConflictError) as raised:
        plane.loops.stop(loop)
    again = pickle.loads(pickle.dumps(raised.value))
    assert again.conflict == raised.value.conflict
    assert again.conflict.code == "not_running"


def test_every_kind_is_an_exception_of_its_own() -> None:
    kinds = {one.kind for one in grump.GrumpError.__subclasses__()}
    assert len(kinds) == 18
    assert all(getattr(grump, name) is getattr(grump.errors, name) for name in grump.errors.__all__)


def test_arguments_that_are_wrong_are_named(plane: grump.Plane, app: str) -> None:
    with pytest.raises(grump.InvalidInputError, match="policy"):
        plane.loops.create("greet", app, "hello", policy="perhaps")
    with pytest.raises(grump.InvalidInputError, match="there is no such agent"):
        plane.loops.create("greet", app, "hello", agent="nobody")
    with pytest.raises(grump.InvalidInputError, match="expected u32"):
        plane.loops.create("greet", app, "hello", max_iterations=-1)
