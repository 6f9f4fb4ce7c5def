"""The life of GC/DC breaches on a moved clock: metered, told, challenged, decided, and the values in force."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from gateway.checks.gcdc_breaches import GCDC_BREACHES
from gateway.gcdc_decisions import Decision, decide
from gateway.metered_volumes import load
from gateway.office import Office
from gateway.sample_cases import MARKET, SAMPLES
from gateway.schedule.carrying_out import carry_out
from gateway.schedule.check import Occasion
from ingest.landing import parse
from market.fault import Fault
from market.home import Home
from market.reference import CAPACITY_VALUES, GCDC_CHALLENGES
from rules.monitoring.declared import DeclaredValues
from store import (
    accounts,
    effects,
    gcdc_breaches,
    policy,
    record_sets,
    reference,
    reference_load,
    scheduled_runs,
    submissions,
)
from store.database import reading, writing
from store.refused import RefusedError
from store.states import SubmissionState
from store.tables import Answer, GcdcBreach, RecordSet

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = """
[[capacity_limit]]
season = "{season}"
start_year = {year}
generation = {{ abs_mw = "1", pct = "2" }}
demand = {{ abs_mw = "1", pct = "2" }}
"""
SEASONS = [("SPR", 2026), ("AUT", 2026), ("WIN", 2026)]
POLICY = (Path(__file__).parents[2] / "policy.toml").read_text()
HEADER = "bm_unit_id,settlement_date,run_type,settlement_period,qm_mwh\n"
NIGHT = date(2026, 12, 10)
"""A Thursday; ten Working Days later is 24 December."""
LAST = date(2026, 12, 24)
EFFECTIVE = date(2026, 12, 25)


class Market:
    """The sample market on a store: metered volumes come, nights pass."""

    def __init__(self, store: Engine, root: Path) -> None:
        self.home = Home(root)
        self.home.make()
        self.now = BEGINNING
        self.office = Office(self.home, store, "", lambda: self.now, "test")
        self.engine = store
        assert self.office.claim()
        with writing(store) as session:
            text = POLICY + "".join(LIMITS.format(season=season, year=year) for season, year in SEASONS)
            policy.load(session, text, at=BEGINNING, actor="test")
            for kind, file in MARKET:
                reference_load.load(session, kind, SAMPLES / "market" / file, at=BEGINNING, actor="test")
            for party in ("ACME", "OTHR"):
                accounts.add(session, party.lower(), party, [], actor="test", at=BEGINNING)

    def metered(self, *rows: str, on: date = NIGHT) -> None:
        """Rows of the signed CSV are loaded at noon on the day before a night."""
        path = self.home.root / "volumes.csv"
        path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        self.now = max(self.now + timedelta(seconds=1), datetime(on.year, on.month, on.day, 12, tzinfo=UTC) - DAY)
        with writing(self.engine) as session:
            load(session, self.home, path, at=self.now, actor="test")

    def night(self, day: date = NIGHT) -> dict[str, Any]:
        """The checks of a night: what became of estimates, then of metered volumes."""
        at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        self.now = max(self.now + timedelta(seconds=1), at)
        found: dict[str, Any] = {}
        for check in ("gcdc-estimates", "gcdc-breaches"):
            with writing(self.engine) as session:
                run = scheduled_runs.start_by_hand(session, check, day, owner="test", at=self.now)
            found |= {check.removeprefix("gcdc-"): carry_out(self.office, run, {})}
        return found

    def challenge(self, ref: str, value_kw: int, at: datetime, flag: str = "OPER") -> None:
        """An accepted challenge, as the steps put it in force."""
        breach = self.breach(ref)
        row = {"breach_reference": ref, "bm_unit_id": breach.bm_unit_id, "side": breach.side, "line": 2}
        row |= {"proposed_value": value_kw, "reason": "Metering fault", "received_at": at, "submission_ref": "S1"}
        with writing(self.engine) as session:
            frame = pl.DataFrame([row], GCDC_CHALLENGES)
            effects.add(session, "gcdc_challenges", frame, test_flag=flag, run_number=1)

    def declare(self, row: str, season: str) -> None:
        """A declaration of a unit from a day on, of a GC in MW and DC -3."""
        unit, day, megawatts = row.split(",")
        value = {"bm_unit_id": unit, "effective_from": date.fromisoformat(day), "declaration_type": "M", "line": 3}
        value |= {"generation_capacity": int(megawatts) * 1000, "demand_capacity": -3_000, "source": "DECLARATION"}
        value |= {"season": season, "season_start_year": 2026, "received_at": self.now, "submission_ref": "S2"}
        with writing(self.engine) as session:
            frame = pl.DataFrame([value], CAPACITY_VALUES)
            effects.add(session, "capacity_values", frame, test_flag="OPER", run_number=1)

    def breaches(self) -> list[GcdcBreach]:
        with reading(self.engine) as session:
            return list(gcdc_breaches.listed(session))

    def breach(self, ref: str) -> GcdcBreach:
        with reading(self.engine) as session:
            return gcdc_breaches.get(session, ref)

    def in_force(self, unit: str, day: date) -> tuple[int | None, int | None]:
        with reading(self.engine) as session:
            found = reference.frames(session, ["bm_units", "capacity_values"])
        row = DeclaredValues(**found).of(unit, day)
        assert row is not None
        return row["generation_capacity"], row["demand_capacity"]

    def told(self, file_type: str) -> list[list[str]]:
        """The records of a file type that went out, in their order, without headers and footers."""
        with reading(self.engine) as session:
            wanted = select(Answer.body).where(Answer.file_type == file_type)
            bodies = session.exec(wanted.order_by(col(Answer.id))).all()
        lines = [line.split("|") for body in bodies for line in (body or b"").decode().splitlines()]
        return [line[:-1] for line in lines if line[0] not in ("AAA", "ZZZ")]

    def decide(self, ref: str, letter: str, value: int | None = None, at: datetime | None = None) -> Any:
        self.now = max(self.now + timedelta(seconds=1), at or self.now)
        with writing(self.engine) as session:
            return decide(session, ref, Decision(letter), value, reason="Heard", actor="operator ann", at=self.now)


DAY = timedelta(days=1)


@pytest.fixture
def market(store: Engine, tmp_path: Path) -> Market:
    return Market(store, tmp_path / "home")


DINO = "T_DINO-1,2026-12-02,II,{},{}"
IN_TIME = datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)


def opened(market: Market, volume: str = "52") -> str:
    """A GC breach of T_DINO-1 (99 MW) of that volume; its reference."""
    market.metered(DINO.format(35, volume))
    market.night()
    (found,) = market.breaches()
    return found.reference


def test_a_breach_is_opened_and_told_to_the_lead_party(market: Market) -> None:
    market.metered(DINO.format(34, "50.491"), DINO.format(35, "52"), DINO.format(36, "50.49"))
    done = market.night()["breaches"]
    assert (done["opened"], done["told"], done["volumes"], done["untold"]) == (1, 1, 3, {})
    assert market.told("K0153001") == [
        [
            *("GBN", "GCB00000000001", "T_DINO-1", "GC", "WIN", "2026", "99", "1.98", "20261202", "35", "52", "104"),
            *("3.02", "2", "104", "20261225", "20261224"),
        ]
    ]
    assert market.in_force("T_DINO-1", EFFECTIVE) == (99_000, -2_000)


def test_at_the_limit_nothing_is_in_breach(market: Market) -> None:
    market.metered(DINO.format(35, "50.49"), DINO.format(36, "-1.5"))
    done = market.night()["breaches"]
    assert (done["opened"], done["volumes"]) == (0, 2)
    assert market.breaches() == []
    assert market.told("K0153001") == []


def test_each_side_has_a_breach_of_its_own_with_its_sign(market: Market) -> None:
    market.metered(DINO.format(35, "50.491"), DINO.format(36, "-1.501"))
    market.night()
    found = [(one.side, one.declared_kw, one.limit_kw, one.estimated_value_kw) for one in market.breaches()]
    assert found == [("DC", -2_000, 1_000, -3_002), ("GC", 99_000, 1_980, 100_982)]


def test_a_worse_period_updates_the_breach_and_every_period_counts(market: Market) -> None:
    ref = opened(market, "51")
    market.metered("T_DINO-1,2026-12-03,II,1,50.6", "T_DINO-1,2026-12-03,II,2,53", on=NIGHT + DAY)
    assert market.night(NIGHT + DAY)["breaches"]["updated"] == 1
    (breach,) = market.breaches()
    assert (breach.reference, breach.periods_in_breach, breach.estimated_value_kw) == (ref, 3, 106_000)
    assert (breach.settlement_date, breach.settlement_period) == (date(2026, 12, 3), 2)
    assert breach.challenge_by == date(2026, 12, 29)
    assert [record[13:16] for record in market.told("K0153001")] == [
        ["1", "102", "20261225"],
        ["3", "106", "20261230"],
    ]


def test_another_period_that_is_no_worse_counts_and_changes_nothing_else(market: Market) -> None:
    ref = opened(market, "53")
    market.metered("T_DINO-1,2026-12-03,II,1,52", on=NIGHT + DAY)
    market.night(NIGHT + DAY)
    breach = market.breach(ref)
    assert (breach.periods_in_breach, breach.estimated_value_kw, breach.challenge_by) == (2, 106_000, LAST)
    assert len(market.told("K0153001")) == 1


def test_a_run_made_again_changes_nothing(market: Market) -> None:
    ref = opened(market)
    before = market.breach(ref)
    again = market.night()["breaches"]
    assert (again["opened"], again["updated"], again["told"]) == (0, 0, 0)
    assert market.breach(ref) == before
    assert market.told("K9002001") == []
    assert market.night(date(2026, 12, 2))["breaches"]["volumes"] == 1
    assert market.breach(ref) == before
    assert len(market.told("K0153001")) == 1


def test_a_later_run_that_puts_the_volume_right_withdraws_the_breach(market: Market) -> None:
    ref = opened(market)
    market.metered("T_DINO-1,2026-12-02,SF,35,50", on=NIGHT + DAY)
    assert market.night(NIGHT + DAY)["breaches"]["withdrawn"] == 1
    breach = market.breach(ref)
    assert (breach.state, breach.periods_in_breach, breach.value_kw) == ("WITHDRAWN", 0, None)
    assert market.night(NIGHT + DAY)["breaches"]["withdrawal_notices"] == {"told": 0, "untold": {}}
    market.night(EFFECTIVE)
    assert len(market.told("K9002001")) == 1
    assert market.in_force("T_DINO-1", EFFECTIVE) == (99_000, -2_000)


def test_seasons_have_breaches_of_their_own(market: Market) -> None:
    market.metered("T_DINO-1,2026-11-30,II,48,52", "T_DINO-1,2026-12-01,II,1,53")
    market.night()
    found = [(one.season, one.season_start_year, one.estimated_value_kw) for one in market.breaches()]
    assert sorted(found) == [("AUT", 2026, 104_000), ("WIN", 2026, 106_000)]


def test_without_limits_of_the_season_nothing_is_evaluated_and_the_run_says_so(market: Market) -> None:
    market.metered("T_DINO-1,2026-06-01,II,1,90", "T_DINO-1,2026-06-02,II,1,90", "T_DINO-1,2026-05-31,II,1,52")
    done = market.night()["breaches"]
    assert done["days_without_limits"] == {"SUM 2026": 2}
    assert [(one.season, one.settlement_date) for one in market.breaches()] == [("SPR", date(2026, 5, 31))]


@pytest.mark.parametrize(("day", "last"), [("2026-03-29", 46), ("2026-10-25", 50), ("2026-10-24", 48)])
def test_days_on_which_clocks_change(market: Market, day: str, last: int) -> None:
    market.metered(f"T_DINO-1,{day},II,{last},52", f"T_DINO-1,{day},II,1,50.49")
    market.night()
    (breach,) = market.breaches()
    assert (str(breach.settlement_date), breach.settlement_period, breach.periods_in_breach) == (day, last, 1)


def test_secondary_bm_units_are_left_out(market: Market) -> None:
    market.metered("V__FEXMP001,2026-12-02,II,1,500", "2__CACME000,2026-12-02,II,1,500")
    market.night()
    assert [one.bm_unit_id for one in market.breaches()] == ["2__CACME000"]


def test_an_interconnector_in_the_wrong_direction_is_told_apart_and_once(market: Market) -> None:
    market.metered(
        "I_EAG-ACME1,2026-12-02,II,7,-300", "I_EAD-ACME1,2026-12-02,II,8,0.001", "I_EAG-ACME1,2026-12-02,II,8,300"
    )
    done = market.night()["breaches"]
    assert (done["opened"], done["wrong_direction"]["told"]) == (0, 2)
    market.night(date(2026, 12, 2))
    assert market.told("K9002001") == [
        [
            *("NOT", "MON-05", "20261210", "I_EAD-ACME1", "8"),
            "0.001 MWh export in period 8 of 20261202, a Consumption interconnector BM Unit has 0 MWh that way",
        ],
        [
            *("NOT", "MON-05", "20261210", "I_EAG-ACME1", "7"),
            "300 MWh import in period 7 of 20261202, a Production interconnector BM Unit has 0 MWh that way",
        ],
    ]


def test_an_unchallenged_estimate_takes_effect_after_challenge_by(market: Market) -> None:
    ref = opened(market)
    assert market.night(LAST)["estimates"]["taken_effect"] == 0
    assert market.night(EFFECTIVE)["estimates"]["taken_effect"] == 1
    assert market.in_force("T_DINO-1", LAST) == (99_000, -2_000)
    assert market.in_force("T_DINO-1", EFFECTIVE) == (104_000, -2_000)
    breach = market.breach(ref)
    assert (breach.state, breach.value_kw) == ("TAKEN_EFFECT", 104_000)
    (head, unit) = market.told("R0145005")
    assert head[:3] == ["RRH", "ACME", "BM"]
    assert (unit[4], unit[10], unit[11], unit[28]) == ("T_DINO-1", "104", "-2", "20261225")
    market.night(EFFECTIVE + DAY)
    assert len(market.told("R0145005")) == 2


def test_a_run_made_late_gives_the_same_values(market: Market) -> None:
    opened(market)
    market.night(EFFECTIVE + 3 * DAY)
    assert market.in_force("T_DINO-1", EFFECTIVE) == (104_000, -2_000)
    assert market.in_force("T_DINO-1", LAST) == (99_000, -2_000)


def test_days_before_the_value_took_effect_stay_with_their_breach_and_others_open_one(market: Market) -> None:
    ref = opened(market)
    market.night(EFFECTIVE)
    market.metered(DINO.format(36, "51.5"), "T_DINO-1,2026-12-26,II,1,53.04", on=date(2026, 12, 30))
    done = market.night(date(2026, 12, 30))["breaches"]
    assert (done["opened"], done["updated"]) == (0, 1)
    assert market.breach(ref).periods_in_breach == 2
    market.metered("T_DINO-1,2026-12-26,II,2,53.041", on=date(2026, 12, 31))
    assert market.night(date(2026, 12, 31))["breaches"]["opened"] == 1
    assert [one.declared_kw for one in market.breaches()] == [99_000, 104_000]


def test_a_challenge_keeps_the_estimate_from_taking_effect(market: Market) -> None:
    ref = opened(market)
    market.challenge(ref, 101_000, IN_TIME)
    done = market.night(EFFECTIVE)["estimates"]
    assert (done["taken_effect"], done["challenged"]) == (0, 1)
    assert market.in_force("T_DINO-1", EFFECTIVE) == (99_000, -2_000)
    assert market.breach(ref).closed_at is None


def test_a_challenge_of_test_traffic_keeps_nothing(market: Market) -> None:
    market.challenge(opened(market), 101_000, IN_TIME, flag="TR01")
    assert market.night(EFFECTIVE)["estimates"]["taken_effect"] == 1


@pytest.mark.parametrize(
    ("letter", "value", "state", "kilowatts"),
    [
        ("U", None, "UPHELD", 101_000),
        ("R", None, "REJECTED", 104_000),
        ("P", 102_500, "PART_UPHELD", 102_500),
        ("P", 98_000, "PART_UPHELD", 99_000),
        ("U", 101_000, "UPHELD", 101_000),
    ],
)
def test_a_decision_ends_the_breach_with_its_value(
    market: Market, letter: str, value: int | None, state: str, kilowatts: int
) -> None:
    ref = opened(market)
    market.challenge(ref, 101_000, IN_TIME)
    market.night(EFFECTIVE)
    market.decide(ref, letter, value, at=datetime(2027, 1, 5, 9, tzinfo=UTC))
    breach = market.breach(ref)
    assert (breach.state, breach.value_kw) == (state, kilowatts)
    assert market.in_force("T_DINO-1", LAST) == (99_000, -2_000)
    assert market.in_force("T_DINO-1", EFFECTIVE) == (kilowatts, -2_000)
    shown = f"{kilowatts / 1000:g}"
    assert market.told("K0155001") == [["GCD", ref, "T_DINO-1", "GC", letter, shown, "20261225", "Heard"]]
    assert len(market.told("R0145005")) == (0 if kilowatts == 99_000 else 2)
    market.night(date(2027, 1, 6))
    assert market.in_force("T_DINO-1", date(2027, 1, 7)) == (kilowatts, -2_000)


@pytest.mark.parametrize(
    ("letter", "value", "told"),
    [
        ("P", None, "needs the value that takes effect"),
        ("P", -102_500, "GC is zero or positive"),
        ("U", 102_000, "decision U gives the proposed value 101 MW, not 102 MW"),
        ("R", 102_000, "decision R gives the estimated value 104 MW, not 102 MW"),
    ],
)
def test_a_decision_that_cannot_be_changes_nothing(market: Market, letter: str, value: int | None, told: str) -> None:
    ref = opened(market)
    market.challenge(ref, 101_000, IN_TIME)
    with pytest.raises(RefusedError, match=told):
        market.decide(ref, letter, value)
    assert market.breach(ref).closed_at is None
    assert market.told("K0155001") == []


def test_only_an_open_and_challenged_breach_is_decided(market: Market) -> None:
    ref = opened(market)
    with pytest.raises(RefusedError, match="is not challenged"):
        market.decide(ref, "R")
    with pytest.raises(RefusedError, match="GCB00000000099 is not known"):
        market.decide("GCB00000000099", "R")
    market.challenge(ref, 101_000, IN_TIME)
    market.decide(ref, "R")
    with pytest.raises(RefusedError, match="is REJECTED: there is nothing left to decide"):
        market.decide(ref, "U")


@pytest.mark.parametrize(
    ("declared", "season", "kilowatts", "state"),
    [
        ("T_DINO-1,2026-12-20,103", "WIN", 104_000, "TAKEN_EFFECT"),
        ("T_DINO-1,2026-12-20,104", "WIN", 104_000, "SUPERSEDED"),
        ("T_DINO-1,2026-12-20,120", "WIN", 120_000, "SUPERSEDED"),
        ("T_DINO-1,2026-12-26,90", "WIN", 104_000, "TAKEN_EFFECT"),
    ],
)
def test_an_estimate_is_never_below_what_is_in_force(
    market: Market, declared: str, season: str, kilowatts: int, state: str
) -> None:
    ref = opened(market)
    market.declare(declared, season)
    market.night(EFFECTIVE)
    assert market.breach(ref).state == state
    assert market.in_force("T_DINO-1", EFFECTIVE) == (kilowatts, -3_000 if "12-20" in declared else -2_000)


@pytest.mark.parametrize(("declares", "in_force"), [(True, 50_000), (False, 104_000)])
def test_an_estimate_leaves_what_was_declared_for_the_season_after(
    market: Market, declares: bool, in_force: int
) -> None:
    market.metered("T_DINO-1,2026-11-29,II,35,52", on=date(2026, 11, 30))
    market.night(date(2026, 11, 30))
    (breach,) = market.breaches()
    assert (breach.season, breach.effective_from) == ("AUT", date(2026, 12, 15))
    if declares:
        market.declare("T_DINO-1,2026-12-01,50", "WIN")
    market.night(date(2026, 12, 15))
    assert market.breach(breach.reference).state == ("SUPERSEDED" if declares else "TAKEN_EFFECT")
    assert market.in_force("T_DINO-1", date(2026, 12, 15))[0] == in_force


def test_both_sides_take_effect_on_one_day_and_keep_each_other(market: Market) -> None:
    market.metered(DINO.format(35, "52"), DINO.format(36, "-5"))
    market.night()
    market.night(EFFECTIVE)
    assert market.in_force("T_DINO-1", EFFECTIVE) == (104_000, -10_000)


def test_what_a_party_without_an_account_is_not_told_is_told_once_it_has_one(market: Market) -> None:
    with writing(market.engine) as session:
        accounts.end(session, "acme", actor="test", at=market.now)
    market.metered(DINO.format(35, "52"))
    done = market.night()["breaches"]
    assert (done["opened"], done["told"], list(done["untold"])) == (1, 0, ["ACME"])
    with writing(market.engine) as session:
        accounts.add(session, "acme2", "ACME", [], actor="test", at=market.now)
    assert market.night(NIGHT + DAY)["breaches"]["told"] == 1
    assert market.night(NIGHT + 2 * DAY)["breaches"]["told"] == 0


def test_a_breach_waits_while_a_challenge_that_came_in_time_is_undecided(market: Market) -> None:
    ref = opened(market)
    stamp = IN_TIME.strftime("%Y%m%dT%H%M%S000000Z")
    with writing(market.engine) as session:
        landed = parse(f"ACME/acme/{stamp}-000000000001-BP000000000001", 10)
        submission = submissions.enter(session, landed, actor="test", at=IN_TIME)
        submissions.record(session, submission.ref, submission.state, file_type="K0152001")
    assert market.night(EFFECTIVE)["estimates"] == {
        **{"taken_effect": 0, "superseded": 0, "challenged": 0, "waiting": 1},
        "untold": {},
    }
    with writing(market.engine) as session:
        wanted = SubmissionState.NACKED
        submissions.change_state(
            session, submission.ref, SubmissionState.RECEIVED, wanted, actor="test", why="", at=market.now
        )
    assert market.night(EFFECTIVE + DAY)["estimates"]["taken_effect"] == 1
    assert market.in_force("T_DINO-1", EFFECTIVE) == (104_000, -2_000)
    assert market.breach(ref).state == "TAKEN_EFFECT"


def test_a_withdrawn_set_of_volumes_is_evaluated_again(market: Market) -> None:
    ref = opened(market)
    with writing(market.engine) as session:
        name = session.exec(select(RecordSet.submission_ref)).one()
        record_sets.withdraw(session, name, at=market.now)
    market.night(NIGHT + DAY)
    assert market.breach(ref).state == "WITHDRAWN"


def test_volumes_that_come_bit_by_bit_make_the_same_breach(market: Market) -> None:
    rows = [DINO.format(period, volume) for period, volume in ((1, "51"), (2, "53"), (3, "50.49"), (4, "52"))]
    for number, row in enumerate(rows):
        market.metered(row, on=NIGHT + number * DAY)
        market.night(NIGHT + number * DAY)
    (breach,) = market.breaches()
    assert (breach.periods_in_breach, breach.settlement_period, breach.estimated_value_kw) == (3, 2, 106_000)


def test_what_another_run_evaluated_meanwhile_is_not_evaluated_twice(market: Market) -> None:
    market.metered(DINO.format(35, "52"))
    market.now = datetime(2026, 12, 10, 4, tzinfo=UTC)
    with writing(market.engine) as session:
        run = scheduled_runs.start_by_hand(session, "gcdc-breaches", NIGHT, owner="test", at=market.now)
    assert run.id is not None
    occasion = Occasion(
        *("gcdc-breaches", run.id, NIGHT, market.now, market.now, 1), market.engine, market.home, parameters={}
    )
    apply = GCDC_BREACHES.work(occasion)
    market.night()
    with pytest.raises(Fault, match="evaluated by another run"), writing(market.engine) as session:
        apply(session)
    assert len(market.breaches()) == 1
