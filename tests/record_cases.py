"""What may become of a choice, for tests of its record: each case leads there and gives the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.kit.provenance import SYSTEM, Actor, ActorKind, Provenance, Source
from app.services.folding import Action
from app.services.items import items
from tests import centres, journeys
from tests import records as of

ANA, BEA = "ana@example.com", "bea@example.com"
LETTERS = "camille:newsletter:email"
SALES = "camille:private-sales:email"
SHOP = Provenance(Actor(ActorKind.CLIENT, "camille-shop"), Source.API)
ITSELF = Provenance(SYSTEM, Source.SYSTEM)
NEXT_YEAR = (datetime.now(UTC) + timedelta(days=365)).isoformat()


def group_item(env, kind, key):
    with env.database.transaction() as session:
        found = items(session)
        return found.document(key) if kind == "document" else found.purpose("camille", key)


def switched(ana, env):
    journeys.press(ana, set=f"{SALES}=on")
    return of.document(env, ANA, 2)


def withdrawn(ana, env):
    journeys.press(ana, set=f"{LETTERS}=off")
    return of.document(env, ANA, 2)


def subscribed_again(ana, env):
    withdrawn(ana, env)
    journeys.subscribe(ana, env, ANA)
    return of.document(env, ANA, 3)


def single_opt_in(ana, env):
    journeys.sign_up(ana, BEA, ["restock:email"], "folie-douze")
    journeys.admit(env, BEA, "folie-douze")
    return of.document(env, BEA, 1)


def written(
    *actions: Action, item: str | tuple[str, str] = SALES, provenance: Any = centres.CENTRE, **more: Any
) -> Any:
    """Write lines as some other part of Parley would, and give the record of the last one."""

    def play(_ana: Any, env: Any) -> Any:
        about = item if isinstance(item, str) else group_item(env, *item)
        centres.record(env, ANA, about, *actions, provenance=provenance, **more)
        return of.document(env, ANA, 1 + len(actions))

    return play


CASES = {
    "confirmed": (lambda _ana, env: of.document(env, ANA, 1), "dpv:ConsentGiven"),
    "single opt-in": (single_opt_in, "dpv:ConsentGiven"),
    "switched on in the centre": (switched, "dpv:ConsentGiven"),
    "withdrawn": (withdrawn, "dpv:ConsentWithdrawn"),
    "subscribed again": (subscribed_again, "dpv:ConsentGiven"),
    "refused": (written(Action.REFUSED), "dpv:ConsentRefused"),
    "renewed": (written(Action.GRANTED, Action.RENEWED), "dpv:RenewedConsentGiven"),
    "expired": (written(Action.GRANTED, Action.EXPIRED, provenance=ITSELF), "dpv:ConsentExpired"),
    "struck out": (written(Action.GRANTED, Action.INVALIDATED), "dpv:ConsentInvalidated"),
    "implied": (
        written(Action.GRANTED, legal_basis="implied", attributes={"expires_at": NEXT_YEAR}, provenance=SHOP),
        "dpv:ConsentGiven",
    ),
    "paused": (written(Action.GRANTED, Action.PAUSED, attributes={"paused_until": NEXT_YEAR}), "dpv:ConsentGiven"),
    "another frequency": (
        written(Action.GRANTED, Action.CHANGED, attributes={"frequency": "monthly"}), "dpv:ConsentGiven",
    ),
    "soft opt-in": (
        written(Action.GRANTED, legal_basis="soft_opt_in", provenance=SHOP), "dpv:LegitimateInterestNotObjected",
    ),
    "objected": (written(Action.OBJECTED, legal_basis="legitimate_interest"), "dpv:LegitimateInterestObjected"),
    "a purpose": (written(Action.GRANTED, item=("purpose", "personalisation")), "dpv:ConsentGiven"),
    "an objection to a purpose": (
        written(Action.OBJECTED, item=("purpose", "analytics"), legal_basis="legitimate_interest"),
        "dpv:LegitimateInterestObjected",
    ),
    "terms": (
        written(Action.GRANTED, item=("document", "terms"), legal_basis="contract"), "dpv:ContractSignedByParty",
    ),
}  # fmt: skip
