"""The passkeys of an account: add one, call it something else, remove it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.flows import passkeys as flow
from app.flows.passkeys import Removal
from app.http import guards
from app.http.context import provenance, transaction, write
from app.http.people import Visitor, fresh_session_required, full_session_required, to_prove_again, visitor
from app.kit.devices import device
from app.kit.provenance import Source
from app.models import PasskeyRow
from app.services import passkeys as services
from app.web import present_password
from app.web.blueprint import bp, render
from app.web.forms import PasskeysForm

REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class KeptPasskey:
    """A passkey as its owner sees it."""

    handle: str
    """Names it in its form."""
    name: str
    since: datetime
    last_used: datetime | None


@bp.get("/<site>/account/security/passkeys")
@full_session_required
def passkeys(site: Site) -> ResponseReturnValue:
    """List them, and offer to add one."""
    return _show(site, _form(visitor()), {})


@bp.get("/<site>/account/security/passkeys/new")
@fresh_session_required
def passkey_options(site: Site) -> ResponseReturnValue:  # noqa: ARG001 - every address begins with a site
    """Give the page's script what a browser needs to have a passkey made, to whoever signed in just now."""
    who, email = visitor(), present_password.email_of(visitor())
    with transaction() as session:
        options = services.options_to_add(session, who.account_id, who.row.digest, email)
    return Response(options, mimetype="application/json")


@bp.post("/<site>/account/security/passkeys", endpoint="passkeys_post")
@full_session_required
def passkeys_post(site: Site) -> ResponseReturnValue:
    """Add a passkey. That somebody signed in just now was asked when it was begun, and its challenge says so."""
    guards.refuse_cross_site()
    who, form = visitor(), _form(visitor())
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    answer, name, came = form.credential.data or "", _name(form) or _device(), provenance(Source.ACCOUNT)
    if not write(lambda session: flow.add(session, site, who.secret, answer, name, came)):
        return _show(site, form, {"passkey": _("That did not work, or took too long. Please try once more.")}, 422)
    return redirect(url_for("web.passkeys", site=site.slug, added=1), 303)


@bp.post("/<site>/account/security/passkeys/change", endpoint="passkeys_change_post")
@full_session_required
def passkeys_change_post(site: Site) -> ResponseReturnValue:
    """Call a passkey something else; or remove it, where somebody signed in just now."""
    guards.refuse_cross_site()
    who, form = visitor(), _form(visitor())
    if not form.validate():
        return _show(site, form, {"form": _problem(form)}, 422)
    row = _find(who, form.handle.data or "")
    if row is None:
        return redirect(url_for("web.passkeys", site=site.slug), 303)
    if form.act.data != REMOVE:
        name = _name(form) or row.name
        write(lambda session: flow.rename(session, who.account_id, row.credential_id, name))
        return redirect(url_for("web.passkeys", site=site.slug, renamed=1), 303)
    if not who.is_fresh:
        return to_prove_again()
    came = provenance(Source.ACCOUNT)
    removal = write(lambda session: flow.remove(session, site, who.account_id, row.credential_id, came))
    if removal is Removal.LAST:
        words = _("It is your only way in, since you have no password. Add another passkey first.")
        return _show(site, form, {"form": words}, 422)
    return redirect(url_for("web.passkeys", site=site.slug, removed=1), 303)


def _show(site: Site, form: PasskeysForm, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    who = visitor()
    with transaction() as session:
        rows = services.of_account(session, who.account_id)
    done = next((each for each in ("added", "renamed", "removed") if each in request.args), "")
    return render(
        "web/passkeys.html", status=status, site=site, errors=errors, done=done, is_fresh=who.is_fresh,
        kept=[KeptPasskey(_handle(row), row.name, row.created_at, row.last_used_at) for row in rows],
        suggestion=_device(), longest=services.LONGEST_NAME, csrf_token=form["csrf_token"].current_token,
    )  # fmt: skip


def _find(who: Visitor, handle: str) -> PasskeyRow | None:
    with transaction() as session:
        return next((row for row in services.of_account(session, who.account_id) if _handle(row) == handle), None)


def _handle(row: PasskeyRow) -> str:
    return hashlib.sha256(row.credential_id).hexdigest()[:32]


def _name(form: PasskeysForm) -> str:
    """Give a name that somebody wrote, without what PostgreSQL can't store."""
    return " ".join((form.name.data or "").replace("\x00", "").encode("utf-8", "ignore").decode().split())


def _device() -> str:
    """Call a passkey by what it is made with, until its owner has a better name for it."""
    found = device(request.user_agent.string)
    name = _("%(browser)s on %(system)s", browser=found.browser, system=found.system) if all(found) else ""
    return name or _("Passkey")


def _problem(form: PasskeysForm) -> str:
    return str(next(iter(form["csrf_token"].errors), ""))


def _form(who: Visitor) -> PasskeysForm:
    return PasskeysForm(meta={"csrf_context": who.form_subject})
