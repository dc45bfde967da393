"""What is typed into a field of the profile is what is told again, whatever it is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.branding.countries import countries, is_country
from app.branding.loader import load
from app.branding.models import FieldKind
from app.kit import clock
from app.services.profile_values import FIRST_YEAR, LONGEST, PARTS, Problem, Unreadable, read, told, typed_again
from tests.unit.test_branding_loader import BRANDS

GROUP = load(BRANDS)
CODES = [code for code, _name in countries("en")]
anything = st.lists(st.text(max_size=300), max_size=3)
part = st.text(alphabet=st.characters(exclude_categories=("C", "Z", "M")), min_size=1)


def typed(**parts):
    return st.fixed_dictionaries({name: each.map(lambda text: [text]) for name, each in parts.items()})


def line(longest):
    return part.map(lambda text: text[: longest // 4])


def day_parts():
    days = st.dates(date(FIRST_YEAR, 1, 1), clock.now().date())
    return days.map(lambda day: {"day": [str(day.day)], "month": [f"{day.month:02d}"], "year": [str(day.year)]})


TYPED = {
    FieldKind.NAME: typed(name=line(LONGEST["name"])),
    FieldKind.DATE: day_parts(),
    FieldKind.COUNTRY: typed(country=st.sampled_from(CODES)),
    FieldKind.ADDRESS: typed(
        street=st.lists(line(60), min_size=1, max_size=3).map("\r\n".join), postal_code=line(20), city=line(100),
        country=st.sampled_from(CODES),
    ),
    FieldKind.CHOICES: st.sets(st.sampled_from(["clothes", "leather", "scent"]), min_size=1).map(
        lambda keys: {"choices": list(keys)}
    ),
    FieldKind.CHANNEL: typed(channel=st.sampled_from([each.value for each in GROUP.channels])),
    FieldKind.LANGUAGE: typed(language=st.sampled_from(GROUP.languages)),
}  # fmt: skip


@pytest.mark.parametrize("kind", FieldKind)
@given(data=st.data(), locale=st.sampled_from(GROUP.locales))
def test_what_is_kept_fills_its_form_with_what_gives_the_same_again(kind, data, locale):
    field = GROUP.profile_field_of(kind)
    value = read(GROUP, field, data.draw(TYPED[kind]))
    assert read(GROUP, field, typed_again(kind, value)) == value
    assert all(told(GROUP, field.key, kind, value, locale))


@pytest.mark.parametrize("kind", FieldKind)
@given(data=st.data())
def test_whatever_is_typed_is_kept_or_refused(kind, data):
    field = GROUP.profile_field_of(kind)
    sent = data.draw(st.fixed_dictionaries(dict.fromkeys(PARTS[kind], anything)))
    try:
        shown = told(GROUP, field.key, kind, read(GROUP, field, sent), "en")
    except Unreadable as error:
        shown = list(error.problems)
    assert shown


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x85", "\u2028", "\ud800", "\u202e", "\u2066", "\ufffe"])
def test_signs_that_are_no_words_are_refused(sign):
    with pytest.raises(Unreadable) as caught:
        read(GROUP, GROUP.profile_field_of(FieldKind.NAME), {"name": [f"An{sign}a"]})
    assert caught.value.problems == {"name": Problem.STRANGE}


@pytest.mark.parametrize("name", ["李雷", "Zoë O’Brien-Łącka", "می‌خواهم", "José", "👩‍🚀"])
def test_names_of_any_script_are_kept(name):
    assert told(GROUP, "name", "name", read(GROUP, GROUP.profile_field("name"), {"name": [name]}), "en")[0]


def test_a_sign_written_in_two_ways_is_kept_in_one():
    field = GROUP.profile_field("name")
    assert read(GROUP, field, {"name": ["Jose\u0301"]}) == read(GROUP, field, {"name": ["Jos\u00e9"]})


def test_digits_of_any_script_are_digits():
    field = GROUP.profile_field("birthday")
    assert read(GROUP, field, {"day": ["٣"], "month": ["११"], "year": ["１９９０"]}) == {"date": "1990-11-03"}


def test_countries_are_those_of_iso_3166_and_kosovo():
    assert len(CODES) == 250
    assert {"FR", "TW", "XK", "AX"} <= set(CODES)
    assert not any(is_country(code) for code in ("EU", "UN", "ZZ", "XX", "fr", "419", ""))


def test_what_is_declared_no_longer_is_told_by_its_key():
    assert told(GROUP, "gone", "choices", {"choices": ["anvils"]}, "en") == ["anvils"]
    assert told(GROUP, "interests", "choices", {"choices": ["anvils", "scent"]}, "fr") == ["anvils", "Le parfum"]
