"""Tables in files (CSV, RFC 4180): read line by line, with what is wrong beside each row, and a file of rejects."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from app.errors import DomainError
from app.kit import clock

LONGEST_LINE = 10_000
"""Characters; what is longer is cut off, so that a file without line ends can't fill the memory."""


class Mistake(DomainError):
    """What was given makes no sense; the message says why, and names no address."""

    code = "invalid_row"


class Told(NamedTuple):
    """One row: what its cells say by column, those that say something; or what is wrong with it."""

    line: int
    cells: dict[str, str]
    mistake: str = ""


def read(file: IO[str], needed: Sequence[str], others: Sequence[str]) -> Iterator[Told]:
    """Read a table whose first line names its columns; rows without any word are passed over.

    Raises `Mistake` when the header is none.
    """
    reader = csv.reader(_lines(file))
    names = [name.strip().lower() for name in next(_parsed(reader), (1, [], ""))[1]]
    if set(needed) - set(names) or set(names) - {*needed, *others} or len(set(names)) != len(names):
        wanted = ", ".join(needed)
        raise Mistake(f"The first line must name the columns: {wanted}, and any of {', '.join(others)}.")
    for line, cells, broken in _parsed(reader):
        if not broken and not any(cell.strip() for cell in cells):
            continue
        mistake = broken or ("This has more cells than the first line." if len(cells) > len(names) else "")
        told = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
        yield Told(line, {} if mistake else told, mistake)


def read_moment(told: str | None) -> datetime | None:
    """Read a day, or a moment; None for nothing. Raises `Mistake`, also for the future."""
    if told is None:
        return None
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        raise Mistake("The date must look like 2026-03-01, or 2026-03-01T10:00:00+01:00.") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > clock.now():
        raise Mistake("The date is in the future.")
    return found


@contextmanager
def rejects(path: Path) -> Iterator[Any]:
    """Yield what writes pairs of line and mistake, for rows that make no sense; a file is made for the first."""
    file: TextIO | None = None

    def write(found: Sequence[tuple[int, str]]) -> None:
        nonlocal file
        if found and file is None:
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")
            csv.writer(file).writerow(("line", "mistake"))
        if file is not None:
            csv.writer(file).writerows(found)

    try:
        yield write
    finally:
        if file is not None:
            file.close()


def progress() -> Progress:
    """Give what shows how many rows are done."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} rows"))
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _parsed(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str], str]]:
    """Give line number and cells of each row, or what is wrong with it."""
    while True:
        try:
            cells, broken = next(reader), ""
        except StopIteration:
            return
        except csv.Error as problem:
            cells, broken = [], f"This is no row of a table: {problem}."
        yield getattr(reader, "line_num", 0), cells, broken


def _lines(file: IO[str]) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        rest = line
        while not rest.endswith("\n") and (rest := file.readline(LONGEST_LINE)):
            continue
        yield line if line.endswith("\n") else line + "\n"
