"""Sign in with a passkey: what the page's script needs for it, and what it brings back."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.flows import sign_in as flow
from app.http import guards
from app.http.context import provenance, transaction, write
from app.http.extensions import origin_of_request
from app.http.people import former_secret
from app.kit.provenance import Source
from app.services import passkeys
from app.web.blueprint import bp
from app.web.forms import PasskeyForm
from app.web.sign_in import entered, show, waiting


@bp.get("/<site>/sign-in/passkey")
def passkey_sign_in_options(site: Site) -> ResponseReturnValue:  # noqa: ARG001 - every address begins with a site
    """Give a fresh challenge, and what else a browser needs to have a passkey chosen."""
    with transaction() as session:
        return Response(passkeys.options_to_sign_in(session), mimetype="application/json")


@bp.post("/<site>/sign-in/passkey", endpoint="passkey_sign_in_post")
def passkey_sign_in_post(site: Site) -> ResponseReturnValue:
    """Open a session for whoever shows a passkey; one answer for all that do not fit."""
    guards.refuse_cross_site()
    form = PasskeyForm.for_site(site)
    if problem := form.problem():
        return show(site, form, {"form": problem}, 422)
    answer, origin, came = form.credential.data or "", origin_of_request(), provenance(Source.SIGN_IN)
    former = former_secret()
    found = write(lambda session: flow.with_passkey(session, site, answer, origin, former, came))
    if found.wait_seconds:
        words = _("That was tried too often. Please wait a few minutes.")
        return waiting(show(site, form, {"form": words}, 429), found.wait_seconds)
    if not found.secret:
        words = _("That passkey did not fit. Try once more, or sign in with your password.")
        return show(site, form, {"passkey": words}, 422)
    return entered(site, found.secret)
