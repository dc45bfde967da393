"""What the element does, in few words, for tests without a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altcha

from app.environment import Environment
from app.kit.signing import Signer
from app.services import challenges
from tests.environments import settings_for

SITE = "https://camille.example.com"
"""An origin that Camille's folder lists."""


def definition(client: Any, brand: str = "camille", lang: str = "en", topics: str = "", origin: str = SITE) -> Any:
    """Fetch a form definition."""
    return client.get(f"/embed/{brand}/form?lang={lang}&topics={topics}", headers={"Origin": origin}).json


def ask(client: Any, brand: str = "camille", origin: str = SITE) -> dict[str, Any]:
    """Ask for a form token and a challenge, and solve it."""
    answer = client.post(f"/embed/{brand}/challenge", headers={"Origin": origin}).json
    return {"token": answer["token"], "proof": solve(answer["challenge"])}


def solve(challenge: Mapping[str, Any]) -> str:
    """Do the work."""
    found = altcha.Challenge.from_dict(dict(challenge))
    solution = altcha.solve_challenge(found)
    assert solution is not None
    return altcha.Payload(found, solution).to_base64()


def body(client: Any, email: str, items: Sequence[str] = ("newsletter:email",), brand: str = "camille",
         lang: str = "en", origin: str = SITE) -> dict[str, Any]:  # fmt: skip
    """Fill in the form as the element would, with a token and a proof of its own."""
    notices = {each["item"]: each["notice"] for each in definition(client, brand, lang, origin=origin)["choices"]}
    return {"email": email, "items": {item: notices[item] for item in items}, **ask(client, brand, origin)}


def send(client: Any, sent: Mapping[str, Any], brand: str = "camille", lang: str = "en", origin: str = SITE) -> Any:
    """Post a filled-in form."""
    return client.post(f"/embed/{brand}/subscribe?lang={lang}", json=sent, headers={"Origin": origin})


def make_easy(monkeypatch: Any) -> None:
    """Let challenges take a try or two, for tests that are about something else."""
    monkeypatch.setattr(challenges, "ITERATIONS", 10)
    monkeypatch.setattr(challenges, "FEWEST_TRIES", 1)
    monkeypatch.setattr(challenges, "MOST_TRIES", 3)


def with_settings(env: Environment, tmp_path: Any, **changes: Any) -> Environment:
    """Give the same Parley under other settings."""
    return env.__class__(**{**vars(env), "settings": settings_for(tmp_path, **changes)})


def with_signer(env: Environment) -> Environment:
    """Give the same Parley signing with the keys of its settings."""
    signer = Signer(env.settings.secret_keys, env.settings.leave_keys)
    return env.__class__(**{**vars(env), "signer": signer})


def tell(case: str, answer: Any) -> None:
    """Print a line of the table of refusals, for `pytest -s`."""
    said = answer.json
    print(f"| {case} | {answer.status_code} | `{said.get('code') or said['status']}` |")  # noqa: T201 - it is there to be quoted
