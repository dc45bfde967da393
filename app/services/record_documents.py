"""A record as JSON-LD, for programs and to keep, and signed so that anybody can verify where it comes from.

It holds no address and no name of the person, only the account's id. What it says is in the vocabulary of
`services.dpv`, shaped as the group's guide shapes consent records; what rests on no consent is a record of processing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jws

from app.branding.languages import tag
from app.branding.models import Kind, Site
from app.db import Session
from app.environment import Environment, environment
from app.kit.provenance import ActorKind
from app.services import dpv, records, signing_keys
from app.services.dpv import Ground
from app.services.folding import Action, Line
from app.services.records import NoticeVersion, Record, Step

MEDIA_TYPE = "application/ld+json"
SIGNED_MEDIA_TYPE = "application/jose"
SCHEMA_PATH = "/static/schemas/consent-record.schema.json"
TYPE = "consent-record+jws"
"""What the signature is for (RFC 8725, section 3.11): no access token, although the same keys sign those."""

UNTIL_ENDED = {"@type": "dpv:UntilEventDuration", "rdf:value": "until the person ends it"}
UNTIL_ERASED = {"@type": "dpv:UntilEventDuration", "rdf:value": "until the person has their data deleted"}
OTHERS = frozenset({ActorKind.CLIENT.value, ActorKind.IMPORT.value, ActorKind.STAFF.value})
"""Who notes acts of the person that were done elsewhere."""

Node = dict[str, Any]


def document(session: Session, record: Record) -> Node:
    """Write a record as JSON-LD; the same record is the same document, however often it is asked for."""
    origin, house = environment(session).settings.origin, records.site_of(environment(session).group, record)
    last = record.steps[-1]
    ground = dpv.ground_of(last.line.legal_basis)
    is_consent = ground is Ground.CONSENT
    return {
        "@context": dict(dpv.CONTEXT),
        "@id": f"{origin}/api/v1/receipts/{record.id}",
        "@type": "dpv:ConsentRecord" if is_consent else "dpv:DataProcessingRecord",
        "dct:identifier": record.id,
        "dct:conformsTo": [f"{origin}{SCHEMA_PATH}", *([dpv.PROFILE] if is_consent else []), dpv.RELEASE],
        "dct:created": _time(record.steps[0].line.recorded_at),
        "dct:modified": _time(last.line.recorded_at),
        "dpv:hasDataSubject": _subject(record),
        "dpv:hasDataController": _controller(origin, house),
        "dpv:hasJurisdiction": f"loc:{house.controller.country}",
        "dpv:hasProcess": _process(session, record, house),
        "dpv:hasNotice": list(_notices(session, record)),
        **({"dpv:hasConsentControl": _control(origin, house)} if is_consent else {}),
        "dpv:hasRight": list(_rights(origin, house, ground)),
        ground.value: _present(origin, house, record),
        "dct:hasPart": [_step(session, house, record, step) for step in record.steps],
    }


def encode(content: Mapping[str, Any]) -> bytes:
    """Write a document out, readable for people."""
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def sign(env: Environment, content: Mapping[str, Any]) -> str:
    """Sign a document (JWS, RFC 7515, compact) with the key whose public half is published."""
    key = signing_keys.signing_key(env)
    header = {"alg": signing_keys.ALGORITHM, "kid": key.kid, "typ": TYPE, "cty": "ld+json"}
    return jws.serialize_compact(header, encode(content), key, algorithms=[signing_keys.ALGORITHM])


def _subject(record: Record) -> Node:
    account_id = str(record.account_id)
    return {"@id": f"urn:uuid:{account_id}", "@type": "dpv:DataSubject", "dct:identifier": account_id}


def _controller(origin: str, house: Site) -> Node:
    found = house.controller
    return {
        "@id": _controller_id(origin, house),
        "@type": "dpv:DataController",
        "dpv:hasIdentifier": _controller_id(origin, house),
        "dpv:hasName": found.name,
        "schema:address": {
            "@type": "schema:PostalAddress",
            "schema:streetAddress": ", ".join(found.postal_address),
            "schema:addressCountry": found.country,
        },
        "schema:contactPoint": {"@type": "schema:ContactPoint", "schema:email": found.contact},
    }


def _controller_id(origin: str, house: Site) -> str:
    return f"{origin}/{house.slug}/#controller"


def _process(session: Session, record: Record, house: Site) -> Node:
    origin, item, state = environment(session).settings.origin, record.item, record.state
    accepted = records.accepted(session, record)
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": _purpose(record, house),
        "dpv:hasService": {"@id": f"{origin}/{house.slug}/", "@type": "dpv:Service", "dpv:hasName": house.name},
        "dpv:hasPersonalData": dpv.DATA[item.channel] if item.channel else "dpv:PersonalData",
        **({"schema:deliveryMethod": item.channel.value} if item.channel else {}),
        **(_frequency(state.frequency) if state and state.frequency else {}),
        "dpv:hasLegalBasis": _basis(record.legal_basis.value),
        "dpv:hasRecipient": _controller_id(origin, house),
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dpv:hasDuration": UNTIL_ERASED},
        "dpv:hasActivityStatus": _activity(is_yes=record.is_yes, paused_until=state.paused_until if state else None),
        **({"dct:references": _address(origin, accepted)} if accepted else {}),
    }


def _purpose(record: Record, house: Site) -> Node:
    item = record.item
    title, description = records.words_of(house, item)
    broader = {Kind.SUBSCRIPTION: "dpv:DirectMarketing", Kind.DOCUMENT: "dpv:EstablishContractualAgreement"}
    return {
        "@type": "dpv:Purpose",
        "dct:identifier": ":".join(filter(None, (item.brand, item.key, item.channel and item.channel.value))),
        **({"skos:broader": broader[item.kind]} if item.kind in broader else {}),
        **({"dct:title": _by_tag(title)} if title else {}),
        **({"dct:description": _by_tag(description)} if description else {}),
    }


def _notices(session: Session, record: Record) -> Iterator[Node]:
    """Tell the version of the privacy notice, and all words that were seen, each once."""
    origin, found = environment(session).settings.origin, records.privacy_notice(session, record)
    if found:
        yield {
            "@id": _address(origin, found), "@type": "dpv:PrivacyNotice", "dct:date": found.version.isoformat(),
            "dct:language": [tag(each) for each in found.site.locales],
        }  # fmt: skip
    seen = {step.notice: step.act for step in record.steps if step.notice}
    for digest, act in seen.items():
        yield {
            "@id": _words_id(digest), "@type": "dpv:ConsentNotice", "dct:identifier": digest.hex(),
            "dct:language": tag(act.words_locale), "schema:text": act.words,
        }  # fmt: skip


def _control(origin: str, house: Site) -> Node:
    return {"@type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"], "dpv:isExercisedAt": _centre(origin, house)}


def _rights(origin: str, house: Site, ground: Ground) -> Iterator[Node]:
    if article := dpv.ENDING[ground]:
        yield {"@type": ["dpv:DataSubjectRight", article], "dpv:isExercisedAt": _centre(origin, house)}
    at = f"{origin}/{house.slug}/account/data"
    yield {"@type": ["dpv:DataSubjectRight", *dpv.RIGHTS], "dpv:isExercisedAt": at}


def _present(origin: str, house: Site, record: Record) -> Node:
    """Tell where it stands: what was said last, by whom and when, and until when it holds."""
    deciding = record.deciding
    until = record.state.expires_at if record.state else None
    return {
        "@type": deciding.term,
        **_who(origin, house, deciding.act.actor_kind),
        "dpv:isIndicatedAtTime": _time(deciding.act.at),
        **({"dpv:hasDuration": _until(until)} if record.is_yes else {}),
    }


def _step(session: Session, house: Site, record: Record, step: Step) -> Node:
    act, line, origin = step.act, step.line, environment(session).settings.origin
    version = None if act.is_asking else records.version_of(session, record, line.document_version)
    name = records.id_of(record.account_id, line.sequence)
    return {
        "@id": f"{origin}/api/v1/receipts/{name}#{'asking' if act.is_asking else 'act'}",
        "@type": step.term,
        "dct:identifier": name,
        "schema:position": line.sequence,
        "skos:notation": "asked" if act.is_asking else line.action.value,
        **_who(origin, house, act.actor_kind),
        "dpv:isIndicatedAtTime": _time(act.at),
        "dct:created": _time(line.recorded_at),
        **({"dpv:hasIndicationMethod": act.source} if act.source else {}),
        **({"schema:location": act.page} if act.page else {}),
        "dct:language": tag(act.locale),
        "dpv:hasLegalBasis": _basis(line.legal_basis),
        **({"dpv:hasNotice": _words_id(step.notice)} if step.notice else {}),
        **({"dct:references": _address(origin, version)} if version else {}),
        **({} if act.is_asking else _terms(line)),
        "schema:identifier": _mac(step),
    }


def _who(origin: str, house: Site, actor: str) -> Node:
    """Tell whose act it was: the person's, also where somebody noted it for them, or of itself."""
    if actor == ActorKind.SYSTEM:
        return {"dpv:isIndicatedBy": _controller_id(origin, house)}
    noted = {"dpv:isImplementedByEntity": _controller_id(origin, house)} if actor in OTHERS else {}
    return {"dpv:isIndicatedBy": "dpv:DataSubject", **noted}


