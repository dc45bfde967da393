"""Shall things go on under a document's new version? Asked with a session, or behind the link of a mail."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.branding.models import Site
from app.db import Session
from app.flows import reconsent as flow
from app.flows.reconsent import Answered, Outcome
from app.http import guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import Visitor, preference_session_required, visitor
from app.kit.provenance import Source
from app.services import reconsent, reconsent_links, reconsent_words, sessions, tokens
from app.services.reconsent import Question
from app.web.blueprint import bp, render, render_error
from app.web.forms import AgreeForm
from app.web.pages import Asked, AskedItem
from app.web.sayings import marked


@bp.get("/<site>/preferences/agree")
@preference_session_required
def agree(site: Site) -> ResponseReturnValue:
    """Put all questions that the person has still to answer; none of them stands in the way."""
    who = visitor()
    with transaction() as session:
        asked = [put(each, locale(site)) for each in reconsent.questions(session, who.account_id)]
    if not asked:
        return redirect(_onward(site, who), 303)
    return render(
        "web/agree.html", asked=asked, csrf_token=guards.token_of_session(who.form_subject), onward=_onward(site, who),
        told=request.args.get("told"),
    )  # fmt: skip


@bp.post("/<site>/preferences/agree", endpoint="agree_post")
@preference_session_required
def agree_post(site: Site) -> ResponseReturnValue:
    """Take the answer to one of them, from here or from the centre."""
    guards.refuse_cross_site()
    who, form, came = visitor(), _form(visitor()), provenance(Source.CENTRE)
    if not form.validate():
        return render_error(422, str(next(iter(form["csrf_token"].errors), "")))
    agrees, seen = _read(form.answer.data)

    def act(session: Session) -> Answered:
        answered = flow.answer(session, who.account_id, seen, came, site, agrees=agrees)
        if answered.outcome is Outcome.LEFT and answered.lines:
            sessions.remember_change(session, who.secret, answered.lines)
        return answered

    told = write(act).outcome
    with transaction() as session:
        is_done = not reconsent.questions(session, who.account_id)
    page = "web.preferences" if is_done else "web.agree"
    return redirect(url_for(page, site=site.slug, told=told.value, _anchor="changed"), 303)


@bp.get("/<site>/reconsent/<token>")
def reconsent_link(site: Site, token: str) -> ResponseReturnValue:
    """Put the one question of a mail, with its two buttons."""
    with transaction() as session:
        try:
            behind = reconsent_links.read(session, token)
        except tokens.BadLink:
            return render("web/link_invalid.html", status=404)
    if behind.question is None:
        return _told(Outcome.OVER, is_known=behind.account_id is not None)
    asked = put(behind.question, locale(site))
    return render("web/agree_link.html", token=token, asked=asked, told=request.args.get("told"))


@bp.post("/<site>/reconsent/<token>", endpoint="reconsent_link_post")
def reconsent_link_post(site: Site, token: str) -> ResponseReturnValue:
    """Take the answer."""
    guards.refuse_cross_site()
    agrees, seen = _read(request.form.get("answer"))
    came = provenance(Source.RECONSENT_PAGE)
    try:
        with transaction() as session:
            question = reconsent_links.read(session, token).question
        told = write(lambda session: flow.answer_by_link(session, token, seen, came, agrees=agrees)).outcome
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    if told is Outcome.REWORDED:
        return redirect(url_for("web.reconsent_link", site=site.slug, token=token, told=told.value), 303)
    with transaction() as session:
        is_known = reconsent_links.read(session, token).account_id is not None
    return _told(told, put(question, locale(site)) if question else None, is_known=is_known)


def put(question: Question, spoken: str) -> Asked:
    """Put a question into what a template needs of it, in the reader's language."""
    told, change = reconsent_words.told(env().group, question, spoken), question.change
    count = len(told.concerned)
    return Asked(
        heading=told.heading,
        version=told.version,
        lead=told.lead,
        items=tuple(AskedItem(each.house, marked(each.name, each.lang), each.way) for each in told.concerned),
        statement=told.statement,
        value=told.digest.hex(),
        yes=reconsent_words.yes(count, spoken),
        no=reconsent_words.no(count, spoken),
        changes=f"/{change.site.slug}/{reconsent.difference(question)}",
    )


def in_centre(asked: list[Question], site: Site) -> list[Question]:
    """Keep what the centre of a site asks: about the notices of the group and of the houses that it shows."""
    group = env().group
    shown = {group.slug, site.slug, *(group.brands if site.slug == group.slug else ())}
    return [each for each in asked if each.change.site.slug in shown and not each.change.is_of_account]


def _told(outcome: Outcome, asked: Asked | None = None, *, is_known: bool = True) -> ResponseReturnValue:
    """Say what came of an answer, and to what it was."""
    status = 410 if outcome is Outcome.OVER and not is_known else 200
    return render("web/agree_told.html", status=status, told=outcome.value, asked=asked, is_known=is_known)


def _read(answer: str | None) -> tuple[bool, str]:
    """Read `yes=<digest>` or `no=<digest>`; whatever else it is, no words have such a digest."""
    said, _sign, seen = (answer or "").partition("=")
    return said == "yes", seen if said in {"yes", "no"} else ""


def _onward(site: Site, who: Visitor) -> str:
    return url_for("web.account" if who.is_full else "web.preferences", site=site.slug)


def _form(who: Visitor) -> AgreeForm:
    return AgreeForm(meta={"csrf_context": who.form_subject})
