"""Reads rows out of a stream of bytes: CSV (RFC 4180) or JSON, one object a line; with what is wrong beside each row.

In memory is one row, whatever the file holds. Each row knows where it stands, so that reading can go on after it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

Format = Literal["csv", "ndjson"]

LONGEST_ROW = 65_536
"""Bytes. Nothing that is told of one consent is longer; a quote that is never closed would swallow the whole file."""
MOST_COLUMNS = 500
DELIMITERS = ",;\t|"
BOM = b"\xef\xbb\xbf"
OTHER_BOMS = (b"\xff\xfe", b"\xfe\xff")
EVIDENCE = "evidence"
"""The one member of a JSON row that may be an object; its members become columns `evidence.name`."""


class UnreadableFile(Exception):
    """The file as a whole is none that can be read; the message says why, and on which line."""


class Fault(NamedTuple):
    """Why a row can't be taken: a stable code, and words that repeat nothing of the row."""

    code: str
    words: str


_Read = tuple[Mapping[str, str], Fault | None]
"""Cells by column, or what is wrong."""

TOO_LONG = Fault("too_long", f"This row has more than {LONGEST_ROW:,} bytes, or a quote in it is never closed.")
NOT_UTF8 = Fault("encoding", "This row is not UTF-8.")
HAS_NUL = Fault("nul", "There is a NUL character in this row.")
MALFORMED_CSV = Fault("malformed", "This is no row of a table: look at its quotes.")
MALFORMED_JSON = Fault("malformed", "This is no JSON object of texts, numbers and truth values.")
TOO_MANY_CELLS = Fault("malformed", "This row has more cells than there are columns.")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the line it begins on (from 1), its place in bytes, and its cells by column, or what is wrong with it."""

    line: int
    start: int
    end: int
    next_line: int
    """The line that reading goes on with after this row."""
    cells: Mapping[str, str]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line of a table says: its columns in small letters, and what stands between them."""

    columns: tuple[str, ...]
    delimiter: str
    end: int
    """Where the rows begin, in bytes."""
    next_line: int


