"""Sign up with an e-mail address: the lite way in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from app.branding.models import Site
from app.db import Session, pipelined
from app.environment import environment
from app.kit.addresses import Address, parse_email
from app.kit.provenance import Provenance
from app.services import ages, challenges, messages, notices, offers, opt_in, outbox
from app.services.ages import UNTOLD, Told
from app.services.challenges import Proof
from app.services.deliverability import FROM_OWN_SESSION
from app.services.items import ItemRef
from app.services.locks import known_digest, lock_mailbox, owner_of


def subscribe(
    session: Session, site: Site, email: str, values: Iterable[str], provenance: Provenance, proof: Proof | None = None,
    asker: uuid.UUID | None = None, told: Told = UNTOLD,
) -> None:  # fmt: skip
    """Ask for what was ticked; one request per brand, and one mail for it.

    Says nothing about the address: known, unknown and suppressed ones take the same path, and the courier finds out
    what may be sent, and whether a single opt-in may be granted at once (`flows.admit`). Whose address it is gets
    neither read nor written, since a row that names an account is checked against it, and that takes measurably longer
    (invariant 6: the area under the curve was 0.55 with it). A proof of work is spent with it, so that a mistake in the
    form costs none. `asker` is the account whose session the form was sent from: its owner is mailed also after an
    earlier complaint.
    What is `told` of their age is looked at and not kept.
    Raises `InvalidAddress`, `NothingChosen`, `UnknownItem`, `NotOffered`, `BirthDateNeeded`, `TooYoung`, `ProofSpent`.
    """
    address, chosen = check(session, site, email, values, told)
    if proof is not None:
        challenges.spend(session, proof)
    is_own = asker is not None and asker == owner_of(session, known_digest(session, address))
    with pipelined(session):
        digest, abuse_digest = lock_mailbox(session, address)
        for slug, wanted in chosen.items():
            brand = environment(session).group.brands[slug]
            seen = notices.keep(session, brand, wanted, provenance.locale)
            request_id = opt_in.ask(session, digest, brand.slug, seen, provenance)
            if any(offers.is_single(brand, item) for item in wanted):
                outbox.enqueue(session, outbox.ADMIT, request_id=request_id)
                continue
            messages.queue(
                session, kind="confirm", brand=brand.slug, address_digest=digest, abuse_digest=abuse_digest,
                locale=provenance.locale, request_id=request_id, context={FROM_OWN_SESSION: True} if is_own else None,
            )  # fmt: skip


def check(
    session: Session, site: Site, email: str, values: Iterable[str], told: Told = UNTOLD
) -> tuple[Address, dict[str, list[ItemRef]]]:  # fmt: skip
    """Read what a form says, without doing anything about it; raises what `subscribe` raises for it."""
    address, chosen = parse_email(email), offers.read_choices(session, site, values)
    ages.check(session, (item for wanted in chosen.values() for item in wanted), told)
    return address, chosen
