"""People as rows of the database, in states drawn by chance, and what the decision table says of each.

The rows are written without the services, and `expected` reads the draw, not the rows: what is told of a state, and
what services make of its rows, come from two sides.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from app.branding.models import Channel, LegalBasis, Purpose, SiteGroup
from app.branding.texts import Document, DocumentVersion
from app.environment import Environment
from app.kit.addresses import Address, parse_email, parse_phone
from app.models import Account, Consent, ContactPoint, Item, OptInItem, OptInRequest, ProfileRow, Suppression
from app.services.items import ItemRef, items
from tests.decision_table import Case

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MOMENTS = {"never": None, "past": NOW - timedelta(days=1), "now": NOW, "future": NOW + timedelta(days=1)}
VERSIONS = {None: None, "older": "2026-01-31", "same": "2026-02-01", "newer": "2026-05-01"}
PUBLISHED = {"2026-01-31": False, "2026-02-01": True, "2026-05-01": False, "2027-02-01": True}
"""The versions of the strict house's notice, and whether they ask for consent anew; the last is not in force yet."""
NO_ROW: Case = {"status": None, "ends": "never", "pause": "never", "version": None}
KINDS = {"email": "email", "sms": "phone", "whatsapp": "phone", "phone": "phone"}
"""The kind of address that a channel uses; of post and push, the primary address of the account stands for it."""
REQUESTS = ("none", "live", "live", "over", "now", "confirmed", "cancelled", "another item", "closed")
EASY, STRICT, GONE = "easy", "strict", "gone"


@dataclass(frozen=True)
class Stop:
    """A suppression: of which address, of this house, another or all, on this channel, another or all."""

    whose: str
    brand: str | None
    channel: str | None
    state: str


STOPS = (
    ("email", "second", "phone", "stranger"), PLACES := (None, "this", "other"), PLACES,
    ("stands", "lapses", "lapsed", "lapses now", "lifted"),
)  # fmt: skip
"""All there is to say of a suppression, column by column."""


@dataclass(frozen=True)
class Draw:
    """A person, what was said about one item, and as whom they are asked about."""

    house: str
    name: str
    channel: str | None
    account: str | None
    contacts: Mapping[str, str | None]
    has_postal: bool
    row: Case
    request: str
    asked_by: str
    stops: tuple[Stop, ...]
    subject: str


def houses(group: SiteGroup) -> Mapping[str, Any]:
    """Give two houses with a topic and a purpose for every legal basis: an easy one, and one that asks for more."""
    model = group.brands["camille"]
    topics = [
        model.topics[0].model_copy(update={"key": _slug(basis), "channels": tuple(Channel), "legal_basis": basis})
        for basis in LegalBasis
    ]
    purposes = [
        Purpose(key=_slug(basis), name={"en": "Use"}, description={"en": "Use"}, legal_basis=basis)
        for basis in LegalBasis
    ]
    versions = [
        DocumentVersion(version=day, effective=day, requires_reconsent=anew, texts={"en": "Text"}, digest="0" * 64)
        for day, anew in ((date.fromisoformat(text), anew) for text, anew in PUBLISHED.items())
    ]
    notice = Document(slug="privacy", title={"en": "Privacy"}, versions=tuple(versions))
    mild = notice.model_copy(update={"versions": tuple(versions[:1])})
    common = {"topics": tuple(topics), "purposes": tuple(purposes)}
    demanding = {"verified_contact_required": True, "documents": (notice,)}
    return {
        EASY: model.model_copy(update={**common, "slug": EASY, "documents": (mild,)}),
        STRICT: model.model_copy(update={**common, "slug": STRICT, **demanding}),
    }


