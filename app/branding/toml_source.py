"""TOML that remembers where each key stands, so that a mistake can name its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.branding.mistakes import BrandError, Mistake

Location = tuple[int | str, ...]
"""Keys and positions from the top of the file, as pydantic's errors give them."""


@dataclass(frozen=True, slots=True)
class TomlSource:
    """A parsed file, and the line of each of its keys."""

    path: Path
    content: dict[str, Any]
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """Give the line of the key at `location`, else of the nearest key or table around it."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return 1

    def mistake(self, location: Location, message: str) -> Mistake:
        """Say what is wrong at `location`."""
        return Mistake(self.path, self.line(location), message)


def read_toml(path: Path) -> TomlSource:
    """Read a TOML file. Raises `BrandError` with the line when it is no TOML."""
    return parse_toml(read_text(path), path)


def parse_toml(text: str, path: Path, first_line: int = 1) -> TomlSource:
    """Parse `text`, which starts on `first_line` of `path`. Raises `BrandError` with the line when it is no TOML."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrandError([Mistake(path, first_line + _line_of(error, text) - 1, f"is no TOML: {error}")]) from error
    lines: dict[Location, int] = {}
    for location, line in _locate(text):
        # `name.en` and `name.fr` both hold `name`: the first line is where it starts.
        lines.setdefault(location, first_line + line - 1)
    return TomlSource(path, content, lines)


def read_text(path: Path) -> str:
    """Read a UTF-8 file. Raises `BrandError` when it is missing or in another encoding."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BrandError([Mistake(path, 1, "is missing")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BrandError([Mistake(path, line, "is not UTF-8")]) from error


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    # Python 3.14 has `lineno`; before, the message is the only place that says it.
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else max(1, len(text.splitlines()))


def _locate(text: str) -> Iterator[tuple[Location, int]]:
    """Give each key with its line. `text` is valid TOML, so that statements can be cut at line ends.

    A statement may run over several lines (arrays, long strings); all keys in it get the line it starts on.
    """
    table: Location = ()
    counts: dict[Location, int] = {}
    for line, parsed, is_header in _statements(text):
        if is_header:
            table = _table(parsed, counts)
            yield table, line
        else:
            for location in _keys(parsed):
                yield table + location, line


def _statements(text: str) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Cut `text` into headers and assignments: grow a piece line by line until it is TOML by itself."""
    piece, start = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if piece else number
        piece += line + "\n"
        try:
            parsed = tomllib.loads(piece)
        except tomllib.TOMLDecodeError:
            continue
        if parsed:
            yield start, parsed, piece.lstrip().startswith("[")
        piece = ""


def _table(header: dict[str, Any], counts: dict[Location, int]) -> Location:
    """Give the location of a header's table; one of an array of tables gets the next position in `counts`."""
    location: Location = ()
    inner: Any = header
    while inner:
        is_new = isinstance(inner, list)
        if is_new:
            counts[location] = counts.get(location, -1) + 1
        if location in counts:
            location = (*location, counts[location])
        inner = inner[0] if is_new else inner
        if inner:
            key = next(iter(inner))
            location, inner = (*location, key), inner[key]
    if location in counts:
        location = (*location, counts[location])
    return location


def _keys(value: Any, at: Location = ()) -> Iterator[Location]:
    if at:
        yield at
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from _keys(inner, (*at, key))
