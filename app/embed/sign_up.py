"""What the element asks for and sends: form definition, challenge, sign-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Annotated

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.branding.languages import match
from app.branding.models import Brand
from app.embed import definition
from app.embed.problems import Refused
from app.embed.script import cacheable
from app.flows import subscribe as flow
from app.http import ages, cors, guards, languages
from app.http.context import env, locale, provenance, transaction, write
from app.http.extensions import limiter
from app.kit.provenance import Provenance, Source
from app.services import challenges

Text = Annotated[str, StringConstraints(max_length=2_000)]
MOST_ITEMS = 50
View = Callable[[Brand], Response]


class SignUp(BaseModel):
    """What the element posts. `items` holds the signed notice of each ticked box by its item."""

    model_config = ConfigDict(strict=True)

    email: Text
    items: Annotated[dict[Text, Text], Field(max_length=MOST_ITEMS)]
    token: Text
    proof: Text
    website: Text = ""
    born: Text = ""
    country: Text = ""
    test: bool = False


def form(brand: Brand) -> Response:
    """Describe the form, in the language that the site speaks and that fits `lang` best."""
    topics = request.args.get("topics", "").replace(",", " ").split()
    found = definition.define(brand, locale(), topics)
    if not found.choices:
        raise Refused("not_offered")
    response = cacheable(jsonify(found.as_json()))
    if not languages.is_settled_by_link():
        response.vary.add("Accept-Language")
    return response


def for_pages_of_the_brand(view: View) -> View:
    """Refuse posts that do not come from a page of the brand, by their `Origin`; programs without one, too."""

    @wraps(view)
    def guarded(brand: Brand) -> Response:
        if not cors.is_listed(brand):
            raise Refused("origin_not_allowed")
        return view(brand)

    return guarded


@limiter.limit(guards.sign_ups_per_ip)
@for_pages_of_the_brand
def challenge(brand: Brand) -> Response:
    """Give a form token and a challenge. The form may come back once both are `seconds_to_wait` old."""
    return jsonify(
        token=guards.form_token(brand.slug),
        seconds_to_wait=env().settings.minimum_form_seconds,
        challenge=challenges.issue(env(), brand.slug),
    )


@guards.sign_up_limit
@for_pages_of_the_brand
def subscribe(brand: Brand) -> Response:
    """Take a sign-up; the answer is the same for every address that is one, and for whoever fell into the trap."""
    sent = _read()
    if match(languages.of_link(), brand.locales) is None:
        raise Refused("unknown_language")
    if refusal := guards.refusal_of(sent.token, brand.slug):
        raise Refused(refusal.value)
    if not definition.are_current(brand, locale(), sent.items):
        raise Refused("wording_changed")
    proof = challenges.read(env(), brand.slug, sent.proof)
    told = ages.told({ages.BORN: sent.born, ages.COUNTRY: sent.country})
    if sent.test:
        with transaction() as session:
            flow.check(session, brand, sent.email, sent.items, told)
        return _answer("test")
    if not guards.is_trapped({guards.HONEYPOT: sent.website}):
        came = _provenance(brand)
        write(lambda session: flow.subscribe(session, brand, sent.email, sent.items, came, proof, told=told))
    return _answer("check_your_mail")


def _read() -> SignUp:
    if request.mimetype != "application/json":
        raise Refused("unsupported_media_type")
    try:
        return SignUp.model_validate_json(request.get_data())
    except ValidationError as problem:
        raise _misfit(problem) from None


def _misfit(problem: ValidationError) -> Refused:
    if any(error["type"] == "json_invalid" for error in problem.errors()):
        return Refused("malformed_json")
    fields = sorted({str(error["loc"][0]) for error in problem.errors() if error["loc"]})  # names of ours alone
    return Refused("validation_error", f"Missing, too long or of a wrong kind: {', '.join(fields)}." if fields else "")


def _provenance(brand: Brand) -> Provenance:
    """Tell which site the form stood on, as evidence; `Origin` is one of those listed."""
    return replace(provenance(Source.FORM), page=f"/embed/{brand.slug}/subscribe on {request.headers['Origin']}")


def _answer(status: str) -> Response:
    response = jsonify(status=status)
    response.status_code = 200 if status == "test" else 202
    return response