def draw(chance: Random) -> Draw:
    """Draw a person; rows high in the table are drawn less often, so that those below them are reached too."""
    channel = chance.choice([*(each.value for each in Channel), "email", "sms", None])
    account = chance.choice([None, "active", "active", "active", "active", "active", "restricted", "erased"])
    contacts = {kind: chance.choice([None, "unproved", "proved"]) for kind in ("email", "second", "phone")}
    if contacts["second"] or channel in {"post", "push"}:  # whoever has other addresses has a primary one
        contacts["email"] = contacts["email"] or "unproved"
    known = [name for name, proof in contacts.items() if proof] if account else []
    subject = chance.choice([*known, *known, "account", "account", "account", "email", "phone", "stranger", "external"])
    request = chance.choice(REQUESTS)
    return Draw(
        house=chance.choice([EASY, STRICT]),
        name=GONE if chance.random() < 0.1 else _slug(chance.choice(list(LegalBasis))),
        channel=channel,
        account=account,
        contacts=contacts,
        has_postal=chance.random() < 0.7,
        row=NO_ROW if account is None or chance.random() < 0.3 else _row(chance),
        request="none" if subject == "second" else request,  # a request is found by the address that is asked about
        asked_by=chance.choice(["email", "email", "stranger"]),
        stops=tuple(_stop(chance) for _ in range(chance.choice([0, 0, 1, 2, 3]))),
        subject=subject,
    )  # fmt: skip


def _row(chance: Random) -> Case:
    return {
        "status": chance.choice(["granted"] * 6 + ["refused", "objected", "withdrawn", "expired"]),
        "ends": chance.choice(["never", "never", *MOMENTS]),
        "pause": chance.choice(list(MOMENTS)),
        "version": chance.choice(list(VERSIONS)),
    }


def _stop(chance: Random) -> Stop:
    return Stop(*map(chance.choice, STOPS))


def case(who: Draw) -> Case:
    """Put what was drawn into the words of the table."""
    is_known = who.account is not None and (who.subject == "account" or who.contacts.get(who.subject) is not None)
    used = _used(who) if is_known or who.subject in {"email", "second", "phone", "stranger"} else None
    return {
        "channel": who.channel,
        "is_retired": who.name == GONE,
        "basis": "consent" if who.name == GONE else who.name.replace("-", "_"),
        "must_be_proved": who.house == STRICT,
        "asks_anew": who.house == STRICT,
        "is_suppressed": any(_holds(stop, used) for stop in who.stops),
        "account": who.account if is_known else None,
        "is_pending": who.request == "live" and who.asked_by in _addresses(who, is_known=is_known),
        "contact": _contact(who, used) if is_known else None,
        **(who.row if is_known else NO_ROW),
    }


def _used(who: Draw) -> str | None:
    """Give the address that the channel would use: the one asked about if it fits, else the primary one."""
    wanted = KINDS.get(who.channel or "")
    is_of = "phone" if who.subject == "phone" else "email"
    if who.subject not in {"account", "external"} and wanted == is_of:
        return who.subject
    primary = "phone" if wanted == "phone" else "email"
    is_known = who.subject == "account" or who.contacts.get(who.subject)
    return primary if who.account and is_known and who.contacts[primary] else None


def _contact(who: Draw, used: str | None) -> str | None:
    proof = who.contacts.get(used or "")
    return None if who.channel == "post" and not who.has_postal else proof


def _holds(stop: Stop, used: str | None) -> bool:
    return (
        stop.whose == used and stop.state in {"stands", "lapses"} and stop.brand != "other" and stop.channel != "other"
    )  # fmt: skip


def _addresses(who: Draw, *, is_known: bool) -> set[str]:
    own = {name for name, proof in who.contacts.items() if proof} if is_known else set()
    return own | {who.subject}


