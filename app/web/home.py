"""The first page."""

from __future__ import annotations

from datetime import date

from flask import current_app, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from app.http.context import env
from app.web.blueprint import bp, render

GPC_SINCE = date(2026, 11, 30)
"""The day on which what is done about the signal was last changed."""


@bp.get("/")
def index() -> ResponseReturnValue:
    """Show the houses to whoever develops; elsewhere go to the group's page."""
    if env().settings.is_production:
        return redirect(url_for("web.sign_up", site=env().group.slug))
    return render("web/index.html", has_mailbox="dev" in current_app.blueprints)


@bp.get("/.well-known/gpc.json")
def privacy_signal() -> ResponseReturnValue:
    """Say that the signal of browsers against sale and sharing is kept to (Global Privacy Control, section 4)."""
    answer = jsonify({"gpc": True, "lastUpdate": GPC_SINCE.isoformat()})
    answer.cache_control.public, answer.cache_control.max_age = True, 86_400
    return answer
