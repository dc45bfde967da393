"""Items: in step with brands, across releases."""

from __future__ import annotations

from sqlalchemy import select

from app.branding.models import Purpose
from app.models import Item
from app.services import items


def without(env, topic):
    """Take a topic out of Camille, as a release before or after does."""
    camille = env.group.brands["camille"]
    return camille.model_copy(update={"topics": tuple(t for t in camille.topics if t.key != topic)})


def test_a_deployment_retires_what_is_offered_no_more_and_brings_it_back(env, session, monkeypatch):
    items.sync(session)
    newsletter = items.items(session).subscription("camille", "newsletter", "email")
    with monkeypatch.context() as patch:
        patch.setitem(env.group.brands, "camille", without(env, "newsletter"))
        items.sync(session)
        assert session.get(Item, newsletter.id, populate_existing=True).retired_at is not None
    items.sync(session)
    assert session.get(Item, newsletter.id, populate_existing=True).retired_at is None


def test_a_worker_of_an_older_release_retires_nothing(env, session, monkeypatch):
    items.sync(session)
    monkeypatch.setitem(env.group.brands, "camille", without(env, "newsletter"))
    assert items.items(session).subscription("camille", "newsletter", "email").is_retired, "for this worker alone"
    assert session.scalars(select(Item.retired_at).distinct()).all() == [None]


def test_a_worker_reads_again_what_a_newer_release_added(env, session):
    known = items.items(session)
    added = Item(brand="camille", kind="subscription", key="something-new", channel="email", retired_at=None)
    session.add(added)
    session.flush()
    assert known.find(added.id) is None
    assert items.items(session, needed=[added.id]).get(added.id).key == "something-new"


def test_a_house_retires_a_use_of_data_of_its_own(env, session, monkeypatch):
    kept, dropped = (Purpose(key=key, name={"en": key}, description={"en": key}, retired=key == "dropped")
                     for key in ("kept", "dropped"))  # fmt: skip
    camille = env.group.brands["camille"].model_copy(update={"purposes": (kept, dropped)})
    monkeypatch.setitem(env.group.brands, "camille", camille)
    items.sync(session)
    own = session.scalars(select(Item.key).where(Item.kind == "purpose", Item.brand == "camille")).all()
    assert own == ["kept"]
