"""`/api/v1/accounts`: customers of other systems, and what these may know and say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from flask import Response, abort

from app.api import bodies, guard, once, queries
from app.api.account_shapes import AccountChange, NewAccount, NewFull, NewLite
from app.api.answers import answer, answer_nothing
from app.api.problems import Place, Refused
from app.branding.models import Brand, ProfileField, SiteGroup
from app.db import Session
from app.environment import Environment
from app.errors import UnknownItem
from app.flows import amend, introduce, register
from app.flows.amend import Amendment
from app.flows.introduce import Customer
from app.http.context import env, transaction, write
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.moments import shown
from app.kit.provenance import Provenance
from app.services import acquaintances, oauth
from app.services.access_tokens import Access
from app.services.acquaintances import Acquaintance, Asker
from app.services.idempotency import Answered
from app.services.profile_values import Problem, Unreadable, Value, read_held

READ, WRITE = "accounts:read", "accounts:write"

WRONG = {
    Problem.EMPTY: "is needed",
    Problem.TOO_LONG: "is too long",
    Problem.TOO_MANY_LINES: "has too many lines",
    Problem.STRANGE: "has a character that can't be kept",
    Problem.UNKNOWN: "is nothing that can be chosen or told here",
    Problem.NO_DAY: "must be a day such as 1990-02-28",
    Problem.TOO_EARLY: "is too early",
    Problem.TO_COME: "is still to come",
}


def create() -> Response:
    """Make an account, or find it.

    `lite`: a customer of yours, found by their e-mail address where it is known, and known by your `external_id` from
    then on. The brand must list the client's name under `trusted_evidence`. The address is not proved by it, unless you
    say when its owner acted from the mailbox (`proved_at`). Answers 201, or 200 where the id stood for them already.
    `full`: somebody wants to register. They are mailed the same link as by the brand's own form, set their password
    behind it, and nothing is kept before; the answer is always 202 and tells nothing of the address.
    Send an `Idempotency-Key`: the same request under it is done once and answered alike for 24 hours.
    """
    parley = env()
    access = guard.access(parley, WRITE)
    key = once.key()
    asked = bodies.read(NewAccount).root
    brand = brand_of(parley, access, asked.brand)
    came = guard.origin(access, brand.locale(asked.locale))
    return once.answer_once(parley, access, key, asked, lambda session: _create(session, brand, asked, came, access))


def show(account_id: str) -> Response:
    """Show an account.

    Gives kind, status, language, whether its addresses are proved, the profile and what this client calls the person;
    never an address. A client sees whom its brands have to do with: who ever said something to one of them, and whom it
    has an id for. Everybody else, and who was erased, is not found.
    """
    parley = env()
    access = guard.access(parley, READ)
    with transaction() as session:
        asker = asker_of(session, access)
        account = acquaintances.find(session, queries.read_id(account_id), asker)
        if account is None:
            refuse()
        body = _present(acquaintances.tell(session, account, asker))
    return answer(parley, body)


def change(account_id: str) -> Response:
    """Change an account: its language, its profile, what you call the person.

    As the person would on their own page, where they read that you did it; so the mailbox must have been proved (409
    `mailbox_not_proved`) and the brand must list the client's name under `trusted_evidence` (every brand, to take a
    postal address away), but for external ids, which are yours. Without a postal address what came by post ends, and
    the person is mailed about it. All of it is done, or nothing. Accounts that are held still stay as they are.
    """
    parley = env()
    access = guard.access(parley, WRITE)
    asked = bodies.read(AccountChange)
    brand = brand_of(parley, access, asked.brand)
    named = queries.read_id(account_id)
    wanted = _amendment(parley.group, asked)
    came = guard.origin(access, brand.locale(asked.locale))

    def act(session: Session) -> None:
        asker = asker_of(session, access)
        if acquaintances.find(session, named, asker) is None:
            refuse()
        amend.amend(session, brand, named, asker.name, wanted, came)

    write(act)
    return answer_nothing(parley)


def asker_of(session: Session, access: Access) -> Asker:
    """Give who asks, as services tell clients apart."""
    return Asker(oauth.name_of(session, access.client_id) or "", access.brands)


def refuse() -> NoReturn:
    """Say that there is nothing, or nothing for this client."""
    abort(404)


def _create(session: Session, brand: Brand, asked: NewLite | NewFull, came: Provenance, access: Access) -> Answered:
    if isinstance(asked, NewFull):
        register.ask(session, brand, asked.email, came)
        return Answered(202, {"account_id": None})
    if asked.proved_at is not None and asked.proved_at > clock.now():
        raise Refused("in_the_future")
    client = oauth.name_of(session, access.client_id) or ""
    customer = Customer(parse_email(asked.email), asked.external_id.system, asked.external_id.id, asked.proved_at)
    is_trusted = client in brand.trusted_evidence
    made = introduce.introduce(session, brand, client, customer, came, is_trusted=is_trusted)
    return Answered(201 if made.is_new_id else 200, {"account_id": str(made.account_id)})


def brand_of(parley: Environment, access: Access, slug: str) -> Brand:
    """Give a brand of the client; raise `BrandForbidden` for another's, `UnknownItem` for what is none."""
    guard.refuse_foreign_brand(parley, access, slug)
    brand = parley.group.brands.get(slug)
    if brand is None:
        raise UnknownItem(f"There is no brand “{slug}”.")
    return brand


def _amendment(group: SiteGroup, asked: AccountChange) -> Amendment:
    if asked.locale is not None and asked.locale not in group.languages:
        _misfit("/locale", f"must be one of {', '.join(group.languages)}")
    kept = [(_field(group, key), value) for key, value in asked.profile.items() if value is not None]
    return Amendment(
        locale=asked.locale,
        kept=[(field, _value(group, field, value)) for field, value in kept],
        removed=[_field(group, key).key for key, value in asked.profile.items() if value is None],
        external_ids=asked.external_ids,
    )


def _field(group: SiteGroup, key: str) -> ProfileField:
    found = group.profile_field(key)
    if found is None:
        _misfit("/profile/" + key.replace("~", "~0").replace("/", "~1"), "is no field of the profile")
    return found


def _value(group: SiteGroup, field: ProfileField, value: Mapping[str, str | list[str]]) -> Value:
    try:
        return read_held(group, field, value)
    except Unreadable as failure:
        places = [Place(pointer=f"/profile/{field.key}/{part}", detail=WRONG[problem])
                  for part, problem in failure.problems.items()]  # fmt: skip
        raise Refused("unfit_profile", errors=places) from None


def _misfit(pointer: str, what: str) -> NoReturn:
    raise Refused("unfit_profile", errors=[Place(pointer=pointer, detail=what)])


def _present(found: Acquaintance) -> dict[str, object]:
    account = found.account
    return {
        "account_id": str(account.id),
        "kind": account.kind,
        "status": account.status,
        "locale": account.locale,
        "created_at": shown(account.created_at),
        "registered_at": shown(account.registered_at),
        "contacts": [
            {"kind": each.kind, "is_proved": each.verified_at is not None, "is_primary": each.is_primary}
            for each in found.contacts
        ],
        "profile": {each.key: each.value for each in found.profile},
        "external_ids": {each.system: each.value for each in found.external_ids},
    }
