"""Fifty people who sign in at once: each gets in, and the hashes are not all in memory at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from tests.customers import PASSWORD
from tests.reliability.figures import tell
from tests.reliability.processes import family
from tests.reliability.test_enumeration import register

TOGETHER = 50
WORKERS = 2
ONE_HASH_MIB = 64
"""Memory of one argon2 hash (m = 65,536 KiB)."""


def peak_mib(process_id: int) -> int:
    """Give the most resident memory that a process ever had."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process_id}/status").read_text())[1]) // 1024


def test_fifty_parallel_sign_ins_hash_one_at_a_time_in_each_worker(install):
    with install(workers=WORKERS, threads_per_worker=4) as parley:
        server = parley.start("serve")
        parley.await_ready(server)
        emails = [f"together-{number}@example.com" for number in range(TOGETHER)]
        register(parley.environment, emails)

        def enter(number):
            visitor = parley.visitor(7_000 + number)
            try:
                form = {**parley.link_form(emails[number]), "password": PASSWORD}
                return visitor.post("/camille/sign-in", form)
            finally:
                visitor.close()

        everyone = family(server.process_id)
        before = [peak_mib(each) for each in everyone]
        began = perf_counter()
        with ThreadPoolExecutor(TOGETHER) as crowd:
            answers = list(crowd.map(enter, range(TOGETHER)))
        seconds = perf_counter() - began
        after = [peak_mib(each) for each in everyone]
        growth = [late - early for early, late in zip(before, after, strict=True)]
        tell(f"{TOGETHER} parallel sign-ins, {WORKERS} workers", peak_mib_of_each_process=after,
             growth_mib=growth, seconds=round(seconds, 1),
             slowest=round(max(each.seconds for each in answers), 1))  # fmt: skip
        assert {each.status for each in answers} == {303}
        assert max(growth) > ONE_HASH_MIB / 2, "a hash is seen in what is measured"
        assert max(growth) < 2 * ONE_HASH_MIB
