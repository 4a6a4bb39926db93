"""The two facades say the same."""

from __future__ import annotations

import inspect
import re

import pytest

import grump
from grump import _async, _sync


def public(facade: object, module: str) -> dict[str, type]:
    found = inspect.getmembers(facade, inspect.isclass)
    return {name: one for name, one in found if one.__module__ == module and name[0] != "_"}


ASYNC = public(_async, "grump._async")
SYNC = public(_sync, "grump._sync")


def signature(function: object) -> str:
    """As text, in the synchronous facade's words."""
    return re.sub(r"\bAsync(?=[A-Z])", "", str(inspect.signature(function)))  # type: ignore[arg-type]


def test_the_classes_are_the_same() -> None:
    assert {name.removeprefix("Async") for name in ASYNC} == set(SYNC)


@pytest.mark.parametrize("name", sorted(SYNC))
def test_names_and_signatures_are_the_same(name: str) -> None:
    """Pitfall 27: what one facade has, the other has too."""
    one, another = SYNC[name], ASYNC[f"Async{name}"]
    methods = {k: v for k, v in vars(one).items() if k[0] != "_"}
    others = {k: v for k, v in vars(another).items() if k[0] != "_"}
    assert set(methods) == set(others)
    for method, function in methods.items():
        if inspect.isfunction(function):
            assert signature(function) == signature(others[method]), method
            assert not inspect.iscoroutinefunction(function)
        else:
            assert type(function) is type(others[method])


def test_what_opens_a_plane_takes_the_same() -> None:
    assert signature(grump.embedded) == signature(grump.aembedded)
    assert signature(grump.connect) == signature(grump.aconnect)


def test_every_operation_of_a_plane_has_a_method(plane: grump.Plane) -> None:
    for operation in plane.info.operations:
        facet, _, method = operation.partition(".")
        assert callable(getattr(getattr(plane, facet), method)), operation
