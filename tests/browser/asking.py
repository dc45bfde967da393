"""Another system that asks Parley whether it may write to somebody."""

from __future__ import annotations

import json
import subprocess

import httpx

from tests.reliability.installation import Installation
from tests.reliability.processes import PARLEY, ROOT


class Asker:
    """A client of the API, registered by the operator's command, with a token from `/oauth/token`."""

    def __init__(self, parley: Installation, brand: str) -> None:
        self.brand = brand
        self._http = httpx.Client(base_url=parley.settings.origin, timeout=15, trust_env=False)
        client = _register(parley, brand)
        answer = self._http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
        assert answer.status_code == 200, answer.text
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def reason(self, email: str, topic: str = "newsletter") -> str:
        """Ask for a decision and give its reason; `allowed` must agree with it."""
        question = {"subject": {"email": email}, "brand": self.brand, "topic": topic, "channel": "email"}
        answer = self._http.post("/api/v1/decisions", json=question)
        assert answer.status_code == 200, answer.text
        decision = answer.json()
        assert decision["allowed"] is (decision["reason"] == "granted")
        return decision["reason"]

    def look_up(self, email: str) -> dict[str, str]:
        """Give the status of every topic by e-mail that is known of an address."""
        answer = self._http.post("/api/v1/consents/lookup", json={"subject": {"email": email}, "brand": self.brand})
        assert answer.status_code == 200, answer.text
        return {each["key"]: each["status"] for each in answer.json()["consents"] if each["channel"] == "email"}

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def _register(parley: Installation, brand: str) -> tuple[str, str]:
    words = [*PARLEY, "clients", "create", "Newsletter tool", "--scope", "consents:read", "--brand", brand]
    said = subprocess.run(words, cwd=ROOT, env=parley._variables(), capture_output=True, check=True, timeout=60).stdout
    client = json.loads(said)
    return client["client_id"], client["client_secret"]
