"""Which language an answer is in: what the link, the form, the account and the browser wish for, in this order."""

from __future__ import annotations

from flask import g, request
from flask_babel import refresh
from werkzeug.exceptions import HTTPException

from app.branding import languages

FIELD = "lang"
"""Names the language in links, and in forms: one that was opened in French answers in French."""

FOR_DEVELOPERS = frozenset({"api", "dev", "hooks"})
"""Surfaces that speak English alone, whatever is wished for: the API and its documentation, what mail servers report
to, and the mailbox of developers. So do commands, logs, the sample site and the brand teams' preview; `babel.cfg`
leaves their templates out."""


def wishes() -> list[str]:
    """Give the language tags that this request asks for, the strongest wish first."""
    return [of_link(), _of_form(), g.get("account_language", ""), *_of_browser()]


def of_link() -> str:
    """Give what the link names, whatever it is; empty when it names none."""
    return request.args.get(FIELD, "")


def prefer(account_language: str) -> None:
    """From now on this request also minds the language that the account of its session reads."""
    g.account_language = account_language
    refresh()


def is_settled_by_link() -> bool:
    """Tell whether the link alone decides, so that the answer is the same for every browser."""
    site = g.get("site")
    return bool(site) and languages.match(of_link(), site.locales) is not None


def _of_form() -> str:
    if request.method != "POST":
        return ""
    try:
        return request.form.get(FIELD, "")
    except HTTPException:  # a form too large to be read, or cut off, is told in some language too
        return ""


def _of_browser() -> list[str]:
    return [wanted for wanted, quality in request.accept_languages if quality > 0]
