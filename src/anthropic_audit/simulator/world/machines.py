"""Actors that are not people: keys, service accounts, workloads and the directory; a few fixed ones of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from .names import DOMAIN, REPOSITORIES
from .places import PROGRAMS, SERVERS
from .random_values import generator, token

_SIEM_AGENT = "siem-collector/4.2 (compliance-api)"
_EXPORTER_AGENT = "python-httpx/0.28.1"


@dataclass(frozen=True, slots=True)
class MachineKey:
    """A key or service account of a program, with the program's address and user agent."""

    id: str
    name: str
    ip_address: str
    user_agent: str

    def acting(self, kind: str, member: str) -> dict[str, Any]:
        """Return the actor of an activity; `member` names the field of the id."""
        return {"type": kind, member: self.id, "ip_address": self.ip_address, "user_agent": self.user_agent}


class Machines:
    """The programs of one organization."""

    def __init__(self, seed: int) -> None:
        random = generator(seed, "machines")
        self.siem = MachineKey(f"apikey_{token(random)}", "SIEM", f"{SERVERS}.20", _SIEM_AGENT)
        self.exporter = MachineKey(f"apikey_{token(random)}", "Usage export", f"{SERVERS}.21", _EXPORTER_AGENT)
        self.admin_keys = tuple(
            MachineKey(f"admin_api_key_{token(random)}", name, f"{SERVERS}.{30 + at}", PROGRAMS[at % len(PROGRAMS)])
            for at, name in enumerate(("Terraform", "Cost dashboard"))
        )
        self.service_accounts = tuple(
            MachineKey(f"svac_{token(random)}", name, f"{SERVERS}.{40 + at}", PROGRAMS[at % len(PROGRAMS)])
            for at, name in enumerate(("document-pipeline", "support-bot", "nightly-evaluation"))
        )
        self.directory_id = f"directory_{token(random)}"
        self.federation_rule_id = f"fdrl_{token(random)}"
        self.federation_issuer_id = f"fdis_{token(random)}"
        self.attested_client_id = f"app_{token(random)}"
        self.kid_hash = f"{random.getrandbits(256):064x}"

    def actor(self, kind: str, random: Random) -> dict[str, Any]:
        """Return an actor of a kind that is not a person.

        Raises:
            KeyError: No machine is of this kind.
        """
        keys = {
            "api_actor": ("api_key_id", (self.siem,)),
            "admin_api_key_actor": ("admin_api_key_id", self.admin_keys),
            "service_account_actor": ("service_account_id", self.service_accounts),
        }
        if kind in keys:
            member, candidates = keys[kind]
            return candidates[int(random.random() * len(candidates))].acting(kind, member)
        return self._workload(kind, random)

    def _workload(self, kind: str, random: Random) -> dict[str, Any]:
        where = {"ip_address": f"{SERVERS}.{60 + int(random.random() * 20)}", "user_agent": PROGRAMS[0]}
        issuer = f"https://token.ci.{DOMAIN}"
        repository = REPOSITORIES[int(random.random() * len(REPOSITORIES))]
        subject = f"repo:acme/{repository}:ref:refs/heads/main"
        members: Mapping[str, dict[str, Any]] = {
            "scim_directory_sync_actor": {
                "directory_id": self.directory_id,
                "workos_event_id": f"event_{token(random)}",
                "idp_connection_type": "OktaSCIMV2.0",
            },
            "anthropic_actor": {"email_address": None},
            "system_actor": {"service": "retention"},
            "federated_identity_actor": {
                "issuer": issuer,
                "subject": subject,
                "audience": ["https://api.anthropic.com"],
                **where,
            },
            "federated_actor": {"provider": {"type": "oidc", "issuer": issuer}, "subject": subject, **where},
            "attested_device_actor": {
                "external_client_id": self.attested_client_id,
                "kid_hash": self.kid_hash,
                **where,
            },
        }
        return {"type": kind, **members[kind]}
