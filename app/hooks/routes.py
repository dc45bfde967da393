"""Brings the hooks together."""

from __future__ import annotations

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from app.hooks import sms
from app.hooks.guard import told

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")
blueprint.register_error_handler(HTTPException, told)
blueprint.post("/sms/<token>")(sms.take)


def register(app: Flask) -> None:
    """Add the hooks to `app`."""
    app.register_blueprint(blueprint)