def _terms(line: Line) -> Node:
    """Tell what a line set: how often, until when, and during which pause nothing comes."""
    attributes = line.attributes
    found: Node = {}
    if attributes.get("frequency"):
        found |= _frequency(attributes["frequency"])
    if attributes.get("expires_at"):
        found["dpv:hasDuration"] = _until(datetime.fromisoformat(attributes["expires_at"]))
    if attributes.get("paused_until"):
        found["dpv:hasActivityStatus"] = _activity(
            is_yes=True, paused_until=datetime.fromisoformat(attributes["paused_until"])
        )
    if line.action is Action.RESUMED:
        found["dpv:hasActivityStatus"] = _activity(is_yes=True, paused_until=None)
    return found


def _activity(*, is_yes: bool, paused_until: datetime | None) -> Node:
    """Tell whether something is done with the data, and of a pause how long it lasts."""
    if paused_until:
        return {"@type": dpv.HALTED, "dpv:hasDuration": _until(paused_until)}
    return {"@type": dpv.GOING_ON if is_yes else dpv.HALTED}


def _frequency(key: str) -> Node:
    return {"dpv:hasFrequency": {"@type": "dpv:Frequency", "skos:notation": key}}


def _basis(legal_basis: str) -> Node:
    term = next(basis.term for each, basis in dpv.BASES.items() if each == legal_basis)
    return {"@type": term, "skos:notation": legal_basis}


def _mac(step: Step) -> Node:
    return {"@type": "schema:PropertyValue", "schema:propertyID": "ledger-mac", "schema:value": step.mac.hex()}


def _until(moment: datetime | None) -> Node:
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": _time(moment)} if moment else dict(UNTIL_ENDED)


def _words_id(digest: bytes) -> str:
    """Name words by their digest (RFC 6920), the same in every record."""
    return f"ni:///sha-256;{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _centre(origin: str, house: Site) -> str:
    return f"{origin}/{house.slug}/preferences"


def _address(origin: str, found: NoticeVersion) -> str:
    return f"{origin}/{found.site.slug}/documents/{found.document.slug}?version={found.version.isoformat()}"


def _by_tag(words: Mapping[str, str]) -> dict[str, str]:
    return {tag(locale): text for locale, text in words.items()}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
