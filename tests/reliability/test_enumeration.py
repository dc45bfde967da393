"""The answers to the public forms tell neither by their bytes nor by their time whether an address is known."""

from __future__ import annotations

import gc
import random
import re
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import NamedTuple

import pytest

from app.branding.models import Channel
from app.branding.wording import notice_digest, notice_text
from app.db import Session
from app.environment import Environment
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.kit.signing import Purpose
from app.services import accounts, challenges, consents, notices, passwords
from app.services.consents import Grant
from app.services.items import items
from app.services.locks import lock_address
from tests import embedding
from tests.reliability.figures import SCALE, tell
from tests.reliability.installation import Answer, Installation, Visitor

EACH = 500
EACH_WHERE_IT_TELLS = 60
EACH_SIGN_IN = 40
"""A tenth of a second each; all 500 where everything is measured in full. So few spread the area by 0.065."""
TOLERANCE_SIGN_IN = 0.15
WARM_UP = 60
CENTRE = 0.5
TOLERANCE = 0.05
TRIES = 2
"""The measure is a matter of chance and of what else the machine does; one repeat is allowed."""
ORIGIN = Provenance(PERSON, Source.FORM)


class Sample(NamedTuple):
    """The answers for known addresses and for unknown ones."""

    known: list[Answer]
    unknown: list[Answer]

    @property
    def area(self) -> float:
        """How well the times tell the two apart: 0.5 not at all, 0 and 1 always."""
        return area([each.seconds for each in self.known], [each.seconds for each in self.unknown])

    @property
    def distinct(self) -> int:
        """The number of different answers."""
        return len({each.comparable for each in self.known + self.unknown})


def area(positives: list[float], negatives: list[float]) -> float:
    """Give the area under the ROC curve: the share of pairs in which the positive is the greater (Mann-Whitney U)."""
    ranked = sorted([(each, 1) for each in positives] + [(each, 0) for each in negatives])
    ranks = sum(rank for rank, (_, is_positive) in enumerate(ranked, start=1) if is_positive)
    return (ranks - len(positives) * (len(positives) + 1) / 2) / (len(positives) * len(negatives))


def test_the_measure_tells_apart_what_differs():
    assert area([2.0, 3.0], [0.0, 1.0]) == 1
    assert area([0.0, 3.0], [1.0, 2.0]) == 0.5


def introduce(env: Environment, emails: list[str]) -> None:
    """Make people of these addresses who are subscribed, with a proved address."""

    def act(session: Session, email: str) -> None:
        locked = lock_address(session, parse_email(email))
        item = items(session).subscription("camille", "newsletter", "email")
        seen = notices.keep(session, env.group.brands["camille"], [item], "en")[item.id]
        account = accounts.create_lite(session, locked.digest, "en", verified_at=clock.now())
        consents.grant(session, account, [Grant(item, seen, is_confirmed=True)], ORIGIN)

    for email in emails:
        env.database.write(lambda session, email=email: act(session, email))


def measure(
    parley: Installation, run: str, each: int, post: Callable[[Visitor, str], Answer],
    make_known: Callable[[Environment, list[str]], None] = introduce,
) -> Sample:  # fmt: skip
    """Post for known and unknown addresses in turns, one after another, the first of each pair by lot."""
    known = [f"{name(run)}-{number:03}@example.com" for number in range(each)]
    unknown = [f"{name(run)}-{number:03}@example.com" for number in range(each)]
    make_known(parley.environment, known)
    visitor, sample = parley.visitor(1), Sample([], [])
    for number in range(min(each, WARM_UP)):
        post(visitor, f"{name(run)}-warm-{number}@example.com")
    gc.disable()
    try:
        for pair in zip(known, unknown, strict=True):
            for kind in random.sample((0, 1), 2):
                sample[kind].append(post(visitor, pair[kind]))
    finally:
        gc.enable()
        visitor.close()
    return sample


def name(run: str) -> str:
    """Give a name nobody has had, as long as all others."""
    return f"{run}-{random.randrange(10**8):08}"


def by_sign_up(parley: Installation) -> Callable[[Visitor, str], Answer]:
    return lambda visitor, email: visitor.post("/camille/", parley.sign_up_form(email))


def by_link(parley: Installation) -> Callable[[Visitor, str], Answer]:
    return lambda visitor, email: visitor.post("/camille/preferences/link", parley.link_form(email))


def by_element(parley: Installation) -> Callable[[Visitor, str], Answer]:
    """Post as the element does, from a page of the brand, with a proof of its own each time."""
    env, camille = parley.environment, parley.environment.group.brands["camille"]
    topic, path = camille.topics[0], "/embed/camille/subscribe?lang=en"
    item = f"{topic.key}:email"
    notice = env.signer.stamp(Purpose.NOTICE, ["camille", item, "en", notice_digest(notice_text(
        camille, topic, Channel.EMAIL, "en"), "en").hex()])  # fmt: skip
    token = env.signer.sign(Purpose.FORM, "camille")

    def post(visitor: Visitor, email: str) -> Answer:
        proof = embedding.solve(challenges.issue(env, "camille"))
        sent = {"email": email, "items": {item: notice}, "token": token, "proof": proof}
        return visitor.post_json(path, sent, camille.origins[0])

    return post


