"""Planes elsewhere: the same calls, over a wire."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import grump


class Server(ThreadingHTTPServer):
    """A server of the Ralpher dialect that has nothing, and remembers who asked.

    It never says how it is: it waits until nobody wants to know any more.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tokens: list[str | None] = []
        self.asked = threading.Event()
        self.given_up = threading.Event()

    @property
    def url(self) -> str:
        return f"ralpher+http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.tokens.append(self.headers["authorization"])
        if self.path == "/api/health":
            self.server.asked.set()
            assert self.connection.recv(1) == b""
            self.server.given_up.set()
        elif self.path == "/api/loops":
            self.answer(200, [])
        else:
            self.answer(404, {"error": "not_found", "message": "Loop not found"})

    def answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written: a test's output is its own."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_plane_elsewhere_is_asked_as_one_that_is_here(server: Server) -> None:
    with grump.connect(server.url) as plane:
        assert plane.info.name == "ralpher"
        assert plane.loops.list() == []


def test_a_plane_elsewhere_is_awaited(server: Server) -> None:
    async def main() -> None:
        async with grump.aconnect(server.url) as plane:
            assert await plane.loops.list() == []

    asyncio.run(main())


def test_cancelling_a_task_gives_up_its_request(server: Server) -> None:
    async def main() -> None:
        async with grump.aconnect(server.url) as plane:
            asking = asyncio.create_task(plane.system.health())
            await asyncio.to_thread(server.asked.wait)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await asyncio.to_thread(server.given_up.wait, 60)

    asyncio.run(main())


def test_what_the_other_side_said_is_in_the_error(server: Server) -> None:
    with grump.connect(server.url) as plane, pytest.raises(grump.NotFoundError) as refused:
        plane.loops.open("no-such-loop")
    assert refused.value.remote is not None
    assert (refused.value.remote.status, refused.value.remote.code) == (404, "not_found")


def test_what_the_dialect_cannot_say_is_refused_before_anything_is_sent(server: Server) -> None:
    with grump.connect(server.url) as plane, pytest.raises(grump.UnsupportedError):
        plane.reviews.pending()
    assert server.tokens == []


def test_address_and_token_come_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRUMP_URL", server.url)
    monkeypatch.setenv("GRUMP_API_KEY", "secret")
    with grump.connect() as plane:
        plane.loops.list()
    with grump.connect(token="another") as plane:
        plane.loops.list()
    assert server.tokens == ["Bearer secret", "Bearer another"]


def test_an_address_that_is_not_understood_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRUMP_URL", raising=False)
    for address in ("http://localhost:3000", "nobody+http://localhost:3000", None):
        with pytest.raises(grump.InvalidInputError, match="ralpher"):
            grump.connect(address)


def test_a_server_that_is_not_there_may_be_asked_again() -> None:
    with grump.connect("ralpher+http://127.0.0.1:1") as plane:
        with pytest.raises(grump.TransportError) as refused:
            plane.loops.list()
    assert refused.value.retry in ("safe", "exhausted")
