"""Brings the pages together and tells failures in their look."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from app.errors import DomainError
from app.web import (
    access,
    account,
    address,
    age,
    agree,
    check,
    check_in,
    confirm,
    dev,
    documents,
    erasing,
    history,
    home,
    languages,
    leave,
    passkey_sign_in,
    passkeys,
    phone,
    preferences,
    profile,
    records,
    recover,
    second_factor,
    sendings,
    sign_in,
    sign_up,
    themes,
    your_data,
)
from app.web import (
    register as registration,
)
from app.web.blueprint import bp, failed
from app.web.failures import refused

VIEWS = (
    access, account, address, age, agree, check, check_in, confirm, documents, erasing, history, home, languages, leave,
    passkey_sign_in, passkeys, phone, preferences, profile, records, recover, registration, second_factor, sendings,
    sign_in, sign_up, themes, your_data,
)  # fmt: skip
"""Named here because importing them is what adds their routes to the blueprint."""


def register(app: Flask) -> None:
    """Add all pages to `app`, and its answers to failures."""
    app.register_blueprint(bp)
    if _shows_mailbox(app):
        app.register_blueprint(dev.blueprint)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(DomainError, refused)


def _shows_mailbox(app: Flask) -> bool:
    settings = app.extensions["parley"].settings
    return not settings.is_production and not settings.mail_url