def by_registration(parley: Installation) -> Callable[[Visitor, str], Answer]:
    return lambda visitor, email: visitor.post("/camille/register", parley.link_form(email))


def by_reset(parley: Installation) -> Callable[[Visitor, str], Answer]:
    return lambda visitor, email: visitor.post("/camille/password/reset", parley.link_form(email))


def by_upgrade(parley: Installation) -> Callable[[Visitor, str], Answer]:
    """Register with an address that is subscribed already, where `by_registration` meets one that has a password."""
    return by_registration(parley)


LITE = (by_sign_up, by_link, by_element, by_upgrade)
FULL = (by_registration, by_reset)
"""Forms where it is a full account that might be told; the others meet people who are only subscribed."""


@pytest.mark.parametrize("form", [*LITE, *FULL])
def test_the_answer_tells_not_whether_an_address_is_known(install, form, monkeypatch):
    embedding.make_easy(monkeypatch)
    with install(workers=1, threads_per_worker=1) as parley:
        parley.await_ready(parley.start("serve"))
        areas = []
        for attempt in range(TRIES):
            make_known = register if form in FULL else introduce
            sample = measure(parley, f"try{attempt}", EACH, form(parley), make_known)
            areas.append(round(sample.area, 3))
            milliseconds = [round(median(answer.seconds for answer in kind) * 1000, 2) for kind in sample]
            tell(f"Known or unknown, {form.__name__.replace('_', ' ')}, {EACH} + {EACH}", area_under_the_curve=areas,
                 median_milliseconds=milliseconds, distinct_answers=sample.distinct)  # fmt: skip
            assert sample.distinct == 1
            assert {answer.status for answer in sample.known} == {202 if form is by_element else 303}
            if abs(areas[-1] - CENTRE) <= TOLERANCE:
                break
        assert abs(areas[-1] - CENTRE) <= TOLERANCE


def test_a_wrong_password_tells_not_whether_there_is_an_account(install):
    each, tolerance = (EACH, TOLERANCE) if SCALE >= 1 else (EACH_SIGN_IN, TOLERANCE_SIGN_IN)
    with install(workers=1, threads_per_worker=1) as parley:
        parley.await_ready(parley.start("serve"))
        areas = []
        for attempt in range(TRIES):
            sample = measure(parley, f"sign{attempt}", each, by_sign_in(parley), register)
            areas.append(round(sample.area, 3))
            milliseconds = [round(median(each.seconds for each in kind) * 1000, 2) for kind in sample]
            tell(f"Known or unknown, by sign in, {each} + {each}", area_under_the_curve=areas,
                 median_milliseconds=milliseconds, statuses={answer.status for answer in sample.known})  # fmt: skip
            assert {answer.status for answer in sample.known + sample.unknown} == {422}
            assert len({said(answer) for answer in sample.known + sample.unknown}) == 1
            if abs(areas[-1] - CENTRE) <= tolerance:
                break
        assert abs(areas[-1] - CENTRE) <= tolerance


def register(env: Environment, emails: list[str]) -> None:
    """Make people of these addresses who have a full account, all with one password."""
    introduce(env, emails)
    hashed = env.hasher.hash("quiet umbrella seven anchovies")

    def act(session: Session, email: str) -> None:
        account = lock_address(session, parse_email(email)).account(session)
        accounts.register(account)
        passwords.keep(session, account.id, hashed)

    for email in emails:
        env.database.write(lambda session, email=email: act(session, email))


TYPED = re.compile(rb'(name="email" value=)"[^"]*"|(name="csrf_token" value=)"[^"]*"')
"""What a page gives back of what was typed, and the token of its form."""


def said(answer: Answer) -> tuple[object, ...]:
    """Give what an answer told but for what it was asked, and the token of the form, which is new each time."""
    status, headers, body = answer.comparable
    return status, headers, TYPED.sub(rb"\1\2", body)


def by_sign_in(parley: Installation) -> Callable[[Visitor, str], Answer]:
    """Sign in with a wrong password, each time from another place, since one is let try ten times only."""
    places = count(1_000)

    def post(_visitor: Visitor, email: str) -> Answer:
        visitor = parley.visitor(next(places))
        try:
            return visitor.post("/camille/sign-in", {**parley.link_form(email), "password": "not what it is at all"})
        finally:
            visitor.close()

    return post


def test_it_is_noticed_where_known_addresses_take_longer(install):
    with install(workers=1, threads_per_worker=1) as parley:
        parley.await_ready(parley.start_broken("telling"))
        sample = measure(parley, "tells", EACH_WHERE_IT_TELLS, by_sign_up(parley))
        tell(
            "The same where known ones take some milliseconds longer, which must fail",
            area_under_the_curve=round(sample.area, 3),
        )
        assert sample.area > CENTRE + TOLERANCE
