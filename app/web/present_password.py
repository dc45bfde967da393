"""Whether somebody in their account knows its password: asked again before what a stolen session must not do."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from app.branding.models import Site
from app.flows import sign_in as flow
from app.http.context import env, transaction, write
from app.http.extensions import origin_of_request
from app.http.people import Visitor
from app.services import accounts


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody goes no further: the field it is about, words for people, and the status of the page."""

    field: str
    words: str
    status: int = 422
    wait_seconds: int = 0

    @property
    def errors(self) -> dict[str, str]:
        """The same for a page with a form."""
        return {self.field: self.words}


def too_often(wait_seconds: int) -> Refusal:
    """Refuse whoever had their share of tries."""
    words = _("That was tried too often. Please wait a few minutes, or set another password.")
    return Refusal("form", words, 429, wait_seconds)


def missing() -> str:
    """Ask for what was left empty; that is no try."""
    return _("Write your password.")


def refusal_of(site: Site, who: Visitor, password: str) -> Refusal | None:
    """Count a try, and refuse a wrong password; None for the right one. Takes a tenth of a second."""
    if not password:
        return Refusal("present", missing())
    email = email_of(who)
    attempt = write(lambda session: flow.begin(session, email, origin_of_request()))
    if attempt.wait_seconds:
        return too_often(attempt.wait_seconds)
    if env().hasher.fits(attempt.hash, password):
        return None
    write(lambda session: flow.fail(session, site, attempt))
    return Refusal("present", _("That is not your present password."))


def email_of(who: Visitor) -> str:
    """Give the address of somebody's account, as it was typed."""
    with transaction() as session:
        return accounts.primary_email(session, who.account_id) or ""
