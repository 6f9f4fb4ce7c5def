"""GC/DC breaches: MON-01 to MON-04, and MON-10. The frames behind them are made in rules.monitoring.metered."""

from market.severity import Severity
from rules.challenge import FLOW as CHALLENGE
from rules.metered import FLOW
from rules.rule import Example, Rule

_HEAD = "ABV|T_DINO-1|20261202|II|1|20261203|\n"
_LIMITS = "The GC Limit and the DC Limit of WIN 2026 are the larger of 1 MW and 2 %; other periods are 0 MWh."
_RECEIVED = "2026-12-03T09:30:00Z"


def _example(body: str, *breaks: int, note: str = _LIMITS) -> Example:
    return Example(body, breaks=breaks, flow=FLOW, sender="UKDC", received_at=_RECEIVED, note=note)


MON_01 = Rule(
    id="MON-01",
    title="GC breach: a period's metered power is above GC plus the GC Limit in force on that day (strictly), for a "
    "Primary BM Unit.",
    severity=Severity.MARKET_BREACH,
    flows=(FLOW,),
    stage="nightly",
    source="BSC K3.4.3A; P357",
    why="Credit cover is worked out from what a BM Unit says it can do.",
    passes=_example(_HEAD + "ABP|35|F|50.49|E|"),
    fails=_example(_HEAD + "ABP|35|F|50.491|E|", 3),
)

MON_02 = Rule(
    id="MON-02",
    title="DC breach: likewise in the import direction.",
    severity=Severity.MARKET_BREACH,
    flows=(FLOW,),
    stage="nightly",
    source="BSC K3.4.3A; P357",
    why="A demand beyond what was declared is covered by nobody's credit.",
    passes=_example(_HEAD + "ABP|6|F|1.5|I|"),
    fails=_example(_HEAD + "ABP|6|F|1.501|I|", 3),
)

MON_03 = Rule(
    id="MON-03",
    title="One breach is open per BM Unit, side and season; a worse period updates it, and every period in breach "
    "counts.",
    severity=Severity.MARKET_BREACH,
    flows=(FLOW,),
    stage="nightly",
    source="P359; policy",
    why="One event in the market is one thing to answer for, however many half-hours it takes.",
    passes=_example(_HEAD + "ABP|35|F|50|E|\nABP|36|F|50.49|E|"),
    fails=_example(
        _HEAD + "ABP|35|F|50.5|E|\nABP|36|F|51|E|\nABP|37|F|50.6|E|",
        *(3, 4, 5),
        note=_LIMITS + " One breach counts three periods; its worst is period 36.",
    ),
)

MON_04 = Rule(
    id="MON-04",
    title="Without a GC/DC Limit for the season there is no evaluation, and the run says so.",
    severity=Severity.MARKET_BREACH,
    flows=(FLOW,),
    stage="nightly",
    source="P357",
    why="A limit that nobody set is no limit of 0.",
    passes=_example(
        "ABV|T_DINO-1|20261130|II|1|20261203|\nABP|35|F|60|E|",
        note="No limit is set for AUT 2026: nothing is evaluated.",
    ),
    fails=_example(_HEAD + "ABP|35|F|60|E|", 3),
)

MON_10 = Rule(
    id="MON-10",
    title="An unchallenged breach's estimated value takes effect after Challenge By, and a registration report "
    "(R0145005) goes out.",
    severity=Severity.NOTICE,
    flows=(CHALLENGE,),
    stage="nightly",
    source="P359; policy",
    why="A breach that nobody answers has shown what the BM Unit can do.",
    passes=Example(
        "GCC|GCB00000000001|T_DINO-1|GC|104|Metering fault at Dinorwig|Ann Archer|",
        flow=CHALLENGE,
        note="The breach is challenged: it waits for a decision.",
    ),
    fails=Example(
        "GCC|GCB00000000002|E_ABRTW-9|DC|-9|Station load during outage|Ann Archer|",
        breaks=(2,),
        flow=CHALLENGE,
        note="The breach could be challenged until 1 November 2026: its estimated value holds from the day after.",
    ),
)
