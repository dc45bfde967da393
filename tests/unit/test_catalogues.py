"""Nothing that Parley says is missing in any language that a house speaks; and each check goes red."""

from __future__ import annotations

from datetime import date

import pytest
from babel.messages.catalog import Catalog

from app.branding.catalogue import country_name, long_date, translations
from tests import catalogues

ONE, MANY = "One mail for %(name)s.", ("%(num)d mail", "%(num)d mails")


def catalogue(**changes):
    """Make a catalogue in French without any mistake, or with those of `changes`."""
    made = Catalog(locale=changes.pop("locale", "fr"))
    texts = {ONE: "Un e-mail pour %(name)s.", MANY: ("%(num)d e-mail", "%(num)d e-mails"), **changes.pop("texts", {})}
    for sentence, text in texts.items():
        if text is not None:
            made.add(sentence, text, flags=changes.get("flags", ()))
    if "plurals" in changes:
        made.mime_headers = [("Plural-Forms", changes["plurals"])]
    return made


def test_there_is_a_catalogue_for_every_language_of_the_houses(group):
    spoken = {locale for site in (group, *group.brands.values()) for locale in site.locales}
    assert spoken - {"en"} == set(catalogues.locales())


@pytest.mark.parametrize("locale", catalogues.locales())
def test_every_sentence_is_translated_and_no_other_is_kept(locale):
    assert len(catalogues.said()) > 200
    assert catalogues.mistakes(catalogues.read(locale), catalogues.said()) == []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({}, None),
        ({"texts": {ONE: None}}, "missing"),
        ({"texts": {"Nobody says this.": "Personne ne dit ceci."}}, "nobody says"),
        ({"texts": {ONE: ""}}, "not translated"),
        ({"texts": {MANY: ("%(num)d e-mail", "")}}, "not translated"),
        ({"flags": ["fuzzy"]}, "fuzzy"),
        ({"texts": {ONE: "Un e-mail."}}, "placeholders differ"),
        ({"texts": {ONE: "Un e-mail pour %(nom)s."}}, "a placeholder of its own"),
        ({"texts": {ONE: "Un e-mail pour %(name)d."}}, "a placeholder of its own"),
        ({"texts": {MANY: ("%(num)d e-mail",)}}, "1 forms"),
        ({"texts": {ONE: "L'e-mail pour %(name)s."}}, "typography"),
        ({"texts": {ONE: "Un e-mail pour %(name)s !"}}, "typography"),
        ({"texts": {ONE: "Un e-mail pour %(name)s?"}}, "typography"),
        ({"locale": "zh_Hans"}, "2 forms"),
        ({"plurals": "nplurals=3; plural=0"}, "3 plural forms, not 2"),
    ],
)
def test_each_mistake_is_found(broken, complaint):
    found = catalogues.mistakes(catalogue(**broken), [ONE, MANY])
    assert any(complaint in each for each in found) if complaint else not found, found


@pytest.mark.parametrize(
    ("locale", "text", "is_wrong"),
    [
        ("fr", "Vraiment\u202f? Oui\u00a0: «\u00a0ici\u00a0».", False),
        ("fr", "Vraiment ?", True),
        ("fr", "« ici »", True),
        ("de", "Wirklich? Ja: „hier“.", False),
        ("de", "Wirklich ?", True),
        ("zh_Hans", "真的吗？是：“这里”。", False),
        ("zh_Hans", "真的吗?", True),
        ("zh_Hans", "是的, 这里。", True),
    ],
)
def test_the_marks_of_each_language_are_set_as_its_typesetters_do(locale, text, is_wrong):
    assert bool(catalogues.TYPOGRAPHY[locale].search(text)) is is_wrong


def test_what_was_compiled_is_what_was_written():
    for locale in catalogues.locales():
        for message in catalogues.read(locale):
            if message.id and isinstance(message.id, str):
                assert translations(locale).gettext(message.id) == message.string


@pytest.mark.parametrize(
    ("locale", "day", "country"),
    [
        ("en", "3 March 2026", "Germany"),
        ("fr", "3 mars 2026", "Allemagne"),
        ("de", "3. März 2026", "Deutschland"),
        ("zh_Hans", "2026年3月3日", "德国"),
    ],
)
def test_days_and_countries_are_written_as_the_language_does(locale, day, country):
    assert long_date(date(2026, 3, 3), locale) == day
    assert country_name("DE", locale) == country


def test_the_first_of_a_month_is_an_ordinal_in_french():
    assert [long_date(date(2026, 12, day), "fr") for day in (1, 11)] == ["1er décembre 2026", "11 décembre 2026"]
    assert long_date(date(2026, 12, 1), "de") == "1. Dezember 2026"


@pytest.mark.parametrize(
    ("locale", "none", "one", "many"),
    [
        ("fr", "pendant 0 jour.", "pendant 1 jour.", "pendant 2 jours."),
        ("de", "0 Tage lang.", "1 Tag lang.", "2 Tage lang."),
        ("zh_Hans", "在 0 天内有效。", "在 1 天内有效。", "在 2 天内有效。"),
    ],
)
def test_plurals_follow_the_rules_of_the_language(locale, none, one, many):
    ngettext = translations(locale).ngettext
    days = [ngettext("The link works for %(num)s day.", "The link works for %(num)s days.", n) % {"num": n}
            for n in (0, 1, 2)]  # fmt: skip
    assert [each.endswith(end) for each, end in zip(days, (none, one, many), strict=True)] == [True] * 3
