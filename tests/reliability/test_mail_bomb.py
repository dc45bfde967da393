"""A form can't be used to flood a mailbox, however its address is spelt and wherever the posts come from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from app.kit.addresses import parse_email
from app.models import Message
from tests.reliability.figures import tell
from tests.reliability.installation import Answer, Installation, await_true
from tests.reliability.mailserver import PostOffice
from tests.reliability.processes import Process

POSTS = 500
WAVES_WITHOUT_LIMITS, POSTS_OF_A_WAVE = 5, 12
"""Of links that wait together only the newest is mailed, so a flood without limits comes in waves."""
THREADS = 64
PER_ADDRESS_AND_HOUSE = 3
PER_MAILBOX = 10
PATIENCE_SECONDS = 60
HOUSES = {"camille": "newsletter:email", "folie-douze": "drops:email"}
SPELLINGS = (
    "victim.of.bombs@gmail.com", "victimofbombs@gmail.com", "VictimOfBombs@GMail.com", "victim.ofbombs+a@gmail.com",
    "v.i.c.t.i.m.of.bombs+news@gmail.com", "victimofbombs@googlemail.com",
)  # fmt: skip


def shots(number: int) -> Iterator[tuple[int, str, str]]:
    """List who posts what where: half with the plain spelling, the rest with others, some with a tag of their own."""
    for index in range(number):
        spelling = SPELLINGS[index // 2 % len(SPELLINGS) if index % 2 else 0]
        if index % 4 == 3:
            local, _, domain = spelling.partition("@")
            spelling = f"{local.partition('+')[0]}+{index}@{domain}"
        yield index, random.choice(list(HOUSES)), spelling


def bomb(parley: Installation, number: int) -> dict[str, list[Answer]]:
    """Post all at once; give the answers by house."""

    def shoot(shot: tuple[int, str, str]) -> tuple[str, Answer]:
        index, house, spelling = shot
        visitor = parley.visitor(index)
        try:
            return house, visitor.post(f"/{house}/", parley.sign_up_form(spelling, HOUSES[house], site=house))
        finally:
            visitor.close()

    answers: dict[str, list[Answer]] = {house: [] for house in HOUSES}
    with ThreadPoolExecutor(THREADS) as pool:
        for house, answer in pool.map(shoot, shots(number)):
            answers[house].append(answer)
    return answers


def drain(parley: Installation, courier: Process) -> None:
    """Let a courier deliver all that waits."""
    waiting = select(func.count()).select_from(Message).where(Message.state == "queued")

    def is_drained() -> bool:
        with parley.environment.database.transaction() as session:
            return session.scalar(waiting) == 0

    assert await_true(is_drained, PATIENCE_SECONDS), courier.said()


def flood(post_office: PostOffice) -> tuple[int, int]:
    """Give the most mails that an address got from one house, and those that the mailbox got in all."""
    each = Counter((parse_email(mail.to).normal, mail.sender) for mail in post_office.received)
    return max(each.values(), default=0), each.total()


def test_a_mailbox_gets_no_flood_and_the_answers_tell_nothing(install, post_office):
    with install(mail_url=post_office.url, workers=2, threads_per_worker=8) as parley:
        parley.await_ready(parley.start("serve"))
        courier = parley.start("courier")
        answers = bomb(parley, POSTS)
        drain(parley, courier)
        most, total = flood(post_office)
        kinds = {house: len({answer.comparable for answer in given}) for house, given in answers.items()}
        statuses = Counter(answer.status for given in answers.values() for answer in given)
        tell(f"Bomb of {POSTS} posts", answers=dict(statuses), distinct_answers_by_house=kinds,
             most_mails_per_address_and_house=most, mails_in_all=total)  # fmt: skip
        assert statuses == {303: POSTS}
        assert set(kinds.values()) == {1}
        assert 0 < most <= PER_ADDRESS_AND_HOUSE
        assert 0 < total <= PER_MAILBOX


def test_the_flood_is_noticed_where_nothing_is_limited(install, post_office):
    with install(mail_url=post_office.url, workers=1, threads_per_worker=8) as parley:
        parley.await_ready(parley.start_broken("limits"))
        courier = parley.start("courier")
        for _ in range(WAVES_WITHOUT_LIMITS):
            bomb(parley, POSTS_OF_A_WAVE)
            drain(parley, courier)
        most, total = flood(post_office)
        tell("The same without limits, which must fail", most_mails_per_address_and_house=most, mails_in_all=total)
        assert most > PER_ADDRESS_AND_HOUSE
        assert total > PER_MAILBOX
