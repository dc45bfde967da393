"""From the cells of a row to what it tells: of whom, about what, when, and with which proof. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from app.branding.models import Brand, SiteGroup
from app.errors import InvalidAddress, UnknownItem
from app.kit import date_formats
from app.kit.addresses import Address, parse_email, parse_phone
from app.kit.moments import FIRST_YEAR
from app.kit.rows import Row
from app.kit.spreadsheets import plain
from app.services.import_layouts import DAY, LONGEST_EVIDENCE_NAME, MOST_EVIDENCE, Layout, Meaning, Sign
from app.services.items import ItemRef, Items
from app.services.tellings import Moment

LONGEST_EVIDENCE, LONGEST_DATE = 500, 100
LONGEST_WORDING = 10_000
MOST_KNOWN, LONGEST_KEY = 10_000, 100
"""What rows name is remembered, so many of it; no key of a brand, topic or channel is as long as that."""
PREFIX = "evidence."
"""Columns that begin so are kept as proof under what follows, whatever the layout."""
LONGEST_NAMED = 400
"""Characters of an address with its owner's name; an address alone has at most 254 (RFC 5321, section 4.5.3.1.3)."""
_NAMED = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"<>])*<([^<>]*)>', re.DOTALL)
"""`Name <address>` and `"A name, of any kind" <address>` (RFC 5322, section 3.4)."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken: where it stands, a stable code, and words that repeat nothing of it."""

    line: int
    start: int
    length: int
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Telling:
    """What a row tells. `item` is None where it is about the address alone."""

    row: Row
    subject: Address | uuid.UUID
    brand: Brand
    item: ItemRef | None
    meaning: Meaning
    moment: Moment
    asked_at: datetime | None
    """When it was asked for, where `moment` is that of a confirmation from the mailbox."""
    locale: str
    wording: str
    detail: Mapping[str, Any]
    introduces: bool = True
    """Whether somebody who is not known may become so by it."""


_About = tuple[Brand, ItemRef | None, bool]
"""A brand, what of it, and whether the brand trusts the teller with that."""


