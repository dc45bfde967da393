"""What Parley records, in the words of the Data Privacy Vocabulary (DPV) of a W3C community group.

Every term here was looked up in release 2.3 of the vocabulary and of its extensions for personal data (`pd`), places
(`loc`) and the GDPR (`eu-gdpr`). The fields of a record are those that the group's guide to consent records maps to
ISO/IEC TS 27560; the text of ISO itself is not free and was not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from app.branding.models import Channel, LegalBasis
from app.services.folding import Action, Status

RELEASE = "https://w3id.org/dpv/2.3"
"""The release by which the terms are to be read; the terms themselves have the same IRIs in all of release 2."""

PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record"
"""The profile of ISO/IEC TS 27560 for consent records."""

PREFIXES = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_LINKS = (
    "dct:conformsTo", "dct:references", "dpv:hasActivityStatus", "dpv:hasDataController", "dpv:hasJurisdiction",
    "dpv:hasLegalBasis", "dpv:hasNotice", "dpv:hasPersonalData", "dpv:hasRecipient", "dpv:isExercisedAt",
    "dpv:isImplementedByEntity", "dpv:isIndicatedBy", "skos:broader",
)  # fmt: skip
_PLAIN = (
    "dct:identifier", "dct:language", "dpv:hasConsentControl", "dpv:hasConsentStatus", "dpv:hasContractStatus",
    "dpv:hasDataSubject", "dpv:hasDuration", "dpv:hasFrequency", "dpv:hasIdentifier", "dpv:hasIndicationMethod",
    "dpv:hasName", "dpv:hasProcess", "dpv:hasPurpose", "dpv:hasRight", "dpv:hasService", "dpv:hasStatus",
    "dpv:hasStorageCondition", "rdf:value", "schema:address", "schema:addressCountry", "schema:contactPoint",
    "schema:deliveryMethod", "schema:email", "schema:identifier", "schema:location", "schema:position",
    "schema:propertyID", "schema:streetAddress", "schema:text", "schema:value", "skos:notation",
)  # fmt: skip

CONTEXT: Mapping[str, Any] = {
    "@version": 1.1,
    **PREFIXES,
    **{term: {"@type": "@id"} for term in _LINKS},
    **{term: {} for term in _PLAIN},
    **{key: {"@type": "xsd:dateTime"} for key in ("dct:created", "dct:modified", "dpv:isIndicatedAtTime")},
    "dct:date": {"@type": "xsd:date"},
    **{key: {"@container": "@language"} for key in ("dct:title", "dct:description")},
    "dct:hasPart": {"@container": "@list"},
}
"""The context that every record carries, so that nothing has to be fetched to read it."""


class Ground(Enum):
    """What kind of basis something rests on, and by which property the vocabulary tells where it stands."""

    CONSENT = "dpv:hasConsentStatus"
    INTEREST = "dpv:hasStatus"
    CONTRACT = "dpv:hasContractStatus"


class Basis(NamedTuple):
    """A legal basis."""

    ground: Ground
    term: str


BASES: Mapping[LegalBasis, Basis] = {
    LegalBasis.CONSENT: Basis(Ground.CONSENT, "dpv:ExpressedConsent"),
    LegalBasis.IMPLIED: Basis(Ground.CONSENT, "dpv:ImpliedConsent"),
    # ePrivacy art. 13(2) lets a house write without consent; that it may use the data is its interest (GDPR 6(1)(f)).
    LegalBasis.SOFT_OPT_IN: Basis(Ground.INTEREST, "dpv:LegitimateInterest"),
    LegalBasis.LEGITIMATE_INTEREST: Basis(Ground.INTEREST, "dpv:LegitimateInterest"),
    LegalBasis.CONTRACT: Basis(Ground.CONTRACT, "dpv:Contract"),
}

REQUESTED = "dpv:ConsentRequested"
"""Where it stood between the asking and the confirming; only consent is asked for in this way."""

_YES = ("dpv:ConsentGiven", "dpv:LegitimateInterestNotObjected", "dpv:ContractSignedByParty")
_YES_AGAIN = ("dpv:RenewedConsentGiven", "dpv:LegitimateInterestNotObjected", "dpv:ContractRenewed")
_NO = ("dpv:ConsentRefused", "dpv:LegitimateInterestObjected", "dpv:ContractRejected")
_ENDED = ("dpv:ConsentWithdrawn", "dpv:LegitimateInterestObjected", "dpv:ContractTerminated")
# Of an interest the vocabulary has no word for running out or being struck out: what was done with the data halted.
_RAN_OUT = ("dpv:ConsentExpired", "dpv:ActivityHalted", "dpv:ContractExpired")
_STRUCK_OUT = ("dpv:ConsentInvalidated", "dpv:ActivityHalted", "dpv:ContractTerminated")
_GONE = ("dpv:ConsentUnknown", "dpv:ActivityHalted", "dpv:ContractTerminated")

OUTCOMES: Mapping[Action, tuple[str, str, str] | None] = {
    Action.GRANTED: _YES,
    Action.RENEWED: _YES_AGAIN,
    Action.REFUSED: _NO,
    Action.WITHDRAWN: _ENDED,
    Action.OBJECTED: _ENDED,
    Action.EXPIRED: _RAN_OUT,
    Action.PAUSED: None,
    Action.RESUMED: None,
    Action.CHANGED: None,
    Action.MERGED: None,
    Action.INVALIDATED: _STRUCK_OUT,
    Action.ERASED: _GONE,
}
"""Where something stands after a line, by its action, in the order of `Ground`; None where the line's status says."""

