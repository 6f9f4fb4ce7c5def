"""Reading reference files: text, checked against its kind, made into dated rows.

Every problem of a file is told with its line, column and value; a file with a problem changes nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from market.frames import OPEN_END
from market.reference import MARKET_START
from store import dated
from store.reference_kinds import Column, Kind
from store.refused import RefusedError

PROBLEMS = pl.Schema({"line": pl.UInt32, "column": pl.String, "message": pl.String})
"""One row a problem of a reference file; `line` and `column` are null where the file as a whole has it."""

_TOLD = 10


class ReferenceFileError(RefusedError):
    """A reference file cannot be loaded. `problems` is a frame of PROBLEMS; the text tells the first of them."""

    def __init__(self, file_name: str, problems: pl.DataFrame) -> None:
        """The problems of the file of that name."""
        self.problems = problems
        told = problems.head(_TOLD).select(
            pl.when(pl.col("line").is_null())
            .then(pl.col("message"))
            .otherwise(pl.format("line {}, {}: {}", "line", "column", "message"))
        )
        more = [f"and {problems.height - _TOLD} more"] if problems.height > _TOLD else []
        super().__init__("\n".join([f"{file_name} is not loaded", *told.to_series(), *more]))


def read_text(path: Path) -> pl.DataFrame:
    """The file's columns as text, null where empty, and `line` (UInt32); rows without any value are left out.

    Raises ReferenceFileError where the file is no CSV in UTF-8, or a line has more or fewer values than the header.
    """
    content = path.read_bytes()
    try:
        frame = pl.read_csv(content, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise _whole_file(path.name, f"it is no CSV in UTF-8: {str(error).splitlines()[0]}") from error
    if "line" in frame.columns:
        raise _whole_file(path.name, "column line is unknown")
    lines = pl.DataFrame({"text": content.decode().split("\n")}, schema={"text": pl.String}).with_row_index("line", 1)
    # A short line would be filled up with nulls in silence, and a missing bound means an open one.
    uneven = lines.filter(
        ~pl.col("text").str.contains('"', literal=True),
        pl.col("text") != "",
        pl.col("text").str.count_matches(",", literal=True) + 1 != frame.width,
    )
    if not uneven.is_empty():
        counted = pl.format(
            "{} values, the header names {}", pl.col("text").str.count_matches(",") + 1, pl.lit(frame.width)
        )
        raise ReferenceFileError(path.name, problems_of(uneven, "all columns", counted))
    text = frame.select(pl.when(pl.all() != "").then(pl.all()))
    return text.with_row_index("line", 2).filter(pl.any_horizontal(pl.exclude("line").is_not_null()))


def checked(kind: Kind, text: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """The rows of a file of that kind: its columns as text, its bounds as dates without nulls, and `line`.

    Raises ReferenceFileError.
    """
    checked_values(kind.columns, text, file_name)
    rows = text.with_columns(
        pl.col("effective_from").fill_null(str(MARKET_START)), pl.col("effective_to").fill_null(str(OPEN_END))
    )
    days = rows.with_columns(pl.col(dated.BOUNDS.names()).str.to_date("%Y-%m-%d", strict=False))
    problems = pl.concat([*(_no_days(rows, days, name) for name in dated.BOUNDS.names()), _disorder(kind, days)])
    if not problems.is_empty():
        raise ReferenceFileError(file_name, problems.sort("line"))
    return days


def checked_values(columns: Sequence[Column], text: pl.DataFrame, file_name: str) -> None:
    """Raises ReferenceFileError where a file has other columns than these, or one has a value that is not allowed."""
    named = {column.name for column in columns}
    unlike = [f"column {name} is missing" for name in sorted(named - set(text.columns))]
    unlike += [f"column {name} is unknown" for name in sorted(set(text.columns) - named - {"line"})]
    if unlike:
        raise _whole_file(file_name, *unlike)
    schema = pa.DataFrameSchema({column.name: column.schema() for column in columns})
    try:
        schema.validate(text.drop("line"), lazy=True)
    except SchemaErrors as errors:
        raise ReferenceFileError(file_name, _field_problems(columns, text, errors)) from errors


def kilowatts(megawatts: str) -> pl.Expr:
    """A column of MW as text with at most three decimals, as whole kW."""
    return (pl.col(megawatts).cast(pl.Decimal(16, 3)) * 1000).cast(pl.Int64)


def _whole_file(file_name: str, *messages: str) -> ReferenceFileError:
    rows = [{"line": None, "column": None, "message": message} for message in messages]
    return ReferenceFileError(file_name, pl.DataFrame(rows, schema=PROBLEMS))


def problems_of(rows: pl.DataFrame, column: str, message: pl.Expr) -> pl.DataFrame:
    """A problem of PROBLEMS for each row, with its `line` and that message."""
    # pl.format panics on a column with an empty chunk.
    return rows.rechunk().select(
        pl.col("line").cast(pl.UInt32), pl.lit(column).alias("column"), message.cast(pl.String).alias("message")
    )


def _field_problems(columns: Sequence[Column], text: pl.DataFrame, errors: SchemaErrors) -> pl.DataFrame:
    missing = pl.col("check") == "not_nullable"
    message = (
        pl.when(missing)
        .then(pl.lit("the value is missing"))
        .otherwise(pl.format("{} is not {}", "failure_case", "check"))
    )
    cases = pl.DataFrame(errors.failure_cases)
    found = cases.select(pl.col("index").cast(pl.UInt32), "column", message.alias("message"))
    lines = text.select("line").with_row_index("index")
    order = {column.name: position for position, column in enumerate(columns)}
    problems = found.join(lines, on="index").select(pl.col("line").cast(pl.UInt32), "column", "message")
    return problems.sort("line", pl.col("column").replace_strict(order))


def _no_days(rows: pl.DataFrame, days: pl.DataFrame, name: str) -> pl.DataFrame:
    wrong = rows.filter(days[name].is_null())
    return problems_of(wrong, name, pl.format("{} is no day of the calendar", name))


def _disorder(kind: Kind, days: pl.DataFrame) -> pl.DataFrame:
    whole = days.drop_nulls(dated.BOUNDS.names())
    backwards = whole.filter(pl.col("effective_to") < pl.col("effective_from"))
    ends = pl.format("{} is before effective_from {}", "effective_to", "effective_from")
    overlapping = dated.overlaps(whole, kind.dated.key)
    key = pl.concat_str(kind.dated.key, separator=" ", ignore_nulls=True)
    meets = pl.format("{} overlaps an earlier row of {}", "effective_from", key)
    return pl.concat([problems_of(backwards, "effective_to", ends), problems_of(overlapping, "effective_from", meets)])
