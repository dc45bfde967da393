"""Switch something on that is from a certain age: the one thing that the centre asks about before it does."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.branding.models import Brand, Site, Topic
from app.branding.wording import age as ages_of
from app.branding.wording import centre_small_print, statement
from app.db import Session
from app.environment import environment
from app.errors import BirthDateNeeded, TooYoung, UnknownItem
from app.flows import preferences as flow
from app.http import ages, guards
from app.http.context import env, locale, provenance, transaction, write
from app.http.people import preference_session_required, visitor
from app.kit.provenance import Source
from app.services import notices
from app.services.items import ItemRef
from app.web.blueprint import bp, render, render_error
from app.web.forms import AgeForm
from app.web.preferences import anchor_of, read_item, remembered
from app.web.presenters import countries_asked, foreign, own


@bp.get("/<site>/preferences/age")
@preference_session_required
def age(site: Site) -> ResponseReturnValue:
    """Ask for a date of birth, on the words that switching it on agrees to."""
    return _show(site, request.args.get("item", ""), {})


@bp.post("/<site>/preferences/age", endpoint="age_post")
@preference_session_required
def age_post(site: Site) -> ResponseReturnValue:
    """Look whether the person is old enough, and switch it on. What they told is not kept."""
    guards.refuse_cross_site()
    form, who = _form(), visitor()
    if not form.validate():
        return render_error(422, str(form["csrf_token"].errors[0]) if form["csrf_token"].errors else "")
    if form.words.data != notices.digest_of_centre(env(), site, locale(site)):
        return redirect(url_for("web.preferences", site=site.slug, reworded=1, _anchor="changed"), 303)
    name, told, came = form.item.data or "", ages.told(request.form), provenance(Source.CENTRE)

    def act(session: Session) -> str | None:
        item = read_item(session, site, name)
        lines = flow.change(session, who.account_id, {item: True}, came, site, told)
        return anchor_of(site, remembered(session, who, lines))

    try:
        anchor = write(act)
    except BirthDateNeeded:
        return _show(site, name, {ages.BORN: _(ages.NEEDED)}, 422)
    except TooYoung:
        return _show(site, name, {ages.BORN: _(ages.TOO_YOUNG_HERE)}, 422)
    except (UnknownItem, ValueError):
        return render_error(422, _("This is nothing that can be changed here."))
    return redirect(url_for("web.preferences", site=site.slug, _anchor=anchor), 303)


def _show(site: Site, name: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    try:
        with transaction() as session:
            item = read_item(session, site, name)
            brand, topic = _topic(session, item)
    except (UnknownItem, ValueError):
        return render_error(422, _("This is nothing that can be changed here."))
    spoken = brand.locale(locale(site))
    return render(
        "web/age.html", status=status, item=name, topic_name=own(topic.name, brand, spoken),
        description=own(topic.description, brand, spoken), lang=foreign(brand, locale(site)),
        statement=statement(brand, topic, item.channel or topic.channels[0], spoken),
        details=[*ages_of(topic, spoken), *centre_small_print(brand, spoken)], errors=errors,
        born=request.form.get(ages.BORN, ""), country=request.form.get(ages.COUNTRY, ""),
        countries=countries_asked([brand], locale(site)), words=notices.digest_of_centre(env(), site, locale(site)),
        csrf_token=_form()["csrf_token"].current_token,
    )  # fmt: skip


def _topic(session: Session, item: ItemRef) -> tuple[Brand, Topic]:
    brand = environment(session).group.brands.get(item.brand or "")
    topic = brand.topic(item.key) if brand and item.channel else None
    if brand is None or topic is None:
        raise ValueError(item.key)
    return brand, topic


def _form() -> AgeForm:
    return AgeForm(meta={"csrf_context": visitor().form_subject})