STANDING: Mapping[Status, tuple[str, str, str]] = {
    Status.GRANTED: _YES,
    Status.REFUSED: _NO,
    Status.WITHDRAWN: _ENDED,
    Status.OBJECTED: _ENDED,
    Status.EXPIRED: _RAN_OUT,
}

GOING_ON, HALTED = "dpv:ActivityOngoing", "dpv:ActivityHalted"
"""Whether something is done with the data: not during a pause, which leaves the consent as it is."""

YES_TERMS = frozenset({*_YES, *_YES_AGAIN})
"""Where the data may be used."""

DATA: Mapping[Channel, str] = {
    Channel.EMAIL: "pd:EmailAddress",
    Channel.SMS: "pd:TelephoneNumber",
    Channel.WHATSAPP: "pd:TelephoneNumber",
    Channel.PHONE: "pd:TelephoneNumber",
    Channel.POST: "pd:PhysicalAddress",
    Channel.PUSH: "pd:DeviceBased",
}
"""What kind of data a channel needs."""

RIGHTS = ("eu-gdpr:A15", "eu-gdpr:A16", "eu-gdpr:A17", "eu-gdpr:A18", "eu-gdpr:A20")
"""What a person can do about their data: see, correct, erase, hold still, take along (articles of the GDPR)."""

ENDING: Mapping[Ground, str | None] = {
    Ground.CONSENT: "eu-gdpr:A7-3",
    Ground.INTEREST: "eu-gdpr:A21",
    Ground.CONTRACT: None,
}
"""By which right something is ended: withdrawing, objecting; a contract ends with the account."""


TERMS = frozenset({
    REQUESTED, GOING_ON, HALTED, *_YES, *_YES_AGAIN, *_NO, *_ENDED, *_RAN_OUT, *_STRUCK_OUT, *_GONE,
    *(basis.term for basis in BASES.values()), "dpv:ConsentNotice", "dpv:ConsentRecord", "dpv:DataController",
    "dpv:DataProcessingRecord", "dpv:DataSubject", "dpv:DataSubjectRight", "dpv:DirectMarketing",
    "dpv:EstablishContractualAgreement", "dpv:Frequency", "dpv:PersonalData", "dpv:PrivacyNotice", "dpv:Process",
    "dpv:ProvideConsent", "dpv:Purpose", "dpv:Service", "dpv:StorageDuration", "dpv:UntilEventDuration",
    "dpv:UntilTimeDuration", "dpv:WithdrawConsent", "eu-gdpr:A21", "eu-gdpr:A7-3", "schema:ContactPoint",
    "schema:PostalAddress", "schema:PropertyValue",
})  # fmt: skip
"""All terms that stand as values; those that stand as keys are in the context."""


def ground_of(legal_basis: str) -> Ground:
    """Tell what kind of basis this is."""
    return BASES[LegalBasis(legal_basis)].ground


def outcome(action: Action, status: Status | None, legal_basis: str) -> str:
    """Give the term for where something stands after a line."""
    terms = OUTCOMES[action] or (STANDING[status] if status else _GONE)
    return terms[list(Ground).index(ground_of(legal_basis))]
