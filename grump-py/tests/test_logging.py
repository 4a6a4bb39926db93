"""What happens inside is logged under `grump`."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import grump
from grump import _keeper

from .conftest import eventually


def test_what_the_engine_warns_of_is_a_record_of_a_logger_of_its_own(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_keeper, "command", lambda: None)
    grump.embedded(data).close()
    eventually(lambda: "keeper" in caplog.text, "the record")
    [record] = [one for one in caplog.records if "keeper" in one.message]
    assert record.name == "grump.engine.process.spawn"
    assert record.levelno == logging.WARNING
