"""The form that asks for an address and mails a link to it: to the centre, to an account, to another password."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Site
from app.db import Session
from app.errors import InvalidAddress
from app.http import guards
from app.http.context import provenance, write
from app.kit.provenance import Provenance, Source
from app.web.blueprint import render
from app.web.forms import PublicForm

Ask = Callable[[Session, Site, str, Provenance], object]
"""A flow that may mail to the address; it raises `InvalidAddress`, and says nothing about whether it is known."""


def show(template: str, site: Site, **told: bool) -> ResponseReturnValue:
    """Show the empty form; `told` goes to the template."""
    return _show(template, site, PublicForm.for_site(site), {}, **told)


def take(template: str, site: Site, ask: Ask, sent: str) -> ResponseReturnValue:
    """Let `ask` act on what was typed and go on to the page `sent`, or show the form with what is wrong with it."""
    guards.refuse_cross_site()
    form = PublicForm.for_site(site)
    if problem := form.problem():
        return _show(template, site, form, {"form": problem}, 422)
    if not guards.is_trapped():
        try:
            write(lambda session: ask(session, site, form.email.data or "", provenance(Source.FORM)))
        except InvalidAddress:
            return _show(template, site, form, {"email": _("Write an address like name@example.com.")}, 422)
    return redirect(url_for(sent, site=site.slug), 303)


def _show(
    template: str, site: Site, form: PublicForm, errors: Mapping[str, str], status: int = 200, **told: bool
) -> ResponseReturnValue:
    return render(
        template, status=status, form_token=guards.token_to_show(form, site.slug), honeypot_name=guards.HONEYPOT,
        email=form.email.data or "", errors=errors, **told,
    )  # fmt: skip
