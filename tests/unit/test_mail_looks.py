"""Mails wear their house's shape as far as mail readers let them."""

import pytest

from app.branding.loader import load
from app.courier.look import SHAPES, Look, look
from tests import environments

GROUP = load(environments.BRANDS)


def dress(slug, locale="en"):
    return look(GROUP.brands[slug].theme, locale)


@pytest.mark.parametrize("slug", GROUP.brands)
def test_every_house_has_a_look_of_its_own(slug):
    others = [dress(other) for other in GROUP.brands if other != slug]
    assert GROUP.brands[slug].theme.shape in SHAPES
    assert dress(slug) not in others


def test_a_shape_nobody_knows_is_plain():
    theme = GROUP.theme.model_copy(update={"shape": "novel", "display": "serif", "text": "serif"})
    assert look(theme) == Look(display="serif", text="serif")


def test_buttons_are_set_as_headings_are_where_those_have_a_cut_of_their_own():
    assert dress("maison-brume").button_font == dress("maison-brume").display
    assert dress("vantour").button_font == dress("vantour").display
    assert dress("folie-douze").button_font == dress("folie-douze").display
    assert dress("camille").button_font == dress("camille").text
    assert (dress("vantour").button_weight, dress("camille").button_weight) == ("400", "600")


def test_rules_are_double_or_stitched_and_lines_between_items_never_double():
    light = GROUP.brands["vantour"].theme.light
    assert (dress("vantour").stroke, dress("vantour").item_stroke) == ("double", "solid")
    assert dress("vantour").rule_colour(light) == light.ink
    assert dress("ostra").rule_colour(light) == light.line
    assert "border-top: 2px dashed" in dress("kestrel-row").item_style(light)
    assert "small-caps" in dress("vantour").name_style(light)


def test_chinese_is_neither_slanted_nor_in_small_capitals():
    assert (dress("maison-brume").slant, dress("maison-brume", "zh_Hans").slant) == ("italic", "normal")
    assert (dress("vantour").caps, dress("vantour", "zh_Hans").caps) == ("small-caps", "normal")
