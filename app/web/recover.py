"""Another password, for whoever has lost theirs: asked for with an address, set behind the link mailed to it."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.flows import recover as flow
from app.http import guards
from app.http.context import env, provenance, write
from app.http.extensions import limiter
from app.kit.provenance import Source
from app.kit.signing import Purpose
from app.web import address_form, links, new_password
from app.web.blueprint import bp, render

FORM = "web/reset.html"
OVER = "web/reset_over.html"


@bp.get("/<site>/password/reset")
def reset(site: Site) -> ResponseReturnValue:
    """Ask for the address of the account."""
    return address_form.show(FORM, site)


@bp.post("/<site>/password/reset", endpoint="reset_post")
@limiter.limit(guards.sign_ups_per_ip)
def reset_post(site: Site) -> ResponseReturnValue:
    """Mail a link, if there is such an account; the answer does not tell."""
    return address_form.take(FORM, site, flow.ask, "web.reset_sent")


@bp.get("/<site>/password/reset/sent")
def reset_sent(site: Site) -> ResponseReturnValue:
    """Say what to do next: the same words for every address."""
    return render("web/reset_sent.html", site=site)


@bp.get("/<site>/password/reset/<token>")
def reset_link(site: Site, token: str) -> ResponseReturnValue:
    """Show where the other password is chosen."""
    return links.opened(Purpose.RESET, token, OVER) or _show_password(site, token, {})


@bp.post("/<site>/password/reset/<token>", endpoint="reset_link_post")
def reset_link_post(site: Site, token: str) -> ResponseReturnValue:
    """Set it, once; every session ends, and one signs in with it."""
    guards.refuse_cross_site()
    over = links.opened(Purpose.RESET, token, OVER)
    if over is not None:
        return over
    password = request.form.get("password", "")
    if problem := new_password.problem(password, links.address_of(Purpose.RESET, token)):
        return _show_password(site, token, {"password": problem}, status=422)
    hashed = env().hasher.hash(password)
    if not write(lambda session: flow.reset(session, site, token, hashed, provenance(Source.RESET))):
        return render(OVER, status=410)
    return redirect(url_for("web.sign_in", site=site.slug, set=1), 303)


def _show_password(site: Site, token: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    email = links.address_of(Purpose.RESET, token)
    return render("web/reset_link.html", status=status, site=site, token=token, errors=errors, email=email)
