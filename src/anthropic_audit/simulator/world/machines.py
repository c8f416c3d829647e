"""What acts without a person: keys, service accounts, workloads and the directory; few of each, always the same."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from .chance import generator, token
from .names import REPOSITORIES
from .places import PROGRAMS, SERVERS

_SIEM_AGENT = "siem-collector/4.2 (compliance-api)"
_EXPORTER_AGENT = "python-httpx/0.28.1"


@dataclass(frozen=True, slots=True)
class Key:
    """A key or an account that programs use, with where they run."""

    id: str
    name: str
    ip_address: str
    user_agent: str

    def acting(self, kind: str, member: str) -> dict[str, Any]:
        """Return the actor of an activity."""
        return {"type": kind, member: self.id, "ip_address": self.ip_address, "user_agent": self.user_agent}


class Machines:
    """The programs of one organization."""

    def __init__(self, seed: int) -> None:
        random = generator(seed, "machines")
        self.siem = Key(f"apikey_{token(random)}", "SIEM", f"{SERVERS}.20", _SIEM_AGENT)
        self.exporter = Key(f"apikey_{token(random)}", "Usage export", f"{SERVERS}.21", _EXPORTER_AGENT)
        self.admin_keys = tuple(
            Key(f"admin_api_key_{token(random)}", name, f"{SERVERS}.{30 + at}", PROGRAMS[at % len(PROGRAMS)])
            for at, name in enumerate(("Terraform", "Cost dashboard"))
        )
        self.service_accounts = tuple(
            Key(f"svac_{token(random)}", name, f"{SERVERS}.{40 + at}", PROGRAMS[at % len(PROGRAMS)])
            for at, name in enumerate(("document-pipeline", "support-bot", "nightly-evaluation"))
        )
        self.directory_id = f"directory_{token(random)}"
        self.federation_rule_id = f"fdrl_{token(random)}"
        self.federation_issuer_id = f"fdis_{token(random)}"
        self.attested_client_id = f"app_{token(random)}"
        self.subscription_id = f"{random.getrandbits(128):032x}"
        self.kid_hash = f"{random.getrandbits(256):064x}"

    def actor(self, kind: str, random: Random) -> dict[str, Any]:
        """Return an actor of a kind that is no person.

        Raises:
            KeyError: There is no machine of this kind.
        """
        match kind:
            case "api_actor":
                return self.siem.acting(kind, "api_key_id")
            case "admin_api_key_actor":
                return self.admin_keys[int(random.random() * 2)].acting(kind, "admin_api_key_id")
            case "service_account_actor":
                accounts = self.service_accounts
                return accounts[int(random.random() * len(accounts))].acting(kind, "service_account_id")
            case "scim_directory_sync_actor":
                event = f"event_{token(random)}"
                return {
                    "type": kind,
                    "directory_id": self.directory_id,
                    "workos_event_id": event,
                    "idp_connection_type": "OktaSCIMV2.0",
                }
            case "anthropic_actor":
                return {"type": kind, "email_address": None}
            case "system_actor":
                return {"type": kind, "service": ("retention", "billing")[random.random() < 0.5]}  # noqa: PLR2004
            case _:
                return self._workload(kind, random)

    def _workload(self, kind: str, random: Random) -> dict[str, Any]:
        repository = REPOSITORIES[int(random.random() * len(REPOSITORIES))]
        where = {"ip_address": f"{SERVERS}.{60 + int(random.random() * 20)}", "user_agent": PROGRAMS[0]}
        subject = f"repo:acme/{repository}:ref:refs/heads/main"
        issuer = "https://token.ci.acme.example"
        if kind == "federated_identity_actor":
            audience = ["https://api.anthropic.com"]
            return {"type": kind, "issuer": issuer, "subject": subject, "audience": audience, **where}
        if kind == "federated_actor":
            provider = {"type": "oidc", "issuer": issuer}
            return {"type": kind, "provider": provider, "subject": subject, **where}
        if kind == "attested_device_actor":
            return {"type": kind, "external_client_id": self.attested_client_id, "kid_hash": self.kid_hash, **where}
        raise KeyError(kind)
