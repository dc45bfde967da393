"""The chain of one account, checked line by line; pure, so that each way to tamper can be tried in a test."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from app.services import folding
from app.services.folding import Action, Line, State, Status
from app.services.ledger import FIRST_MAC

_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_ACTIONS = {each.value: each for each in Action}
_STATUSES = {each.value: each for each in Status}
_TIMES = [at for at, name in enumerate(State._fields) if name.endswith(("_at", "_until"))]


class Row(NamedTuple):
    """A line and all that must fit it; None stands for what is not there.

    `signed` is the canonical line but for blanks, order and letters beyond ASCII; `consent` is the row of the
    projection that names this line as its last.
    """

    account: str
    sequence: int
    signed: str
    mac: bytes
    salt: bytes
    detail: str | None
    position: int | None
    is_pending: bool
    head: int | None
    head_mac: bytes | None
    account_status: str | None
    consent: str | None


class Broken(Exception):
    """Something about an account's lines is wrong; `sequence` is the first line of which that is so."""

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(what)
        self.sequence = sequence


@dataclass(slots=True)
class Chain:
    """An account's lines so far."""

    signers: Mapping[str, hmac.HMAC]
    """By the id of their key; they have signed nothing yet."""
    previous: bytes = FIRST_MAC
    sequence: int = 0
    position: int = 0
    has_pending: bool = False
    states: dict[int, State | None] = field(default_factory=dict)
    consents: dict[int, State] = field(default_factory=dict)
    first_erased: int = 0
    last_erased: int = 0
    missing_details: list[int] = field(default_factory=list)
    first_detail: int = 0
    last: Row | None = None

    def add(self, row: Row) -> None:
        """Take the next line. Raises `Broken` when it can't be the one that was written."""
        if row.sequence != self.sequence + 1:
            raise Broken(self.sequence + 1, "is missing")
        self.sequence, self.last = row.sequence, row
        values = self._authentic(row)
        self._note_place(row)
        self._note_detail(row, values[15])
        self._fold(row, values)

    def end(self) -> None:
        """Check what only shows after the last line. Raises `Broken`."""
        if self.last is None:
            return
        self._check_head(self.last)
        self._check_details(self.last)
        self._check_projection()

    def _authentic(self, row: Row) -> list[Any]:
        """Read the line if its mac is right."""
        values: list[Any] = self._read(row.signed, "was changed, or was not written by Parley")
        signer = self.signers.get(values[16])
        if signer is None:
            raise Broken(self.sequence, f"is signed with the unknown key {values[16]}")

        def is_signed(text: bytes) -> bool:
            mac = signer.copy()
            mac.update(self.previous + text)
            return mac.digest() == row.mac

        if not _fits(row.signed, values, is_signed):
            raise Broken(self.sequence, "was changed, or was not written by Parley")
        self.previous = row.mac
        return values

    def _read(self, text: str, fault: str) -> Any:
        """Read JSON; a number too large for a float was not written by Parley, and orjson refuses it."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Broken(self.sequence, fault) from None

    def _note_place(self, row: Row) -> None:
        if row.position is None:
            if not row.is_pending:
                raise Broken(self.sequence, "has no place in the feed and waits for none")
            self.has_pending = True
            return
        if row.is_pending:
            raise Broken(self.sequence, "waits for a place in the feed that it has")
        if self.has_pending or row.position < self.position:
            raise Broken(self.sequence, "stands before its predecessor in the feed")
        self.position = row.position

    def _note_detail(self, row: Row, expected: str) -> None:
        if row.detail is None:
            self.missing_details.append(self.sequence)
            return
        self.first_detail = self.first_detail or self.sequence
        salt = row.salt
        values = self._read(row.detail, "has a detail that was changed")
        if not _fits(row.detail, values, lambda text: sha256(salt + text).hexdigest() == expected):
            raise Broken(self.sequence, "has a detail that was changed")

    def _fold(self, row: Row, values: list[Any]) -> None:
        line = _line(values)
        if line.action is Action.ERASED:
            self.first_erased, self.last_erased = self.first_erased or line.sequence, line.sequence
        self.states[line.item_id] = folding.apply(self.states.get(line.item_id), line)
        if row.consent:
            self._note_consent(line.item_id, row.consent)

    def _note_consent(self, item_id: int, consent: str) -> None:
        try:
            self.consents[item_id] = _state(consent)
        except (KeyError, ValueError):  # a status or a time that there is not
            raise Broken(self.sequence, "does not lead to the consent that names it") from None

    def _check_head(self, row: Row) -> None:
        if row.head is None:
            raise Broken(1, "belongs to no account")
        if row.head > self.sequence:
            raise Broken(self.sequence + 1, "is missing; the account says that it is there")
        if row.head < self.sequence or row.head_mac != row.mac:
            raise Broken(self.sequence, "is not the last one that the account knows")

    def _check_details(self, row: Row) -> None:
        """A detail may be missing only where a later line says that the account was erased; then none may be left."""
        unexplained = [sequence for sequence in self.missing_details if sequence > self.last_erased]
        if unexplained:
            raise Broken(unexplained[0], "has lost its detail")
        if row.account_status == "erased" and self.first_detail and self.first_detail < self.first_erased:
            raise Broken(self.first_detail, "still has its detail although the account was erased")

    def _check_projection(self) -> None:
        if self.consents == self.states:  # the usual case, without erased items
            return
        for item_id, state in sorted(self.states.items()):
            if self.consents.get(item_id) != state:
                raise Broken(self.sequence, f"and those before it don't lead to the consent of item {item_id}")


def _fits(text: str, values: Any, is_right: Callable[[bytes], bool]) -> bool:
    """Tell whether JSON, as PostgreSQL writes it and as orjson reads it, is right in the form that the ledger signs.

    orjson writes nearly everything in that form, in a tenth of the time. What it writes otherwise (letters beyond
    ASCII, some numbers) is wrong in its form, and then is written by the encoder that the ledger itself uses.
    """
    return is_right(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)) or is_right(
        _COMPACT.encode(json.loads(text)).encode()
    )


def _line(values: list[Any]) -> Line:
    status = _STATUSES[values[4]] if values[4] else None
    occurred_at, recorded_at = map(datetime.fromisoformat, values[5:7])
    return Line(
        values[1], values[2], _ACTIONS[values[3]], status, occurred_at, recorded_at,
        values[7], values[8], values[13], values[14],
    )  # fmt: skip


def _state(consent: str) -> State:
    values = orjson.loads(consent)
    values[0] = _STATUSES[values[0]]
    for at in _TIMES:
        values[at] = datetime.fromisoformat(values[at]) if values[at] else None
    return State(*values)