class Writer:
    """Writes what was drawn as rows, and gives as whom to ask: an address, an account id or nobody."""

    def __init__(self, session: Any, env: Environment, number: int, who: Draw) -> None:
        self.session, self.env, self.who = session, env, who
        self.account_id = uuid.UUID(int=number + 1)
        self.addresses: dict[str, Address] = {
            name: parse_email(f"{name}-{number}@example.com") for name in ("email", "second", "stranger")
        }
        self.addresses["phone"] = parse_phone(f"+336{number:08}")
        registry = items(session)
        self.item = self._find(registry, who.name)
        self.another = self._find(registry, GONE if who.name != GONE else "consent")

    def _find(self, registry: Any, name: str) -> ItemRef:
        if self.who.channel is None:
            return registry.purpose(self.who.house, name)
        return registry.subscription(self.who.house, name, self.who.channel)

    def write(self) -> Address | uuid.UUID | None:
        """Write all rows."""
        if self.who.account:
            self._write_account()
        if self.who.request != "none":
            self._write_request()
        for stop in self.who.stops:
            self.write_stop(stop)
        return self.account_id if self.who.subject == "account" else self.addresses.get(self.who.subject)

    def _add(self, table: type, **values: Any) -> None:
        self.session.execute(insert(table), [values])

    def _write_account(self) -> None:
        owner = {"account_id": self.account_id}
        self._add(Account, id=self.account_id, kind="lite", status=self.who.account, locale="en", profile={},
                  created_at=NOW, last_sequence=1, last_mac=bytes(32))  # fmt: skip
        for name, proof in self.who.contacts.items():
            if proof:
                verified_at = NOW if proof == "proved" else None
                self._add(ContactPoint, address_digest=self._digest(name), kind=self.addresses[name].kind,
                          verified_at=verified_at, is_primary=name == "email", **owner)  # fmt: skip
        if self.who.has_postal:
            self._add(ProfileRow, key="address", kind="address", sealed=b"", updated_at=NOW, **owner)
        if (row := self.who.row)["status"]:
            self._add(Consent, item_id=self.item.id, status=row["status"], granted_at=NOW, legal_basis="consent",
                      expires_at=MOMENTS[row["ends"]], paused_until=MOMENTS[row["pause"]], source="form",
                      document_version=VERSIONS[row["version"]], updated_at=NOW, last_sequence=1, **owner)  # fmt: skip

    def _write_request(self) -> None:
        what, key = self.who.request, {"address_digest": self._digest(self.who.asked_by)}
        ends = {"over": MOMENTS["past"], "now": NOW}.get(what, MOMENTS["future"])
        request_id = uuid.UUID(int=self.account_id.int + 10**9)
        self._add(OptInRequest, id=request_id, brand=self.who.house, locale="en", created_at=NOW, expires_at=ends,
                  mails_sent=0, outcome="expired" if what == "closed" else "pending", **key)  # fmt: skip
        self._add(OptInItem, request_id=request_id, item_id=(self.another if what == "another item" else self.item).id,
                  asked_at=NOW, notice_digest=b"", locale="en", provenance={},
                  confirmed_at=NOW if what == "confirmed" else None,
                  cancelled_at=NOW if what == "cancelled" else None, **key)  # fmt: skip

    def write_stop(self, stop: Stop) -> None:
        """Write a suppression."""
        lapses = {"lapses": MOMENTS["future"], "lapsed": MOMENTS["past"], "lapses now": NOW}
        elsewhere = {EASY: STRICT, STRICT: EASY}[self.who.house]
        another = "post" if self.who.channel == "email" else "email"
        self._add(Suppression, address_digest=self._digest(stop.whose), id=uuid.uuid4(), digest_key_id="a",
                  brand={"this": self.who.house, "other": elsewhere}.get(stop.brand or ""),
                  channel={"this": self.who.channel, "other": another}.get(stop.channel or ""), reason="hard_bounce",
                  provenance={}, created_at=NOW, lapses_at=lapses.get(stop.state),
                  lifted_at=NOW if stop.state == "lifted" else None)  # fmt: skip

    def _digest(self, name: str) -> bytes:
        return self.env.digester.newest(self.addresses[name])


def write_gone(session: Any) -> None:
    """Write the items that both houses once offered."""
    for house in (EASY, STRICT):
        for channel in Channel:
            session.add(Item(brand=house, kind="subscription", key=GONE, channel=channel.value))
        session.add(Item(brand=house, kind="purpose", key=GONE, channel=None))
    session.flush()


def _slug(basis: LegalBasis) -> str:
    return basis.value.replace("_", "-")
