"""Whether the process lives, and whether it may serve."""

from __future__ import annotations

from pathlib import Path

from alembic.script import ScriptDirectory
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.db import is_unavailable
from app.http.context import transaction
from app.services import readiness

MIGRATIONS = Path(__file__).parents[2] / "migrations"

blueprint = Blueprint("health", __name__)
_scripts = ScriptDirectory(str(MIGRATIONS))
_head = _scripts.get_current_head() or ""
_older = {script.revision for script in _scripts.walk_revisions()} - {_head}


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer as long as the process does."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 200 when requests can be served, else 503 with the reasons."""
    try:
        with transaction() as session:
            found = readiness.obstacles(session, _head, _older)
    except Exception as failure:
        if not is_unavailable(failure):
            raise
        found = ["The database can't be reached."]
    if found:
        return jsonify(status="not ready", reasons=found), 503
    return jsonify(status="ready")
