"""The record as Parquet, by pyarrow (extra `parquet`): typed columns, money in decimals that are wide enough."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from ...errors import InputError, SetupError, plain
from ..columns import COLUMNS, Kind
from .plain_values import CHECKS, Table, check_columns, converted

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise SetupError("Parquet files need pyarrow.", "Install it: pip install 'skytells-nb[parquet]'.") from error

_TYPES: dict[Kind, Any] = {
    "text": pa.string(),
    "word": pa.string(),
    "json": pa.string(),
    "moment": pa.timestamp("us", tz="UTC"),
    "flag": pa.bool_(),
    "count": pa.int64(),
    "real": pa.float64(),
}
_MOST_DIGITS = 76
_MOST_ROWS = 50_000_000


def write(table: Table, file: IO[bytes]) -> None:
    """Write plain values; raises `InputError` for amounts that no decimal of 76 digits holds side by side."""
    columns = [_array(name, kind, table[name]) for name, kind in COLUMNS.items()]
    pq.write_table(pa.table(columns, names=list(COLUMNS)), file, compression="zstd")


def _array(name: str, kind: Kind, values: list[Any]) -> Any:
    if kind == "money":
        amounts = [None if value is None else Decimal(value) for value in values]
        return pa.array(amounts, type=_decimal(name, amounts))
    if kind == "moment":
        values = [None if value is None else datetime.fromisoformat(value) for value in values]
    return pa.array(values, type=_TYPES[kind])


def _decimal(name: str, amounts: Iterable[Decimal | None]) -> Any:
    """Choose a decimal that holds each amount exactly: 20 digits before the point and 18 after it, or more."""
    before, after = 20, 18
    for amount in amounts:
        if amount is not None:
            _, digits, exponent = amount.as_tuple()
            after = max(after, -int(exponent))
            before = max(before, len(digits) + int(exponent))
    if before + after > _MOST_DIGITS:
        what = f"The column {name!r} holds amounts of up to {before} digits before the point and {after} after it."
        raise InputError(what, f"Parquet takes {_MOST_DIGITS} in all: write .csv or .json.")
    return (pa.decimal128 if before + after <= 38 else pa.decimal256)(before + after, after)


def read(path: Path, most_bytes: int) -> Table:
    """Read plain values; raises `InputError` for a file that is no Parquet, or holds other columns or types."""
    try:
        with pq.ParquetFile(path) as file:
            meta = file.metadata
            size = sum(meta.row_group(each).total_byte_size for each in range(meta.num_row_groups))
            if meta.num_rows > _MOST_ROWS or size > most_bytes:
                raise InputError("The file holds more than can be read.", "Export it in parts.")
            check_columns(file.schema_arrow.names, "The file")
            for name in file.schema_arrow.names:
                _check_type(name, file.schema_arrow.field(name).type)
            table = file.read(columns=list(COLUMNS))
            table.validate(full=True)
            return {name: _column(name, kind, table) for name, kind in COLUMNS.items()}
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        what = f"The file is no sound Parquet: {plain(error, 120)}."
        raise InputError(what, "Export it again; it may be cut off.") from None


def _check_type(name: str, given: Any) -> None:
    kinds = pa.types
    inner = given.value_type if kinds.is_dictionary(given) else given
    fits = {
        "moment": kinds.is_timestamp(inner) and inner.tz is not None,
        "flag": kinds.is_boolean(inner),
        "count": kinds.is_integer(inner),
        "real": kinds.is_floating(inner) or kinds.is_integer(inner),
        "money": kinds.is_decimal(inner),
    }.get(COLUMNS[name], kinds.is_string(inner) or kinds.is_large_string(inner))
    if not fits and not kinds.is_null(inner):
        what = f"The column {name!r} holds {plain(given, 40)}, which is no {COLUMNS[name]}."
        raise InputError(what, "Write it as sky.export_usage does.")


def _column(name: str, kind: Kind, table: Any) -> list[Any]:
    column = table.column(name)
    if kind == "money":
        return converted(name, (_shorter(value) for value in column.to_pylist()), CHECKS[kind])
    return converted(name, column.cast(_TYPES[kind]).to_pylist(), CHECKS[kind])


def _shorter(value: Decimal | None) -> Decimal | None:
    """Take off the zeros that the column's scale put there."""
    return None if value is None else Decimal(format(value, "f").rstrip("0").rstrip(".") or "0")
