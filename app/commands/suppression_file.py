"""A file of addresses that must not be contacted: read line by line, noted in small batches, and judged row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from app.branding.models import Channel, SiteGroup
from app.commands.tables import Mistake, read, read_moment
from app.errors import InvalidAddress
from app.flows.suppress import Order
from app.kit.addresses import Address, parse_email, parse_phone
from app.services.suppressions import CHANNELS, Reason, Scope

COLUMNS = ("address", "reason", "brand", "channel", "date")


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
    for line, told, mistake in read(file, COLUMNS[:1], COLUMNS[1:]):
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
    return Order(address, scope, _reason(told.get("reason")), read_moment(told.get("date")))


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
