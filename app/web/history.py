"""What a person agreed to and left, and when: the history of their own acts."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.http import guards
from app.http.context import env, locale, transaction
from app.http.people import preference_session_required, visitor
from app.services import history as service
from app.services.history import Cursor
from app.web import acts
from app.web.blueprint import bp, render


@bp.get("/<site>/preferences/history")
@preference_session_required
def history(site: Site) -> ResponseReturnValue:
    """Show the acts with one house, or on the group's page with all, newest first."""
    group = env().group
    before = Cursor.read(request.args.get("before", ""))
    with transaction() as session:
        brand = None if site.slug == group.slug else site.slug
        page = service.page(session, visitor().account_id, brand, before)
    return render(
        "web/history.html",
        days=acts.days(page.acts, group, locale(site)), older=page.older, is_first=before is None,
        csrf_token=guards.token_of_session(visitor().form_subject),
    )  # fmt: skip
