"""Links to leave outlive all keys that may be rotated and pruned: in others' mails and in ours, for every channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from app.branding.models import Channel, SiteGroup
from app.config import KEY_LISTS
from app.courier.delivery import deliver
from app.environment import Environment
from app.factory import create_app
from app.kit import clock
from app.kit.addresses import parse_email
from app.models import Consent, Message
from app.services import accounts, signing_keys
from app.services.folding import Action
from app.services.items import items
from app.services.ledger import Entry
from tests import api, journeys
from tests.environments import settings_for
from tests.letters import Outbox, cause, make_member
from tests.services import ledgers

PRUNED = ("secret_keys", "sealing_keys")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
BUTTONS = {"one click": ONE_CLICK, "the button of the page": {}}
SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Link:
    """A link somebody got before: how it is pressed, and how to see what came of it."""

    name: str
    path: str
    has_left: Callable[[Environment], bool]
    form: dict[str, str] = field(default_factory=dict)


def offers(group: SiteGroup) -> dict[Channel, tuple[str, str]]:
    """Name a brand and topic for each channel that any is offered on."""
    return {
        channel: (brand.slug, topic.key)
        for brand in group.brands.values() for topic in brand.topics for channel in topic.channels
    }  # fmt: skip


def of_other_systems(client, env) -> Iterator[Link]:
    """Get links to leave for somebody with each channel, and the link to the preferences."""
    headers = api.bearer(client, env, *env.group.brands, scopes=("links:write",))
    for channel, (brand, topic) in offers(env.group).items():
        for how, form in BUTTONS.items():
            email = f"{channel}-{len(form)}@example.com"
            has_left = subscribed(env, email, brand, topic, channel)
            made = pair(client, headers, email, brand, topic, channel)
            yield Link(f"{channel}, {how}", journeys.path(env, made["unsubscribe_url"]), has_left, form)
    manage = "manage@example.com"
    has_left = subscribed(env, manage, "camille", "newsletter", "email")
    made = pair(client, headers, manage, "camille", "newsletter", "email")
    yield Link("preferences", journeys.path(env, made["manage_url"]), has_left, {"do": "leave"})


def pair(client, headers, email, brand, topic, channel):
    """Ask for the links of somebody, as a sender of mails does."""
    asked = {"brand": brand, "topic": topic, "channel": channel, "subjects": [email]}
    (made,) = client.post("/api/v1/links", json=asked, headers=headers).json["links"]
    return made


def subscribed(env, email, brand, topic, channel):
    """Let somebody be with a topic; give how to see that they left it."""
    with env.database.transaction() as session:
        account = accounts.create_lite(session, env.digester.newest(parse_email(email)), "en", clock.now()).id
        item = items(session).subscription(brand, topic, channel).id
    ledgers.write(env, account, Entry(item, Action.GRANTED, attributes={"confirmed": True}))
    return lambda now: status(now, account, item) == "withdrawn"


def status(env, account, item):
    with env.database.transaction() as session:
        query = select(Consent.status).where(Consent.account_id == account, Consent.item_id == item)
        return session.scalar(query)


def of_our_mails(env) -> Iterator[Link]:
    """Get the links of mails that Parley itself sent."""
    for kind in ("welcome", "summary"):
        email = f"{kind}@example.com"
        make_member(env, email)
        mail = mailed(env, email, kind)
        for how, form in BUTTONS.items():
            path = journeys.path(env, re.search("<(.+)>", mail["List-Unsubscribe"])[1])
            yield Link(f"{kind}, {how}", path, lambda now, email=email: reason(now, email) == "withdrawn", form)
    never = "confirm@example.com"
    found = re.search(r"https?://\S+/never/\S+", mailed(env, never, "confirm").get_body(("plain",)).get_content())
    yield Link("never", journeys.path(env, found[0]), lambda now: reason(now, never) == SUPPRESSED)


def reason(env, email):
    return journeys.decision(env, email, "private-sales")


def mailed(env, email, kind):
    """Send somebody a mail of a kind, and give it as their mail program reads it."""
    outbox = Outbox()
    cause(env, email, kind)
    with env.database.transaction() as session:
        waiting = select(Message.id).where(Message.address_digest == journeys.digest(env, email), Message.kind == kind)
        message_id = session.scalars(waiting).one()
    deliver(env, outbox, message_id)
    return outbox.parsed()


@pytest.fixture
def links(committing_env):
    """Get all links, while the first keys are in force."""
    client = create_app(committing_env.settings, committing_env).test_client()
    return [*of_other_systems(client, committing_env), *of_our_mails(committing_env)]


@pytest.fixture
def restarted(committing_env, tmp_path, database_urls, group):
    """Give a way to start the same Parley once every list has another key, and some lists that one alone."""
    running = []

    def start(*pruned):
        old = committing_env.settings
        keys = {
            name: (*(() if name in pruned else getattr(old, name)), f"the new one of {name}, long enough")
            for name in KEY_LISTS
        }
        env = Environment.build(settings_for(tmp_path, **keys), database_urls.application, group)
        running.append(env)
        env.database.write(lambda session: signing_keys.retire_older(session, signing_keys.rotate(session)))
        return env

    yield start
    for env in running:
        env.database.close()


def broken(env, links):
    """Press every link, and name those by which nobody left."""
    client = create_app(env.settings, env).test_client()
    found = [link.name for link in links if client.get(link.path).status_code != 200]
    for link in links:
        client.post(link.path, data=link.form, headers={"Sec-Fetch-Site": "none"})
        if not link.has_left(env):
            found.append(link.name)
    return sorted(set(found))


def test_every_link_leaves_once_all_rotatable_keys_are_others(links, restarted):
    assert len(links) > 2 * len(Channel)
    now = restarted(*PRUNED)
    assert not any(link.has_left(now) for link in links)
    assert broken(now, links) == []


def test_it_is_noticed_where_the_keys_of_the_links_are_pruned_as_well(links, restarted):
    assert broken(restarted(*PRUNED, "leave_keys"), links) == sorted(link.name for link in links)
