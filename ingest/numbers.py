"""Integers and decimals of typed frames, read from a file's bytes eight characters at a time.

Most numbers of a large file are short: up to eight characters behind any minus. These stand in one 64-bit word, the
last in its highest byte, and a few operations over arrays of words check and add up all of them, for a third of what a
pattern and a conversion of each text cost. The forms are those of market.field, which also types what is longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.lines import Lines
from market.field import typed, valid_set
from market.frames import text_column
from market.item_type import ItemType, Kind
from market.layout import Item, Record

Offsets = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint64]
Small = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

WIDTH = 8
"""So many characters fit into a word."""

PIECE = 1 << 15
"""Numbers read at once: few enough to stay in the processor's cache."""

FEW = 1_000
"""Fewer records are typed faster by their texts."""

_MINUS, _ZERO, _POINT = np.frombuffer(b"-0.", np.uint8)
_BYTE = np.uint64(8)
_EACH = np.uint64(0x0101010101010101)
_TOP_BITS = _EACH << np.uint64(7)
_ZEROS = _EACH * np.uint64(_ZERO)
_POINTS = _EACH * np.uint64(_POINT ^ _ZERO)
_BEYOND_NINE = _EACH * np.uint64(0x7F - 9)
"""Added to bytes below 0x80 it sets the top bit of those above 9."""
_PAIRS = np.uint64(0x000000FF000000FF)
_HUNDREDS, _ONES = np.uint64(100 + (1_000_000 << 32)), np.uint64(1 + (10_000 << 32))


@dataclass(frozen=True)
class Read:
    """Numbers of one item: `values` as Int64 (decimals scaled) hold where the text `fits` the item's form.

    `long` are the places of texts that were not read: they have more than eight characters.
    """

    values: npt.NDArray[np.int64]
    fits: Flags
    long: Offsets


def is_number(item: Item) -> bool:
    """Whether `typed_number` types the item."""
    return (
        item.type.kind in (Kind.INTEGER, Kind.DECIMAL) and item.type.digits > item.type.decimals and not valid_set(item)
    )


def typed_items(record: Record, frame: pl.DataFrame, lines: Lines, at: Offsets) -> Iterable[pl.Expr | pl.Series]:
    """The typed values of a record's items as market.field.typed gives them of their texts in `frame`.

    Its rows stand on the lines with the indices `at`, the first of which is not the file's first.
    """
    if frame.height < FEW or not any(map(is_number, record.items)):
        return map(typed, record.items)
    texts = frame.select(text_column(item.column) for item in record.items)
    lengths = texts.select(pl.all().str.len_bytes().fill_null(0))
    # in front of a record's first item stand the line end before it, its type and a separator
    starts = lines.ends[at - 1].astype(np.int64) + (len(record.type) + 2)
    values: list[pl.Expr | pl.Series] = []
    for item, text, length in zip(record.items, texts, (each.to_numpy() for each in lengths), strict=True):
        values.append(typed_number(item, text, lines.data, starts, length) if is_number(item) else typed(item))
        starts += length
        starts += 1
    return values


def typed_number(item: Item, texts: pl.Series, data: bytes, starts: Offsets, lengths: Lengths) -> pl.Series:
    """The item's typed values, as market.field.typed gives them of `texts`, which have so many bytes in `data`.

    None of them ends within the first eight bytes.
    """
    read = read_numbers(item.type, data, starts, lengths)
    fitting = pl.when(pl.Series(read.fits)).then(pl.Series(read.values))
    values = pl.select(fitting.alias(item.column)).to_series()
    if len(read.long):
        of_long = texts.gather(read.long).alias(text_column(item.column)).to_frame().select(typed(item))
        values = values.scatter(read.long, of_long.to_series())
    return values


def read_numbers(type_: ItemType, data: bytes, starts: Offsets, lengths: Lengths) -> Read:
    """Reads the texts of so many bytes from `starts`; none of them ends within the first eight bytes."""
    height = len(starts)
    values, fits, long = np.empty(height, np.int64), np.empty(height, np.bool_), np.empty(height, np.bool_)
    if height:
        words = np.ndarray((len(data) - WIDTH + 1,), "<u8", data, strides=(1,))
        for at in range(0, height, PIECE):
            piece = slice(at, at + PIECE)
            values[piece], fits[piece], long[piece] = _piece(type_, data, words, starts[piece], lengths[piece])
    return Read(values, fits, np.flatnonzero(long))


def _piece(
    type_: ItemType, data: bytes, words: Words, starts: Offsets, lengths: Lengths
) -> tuple[npt.NDArray[np.int64], Flags, Flags]:
    first = np.frombuffer(data, np.uint8).take(starts)
    ends = starts + lengths
    negative = (first == _MINUS) & (lengths > 0)
    signed = bool(negative.any())
    if signed:
        lengths = lengths - negative
        first = np.frombuffer(data, np.uint8).take(ends - lengths, mode="clip")
    long = lengths > WIDTH
    size = lengths.astype(np.uint8)
    # what is in front of a text is shifted out of its word, and comes back as zeros
    others = ((WIDTH - size) << 3).astype(np.uint64)
    characters = ((words[ends - WIDTH] ^ _ZEROS) >> others) << others
    if type_.kind is Kind.DECIMAL:
        figures, place = _without_point(characters)
        scale = _scales(type_.decimals).take(place)
        whole, most = size + place - np.uint8(WIDTH), type_.digits - type_.decimals
        fits = (scale > 0) & (whole <= most)
    else:
        figures, scale, whole = characters, np.ones(1, np.int64), size
        fits = whole <= type_.digits
    leading_zero = first == _ZERO
    fits &= ((figures + _BEYOND_NINE | figures) & _TOP_BITS == 0) & ~long
    fits &= (whole == 1) | ((whole > 1) & ~leading_zero)
    values = _sum(figures).view(np.int64) * scale
    if signed:
        values = np.where(negative, -values, values)
        if type_.kind is Kind.INTEGER:
            fits &= ~(negative & leading_zero)
    return values, fits, long


def _without_point(characters: Words) -> tuple[Words, Small]:
    """The figures of words with their first point taken out, and the byte in which it was, 8 where there was none."""
    at_point = characters ^ _POINTS
    found = (at_point - _EACH) & ~at_point & _TOP_BITS
    below = ((found & (~found + np.uint64(1))) >> np.uint64(7)) - np.uint64(1)
    place = np.bitwise_count(below) >> 3
    up_to = (below << _BYTE) | np.uint64(0xFF)
    moved = (WIDTH - (place & WIDTH)).astype(np.uint64)
    figures = (characters & ~up_to) | ((characters & below) << moved)
    return figures, place


def _sum(figures: Words) -> Words:
    """The numbers whose eight figures stand in the bytes of words, the last in the highest."""
    pairs = figures * np.uint64(10) + (figures >> _BYTE)
    return ((pairs & _PAIRS) * _HUNDREDS + ((pairs >> np.uint64(16)) & _PAIRS) * _ONES) >> np.uint64(32)


@cache
def _scales(decimals: int) -> npt.NDArray[np.int64]:
    """By the byte of the point what the figures are multiplied with; 0 where too many or none stand behind it."""
    behind = [WIDTH - 1 - place for place in range(WIDTH)]
    return np.array([10 ** (decimals - each) if 0 < each <= decimals else 0 for each in behind] + [10**decimals])
