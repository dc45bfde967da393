"""Words that must not break stay whole, and nothing else changes."""

import pytest
from markupsafe import Markup

from app.web.typography import unbroken


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Weekly, by e-mail", 'Weekly, by <span class="unbroken">e-mail</span>'),
        ("Ihre E-Mail-Adresse", 'Ihre <span class="unbroken">E-Mail</span>-Adresse'),
        ("Two e-mails", 'Two <span class="unbroken">e-mails</span>'),
        ("Pre-e-mailing", 'Pre-<span class="unbroken">e-mailing</span>'),
        ("Appuyez, dites-le-nous", 'Appuyez, <span class="unbroken">dites-le-nous</span>'),
        ("Où doivent-ils aller ?", 'Où <span class="unbroken">doivent-ils</span> aller ?'),
        ("Sans rendez-vous", 'Sans <span class="unbroken">rendez-vous</span>'),
        ("By post, forty-eight hours", "By post, forty-eight hours"),
    ],
)
def test_what_reads_ill_in_two_pieces_is_kept_whole(text, whole):
    assert unbroken(text) == whole


def test_words_are_escaped_once():
    assert unbroken("<b>e-mail & co") == '&lt;b&gt;<span class="unbroken">e-mail</span> &amp; co'
    assert unbroken(Markup("<b>by post</b>")) == "<b>by post</b>"


def test_tags_are_left_as_they_are():
    page = Markup('<a title="By e-mail" href="/e-mail">by post</a>')
    assert unbroken(page) == page


def test_words_on_buttons_are_left_in_one_piece():
    button = Markup('<button class="button plain" type="submit">Inscrivez-moi au carnet</button>')
    assert unbroken(button) == button
