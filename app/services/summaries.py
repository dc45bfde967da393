"""The mail that sums up what a person changed: queued when they change something, and written later."""

from __future__ import annotations

from collections.abc import Sequence

from app.branding.models import Site, SiteGroup
from app.db import Session
from app.environment import environment
from app.kit.provenance import Provenance
from app.models import Account
from app.services import messages
from app.services.changes import AFTER_SEQUENCE
from app.services.folding import Line
from app.services.items import items
from app.services.locks import Locked

SUMMARY_AFTER_SECONDS = 600
"""A summary waits for the person to finish, so that one mail tells of all they changed."""


def summarise(
    session: Session, locked: Locked, account: Account, site: Site | None, provenance: Provenance, lines: Sequence[Line]
) -> None:
    """Let a mail tell of the changes: one of the group's that was to come anyway, else one for each house.

    The group's centre gathers what the houses were about to tell, so that nothing is told twice.
    """
    registry, group = items(session), environment(session).group
    # A house that is gone writes no letters any more.
    told = [item for line in lines if (item := registry.get(line.item_id)).channel]  # mails tell of mailings
    houses = {item.brand or "" for item in told} & group.brands.keys()
    if not houses or not locked.digest or messages.is_queued(session, "summary", account.id, group.slug):
        return
    first = lines[0].sequence - 1
    if isinstance(site, SiteGroup):
        gathered = messages.withdraw_summaries(session, account.id)
        houses, first = {group.slug}, min([first, *(each[AFTER_SEQUENCE] for each in gathered)])
    for writer in sorted(houses):
        if not messages.is_queued(session, "summary", account.id, writer):
            messages.queue(
                session, kind="summary", brand=writer, address_digest=locked.digest, abuse_digest=locked.abuse_digest,
                locale=provenance.locale, account_id=account.id, schedule_in_seconds=SUMMARY_AFTER_SECONDS,
                context={AFTER_SEQUENCE: first},
            )  # fmt: skip
