"""What planes answer is frozen, readable, and nothing that came is lost."""

from __future__ import annotations

import copy
import pickle

import pytest

import grump
from grump.models import Event, Iteration, Run, RunRef, Status, Timestamp, read_update

EVENT = {
    "seq": "12",
    "kind": "tea.ready",
    "run": {"kind": "loop", "id": "l-1", "dialect": "none"},
    "received_at": "2026-01-20T10:00:00.000Z",
    "payload": {"hot": True},
    "weather": "fine",
}


def test_a_value_does_not_change() -> None:
    status = Status(unified="running")
    with pytest.raises(AttributeError):
        status.unified = "failed"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del status.unified
    assert status == Status(unified="running")


def test_members_of_a_newer_plane_are_kept() -> None:
    event = Event.from_wire(EVENT)
    assert event.kind == "tea.ready"
    assert event.extra == {"weather": "fine"}
    assert event.run.extra == {"dialect": "none"}


def test_what_is_missing_is_the_default() -> None:
    event = Event.from_wire({"kind": "log"})
    assert (event.origin, event.iteration, event.payload) == ("wire", None, {})


def test_repr_names_what_is_not_as_by_default() -> None:
    status = Status(unified="completed", native="done")
    assert repr(status) == "Status(unified='completed', native='done')"
    assert repr(grump.Budget()) == "Budget()"


def test_values_are_equal_hashable_and_survive_pickle_and_copy() -> None:
    event = Event.from_wire(EVENT)
    assert pickle.loads(pickle.dumps(event)) == event
    assert copy.deepcopy(event) == event
    name = RunRef(kind="loop", id="l-1")
    assert {name: 1}[RunRef(kind="loop", id="l-1")] == 1
    assert name != RunRef(kind="loop", id="l-2")


def test_what_is_not_an_attribute_is_refused() -> None:
    with pytest.raises(TypeError, match="has no 'state'"):
        Status(unified="running", state="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="needs 'unified'"):
        Status()  # type: ignore[call-arg]


def test_every_sort_of_update_is_read() -> None:
    gap = read_update({"gap": {"after": "j-1", "before": None, "reason": "cut"}})
    assert gap == grump.Gap(after=grump.Cursor("j-1"), reason="cut")
    assert isinstance(read_update({"event": EVENT}), grump.Event)
    run = {"kind": "loop", "id": "l-1", "title": "t", "status": {"unified": "running"}}
    resync = read_update({"resync": run})
    assert isinstance(resync, grump.Resync)
    assert resync.run.status.is_executing


def test_a_kind_of_run_without_more_to_it_has_no_loop() -> None:
    assert Run.from_wire({"kind": "job", "id": 7, "detail": "none"}).loop is None


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2026-01-20T10:00:00.000Z", 0),
        ("2026-01-20T11:00:00.5+01:00", 500),
        ("2026-01-20T10:00:00", 0),
        ("2026-01-20T10:00:00.123456789Z", 123),
    ],
)
def test_timestamps_are_moments_and_keep_their_text(text: str, milliseconds: int) -> None:
    read = Iteration.from_wire({"started_at": text}).started_at
    assert read == text
    assert read.datetime is not None
    assert int(read.datetime.timestamp() * 1000) % 1000 == milliseconds
    assert read.datetime.utctimetuple()[3] == 10


def test_a_timestamp_that_is_none_has_no_moment() -> None:
    assert Timestamp("soon").datetime is None
