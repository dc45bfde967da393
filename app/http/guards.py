"""Guards of forms: where a post may come from, signed form tokens with a minimum age, and the trap for robots.

The sign-up form has the same guard on our own page, in a frame and as an element of other sites: `refusal_of`,
`is_trapped` and `sign_up_limit` here, and the limits per address in `services.messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Any

from flask import abort, g, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Form, ValidationError
from wtforms.csrf.core import CSRF
from wtforms.fields import HiddenField

from app.http.context import env
from app.http.extensions import limiter
from app.kit.signing import BadLink, ExpiredLink, Purpose

FORM_LASTS = timedelta(hours=12)
HONEYPOT = "website"


class Refusal(StrEnum):
    """Why a form is not taken; the value is a stable code."""

    STALE = "stale_form"
    TOO_SOON = "too_soon"
    REWORDED = "wording_changed"

    @property
    def words(self) -> str:
        """The same for the person who sent it."""
        if self is Refusal.TOO_SOON:
            return _("That was quicker than we can check. Please press the button once more.")
        if self is Refusal.REWORDED:
            return _("Our words have changed meanwhile. Please read them and tick once more.")
        return _("The form was open for too long. Please send it once more.")


Subject = str | list[str]
"""What a form token is made for: a site or session, followed by the locale and digest of the words that stood there."""


def form_token(subject: Subject) -> str:
    """Make a token for a form of `subject` that is fetched now."""
    return env().signer.sign(Purpose.FORM, subject)


def made_for(purpose: Purpose, token: str) -> Any:
    """Give the subject of a good token, None of any other."""
    try:
        return env().signer.read(purpose, token, FORM_LASTS)
    except (BadLink, ExpiredLink):
        return None


def refusal_of(token: str, subject: Subject, at_least: float | None = None) -> Refusal | None:
    """Judge the token that a form came back with: missing, forged, old, of another site or words, or used too soon.

    `at_least` are the seconds it takes to fill the form in, where it is not the time that settings give.
    """
    if at_least is None:
        at_least = env().settings.minimum_form_seconds
    try:
        made, age_seconds = env().signer.age(Purpose.FORM, token, FORM_LASTS)
    except (BadLink, ExpiredLink):
        return Refusal.STALE
    if made != subject:
        is_of_site = isinstance(made, list) and isinstance(subject, list) and made[:1] == subject[:1]
        return Refusal.REWORDED if is_of_site else Refusal.STALE
    return Refusal.TOO_SOON if age_seconds < at_least else None


def sign_ups_per_ip() -> str:
    """Give how many public forms one IP may send, in Flask-Limiter's words."""
    return env().settings.signups_per_ip


sign_up_limit = limiter.shared_limit(sign_ups_per_ip, scope="sign-up")
"""How many sign-ups one IP may send, by whatever form: decorates the views that take them."""


class SignedFormToken(CSRF):
    """WTForms' protection with a signed time in place of a cookie: for forms that anyone may post once.

    The token proves that the form was fetched from us, for this site and no sooner than two seconds ago. It needs no
    cookie, since there is no session that a forged post could abuse.
    """

    at_least: float | None = None

    def setup_form(self, form: Form) -> list[tuple[str, Any]]:
        """Remember which site the form belongs to, and which words stand there (`csrf_context`)."""
        self.subject: Subject = form.meta.csrf_context or ""
        return list(super().setup_form(form))

    def generate_csrf_token(self, csrf_token_field: HiddenField) -> str:  # noqa: ARG002 - WTForms' signature
        """Make a token for the site."""
        return form_token(self.subject)

    def validate_csrf_token(self, form: Form, field: HiddenField) -> None:  # noqa: ARG002 - WTForms' signature
        """Raise `ValidationError` for a token that is missing, forged, old, another site's, or used too soon."""
        if refusal := refusal_of(field.data or "", self.subject, self.at_least):
            raise ValidationError(refusal.words)


class PromptFormToken(SignedFormToken):
    """The same for forms that password managers fill in and send at once."""

    at_least = 0.0


def token_to_show(form: FlaskForm, subject: Subject) -> str:
    """Give the token for a form of WTForms that is shown (again), see `token_again`."""
    return token_again(str(form["csrf_token"].data or ""), subject)


def token_again(token: str, subject: Subject) -> str:
    """Give the token for a form that is shown (again): the one it came with while that is good, else a new one.

    A form that came back too soon keeps its token, so that the next press passes.
    """
    return token if refusal_of(token, subject) in {None, Refusal.TOO_SOON} else form_token(subject)


def token_of_session(subject: str) -> str:
    """Make a token for the forms of a session, which `Visitor.form_subject` names."""
    return env().signer.sign(Purpose.CENTRE_FORM, subject)


class SessionFormToken(CSRF):
    """Protection for forms behind a preference session: a token signed for that session alone."""

    def setup_form(self, form: Form) -> list[tuple[str, Any]]:
        """Remember the session (`csrf_context`)."""
        self.subject = str(form.meta.csrf_context or "")
        return list(super().setup_form(form))

    def generate_csrf_token(self, csrf_token_field: HiddenField) -> str:  # noqa: ARG002 - WTForms' signature
        """Make a token for the session."""
        return token_of_session(self.subject)

    def validate_csrf_token(self, form: Form, field: HiddenField) -> None:  # noqa: ARG002 - WTForms' signature
        """Raise `ValidationError` unless the token was made for this session."""
        try:
            subject = env().signer.read(Purpose.CENTRE_FORM, field.data or "", FORM_LASTS)
        except (BadLink, ExpiredLink):
            subject = None
        if subject != self.subject or not self.subject:
            raise ValidationError(_("The page was open for too long. Please try once more."))
        g.has_token_of_session = True


def has_token_of_session() -> bool:
    """Tell whether the form that was posted came from a page that we showed in this very session."""
    return bool(g.get("has_token_of_session"))


class Origin(Enum):
    """Where a post comes from, as far as the browser tells."""

    OURS = "ours"
    FOREIGN = "foreign"


def origin_of_post() -> Origin:
    """Judge by `Sec-Fetch-Site`, else by `Origin`; a program that sends neither is no browser to be tricked.

    Token pages say `Referrer-Policy: no-referrer`, which makes browsers send `Origin: null` with their own forms; that
    is only taken where `Sec-Fetch-Site` vouches for it, or an old browser sends nothing better.
    """
    fetched_from = request.headers.get("Sec-Fetch-Site")
    if fetched_from is not None:
        return Origin.OURS if fetched_from in {"same-origin", "none"} else Origin.FOREIGN
    origin = request.headers.get("Origin")
    ours = {None, "null", env().settings.origin, request.host_url.rstrip("/")}
    return Origin.OURS if origin in ours else Origin.FOREIGN


def refuse_cross_site() -> None:
    """Answer 403 to a post that another site made the browser send."""
    if origin_of_post() is Origin.FOREIGN:
        abort(403)


def is_trapped(fields: Mapping[str, Any] | None = None) -> bool:
    """Tell whether the field that people never see was filled in; of the form that was posted, unless `fields` say."""
    return bool((request.form if fields is None else fields).get(HONEYPOT))
