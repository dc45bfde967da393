"""Another system tells what somebody said to it about themselves: on the telephone, in a shop."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.branding.models import Brand, FieldKind, ProfileField
from app.db import Session
from app.environment import environment
from app.errors import EvidenceNotTrusted, Gone, NotProved, Restricted
from app.kit.provenance import Provenance
from app.services import accounts, external_ids, profile, profile_acts
from app.services.locks import lock_account
from app.services.profile_values import Value


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to change; what is not named stays. An external id that is None is taken away."""

    locale: str | None = None
    kept: Sequence[tuple[ProfileField, Value]] = ()
    removed: Sequence[str] = ()
    external_ids: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether it says something about the person, rather than what a client calls them."""
        return bool(self.locale or self.kept or self.removed)


def amend(
    session: Session, brand: Brand, account_id: uuid.UUID, client: str, wanted: Amendment, provenance: Provenance
) -> None:
    """Change what an account says, as its owner would on their own page, or what `client` calls it.

    The profile is the whole group's, so that telling something takes the trust of the house, as making somebody known
    does (`flows.introduce`); taking a postal address away, by which others may write, takes that of every house.
    Nothing is told about whoever did not act from their mailbox yet, since it would meet the one who then does: what a
    stranger typed somewhere must not be theirs.
    Raises `EvidenceNotTrusted`, `Gone`, `Restricted`, `NotProved`, `ExternalIdTaken`.
    """
    group = environment(session).group
    removed = {found.kind for key in wanted.removed if (found := group.profile_field(key))}
    trusting = group.brands.values() if FieldKind.ADDRESS in removed else [brand]
    if wanted.tells and not all(client in each.trusted_evidence for each in trusting):
        raise EvidenceNotTrusted("Not every house concerned lists this client under trusted_evidence.")
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None:
        raise Gone("This account is no more.")
    if account.status == accounts.RESTRICTED:
        raise Restricted("This person has their data held still.")
    if wanted.tells and not accounts.is_email_proved(session, locked.digest):
        raise NotProved("Nobody acted from the mailbox of this account yet.")
    for each, value in wanted.kept:
        profile_acts.keep(session, locked, account, brand, each, value, provenance)
    for key in wanted.removed:
        profile_acts.remove(session, locked, account, brand, key, provenance)
    if wanted.locale is not None:
        profile.choose_language(session, account, brand, wanted.locale, provenance)
    external_ids.put(session, account_id, client, wanted.external_ids)
