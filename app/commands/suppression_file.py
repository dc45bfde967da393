"""A file of addresses that must not be contacted: read line by line, noted in small batches, and judged row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from app.branding.models import Channel, SiteGroup
from app.errors import DomainError, InvalidAddress
from app.flows.suppress import Order
from app.kit import clock
from app.kit.addresses import Address, parse_email, parse_phone
from app.services.suppressions import Reason, Scope

COLUMNS = ("address", "reason", "brand", "channel", "date")
LONGEST_LINE = 10_000
"""Characters; what is longer is cut off, so that a file without line ends can't fill the memory."""

CHANNELS = {
    "email": frozenset({Channel.EMAIL, Channel.PUSH}),
    "phone": frozenset({Channel.SMS, Channel.WHATSAPP, Channel.PHONE, Channel.PUSH}),
}
"""The channels that use a kind of address, or (push) stand for the person who has it."""


class Mistake(DomainError):
    """What was given does not make a suppression; the message says why, and names no address."""

    code = "invalid_suppression"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: what it asks for, or what is wrong with it."""

    line: int
    order: Order | None = None
    mistake: str = ""


def rows(file: IO[str], group: SiteGroup, unsaid: Mapping[str, str | None]) -> Iterator[Row]:
    """Read a CSV file with a header; `unsaid` is what holds where a row leaves something open.

    Raises `Mistake` when the header is none.
    """
    reader = csv.reader(_lines(file))
    names = [name.strip().lower() for name in next(_parsed(reader), (1, [], ""))[1]]
    if "address" not in names or set(names) - set(COLUMNS) or len(set(names)) != len(names):
        raise Mistake(f"The first line must name the columns: address, and any of {', '.join(COLUMNS[1:])}.")
    for line, cells, broken in _parsed(reader):
        if not broken and not any(cell.strip() for cell in cells):
            continue
        mistake = broken or ("This has more cells than the first line." if len(cells) > len(names) else "")
        told = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
        yield Row(line, mistake=mistake) if mistake else _row(line, {**unsaid, **told}, group)


def _row(line: int, told: Mapping[str, str | None], group: SiteGroup) -> Row:
    try:
        return Row(line, order(told, group))
    except Mistake as mistake:
        return Row(line, mistake=str(mistake))


def order(told: Mapping[str, str | None], group: SiteGroup) -> Order:
    """Make an order of what a row, or a command, says by the names of `COLUMNS`; raise `Mistake`."""
    address, brand = read_address(told.get("address") or ""), told.get("brand")
    if brand is not None and brand not in group.brands:
        raise Mistake(f"There is no brand “{brand[:40]}”.")
    scope = Scope(brand, _channel(told.get("channel"), address))
    return Order(address, scope, _reason(told.get("reason")), _moment(told.get("date")))


def read_address(typed: str) -> Address:
    """Read an e-mail address or phone number; raise `Mistake`."""
    try:
        return parse_email(typed) if "@" in typed else parse_phone(typed)
    except InvalidAddress:
        raise Mistake("This is neither an e-mail address nor a phone number in international form.") from None


def _channel(told: str | None, address: Address) -> str | None:
    if told is None:
        return None
    if told not in set(Channel):
        raise Mistake(f"There is no channel “{told[:40]}”.")
    if told not in CHANNELS[address.kind]:
        raise Mistake(f"The channel {told} does not use this kind of address.")
    return told


def _reason(told: str | None) -> Reason:
    if told not in set(Reason):
        raise Mistake(f"The reason must be one of {', '.join(Reason)}.")
    return Reason(told)


def _moment(told: str | None) -> datetime | None:
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
