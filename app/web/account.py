"""The account of a full customer: what belongs to it, its password, and where it is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.db import Session
from app.flows import recover
from app.http import guards
from app.http.context import env, provenance, transaction, write
from app.http.people import Visitor, full_session_required, renew_session_cookie, visitor
from app.kit.provenance import Source
from app.models import SessionRow
from app.services import accounts, passkeys, passwords, privacy_requests, second_factors, sessions
from app.services.privacy_requests import Kind
from app.web import new_password, present_password
from app.web.blueprint import bp, render
from app.web.forms import SecurityForm
from app.web.sayings import device_name

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it."""

    name: str
    handle: str
    """Names it in the form that ends it."""
    since: datetime
    last_seen: datetime
    is_this: bool
    is_full: bool


@bp.get("/<site>/account")
@full_session_required
def account(site: Site) -> ResponseReturnValue:
    """Show what belongs to the account."""
    who = visitor()
    with transaction() as session:
        email = accounts.primary_email(session, who.account_id) or ""
        found = accounts.find(session, who.account_id)
        since = found.registered_at if found else None
        erasure = privacy_requests.open_one(session, who.account_id, Kind.ERASURE)
    return render(
        "web/account.html", site=site, email=email, since=since, csrf_token=form_of(who)["csrf_token"].current_token,
        is_welcome="welcome" in request.args, erasure_due=erasure.due_at if erasure else None,
    )  # fmt: skip


@bp.get("/<site>/account/security")
@full_session_required
def security(site: Site) -> ResponseReturnValue:
    """Show where the account is signed in, and offer another password."""
    return _show(site, form_of(visitor()), {})


@bp.post("/<site>/account/security", endpoint="security_post")
@full_session_required
def security_post(site: Site) -> ResponseReturnValue:
    """End sessions."""
    guards.refuse_cross_site()
    who, form = visitor(), form_of(visitor())
    if not form.validate():
        return _show(site, form, {"form": problem_of(form)}, 422)
    secret = write(lambda session: _end(session, who, form.end.data or ""))
    answer = redirect(url_for("web.security", site=site.slug, ended=1, _anchor="sessions"), 303)
    return renew_session_cookie(answer, who, secret)


@bp.post("/<site>/account/security/password")
@full_session_required
def password_post(site: Site) -> ResponseReturnValue:
    """Set another password, for whoever knows the present one; all other sessions end."""
    guards.refuse_cross_site()
    who, form = visitor(), form_of(visitor())
    if not form.validate():
        return _show(site, form, {"form": problem_of(form)}, 422)
    if refused := present_password.refusal_of(site, who, form.present.data or ""):
        return _show(site, form, refused.errors, refused.status, refused.wait_seconds)
    with transaction() as session:
        is_on = second_factors.is_on(session, who.account_id)
    email = present_password.email_of(who)
    if problem := new_password.problem(form.password.data or "", email, has_second_factor=is_on):
        return _show(site, form, {"password": problem}, 422)
    hashed, came = env().hasher.hash(form.password.data or ""), provenance(Source.ACCOUNT)
    secret = write(lambda session: recover.change(session, site, who.account_id, hashed, who.row.digest, came))
    return renew_session_cookie(redirect(url_for("web.security", site=site.slug, changed=1), 303), who, secret)


def _end(session: Session, who: Visitor, handle: str) -> str | None:
    """End one session or all others; give the new secret of this one, where it has one."""
    if handle == OTHERS:
        return sessions.close_but(session, who.account_id, kept=who.row.digest)
    for row in sessions.of_account(session, who.account_id):
        if _handle(row) == handle:
            sessions.close_one(session, who.account_id, row.digest)
    return None


def _show(
    site: Site, form: SecurityForm, errors: dict[str, str], status: int = 200, wait_seconds: int = 0
) -> ResponseReturnValue:  # fmt: skip
    who = visitor()
    with transaction() as session:
        rows = sessions.of_account(session, who.account_id)
        has_password = passwords.hash_of(session, who.account_id) is not None
        is_on, keys = second_factors.is_on(session, who.account_id), passkeys.count(session, who.account_id)
    answer = make_response(render(
        "web/security.html", status=status, site=site, errors=errors, email=present_password.email_of(who),
        has_password=has_password, is_on=is_on, passkey_count=keys,
        open_sessions=[_told(row, who) for row in rows], csrf_token=form["csrf_token"].current_token,
        is_changed="changed" in request.args, is_ended="ended" in request.args,
        is_off="off" in request.args,
    ))  # fmt: skip
    if wait_seconds:
        answer.headers["Retry-After"] = str(wait_seconds)
    return answer


def _told(row: SessionRow, who: Visitor) -> OpenSession:
    return OpenSession(
        name=device_name(row.user_agent),
        handle=_handle(row),
        since=row.created_at,
        last_seen=row.last_seen_at or row.created_at,
        is_this=row.digest == who.row.digest,
        is_full=row.kind == sessions.FULL,
    )


def _handle(row: SessionRow) -> str:
    return row.digest[:16].hex()


def problem_of(form: SecurityForm) -> str:
    """Give what is wrong with a form as a whole, in words."""
    return str(next(iter(form["csrf_token"].errors), ""))


def form_of(who: Visitor) -> SecurityForm:
    """Read the form of somebody's account from the request."""
    return SecurityForm(meta={"csrf_context": who.form_subject})
