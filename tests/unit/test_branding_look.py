"""Colours are measured as WCAG does, and nothing a brand says can be more than a colour or a face."""

import pytest

from app.branding.colours import contrast
from app.branding.loader import load
from app.branding.theme import stylesheet
from tests.unit.test_branding_loader import BRANDS


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#FFFFFF", "#ffffff", 1.0),
        ("#767676", "#FFFFFF", 4.54),
        ("#777777", "#FFFFFF", 4.48),
        ("#FF0000", "#FFFFFF", 4.00),
        ("#0000FF", "#FFFFFF", 8.59),
    ],
)
def test_contrast_is_what_wcag_says(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_the_stylesheet_has_every_property_in_both_schemes():
    css = stylesheet(load(BRANDS).brands["camille"])
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    assert "color-scheme: light dark" in light
    for name in ("paper", "ink", "accent", "on-accent", "highlight", "muted", "line", "surface"):
        assert f"--{name}: #" in light
        assert f"--{name}: #" in dark
    assert "--display: " in light
    assert "--text: " in light


def test_the_stylesheet_of_the_group_dresses_its_houses():
    css = stylesheet(load(BRANDS))
    assert css.index(":root, .theme-luxe {") < css.index(".theme-camille {") < css.index(".theme-folie-douze {")


@pytest.mark.parametrize(
    "value",
    [
        "red; } body { display: none",
        "url(https://example.com/x)",
        "#000000;",
        "#000000\n",
        "</style>",
        "",
        '"a\\"',
        "a/**/",
    ],
)
def test_no_value_breaks_out_of_the_stylesheet(value):
    brand = load(BRANDS).brands["camille"]
    palette = brand.theme.light.model_copy(update={"ink": value})
    for update in ({"light": palette}, {"display": value}, {"text": value}):
        planted = brand.model_copy(update={"theme": brand.theme.model_copy(update=update)})
        with pytest.raises(ValueError, match="can't stand in CSS"):
            stylesheet(planted)


def test_no_slug_breaks_out_of_a_selector():
    brand = load(BRANDS).brands["camille"].model_copy(update={"slug": "a{}*"})
    with pytest.raises(ValueError, match="selector"):
        stylesheet(brand)
