"""Mistakes in a brand folder: where each is and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from app.errors import DomainError


class Mistake(NamedTuple):
    """One mistake, in the form compilers print: `path:line: message`. Lines count from 1."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class BrandError(DomainError):
    """The brand folder has mistakes; `mistakes` holds every one that could be found in one reading."""

    code = "brand_mistakes"

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))
