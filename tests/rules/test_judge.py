"""The judgement as a whole: units, slices, limits, and what happens where a rule of ours fails."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from market.check import Check
from market.fault import Fault
from market.frames import BREACHES, UNITS
from market.severity import Severity
from rules import joined
from rules.catalogue import contexts_of
from rules.fused_pass import REFUSED, UNCHANGED, WARNED, Tally, run_checks
from rules.judge import Judgement
from tests.rules.world import POLICY, judged, references

units = st.sampled_from(
    ["T_DINO-1", "T_ZERO-1", "T_OTTR-1", "E_ABRTW-9", "2__CACME000", "I_EAG-ACME1", "T_NOSUCH-1", " T_DINO-1", ""]
)
days = st.sampled_from(["20261201", "20261110", "20261111", "20261102", "2026120", ""])
values = st.sampled_from(["", "0", "99", "-2", "100", "50.5", "-76.1", "-74", "40", "1E2", "49.5", "-0", "2.50"])
heads = st.sampled_from(
    [
        "GCH|S|WIN|2026|Ann Archer|",
        "GCH|M|AUT|2026|Ann Archer|",
        "GCH|X|AUT|2026|Ann Archer|",
        "GCH|S|WIN|2026|Kim Kent|",
    ]
)
rows = st.tuples(units, days, values, values, values, values).map(lambda row: f"GCV|{'|'.join(row)}|")
bodies = st.tuples(heads, st.lists(rows, min_size=1, max_size=12)).map(lambda body: "\n".join([body[0], *body[1]]))


def assert_same(one: Judgement, other: Judgement) -> None:
    assert (one.outcome, one.counts) == (other.outcome, other.counts)
    assert_frame_equal(one.units, other.units)
    assert_frame_equal(one.breaches, other.breaches)
    assert_frame_equal(one.effect, other.effect)


@settings(max_examples=25, deadline=None, phases=[Phase.generate])
@given(bodies, st.sampled_from([1, 100_000]))
def test_a_verdict_does_not_depend_on_the_slices(body: str, store_limit: int) -> None:
    policy = replace(POLICY, store_limit=store_limit)
    whole = judged(body, policy=policy)
    for slice_records in (1, 2, 7):
        assert_same(judged(body, policy=policy, slice_records=slice_records), whole)


@settings(max_examples=40, deadline=None)
@given(bodies)
def test_every_unit_is_accepted_or_refused_and_only_accepted_ones_have_effect(body: str) -> None:
    judgement = judged(body)
    assert judgement.units.height == body.count("\n")
    assert (judgement.units.schema, judgement.breaches.schema) == (UNITS, BREACHES)
    accepted, refused = judgement.units_with("A", "W", "N"), judgement.units_with("R")
    assert judgement.units.height == accepted + refused + judgement.units_with("H")
    assert judgement.effect.height == accepted
    assert judgement.outcome == {0: "ACCEPTED", judgement.units.height: "REJECTED"}.get(refused, "PARTIAL")
    effective = judgement.effect.select("line", "outcome")
    assert effective.equals(judgement.units.filter(pl.col("outcome") != "R").select("line", "outcome"))
    assert effective["line"].is_sorted()
    assert judgement.effect.null_count().sum_horizontal().sum() == 0


@settings(max_examples=40, deadline=None)
@given(bodies)
def test_breaches_and_verdicts_agree(body: str) -> None:
    judgement = judged(body)
    breaches = judgement.breaches
    place = ["line", "position", "rule"]
    assert breaches.select(place).is_unique().all()
    assert breaches.equals(breaches.sort(place))
    assert dict(breaches["rule"].value_counts().iter_rows()) == judgement.counts
    assert (breaches["message"].str.len_chars() <= 255).all()
    refusing = breaches.filter(severity="E")
    if refusing["unit"].null_count():
        assert judgement.outcome == "REJECTED"
    else:
        refused = judgement.units.with_row_index("unit").filter(outcome="R")["unit"]
        assert set(refusing["unit"]) == set(refused)


def test_a_breach_of_the_header_falls_on_every_value_below_it() -> None:
    judgement = judged("GCH|X|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||\nGCV|T_ZERO-1|20261201|1|0|||")
    assert judgement.units["outcome"].to_list() == ["R", "R"]
    assert judgement.breaches.select("line", "rule", "unit").rows() == [(2, "FLD-08", None)]
    assert judgement.outcome == "REJECTED"


def test_a_warning_of_the_header_warns_every_value_below_it() -> None:
    judgement = judged("GCH|S|SPR|2027|Ann Archer|\nGCV|T_DINO-1|20270301|100|-2|||\nGCV|T_ZERO-1|20270301|1|0|||")
    assert judgement.units["outcome"].to_list() == ["W", "W"]


def test_what_is_stored_of_a_rule_is_cut_and_its_count_is_not() -> None:
    body = "\n".join(["GCH|S|WIN|2026|Ann Archer|", *["GCV|T_DINO-1|20261201|-1|1|||"] * 9])
    judgement = judged(body, policy=replace(POLICY, store_limit=3))
    assert judgement.counts["GCD-01"] == 18
    found = judgement.breaches.filter(rule="GCD-01")
    assert found.select("line", "position").rows() == [(3, 3), (3, 4), (4, 3)]
    assert judgement.units_with("R") == 9


def check(broken: pl.Expr, rule: str = "XXX-01", **changes: Any) -> Check:
    plain = Check(rule, Severity.ERROR, "GCV", None, 0, broken, pl.lit(None, pl.String), pl.lit("is broken"))
    return replace(plain, **changes)


FRAME = pl.DataFrame({"line": pl.Series([3, 4, 5], dtype=pl.UInt32), "value": [1, None, 3]})


def test_a_rule_that_cannot_tell_is_a_fault() -> None:
    with pytest.raises(Fault, match="rules that cannot tell: XXX-01"):
        run_checks(FRAME, [check(pl.col("value") > 1)], Tally(10))
    assert run_checks(FRAME, [check((pl.col("value") > 1).fill_null(False))], Tally(10)).tolist() == [0, 0, REFUSED]


@pytest.mark.parametrize(
    "broken", [pl.col("absent") > 1, pl.col("value").cast(pl.String).str.to_date("%Y") == pl.lit(None)]
)
def test_a_rule_that_raises_is_a_fault_that_names_it(broken: pl.Expr) -> None:
    fine = check(pl.col("line") > 9, "XXX-00")
    with pytest.raises(Fault, match="rule XXX-01 fails"):
        run_checks(FRAME, [fine, check(broken)], Tally(10))


def test_a_message_that_raises_is_a_fault() -> None:
    broken = check(pl.col("line") == 4, message=pl.col("absent"))
    with pytest.raises(Fault, match="the message of rule XXX-01 fails"):
        run_checks(FRAME, [broken], Tally(10))


def test_frames_of_many_pieces_have_their_messages() -> None:
    pieces = pl.concat([FRAME.with_columns(name=pl.lit("T_DINO-1"))] * 3, rechunk=False).with_row_index("row")
    sparse = pieces.filter(pl.col("row").is_in([0, 8]))
    assert max(sparse.n_chunks("all")) > 1
    tally = Tally(10)
    broken = check(pl.col("line") > 0, message=pl.format("{} has {}", "name", "value"))
    run_checks(sparse, [broken], tally)
    assert tally.breaches()["message"].to_list() == ["T_DINO-1 has 1", "T_DINO-1 has 3"]


def test_the_bits_of_a_row_are_those_of_all_that_it_breaks() -> None:
    everywhere = pl.col("line") > 0
    checks = [
        check(pl.col("line") == 4),
        check(everywhere, "XXX-02", severity=Severity.WARNING),
        check(pl.col("line") == 5, "XXX-03", severity=Severity.INFORMATION),
    ]
    tally = Tally(10)
    bits = run_checks(FRAME, checks, tally, no_change="XXX-03").tolist()
    assert bits == [WARNED, WARNED | REFUSED, WARNED | UNCHANGED | 1]
    assert tally.counts == {"XXX-01": 1, "XXX-02": 3, "XXX-03": 1}


@pytest.mark.parametrize(
    ("join", "fault"),
    [
        (lambda frame, _: pl.concat([frame, frame]), "context signatory of GCH gives 2 rows for 1"),
        (lambda frame, _: frame.select("absent"), "context signatory of GCH fails"),
        (lambda frame, facts: frame[facts.nothing], "context signatory of GCH fails"),
    ],
)
def test_a_context_that_multiplies_rows_or_raises_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, join: Callable[..., pl.DataFrame], fault: str
) -> None:
    known = contexts_of("K0151001")
    broken = replace(known["GCH", "signatory"], join=join)
    monkeypatch.setattr(joined, "contexts_of", lambda _: {**known, ("GCH", "signatory"): broken})
    with pytest.raises(Fault, match=fault):
        judged("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||")


def test_registrations_that_overlap_are_a_fault() -> None:
    known = references()
    known["bm_units"] = pl.concat([known["bm_units"], known["bm_units"].head(1)])
    with pytest.raises(Fault, match="context registration of GCV gives 2 rows for 1"):
        judged("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||", known=known)


def test_a_flow_without_rules_of_its_own_is_judged_root_by_root() -> None:
    body = "\n".join(
        [
            "TR1|New unit|Ann Archer|secret|",
            *("TU1|Alpha|", "BU2|T_DINO-1|20261201||"),
            *("TU1|Beta|", "BU2|T_ZERO-1|20261201||", "BU2||20261201||"),
        ]
    )
    judgement = judged(body, flow="R0061001", slice_records=2)
    assert judgement.units.rows() == [("line 2", "A", 2), ("line 3", "A", 3), ("line 5", "R", 5)]
    assert judgement.breaches.select("line", "rule", "unit").rows() == [(7, "FLD-01", 2)]
    assert judgement.effect.is_empty()
