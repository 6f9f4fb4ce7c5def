"""The checks with a pydantic model a row; what a model cannot say of one row is plain Python as with the csv module."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from per_row import Values, needless_zero, write_findings
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from shared_checks import DECIMAL, INTEGER

integer, decimal = re.compile(INTEGER).fullmatch, re.compile(DECIMAL).fullmatch

NAMES = ("period", "gross", "non_final", "corrected")
FORMS = {"period": "FLD-03", "gross": "FLD-04", "non_final": "FLD-04", "corrected": "FLD-04"}


def in_integer_form(text: str | None) -> str | None:
    if text is not None and not integer(text):
        raise ValueError("no integer(2)")
    return text


def in_decimal_form(text: str | None) -> str | None:
    if text is not None and not decimal(text):
        raise ValueError("no decimal(13,4)")
    return text


Period = Annotated[int | None, BeforeValidator(in_integer_form)]
Demand = Annotated[Annotated[Decimal, Field(max_digits=13, decimal_places=4)] | None, BeforeValidator(in_decimal_form)]


class Row(BaseModel):
    """A period; or a total, whose period is 1."""

    period: Period
    gross: Demand
    non_final: Demand
    corrected: Demand


def read(items: list[str]) -> Values:
    texts = dict(zip(NAMES, (text or None for text in items[:4]), strict=True))
    broken = ["FLD-01" for name, text in texts.items() if text is None and name != "non_final"]
    malformed = set[str]()
    try:
        row = Row.model_validate(texts)
    except ValidationError as errors:
        malformed = {str(error["loc"][0]) for error in errors.errors()}
        broken += [FORMS[name] for name in malformed]
        row = Row.model_validate(texts | dict.fromkeys(malformed))
    for name in NAMES[1:]:
        text = texts[name]
        if text is not None and text[-1] == "0" and name not in malformed and needless_zero(text):
            broken.append("FLD-05")
    return Values(row.period, row.gross, row.non_final, row.corrected, frozenset(malformed), broken)


def find(path: Path, found: Path) -> None:
    write_findings(path, found, read)
