"""How big the trials are, and how they tell what they measured."""

from __future__ import annotations

import os
import sys

SCALE = float(os.environ.get("PARLEY_TEST_SCALE", "0.1"))
"""Share of the full sizes; 1 gives the figures of the reliability floors, the default fits a run of all tests."""


def scaled(full: int, least: int = 1) -> int:
    """Give the size of a trial at the scale of this run."""
    return max(least, round(full * SCALE))


def tell(trial: str, **figures: object) -> None:
    """Print what a trial measured, for `pytest -s`."""
    width = max(len(name) for name in figures)
    lines = [f"  {name.replace('_', ' '):<{width}}  {value}" for name, value in figures.items()]
    sys.stdout.write("\n".join(["", trial, *lines, ""]))
    sys.stdout.flush()
