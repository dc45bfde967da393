"""Expected failures of the domain. They carry a stable code and words for people, and know nothing of HTTP."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Something the caller asked for can't be done; `code` is stable, the message is for people."""

    code: ClassVar[str] = "domain_error"


class InvalidAddress(DomainError):
    """Not an e-mail address or phone number."""

    code = "invalid_address"


class InvalidSubject(DomainError):
    """A subject must be exactly one of e-mail, phone, account id or external id."""

    code = "invalid_subject"


class UnknownItem(DomainError):
    """No such brand, topic, purpose or channel, or the topic is not offered on that channel."""

    code = "unknown_item"


class BrandForbidden(DomainError):
    """The brand is outside the client's list."""

    code = "brand_forbidden"


class NotOffered(DomainError):
    """The item can't be agreed to here: retired, or its channel has no address of the person."""

    code = "not_offered"


class NothingChosen(DomainError):
    """A sign-up without any item."""

    code = "nothing_chosen"


class BirthDateNeeded(DomainError):
    """Something is from a certain age, and no date of birth was told that could be true."""

    code = "birth_date_needed"


class TooYoung(DomainError):
    """Somebody is younger than what they asked for allows."""

    code = "too_young"


class Conflict(DomainError):
    """What is told is older than what the person said since (invariant 7)."""

    code = "conflict"


class EvidenceNotTrusted(DomainError):
    """The brand does not list this client among those whose evidence of a consent it trusts (invariant 1)."""

    code = "evidence_not_trusted"


class UnknownSubject(DomainError):
    """Nobody is known under the subject, and it is none by which somebody could be met."""

    code = "unknown_subject"


class ExternalIdTaken(DomainError):
    """What a client calls somebody stands for somebody else already."""

    code = "external_id_taken"


class Restricted(DomainError):
    """The person's data is held still: it is kept, and nothing is done with it (GDPR art. 18)."""

    code = "restricted"


class NotProved(DomainError):
    """Nobody acted from the mailbox of the account yet, so nothing is told about its owner."""

    code = "mailbox_not_proved"


class NotLiftable(DomainError):
    """A suppression that the asker did not set, or that only its owner or staff may lift."""

    code = "not_liftable"


class RequestInFlight(DomainError):
    """The same request is being answered at this moment."""

    code = "request_in_flight"


class KeyReused(DomainError):
    """An idempotency key came back with another request."""

    code = "key_reused"


class ProofRefused(DomainError):
    """A proof of work that is missing, wrong, too old, or made for another brand."""

    code = "proof_refused"


class ProofSpent(DomainError):
    """A proof of work that paid for another sign-up already."""

    code = "proof_spent"


class BadTarget(DomainError):
    """What another system named to be called, or written to, is no address for that."""

    code = "bad_target"


class TooMany(DomainError):
    """There are as many as there may be."""

    code = "too_many"


class Gone(DomainError):
    """What was asked for existed once and is no more."""

    code = "gone"


class StaleLocks(DomainError):
    """What was read before locking changed before the locks were held; the transaction must start over."""

    code = "stale_locks"


class SettingsError(DomainError):
    """A setting is missing, too weak or makes no sense; the message names it."""

    code = "settings"
