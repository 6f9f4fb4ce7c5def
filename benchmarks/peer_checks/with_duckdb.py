"""The checks as one SQL query of DuckDB over its CSV reader, with its DECIMAL(13,4)."""

from pathlib import Path

import duckdb
from shared_checks import (
    CLASSES,
    DECIMAL,
    FACILITIES,
    GSP_GROUPS,
    HEAD,
    INTEGER,
    MWH_OF_KW,
    NEEDLESS_ZERO,
    PERIODS,
    PREFIXES,
    REGISTER,
    SENDER,
    TIMES,
    TYPES,
)

KNOWN = f"""
create or replace temp table known as
with facility as (
    select bm_unit_id, max(maximum_import_capacity) as capacity
    from read_csv($facilities, types = {{'maximum_import_capacity': 'DECIMAL(13,4)'}}) group by bm_unit_id, facility_id
), bound as (
    select bm_unit_id, sum(capacity) * {MWH_OF_KW}::decimal(9,4) as most from facility group by bm_unit_id
)
select bm_unit_id, lead_party_id, bm_unit_type, gsp_group_id, most
from read_csv($register, all_varchar = true) left join bound using (bm_unit_id)
"""

READ = f"""
create or replace temp table rows as
with file as (
    select row_number() over () + {HEAD} as line, kind, a, b, c, d
    from read_csv(
        $path, delim = '|', header = false, quote = '', escape = '', auto_detect = false, skip = {HEAD},
        null_padding = true,
        columns = {{kind: 'VARCHAR', a: 'VARCHAR', b: 'VARCHAR', c: 'VARCHAR', d: 'VARCHAR', rest: 'VARCHAR'}}
    )
), items as (
    select line, kind,
        max(line) filter (kind = 'NFU') over (rows between unbounded preceding and current row) as unit,
        case kind when 'NFT' then '1' else a end as period_text,
        case kind when 'NFT' then a else b end as gross_text,
        case kind when 'NFT' then b else c end as non_final_text,
        case kind when 'NFT' then c else d end as corrected_text
    from file
    where kind <> 'ZZZ'
)
select *,
    case when regexp_full_match(period_text, '{INTEGER}') then try_cast(period_text as integer) end as period,
    {{values}}
from items
""".replace(
    "{values}",
    ", ".join(
        f"case when kind <> 'NFU' and regexp_full_match({name}_text, '{DECIMAL}') "
        f"then try_cast({name}_text as decimal(13,4)) end as {name}"
        for name in ("gross", "non_final", "corrected")
    ),
)

_ITEMS = " union all ".join(
    f"""
    select line, 'FLD-04' from rows where kind <> 'NFU' and {name}_text is not null and {name} is null
    union all
    select line, 'FLD-05' from rows where {name} is not null and {name}_text like '%0'
        and regexp_full_match({name}_text, '{NEEDLESS_ZERO}')
    """
    for name in ("gross", "non_final", "corrected")
)

_SUMS = ", ".join(
    f"case when not bool_or({name} is null and {name}_text is not null) then coalesce(sum({name}), 0) end as {name}"
    for name in ("gross", "non_final", "corrected")
)

_SPACED = " or ".join(f"{item} <> trim({item}, ' ')" for item in ("period_text", "gross_text"))

FIND = f"""
copy (
    with units as (
        select line, period_text as bm_unit, gross_text as gsp_group, non_final_text as measurement_class, known.*
        from rows left join known on bm_unit_id = period_text where kind = 'NFU'
    ), declared as (
        select rows.*, most, most is not null as declared
        from rows join units on rows.unit = units.line where kind = 'NFP' and lead_party_id = '{SENDER}'
    ), days as (
        select unit, bool_and(period is not null) as readable, {_SUMS},
            count(*) <> {PERIODS} or not bool_and(coalesce(period, 0) = line - unit) as strays
        from rows where kind = 'NFP' group by unit
    )
    select line, 'FLD-01' as rule from rows
    where kind <> 'NFU' and (period_text is null or gross_text is null or corrected_text is null)
    union all
    select line, 'FLD-03' from rows where kind = 'NFP' and period_text is not null and period is null
    union all {_ITEMS}
    union all
    select line, 'NFD-01' from rows where kind = 'NFP' and gross - coalesce(non_final, 0) <> corrected
        and (non_final is not null or non_final_text is null)
    union all
    select line, 'NFD-02' from rows where kind = 'NFP' and (non_final < 0 or (non_final > 0 and non_final > gross))
    union all
    select line, 'NFD-03' from rows where kind = 'NFP' and gross < 0
    union all
    select unit, 'NFD-04' from days where readable and strays
    union all
    select line, 'NFD-05' from rows join days using (unit)
    where kind = 'NFT' and (
        rows.gross <> days.gross or rows.corrected <> days.corrected
        or (coalesce(rows.non_final, 0) <> days.non_final
            and (rows.non_final is not null or rows.non_final_text is null))
    )
    union all
    select line, 'FLD-01' from rows
    where kind = 'NFU' and (period_text is null or gross_text is null or non_final_text is null)
    union all
    select line, 'FLD-06' from rows
    where kind = 'NFU' and (length(period_text) > 11 or length(gross_text) > 2 or {_SPACED})
    union all
    select line, 'FLD-08' from units where measurement_class not in {CLASSES}
    union all
    select line, 'IDN-01' from units where lead_party_id is null
    union all
    select line, 'IDN-02' from units where lead_party_id <> '{SENDER}'
    union all
    select line, 'IDN-04' from units where gsp_group not in {GSP_GROUPS} or gsp_group <> gsp_group_id
    union all
    select line, 'NFD-10' from units where bm_unit[:3] not in {PREFIXES} or bm_unit_type not in {TYPES}
    union all
    select line, 'NFD-06' from declared
    where case when declared then non_final_text is null else non_final is not null end
    union all
    select line, 'NFD-07' from declared where non_final > most
    union all
    select line, 'NFD-08' from declared where most > 0 and non_final >= {TIMES} * most
    union all
    select unnest(list(line)), 'NFD-09' from rows where kind = 'NFU'
    group by period_text, non_final_text having count(*) > 1
) to '{{found}}' (format csv, header true)
"""


def find(path: Path, found: Path) -> None:
    with duckdb.connect() as connection:
        files = {"register": str(path.parent / REGISTER), "facilities": str(path.parent / FACILITIES)}
        connection.execute(KNOWN, files)
        connection.execute(READ, {"path": str(path)})
        connection.execute(FIND.replace("{found}", str(found)))