class Refused(Exception):
    """A row can't be taken."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


class Interpreter:
    """Reads rows by a layout. `brands` are those whose consents may be told here; None for all of them."""

    def __init__(
        self, group: SiteGroup, items: Items, layout: Layout, now: datetime, name: str,
        brands: Collection[str] | None, is_trusted: Callable[[Brand, ItemRef], bool], *, may_suppress: bool,
    ) -> None:  # fmt: skip
        """Prepare for the rows of the file `name`; a row that tells of a time after `now` is rejected."""
        self._group, self._items, self._layout, self._now, self._name = group, items, layout, now, name
        self._brands, self._is_trusted, self._may_suppress = brands, is_trusted, may_suppress
        self._columns: dict[str, tuple[str, ...]] = {
            name: tuple(map(str.lower, each)) for name, each in layout.columns.items()
        }
        self._evidence = {name: tuple(map(str.lower, each)) for name, each in layout.evidence.items()}
        self._signs = [(sign, tuple(map(str.lower, sign.column))) for sign in layout.status]
        self._zone, self._written = ZoneInfo(layout.timezone), layout.written
        self._known: dict[tuple[str, ...], _About] = {}

    def narrow(self, columns: Collection[str]) -> None:
        """Look only at columns that the file has; a tenth of all time went into those that it has not."""
        for looked_at in (self._columns, self._evidence):
            for name, wanted in list(looked_at.items()):
                looked_at[name] = tuple(column for column in wanted if column in columns)

    def read(self, row: Row) -> Telling | Reject:
        """Tell what a row says, or why it is not taken."""
        if row.fault is not None:
            return reject(row, *row.fault)
        try:
            return self._read(row)
        except Refused as refused:
            return reject(row, refused.code, refused.words)

    def _read(self, row: Row) -> Telling:
        cells = row.cells
        meaning = self._meaning(cells)
        subject = self._subject(cells)
        brand, item, is_trusted = self._about(cells, meaning)
        moment, asked_at = self._moment(cells, meaning)
        if meaning in (Meaning.BOUNCED, Meaning.COMPLAINED):
            item = None
            if not isinstance(subject, Address):
                raise Refused("no_subject", "A bounce or a complaint is about an address.")
        return Telling(
            row, subject, brand, item, meaning, moment, asked_at,
            brand.locale(self._cell(cells, "locale") or self._layout.locale), self._wording(cells),
            self._detail(row), is_trusted,
        )  # fmt: skip

    def _cell(self, cells: Mapping[str, str], name: str) -> str:
        """Give the first cell that says something, among the columns for `name`."""
        for column in self._columns.get(name, ()):
            if (found := cells.get(column)) and (found := found.strip()):
                return found
        return ""

    def _meaning(self, cells: Mapping[str, str]) -> Meaning:
        found = self._layout.unsaid
        for sign, columns in self._signs:
            meaning = _told(sign, columns, cells)
            if meaning not in (None, Meaning.PASS):
                found = meaning
                break
        if found is None:
            raise Refused("unknown_status", "Nothing says whether this is a yes or a no: say what such rows mean.")
        if found is Meaning.PENDING:
            raise Refused("not_confirmed", "This was asked for and never confirmed, which is no consent.")
        if found is Meaning.NOTHING:
            raise Refused("no_consent", "The row tells of no yes and of no no.")
        return found

    def _subject(self, cells: Mapping[str, str]) -> Address | uuid.UUID:
        try:
            if email := self._cell(cells, "email"):
                return parse_email(_address_in(plain(email)))
            if account_id := self._cell(cells, "account_id"):
                return uuid.UUID(account_id)
            if phone := self._cell(cells, "phone"):
                return parse_phone(plain(phone))
        except InvalidAddress:
            raise Refused("invalid_address", "This is no e-mail address, or no phone number like +33…") from None
        except ValueError:
            raise Refused("invalid_account", "The account id is none.") from None
        raise Refused("no_subject", "The row names nobody: no e-mail address, phone number or account id.")

    def _about(self, cells: Mapping[str, str], meaning: Meaning) -> _About:
        brand, topic, channel, purpose = (self._cell(cells, name) for name in ("brand", "topic", "channel", "purpose"))
        key = (brand, topic, channel, purpose, meaning)
        if key not in self._known:
            if max(map(len, key)) > LONGEST_KEY:
                raise Refused("unknown_item", "The row names a brand, topic, channel or purpose that is none.")
            if len(self._known) > MOST_KNOWN:  # a file that names something new in each row
                self._known.clear()
            self._known[key] = self._find(brand, topic, channel, purpose, meaning)
        return self._known[key]

    def _find(self, brand: str, topic: str, channel: str, purpose: str, meaning: Meaning) -> _About:
        layout = self._layout
        brand = brand or layout.brand or ""
        if not topic and not purpose:
            topic, purpose = layout.topic or "", layout.purpose or ""
        is_report = meaning in (Meaning.BOUNCED, Meaning.COMPLAINED)
        # As `parley export` writes what is said about the whole group's uses of data.
        of_group = not brand and bool(purpose) and self._brands is None and not is_report
        house = self._group.brands.get(min(self._group.brands) if of_group else brand)
        if house is None:
            raise Refused("unknown_item", "The row names no brand, or none there is.")
        if self._brands is not None and brand not in self._brands:
            raise Refused("brand_forbidden", "The brand is not in this client's list.")
        if is_report:
            if not self._may_suppress:
                raise Refused("insufficient_scope", "Only a client with the scope suppressions:write may tell of this.")
            return house, None, False
        try:
            if of_group:
                item = self._items.own_purpose(None, purpose)
            elif purpose:
                item = self._items.purpose(brand, purpose)
            else:
                item = self._items.subscription(brand, topic, channel or layout.channel or "")
        except UnknownItem:
            raise Refused("unknown_item", "The brand has no such topic on this channel, or no such purpose.") from None
        is_trusted = self._is_trusted(house, item)
        if meaning is Meaning.GRANT:
            if item.is_retired:
                raise Refused("not_offered", "This is no longer offered.")
            if not is_trusted:
                raise Refused("evidence_not_trusted", "The brand does not list the teller under trusted_evidence.")
        return house, item, is_trusted

    def _moment(self, cells: Mapping[str, str], meaning: Meaning) -> tuple[Moment, datetime | None]:
        """Find when it was said: a yes by the earlier end of a day, a no by its later one."""
        is_yes = meaning is Meaning.GRANT
        has_own = not is_yes and ("left_at" in self._columns or "left_by" in self._columns)
        acted, noted = ("left_at", "left_by") if has_own else ("occurred_at", "noted_at")
        if text := self._cell(cells, acted):
            moment = self._read_moment(text, is_yes=is_yes)
            confirmed = self._cell(cells, "confirmed_at") if is_yes else ""
            later = self._read_moment(confirmed, is_yes=True) if confirmed else moment
            return (later, moment.at) if later.at > moment.at else (moment, None)
        if text := self._cell(cells, noted):
            moment = self._read_moment(text, is_yes=is_yes)
            return Moment(moment.at, moment.since, is_of_act=False), None
        if self._written is not None:
            since, until = self._written
            return Moment(since if is_yes else min(until, self._now), since, is_of_act=False), None
        raise Refused("no_date", "The row does not say when; say by as_of when the file was written.")

    def _read_moment(self, text: str, *, is_yes: bool) -> Moment:
        for each in self._layout.formats if len(text) <= LONGEST_DATE else ():
            found = date_formats.read(text, each)
            if found is not None:
                break
        else:
            raise Refused("bad_date", "The date is none, or written in another way than the mapping says.")
        aware = found if found.tzinfo else found.replace(tzinfo=self._zone)
        try:
            at = aware.astimezone(UTC)
            is_day = found.tzinfo is None and found.time() == time() and date_formats.is_day(text)
            end = (found + DAY).replace(tzinfo=self._zone).astimezone(UTC) if is_day and not is_yes else at
        except OverflowError:
            raise Refused("bad_date", "There is no such date.") from None
        if at.year < FIRST_YEAR:
            raise Refused("bad_date", "There were no consents by then.")
        if at > self._now:
            raise Refused("in_the_future", "Nobody acts in the future.")
        return Moment(min(end, self._now), at)

    def _wording(self, cells: Mapping[str, str]) -> str:
        words = self._cell(cells, "wording")
        if len(words) > LONGEST_WORDING:
            raise Refused("invalid_evidence", f"The wording has more than {LONGEST_WORDING:,} characters.")
        return words or self._layout.wording or ""

    def _detail(self, row: Row) -> dict[str, str | int]:
        """Gather what proves it, with the row's place in the file."""
        detail: dict[str, str | int] = {"file": self._name, "line": row.line}
        for name in ("ip", "page"):
            if found := self._cell(row.cells, name):
                detail[name] = found
        for name, columns in self._evidence.items():
            for column in columns:
                if fact := row.cells.get(column, "").strip():
                    detail[name] = fact
                    break
        for column, cell in row.cells.items():
            if column.startswith(PREFIX) and (found := cell.strip()):
                detail.setdefault(column.removeprefix(PREFIX), found)
        if len(detail) > MOST_EVIDENCE or any(_is_too_long(name, fact) for name, fact in detail.items()):
            raise Refused(
                "invalid_evidence", f"At most {MOST_EVIDENCE} facts, of {LONGEST_EVIDENCE} characters each, with names "
                f"of at most {LONGEST_EVIDENCE_NAME}.",
            )  # fmt: skip
        return detail


def reject(row: Row, code: str, words: str) -> Reject:
    """Make a reject of a row."""
    return Reject(row.line, row.start, row.end - row.start, code, words)


def _address_in(text: str) -> str:
    """Take the address out of what names its owner too; raise `InvalidAddress` for what is longer than any."""
    if len(text) > LONGEST_NAMED:
        raise InvalidAddress
    named = _NAMED.fullmatch(text) if "<" in text else None
    return named[1] if named else text


def _is_too_long(name: str, fact: str | int) -> bool:
    return len(name) > LONGEST_EVIDENCE_NAME or len(str(fact)) > LONGEST_EVIDENCE


def _told(sign: Sign, columns: tuple[str, ...], cells: Mapping[str, str]) -> Meaning | None:
    for column in columns:
        if column not in cells:
            continue
        if sign.present is not None:
            return sign.present
        if word := cells[column].strip().lower():
            found = sign.values.get(word, sign.others)
            if found is None:
                raise Refused("unknown_status", "The mapping does not say what this status means.")
            return found
    return None
