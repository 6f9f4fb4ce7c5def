import datetime as dt

import pytest
from sqlalchemy import Engine

from store import accounts, audit, parties, signatories
from store.database import reading, writing
from store.refused import RefusedError

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
TODAY = NOON.date()
DAY = dt.timedelta(days=1)
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDJ2c2UJrGJgrEUJh2nnAPXF3TNRsX5W3r9dWkvTM+Uj"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDJ2c2UJrGJgrEUJh2nnAPXF3TNRsX5W3r9dWkvTM+Uk a comment"


def test_roles_hold_on_their_days_both_included(store: Engine) -> None:
    with writing(store) as session:
        parties.add(
            session,
            "ACME",
            "Acme Ltd",
            ["VP", "BP"],
            effective_from=TODAY,
            effective_to=TODAY + DAY,
            actor="a",
            at=NOON,
        )
        parties.add_roles(session, "ACME", ["AV"], effective_from=TODAY + DAY, actor="a", at=NOON)

        def held(day: dt.date) -> list[str]:
            return [row.role for row in parties.roles(session, "ACME", day)]

        assert [held(TODAY + DAY * n) for n in (-1, 0, 1, 2)] == [[], ["VP", "BP"], ["VP", "BP", "AV"], ["AV"]]
        assert len(parties.roles(session, "ACME")) == 3
        assert [row.action for row in audit.of(session, "party", "ACME")] == ["add roles", "add roles"]


def test_a_role_can_end_before_the_others(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP", "VP"], actor="a", at=NOON)
        parties.add(session, "OTHR", "Other Ltd", ["BP"], actor="a", at=NOON)
        assert parties.end(session, "ACME", TODAY, role="VP", actor="a", at=NOON, why="left") == 1
        assert [row.role for row in parties.roles(session, "ACME", TODAY + DAY)] == ["BP"]
        assert parties.end(session, "ACME", TODAY, actor="a", at=NOON) == 1
        assert parties.roles(session, "ACME", TODAY + DAY) == []
        assert len(parties.roles(session, "OTHR", TODAY + DAY)) == 1
        assert [party.party_id for party in parties.listed(session)] == ["ACME", "OTHR"]


def test_a_role_that_ends_before_it_begins_is_gone(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], effective_from=TODAY, actor="a", at=NOON)
        parties.end(session, "ACME", TODAY - DAY, actor="a", at=NOON)
        assert parties.roles(session, "ACME") == []


def test_contradicting_requests_are_refused(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="a", at=NOON)
        with pytest.raises(RefusedError, match="there already"):
            parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="a", at=NOON)
        with pytest.raises(RefusedError, match="NONE is not known"):
            parties.end(session, "NONE", TODAY, actor="a", at=NOON)
        with pytest.raises(RefusedError, match="before the first day"):
            parties.add_roles(
                session, "ACME", ["BP"], effective_from=TODAY, effective_to=TODAY - DAY, actor="a", at=NOON
            )
        with pytest.raises(RefusedError, match="no signatory B Person"):
            signatories.end(session, "ACME", "B Person", TODAY, actor="a", at=NOON)
        with pytest.raises(RefusedError, match="NONE is not known"):
            signatories.add(session, "NONE", "A Person", "A", actor="a", at=NOON)


def test_an_account_opens_with_its_keys(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="a", at=NOON)
        accounts.add(session, "acme", "ACME", [ED25519], actor="a", at=NOON)
        accounts.add_key(session, "acme", OTHER, valid_to=NOON + DAY, actor="a", at=NOON)
        first, second = accounts.keys_of(session, "acme")
        assert (first.key_type, first.key_base64) == ("ssh-ed25519", ED25519.split()[1])
        assert first.fingerprint.startswith("SHA256:")
        assert (first.valid_from, first.valid_to, second.valid_to) == (NOON, None, NOON + DAY)
        accounts.key_used(session, "acme", second.fingerprint, at=NOON)
        accounts.end_key(session, "acme", first.fingerprint, actor="a", at=NOON)
    with reading(store) as session:
        first, second = accounts.keys_of(session, "acme")
        assert (first.last_used_at, second.last_used_at) == (None, NOON)
        assert first.valid_to == NOON
        actions = [row.action for row in audit.of(session, "account", "acme")]
        assert actions == ["add account", "add key", "add key", "end key"]


def test_a_key_has_the_fingerprint_of_ssh_keygen() -> None:
    # ssh-keygen -lf says so.
    assert accounts.public_key(ED25519).fingerprint == "SHA256:HXvhWLdvq3SdPTBGlhZTIhyjgr8nbl1RPbbD2fEJR6g"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ssh-dss AAAAB3NzaC1kc3M=", "is none of ssh-ed25519"),
        ("ssh-ed25519 not base64", "is not base64"),
        ("ssh-rsa " + ED25519.split()[1], "of another type"),
        ("", "is none of"),
        ("ssh-ed25519", "of another type or cut short"),
    ],
)
def test_what_is_no_key_is_refused(line: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        accounts.public_key(line)


def test_an_ended_account_stays_but_takes_no_keys(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="a", at=NOON)
        accounts.add(session, "acme", "ACME", [], actor="a", at=NOON)
        accounts.end(session, "acme", actor="a", at=NOON, why="closed")
        found = accounts.find(session, "acme")
        assert found is not None
        assert found.ended_at == NOON
        with pytest.raises(RefusedError, match="has ended"):
            accounts.add_key(session, "acme", ED25519, actor="a", at=NOON)
        with pytest.raises(RefusedError, match="there already"):
            accounts.add(session, "acme", "ACME", [], actor="a", at=NOON)
        assert accounts.find(session, "none") is None


def test_accounts_of_unknown_parties_or_odd_names_are_refused(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="a", at=NOON)
        with pytest.raises(RefusedError, match="NONE is not known"):
            accounts.add(session, "none", "NONE", [], actor="a", at=NOON)
        for name in ("../acme", "", "a" * 33, "acme/x", ".acme"):
            with pytest.raises(RefusedError, match="no account name"):
                accounts.add(session, name, "ACME", [], actor="a", at=NOON)
        accounts.add(session, "acme", "ACME", [ED25519], actor="a", at=NOON)
        with pytest.raises(RefusedError, match="already"):
            accounts.add_key(session, "acme", ED25519, actor="a", at=NOON)
        with pytest.raises(RefusedError, match="no key SHA256:x"):
            accounts.end_key(session, "acme", "SHA256:x", actor="a", at=NOON)


def test_notices_go_to_the_marked_account_or_the_first_live_one(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="a", at=NOON)
        assert accounts.for_notices(session, "ACME") is None
        accounts.add(session, "zeta", "ACME", [], actor="a", at=NOON)
        accounts.add(session, "beta", "ACME", [], actor="a", at=NOON + DAY)

        def name() -> str | None:
            found = accounts.for_notices(session, "ACME")
            return found.name if found else None

        assert name() == "zeta"
        accounts.add(session, "alpha", "ACME", [], notices=True, actor="a", at=NOON + DAY * 2)
        assert name() == "alpha"
        accounts.end(session, "alpha", actor="a", at=NOON + DAY * 3)
        accounts.end(session, "zeta", actor="a", at=NOON + DAY * 3)
        assert name() == "beta"
        assert [account.name for account in accounts.listed(session)] == ["zeta", "beta", "alpha"]