class Line(NamedTuple):
    """A line with its end; of one that is longer than `LONGEST_ROW` the beginning. `span` is its whole length."""

    raw: bytes
    span: int


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file to read from."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say so."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as the piece at hand goes; 0 after the last."""
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class Lines:
    """The lines of a stream of bytes, which may begin in the middle of a file; lines may be put back."""

    def __init__(self, pieces: Iterable[bytes], position: int = 0, line: int = 1) -> None:
        """Read `pieces`, of which the first byte stands at `position` of the file, in line `line`; none is empty."""
        self._file = io.BufferedReader(_Pieces(pieces), 1 << 18)
        self._back: list[Line] = []
        self.position, self.line = position, line

    def next(self) -> Line:
        """Give the next line; an empty one after the last."""
        found = self._back.pop() if self._back else self._read()
        self.position += found.span
        self.line += bool(found.raw)
        return found

    def put_back(self, lines: Sequence[Line]) -> None:
        """Let lines come again, in their order."""
        self._back.extend(reversed(lines))
        self.position -= sum(each.span for each in lines)
        self.line -= len(lines)

    def _read(self) -> Line:
        raw = self._file.readline(LONGEST_ROW + 1)
        span, rest = len(raw), raw
        while len(raw) > LONGEST_ROW and rest and not rest.endswith(b"\n"):
            rest = self._file.readline(LONGEST_ROW)
            span += len(rest)
        return Line(raw, span)


def guess_format(name: str, beginning: bytes) -> Format:
    """Tell what a file is by its name, or else by how it begins."""
    if name.endswith((".ndjson", ".jsonl", ".json")):
        return "ndjson"
    return "ndjson" if beginning.removeprefix(BOM).lstrip().startswith(b"{") else "csv"


def read_header(lines: Lines, delimiter: str | None = None, names: Sequence[str] = ()) -> Header:
    """Read the first line of a table, or take `names` for a file without one; raise `UnreadableFile`.

    Without `delimiter`, it is that of `DELIMITERS` that there is most of.
    """
    first = lines.next()
    if first.raw.startswith(OTHER_BOMS):
        raise UnreadableFile("This file is UTF-16. Save it as UTF-8.")
    if names:
        mark = len(BOM) if first.raw.startswith(BOM) else 0
        return Header(tuple(name.strip().lower() for name in names), delimiter or ",", mark, 1)
    text = _text(first.raw.removeprefix(BOM))
    if not text.strip():
        raise UnreadableFile("Line 1 must name the columns; it is empty.")
    found = delimiter or max(DELIMITERS, key=text.count)
    try:
        cells = next(csv.reader([text], delimiter=found, strict=True))
    except csv.Error:
        raise UnreadableFile("Line 1 names no columns: look at its quotes.") from None
    columns = tuple(cell.strip().lower() for cell in cells)
    if len(columns) > MOST_COLUMNS:
        raise UnreadableFile(f"Line 1 names more than {MOST_COLUMNS} columns.")
    return Header(columns, found, lines.position, lines.line)


def csv_rows(lines: Lines, header: Header) -> Iterator[Row]:
    """Read the rows of a table; lines without a word are passed over."""
    while (first := lines.next()).raw:
        start, line = lines.position - first.span, lines.line - 1
        if not first.raw.strip():
            continue
        taken, fault = _record(lines, first)
        cells: Mapping[str, str] = {}
        if fault is None:
            cells, fault = _cells(b"".join(each.raw for each in taken), header)
        if fault is not None:  # it may be the fault of its first line alone
            lines.put_back(taken[1:])
        yield Row(line, start, lines.position, lines.line, cells, fault)


def json_rows(lines: Lines) -> Iterator[Row]:
    """Read JSON objects, one a line; lines without a word are passed over."""
    return _one_a_line(lines, _members)


def list_rows(lines: Lines, header: Header) -> Iterator[Row]:
    """Read lines as rows of one cell each, whatever quotes and commas stand in them; empty ones are passed over."""
    return _one_a_line(lines, partial(_cell, column=header.columns[0]))


def _one_a_line(lines: Lines, read: Callable[[bytes], _Read]) -> Iterator[Row]:
    while (found := lines.next()).raw:
        start = lines.position - found.span
        raw = found.raw.removeprefix(BOM) if start == 0 else found.raw
        if raw.strip():
            yield Row(lines.line - 1, start, lines.position, lines.line, *read(raw))


def _record(lines: Lines, first: Line) -> tuple[list[Line], Fault | None]:
    """Take as many lines as a row has: until its quotes are even, within `LONGEST_ROW`."""
    taken, length, quotes = [first], first.span, first.raw.count(b'"')
    while length <= LONGEST_ROW and quotes % 2:
        more = lines.next()
        if not more.raw:
            return taken, MALFORMED_CSV
        taken.append(more)
        length += more.span
        quotes += more.raw.count(b'"')
    return taken, TOO_LONG if length > LONGEST_ROW else None


def _cell(raw: bytes, column: str) -> _Read:
    text, fault = _decoded(raw)
    return {} if fault else {column: text.strip()}, fault


def _decoded(raw: bytes) -> tuple[str, Fault | None]:
    """Read a row as text; what is wrong with one that is none."""
    if len(raw) > LONGEST_ROW:
        return "", TOO_LONG
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return "", NOT_UTF8
    return text, HAS_NUL if "\0" in text else None


def _cells(raw: bytes, header: Header) -> _Read:
    text, fault = _decoded(raw)
    if fault is not None:
        return {}, fault
    if '"' in text:
        try:
            cells = next(csv.reader([text], delimiter=header.delimiter, strict=True))
        except csv.Error:
            return {}, MALFORMED_CSV
    else:
        cells = text.rstrip("\r\n").split(header.delimiter)
    if len(cells) > len(header.columns) and any(map(str.strip, cells[len(header.columns) :])):
        return {}, TOO_MANY_CELLS
    return dict(zip(header.columns, cells, strict=False)), None


def _members(raw: bytes) -> _Read:
    text, fault = _decoded(raw)
    if fault is not None:
        return {}, fault
    try:
        found = json.loads(text)
        flat = _flat(found) if isinstance(found, dict) else None
        if flat is not None:
            "".join([*flat, *flat.values()]).encode()
    except UnicodeEncodeError:
        return {}, NOT_UTF8
    except (ValueError, RecursionError):
        flat = None
    if flat is None:
        return {}, MALFORMED_JSON
    return (flat, None) if not any("\0" in each for pair in flat.items() for each in pair) else ({}, HAS_NUL)


def _flat(found: Mapping[str, object]) -> dict[str, str] | None:
    """Write members as texts, and those of `evidence` as `evidence.name`; None where one is anything else."""
    flat: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, dict) and name == EVIDENCE:
            inner = _flat(value)
            if inner is None:
                return None
            flat.update({f"{EVIDENCE}.{key}": text for key, text in inner.items()})
        elif isinstance(value, bool):
            flat[name.lower()] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            flat[name.lower()] = str(value)
        elif value is not None:
            return None
    return flat


def _text(line: bytes) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise UnreadableFile("Line 1 is not UTF-8. Save the file as UTF-8.") from None
    if "\0" in text:
        raise UnreadableFile("There is a NUL character in line 1.")
    return text
