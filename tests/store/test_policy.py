import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine

from market.policy import PolicyError, read_policy
from store import audit, policy
from store.database import writing
from store.refused import RefusedError

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
TEXT = (Path(__file__).parents[2] / "policy.toml").read_text()
LATER = TEXT + "\n[[policy]]\neffective_from = 2027-01-01\nmin_lead_days = 3\n"


def test_a_policy_is_loaded_once(store: Engine) -> None:
    with writing(store) as session:
        version = policy.load(session, TEXT, at=NOON, actor="operator")
        assert version.startswith("2026-11-10-")
        assert policy.load(session, TEXT, at=NOON + dt.timedelta(days=1), actor="operator") == version
        assert policy.version(session) == version
        assert len(audit.of(session, "policy", version)) == 1


def test_the_last_policy_loaded_is_in_force_and_the_others_stay(store: Engine) -> None:
    with writing(store) as session:
        first = policy.load(session, TEXT, at=NOON, actor="operator")
        second = policy.load(session, LATER, at=NOON, actor="operator")
        assert policy.version(session) == second
        assert policy.in_force(session).on(dt.date(2027, 1, 1)).min_lead_days == 3
        assert policy.of_version(session, first).on(dt.date(2027, 1, 1)).min_lead_days == 1
        assert policy.load(session, TEXT, at=NOON, actor="operator") == first
        assert policy.version(session) == first


def test_a_wrong_policy_changes_nothing(store: Engine) -> None:
    with writing(store) as session:
        version = policy.load(session, TEXT, at=NOON, actor="operator")
        with pytest.raises(PolicyError):
            policy.load(session, TEXT + "colour = 1\n", at=NOON, actor="operator")
        assert policy.version(session) == version


def test_without_a_policy_the_store_says_so(store: Engine) -> None:
    with writing(store) as session:
        for ask in (policy.version, policy.in_force):
            with pytest.raises(RefusedError, match="no policy was loaded"):
                ask(session)
        with pytest.raises(RefusedError, match="2026-01-01-00000000 is not known"):
            policy.of_version(session, "2026-01-01-00000000")


def test_the_policy_of_the_repository_is_read() -> None:
    assert read_policy(TEXT).on(dt.date(2026, 11, 10)).gateway_id == "UKDC"
