"""Who acted, through what, from where: plain values that travel with every write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ActorKind(StrEnum):
    """Who acted."""

    PERSON = "person"
    DELEGATE = "delegate"
    STAFF = "staff"
    CLIENT = "client"
    SYSTEM = "system"
    IMPORT = "import"


class Source(StrEnum):
    """Through what an act came."""

    FORM = "form"
    CONFIRMATION = "confirmation"
    CENTRE = "centre"
    ONE_CLICK = "one_click"
    LEAVE_PAGE = "leave_page"
    NEVER_PAGE = "never_page"
    CHECK_IN = "check_in"
    RECONSENT_PAGE = "reconsent_page"
    ADDRESS_PAGE = "address_page"
    REGISTRATION = "registration"
    SIGN_IN = "sign_in"
    RESET = "reset"
    ACCOUNT = "account"
    TEXT_MESSAGE = "text_message"
    GPC = "gpc"
    """Global Privacy Control, the signal of a browser."""
    API = "api"
    FILE = "file"
    COMMAND = "command"
    MAIL_REPORT = "mail_report"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acted; `id` is a client's or staff member's id, never an address."""

    kind: ActorKind
    id: str | None = None


PERSON = Actor(ActorKind.PERSON)
SYSTEM = Actor(ActorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Provenance:
    """An act's origin. `ip`, `user_agent` and `page` are personal and go to the deletable detail only."""

    actor: Actor
    source: Source
    locale: str = "en"
    ip: str | None = None
    user_agent: str | None = None
    page: str | None = None
    request_id: str | None = None

    def as_detail(self) -> dict[str, Any]:
        """Give the personal part, without what is empty."""
        personal = {"ip": self.ip, "user_agent": self.user_agent, "page": self.page, "request_id": self.request_id}
        return {key: value for key, value in personal.items() if value}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Provenance:
        """Read back what `as_record` gave."""
        personal = {key: record.get(key) for key in ("ip", "user_agent", "page", "request_id")}
        actor = Actor(ActorKind(record["actor"]), record["actor_id"])
        return cls(actor, Source(record["source"]), record["locale"], **personal)

    def as_record(self) -> dict[str, Any]:
        """Give everything as JSON, to be kept with an opt-in request or a suppression."""
        return {
            "actor": self.actor.kind.value,
            "actor_id": self.actor.id,
            "source": self.source.value,
            "locale": self.locale,
            **self.as_detail(),
        }
