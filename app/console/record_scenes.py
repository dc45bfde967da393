"""What leads to the record of a choice."""

from __future__ import annotations

from werkzeug.test import TestResponse

from app.console import scenes
from app.console.stage import Stage

FIRST = 1
"""The line by which she became a member of the house, and got what she then turned off."""


def record(stage: Stage) -> TestResponse:
    """Save the record of the last thing one said, and read it."""
    scenes.centre_after_a_change(stage)
    path = f"preferences/records/{stage.person.last_sequence()}"
    stage.get(f"{path}/file")
    return stage.get(path)


def record_as_it_stood(stage: Stage) -> TestResponse:
    """Read it as it stood before."""
    scenes.centre_after_a_change(stage)
    return stage.get(f"preferences/records/{FIRST}")
