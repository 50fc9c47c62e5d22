#!/usr/bin/env python3
"""Writes random tables with pyarrow, pandas, Polars, DuckDB and fastavro in every format and type, and compares what is read with what was written.

    differential.py PROFILE CACHE [--tables N] [--seed S] [--write]

PROFILE is the example `profile` of zkl-dataset, which reads all tables in one process. Of each column: nulls, counts of categories, and
minimum, maximum, sum, mean and variance as exact fractions of the values that were written. A float counts as its shortest decimal, and may be
rounded only in a column that says so. The writer's own reader has to find as many nulls, and the same sums of integers.
Table I of a run is made from S and I alone. Differences are kept in CACHE and their seeds printed; those of KEPT are tried first.
--write writes what became of every type into docs/formats-read.md. Exit code: 0 no difference, 1 some.
"""

import argparse
import collections
import datetime
import decimal
import itertools
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction

import duckdb
import fastavro
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from compare_with_pandas import scale, shown
from doc_tables import write_section

PAGE = pathlib.Path("docs/formats-read.md")
KEPT = pathlib.Path(__file__).with_name("differential_seeds.txt")
EPOCH = datetime.datetime(1970, 1, 1)
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
EXACT = decimal.Context(prec=1200)
TEXTS = ["a", "b c", " lead", "trail ", "x,y", 'q"uote', "semi;colon", "tab\there", "line\nbreak", "ß", "日本", "🙂", "yes-no", "#hash", "-"]

# ---- random tables


def integers(rng, bits, signed):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2 ** min(bits, 63) - 1)
    span = rng.choice([3, 100, 10**6, high])
    return lambda: max(low, min(high, rng.randint(-span if signed else 0, span)))


def floats(rng, dtype):
    kind, power = rng.randrange(5), rng.choice([-9, -4, 0, 3] if dtype is np.float32 else [-9, -4, 0, 3, 9])

    def make():
        value = [
            rng.randint(-1000, 1000) / 100,
            rng.gauss(0, 1) * 10.0**power,
            float(rng.randint(-(10**6), 10**6)),
            rng.random() / 3,
            rng.choice([0.0, -0.0, 1e-7, 123456.75, 2.5]),
        ][kind]
        return float(dtype(value))

    return make


def decimals(rng):
    precision = rng.randint(1, 18)
    digits = rng.randint(0, precision)
    top = 10**precision - 1
    return pa.decimal128(precision, digits), lambda: decimal.Decimal(rng.randint(-top, top)).scaleb(-digits)


def times(rng):
    unit = rng.choice(list(UNITS))
    zone = rng.choice([None, None, "UTC", "Europe/Berlin"])
    low, high = (-(10**9), 4 * 10**9) if unit != "ns" else (0, 4 * 10**9)

    def make():
        return rng.randint(low, high) * UNITS[unit] + rng.choice([0, 0, rng.randrange(UNITS[unit])])

    return pa.timestamp(unit, zone), make


def column(rng):
    """A type, what it is called in the table of outcomes, and a maker of values."""
    kind = rng.choice(["int", "int", "uint", "float32", "float", "float", "decimal", "bool", "date", "time", "text", "text", "many", "dictionary", "binary", "null"])
    if kind in ("int", "uint"):
        bits = rng.choice([8, 16, 32, 64])
        return getattr(pa, f"{kind}{bits}")(), "integer", integers(rng, bits, kind == "int")
    if kind == "float32":
        return pa.float32(), "float", floats(rng, np.float32)
    if kind == "float":
        return pa.float64(), "float", floats(rng, float)
    if kind == "decimal":
        return (*(found := decimals(rng))[:1], "decimal", found[1])
    if kind == "bool":
        return pa.bool_(), "bool", lambda: rng.random() < 0.5
    if kind == "date":
        return pa.date32(), "date", lambda: datetime.date(1970, 1, 1) + datetime.timedelta(rng.randint(-200_000, 100_000))
    if kind == "time":
        ty, make = times(rng)
        return ty, "time with a zone" if ty.tz else "time", make
    if kind == "many":
        return pa.string(), "text", lambda: f"id-{rng.randrange(10**9)}"
    words = rng.sample(TEXTS, rng.randint(1, len(TEXTS)))
    if kind == "binary":
        return pa.binary(), "binary", lambda: rng.choice(words).encode()
    if kind == "null":
        return pa.null(), "null", lambda: None
    return (pa.dictionary(pa.int32(), pa.string()) if kind == "dictionary" else pa.string()), "category", lambda: rng.choice(words)


def table(rng):
    rows = rng.choice([1, 2, rng.randint(3, 60), rng.randint(3, 60), rng.randint(100, 400), 9000 if rng.random() < 0.05 else 5])
    names = rng.sample(["a", "b", "Größe", "with space", "x.y", 'q"', "n,1", "_", "Z9"], rng.randint(1, 6))
    fields, arrays, kinds = [], [], []
    for name in names:
        ty, kind, make = column(rng)
        hole = rng.choice([0, 0, 0.1, 0.6, 1 if rng.random() < 0.1 else 0])
        values = [None if rng.random() < hole else make() for _ in range(rows)]
        if pa.types.is_timestamp(ty):
            array = pa.array(values, pa.int64()).cast(ty)
        else:
            array = pa.array(values, ty.value_type if pa.types.is_dictionary(ty) else ty)
            array = array.dictionary_encode() if pa.types.is_dictionary(ty) else array
        fields.append(pa.field(name, ty))
        arrays.append(array)
        kinds.append(kind)
    return pa.table(arrays, pa.schema(fields)), kinds


# ---- writers: each returns the ending of what it wrote, or None for a table that it cannot write


def arrow_parquet(data, path, rng):
    options = {
        "compression": rng.choice(["none", "snappy", "gzip", "brotli", "zstd", "lz4"]),
        "use_dictionary": rng.random() < 0.5,
        "data_page_version": rng.choice(["1.0", "2.0"]),
        "row_group_size": rng.choice([1, 7, 1000, None]) if data.num_rows < 500 else 1000,
        "write_page_checksum": rng.random() < 0.3,
    }
    if rng.random() < 0.2:
        options["use_deprecated_int96_timestamps"] = True
    pq.write_table(data, path, **options)


def arrow_ipc(data, path, rng):
    options = pa.ipc.IpcWriteOptions(compression=rng.choice([None, "lz4", "zstd"]))
    make = pa.ipc.new_stream if path.endswith(".arrows") else pa.ipc.new_file
    with make(path, data.schema, options=options) as writer:
        writer.write_table(data, max_chunksize=rng.choice([1, 10, 10_000]) if data.num_rows < 500 else 5_000)


def plain(data):
    """The table without dictionaries and binaries, which text has no way to tell from texts."""
    for index, field in enumerate(data.schema):
        if pa.types.is_dictionary(field.type) or pa.types.is_binary(field.type):
            data = data.set_column(index, field.name, data.column(index).cast(pa.string()))
    return data


def pandas_of(data):
    return plain(data).to_pandas(types_mapper=pd.ArrowDtype)


def pandas_csv(data, path, rng):
    options = {"sep": rng.choice([",", ";", "\t", "|"]), "na_rep": rng.choice(["", "", "NA", "NULL"])}
    if rng.random() < 0.3:
        # Compressed, it has no byte order mark, and then it is any bytes.
        options["encoding"] = rng.choice(["utf-8-sig", "utf-16" if path.endswith(".csv") else "utf-8-sig"])
    pandas_of(data).to_csv(path, index=False, **options)


def pandas_json(data, path, rng):
    frame = pandas_of(data)
    for name in frame.columns:
        if pa.types.is_decimal(data.schema.field(name).type):
            return "decimals become floats"
    frame.to_json(path, orient="records", lines=path.endswith(".ndjson"), date_format="iso", date_unit="ns", double_precision=15, force_ascii=rng.random() < 0.5)
    return None


def polars_of(data):
    return pl.from_arrow(data)


def polars_parquet(data, path, rng):
    polars_of(data).write_parquet(path, compression=rng.choice(["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"]))


def polars_ipc(data, path, rng):
    frame, compression = polars_of(data), rng.choice(["uncompressed", "lz4", "zstd"])
    (frame.write_ipc_stream if path.endswith(".arrows") else frame.write_ipc)(path, compression=compression)


def polars_csv(data, path, rng):
    polars_of(plain(data)).write_csv(path, separator=rng.choice([",", ";", "\t"]), include_bom=rng.random() < 0.2)


def polars_json(data, path, _rng):
    frame = polars_of(plain(data))
    (frame.write_ndjson if path.endswith(".ndjson") else frame.write_json)(path)


def duckdb_copy(options):
    def write(data, path, _rng):
        with duckdb.connect() as connection:
            connection.register("t", data if "PARQUET" in options else plain(data))
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY t TO '{path}' ({options})")

    return write


def arrow_csv(data, path, rng):
    quoting = rng.choice(["needed", "all_valid"])
    pa.csv.write_csv(plain(data), path, pa.csv.WriteOptions(quoting_style=quoting))


def avro_type(ty):
    if pa.types.is_decimal(ty):
        return {"type": "bytes", "logicalType": "decimal", "precision": ty.precision, "scale": ty.scale}
    if pa.types.is_date(ty):
        return {"type": "int", "logicalType": "date"}
    if pa.types.is_timestamp(ty):
        unit = {"s": "millis", "ms": "millis", "us": "micros", "ns": "nanos"}[ty.unit]
        return {"type": "long", "logicalType": f"{'' if ty.tz else 'local-'}timestamp-{unit}"}
    if pa.types.is_integer(ty):
        return "int" if ty.bit_width < 32 or ty == pa.int32() else "long"
    names = [(pa.types.is_null, "null"), (pa.types.is_boolean, "boolean"), (pa.types.is_float32, "float"), (pa.types.is_float64, "double"), (pa.types.is_binary, "bytes")]
    return next((name for matches, name in names if matches(ty)), "string")


def avro(data, path, rng):
    fields, columns = [], []
    for field, array in zip(data.schema, data.columns):
        ty = field.type
        if pa.types.is_timestamp(ty):
            array = array.cast(pa.int64())
        values = array.to_pylist()
        if pa.types.is_timestamp(ty) and ty.unit == "s":
            values = [value if value is None else value * 1000 for value in values]
        wanted = avro_type(ty)
        if wanted != "null" and (array.null_count or rng.random() < 0.5):
            wanted = rng.choice([["null", wanted], [wanted, "null"]])
        fields.append({"name": field.name, "type": wanted})
        columns.append(values)
    schema = fastavro.parse_schema({"type": "record", "name": "Row", "fields": fields})
    rows = [dict(zip(data.column_names, row)) for row in zip(*columns)]
    codec = rng.choice(["null", "deflate", "snappy", "zstandard", "bzip2", "xz"])
    with open(path, "wb") as file:
        fastavro.writer(file, schema, rows, codec=codec, sync_interval=rng.choice([1, 100, 16_000]))


def pandas_ods(data, path, _rng):
    if any(pa.types.is_decimal(ty) for ty in data.schema.types):
        return "decimals become floats"
    if data.num_rows > 500:
        return "it takes too long"
    pandas_of(data).to_excel(path, engine="odf", index=False)
    return None


# Writer, format, ending, function.
WRITERS = [
    ("pyarrow", "Parquet", "parquet", arrow_parquet),
    ("pyarrow", "Arrow file", "arrow", arrow_ipc),
    ("pyarrow", "Arrow stream", "arrows", arrow_ipc),
    ("pyarrow", "CSV", "csv", arrow_csv),
    ("pandas", "CSV", "csv", pandas_csv),
    ("pandas", "CSV, gzip", "csv.gz", pandas_csv),
    ("pandas", "CSV, bzip2", "csv.bz2", pandas_csv),
    ("pandas", "CSV, xz", "csv.xz", pandas_csv),
    ("pandas", "CSV, ZIP", "csv.zip", pandas_csv),
    ("pandas", "JSON", "json", pandas_json),
    ("pandas", "NDJSON", "ndjson", pandas_json),
    ("Polars", "Parquet", "parquet", polars_parquet),
    ("Polars", "Arrow file", "arrow", polars_ipc),
    ("Polars", "Arrow stream", "arrows", polars_ipc),
    ("Polars", "CSV", "csv", polars_csv),
    ("Polars", "JSON", "json", polars_json),
    ("Polars", "NDJSON", "ndjson", polars_json),
    ("DuckDB", "Parquet", "parquet", duckdb_copy("FORMAT PARQUET, COMPRESSION ZSTD")),
    ("DuckDB", "CSV", "csv", duckdb_copy("FORMAT CSV, HEADER")),
    ("DuckDB", "NDJSON", "ndjson", duckdb_copy("FORMAT JSON")),
    ("DuckDB", "JSON", "json", duckdb_copy("FORMAT JSON, ARRAY TRUE")),
]

# Writers that came later, and which tables are theirs: those with an index of this remainder modulo ten. Others have the writers that they had.
LATER = {5: ("fastavro", "Avro", "avro", avro), 8: ("pandas", "OpenDocument", "ods", pandas_ods)}

# ---- what should be found


def exact(value, narrow, ties_away):
    """A number as the fraction that it is written as, `narrow` for a float of 32 bits that is written as one."""
    if isinstance(value, float):
        shortest = decimal.Decimal(str(np.float32(value)) if narrow else repr(value))
        if not ties_away:
            return Fraction(shortest)
        # Of two that are as short and as near, some writers take the one away from zero, and Python the even one.
        away = decimal.Decimal(value).quantize(shortest, decimal.ROUND_HALF_UP, EXACT)
        again = float(np.float32(str(away))) if narrow else float(away)
        return Fraction(away if again == value else shortest)
    return Fraction(value)


def ways(values, narrow, text):
    """The values as they may be written. How a tie is broken is the writer's choice in text, for each value, and ours elsewhere; some writers
    give all digits where two are as near."""
    away = [exact(value, narrow, True) for value in values]
    if not text:
        return [away]
    even = [exact(value, narrow, False) for value in values]
    ties = [i for i in range(len(values)) if away[i] != even[i] or narrow and isinstance(values[i], float) and is_tie(values[i])]
    # Of very many, all are broken in one way.
    options = [even, away, [Fraction(value) for value in values]]
    choices = itertools.product(options, repeat=len(ties)) if len(ties) <= 6 else ([option] * len(ties) for option in options)
    chosen = (dict(zip(ties, choice)) for choice in choices)
    return ([choice.get(i, away)[i] for i in range(len(values))] for choice in chosen)


def is_tie(value):
    """Whether a float of 32 bits is in the middle of two decimals that are as short as its shortest."""
    shortest = decimal.Decimal(str(np.float32(value)))
    return abs(decimal.Decimal(value) - shortest) * 2 == decimal.Decimal(1).scaleb(shortest.as_tuple().exponent)


def numbers(exacts, found, rounded):
    if rounded:
        exacts = [Fraction(round(value, scale(found["type"]))) for value in exacts]
    total, count = sum(exacts), len(exacts)
    mean = total / count
    variance = sum(value * value for value in exacts) / count - mean * mean
    return {"min": min(exacts), "max": max(exacts), "sum": total, "mean": shown(mean), "variance": shown(variance)}


def moment(value, ty):
    """Nanoseconds since 1970 of a date or a time, as the file's type counts them."""
    return value * 10**9 // UNITS[ty.unit]


def nanoseconds(text):
    day, _, clock = text.partition("T")
    year, month, dom = day.rsplit("-", 2)
    hour, minute, second = clock.rstrip("Z").split(":") if clock else ("0", "0", "0")
    days = (datetime.date(int(year), int(month), int(dom)) - EPOCH.date()).days
    return (days * 86400 + int(hour) * 3600 + int(minute) * 60) * 10**9 + int(Fraction(second) * 10**9)


# These write floats of 32 bits with the digits of 64.
WIDENS = {("pandas", "text"), ("pandas", "OpenDocument"), ("DuckDB", "JSON"), ("DuckDB", "NDJSON")}


def written(path, name):
    """The values of a column of JSON as another reader has them: pandas rounds floats and drops nanoseconds when it writes."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    objects = [text] if text.startswith("[") else text.splitlines()
    rows = [json.loads(line, parse_float=decimal.Decimal) for line in objects]
    values = [row[name] for row in (rows[0] if text.startswith("[") else rows)]
    return [value for value in values if value is not None]


def compare(data, writer, format, profile, path):
    """Differences, and what became of each column."""
    text = format.split(",")[0] in ("CSV", "JSON", "NDJSON")
    widens = bool(WIDENS & {(writer, format), (writer, "text" if text else "")})
    found, became = [], []
    names = [column["name"] for column in profile["columns"]]
    if profile["rows"] != data.num_rows or sorted(names) != sorted(data.column_names):
        return [f"{profile['rows']} rows of {names}, expected {data.num_rows} of {data.column_names}"], []
    by_name = {column["name"]: column for column in profile["columns"]}
    for field, array in zip(data.schema, data.columns):
        column, ty = by_name[field.name], field.type
        base = column["type"].split("(")[0].rstrip("?")
        became.append(base)
        if column["nulls"] != array.null_count:
            found.append(f"{field.name}: {column['nulls']} nulls, expected {array.null_count}")
            continue
        if pa.types.is_timestamp(ty):
            values = array.cast(pa.int64()).drop_null().to_pylist()
        elif pa.types.is_null(ty):
            values = []
        else:
            values = array.drop_null().to_pylist()
        if not values:
            continue
        if (writer, text) == ("pandas", True) and "JSON" in format and (pa.types.is_floating(ty) or pa.types.is_timestamp(ty)):
            values = written(path, field.name)
            if isinstance(values[0], str):
                values = [nanoseconds(value.replace("+00:00", "")) * UNITS[ty.unit] // 10**9 for value in values]
        number = pa.types.is_integer(ty) or pa.types.is_floating(ty) or pa.types.is_decimal(ty)
        if number and base in ("int", "decimal"):
            narrow, is_rounded = pa.types.is_float32(ty) and not widens, field.name in profile["rounded"]
            for exacts in ways(values, narrow, text):
                wanted = numbers(exacts, column, is_rounded)
                wrong = [f"{field.name}.{key}: {column[key]}, expected {value} = {float(value)}" for key, value in wanted.items() if Fraction(column[key]) != value]
                if not wrong:
                    break
            found += wrong
        elif pa.types.is_boolean(ty) and base == "bool":
            wanted = {str(key).lower(): count for key, count in collections.Counter(values).items()}
            if column["categories"] != wanted:
                found.append(f"{field.name}: {column['categories']}, expected {wanted}")
        elif pa.types.is_temporal(ty) and base in ("date", "timestamp"):
            moments = [moment(value, ty) if pa.types.is_timestamp(ty) else (value - EPOCH.date()).days * 86400 * 10**9 for value in values]
            got = nanoseconds(column["min"]), nanoseconds(column["max"])
            if got != (min(moments), max(moments)):
                found.append(f"{field.name}: {column['min']} to {column['max']}, expected {min(moments)} to {max(moments)}")
        elif pa.types.is_string(ty) or pa.types.is_binary(ty) or pa.types.is_dictionary(ty):
            texts = [value.decode() if isinstance(value, bytes) else value for value in values]
            if format == "OpenDocument":
                # It writes tabs into attributes, where XML takes them for blanks.
                texts = [text.replace("\t", " ") for text in texts]
            if base == "category" and column["categories"] != dict(collections.Counter(texts)):
                found.append(f"{field.name}: {column['categories']}, expected {dict(collections.Counter(texts))}")
            elif base not in ("category", "text"):
                found.append(f"{field.name}: {ty} became {column['type']}")
        elif not (text and base in ("category", "text")):
            found.append(f"{field.name}: {ty} became {column['type']}")
    return found, became


def reread(path, ending, data):
    """Where pyarrow or DuckDB find other nulls or sums of integers than were written."""
    if ending != "parquet":
        return []
    again = pq.read_table(path)
    bad = []
    for field in data.schema:
        if again.column(field.name).null_count != data.column(field.name).null_count:
            bad.append(f"{field.name}: its writer wrote other nulls")
        if pa.types.is_integer(field.type) and pc.sum(again.column(field.name)).as_py() != pc.sum(data.column(field.name)).as_py():
            bad.append(f"{field.name}: its writer wrote another sum")
    return bad


# Refusals that are right: of whom, of what, and in which tables.
EXPLAINED = [
    # Nothing tells a delimiter from a character of the only column, and ambiguity is refused.
    ("CSV", "cells where|no rows|expected .* of", lambda data: data.num_columns == 1),
    ("CSV", "can be cut at", lambda data: True),
    # Nine digits after the point of every second, also in years that nanoseconds do not reach.
    ("JSON", "does not fit 64 bits when counted in nanoseconds", lambda data: True),
    ("Avro", "invalid Avro data", lambda data: all(pa.types.is_null(ty) for ty in data.schema.types)),
    # A sheet ends with the last row that holds something.
    ("OpenDocument", "no rows|expected .* of", lambda data: all(column[-1].as_py() is None for column in data.columns)),
]


def is_explained(data, format, error):
    return any(kind in format and re.search(why, error) and of(data) for kind, why, of in EXPLAINED)


# ---- running


class Reader:
    """The process that reads."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "--many"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, path):
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the reader ended at {path}")
        return json.loads(line)


def trial(seed, index, reader, work):
    """One table: differences, where it is, and what is known of it."""
    rng = random.Random(f"{seed}:{index}")
    data, kinds = table(rng)
    place = rng.choice(WRITERS)
    writer, format, ending, write = LATER.get(index % 10, place)
    if format == "Avro":
        # Its names are ASCII letters, digits and underscores.
        data = data.rename_columns([f"c{position}" for position in range(data.num_columns)])
    path = f"{work}/t.{ending}"
    label = f"{writer} {format}"
    try:
        declined = write(data, path, rng)
    except (pa.ArrowException, pl.exceptions.PolarsError, duckdb.Error, ValueError, OverflowError, TypeError) as error:
        declined = f"{label} cannot write it: {str(error).splitlines()[0]}"
    if declined:
        return [], path, (writer, format), kinds, None, declined
    answer = reader.read(path)
    if "error" in answer:
        found = [] if is_explained(data, format, answer["error"]) else [f"refused: {answer['error']}"]
        return found, path, (writer, format), kinds, None, answer["error"]
    found, became = compare(data, writer, format, answer, path)
    if not became and is_explained(data, format, found[0]):
        return [], path, (writer, format), kinds, None, "one column that looks like several"
    return found + reread(path, ending, data), path, (writer, format), kinds, became, None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("profile")
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    kept = [line.split()[0].rsplit(":", 1) for line in KEPT.read_text().splitlines() if line and not line.startswith("#")]
    trials = [(seed, int(index)) for seed, index in kept] + [(options.seed, index) for index in range(options.tables)]
    reader = Reader(options.profile)
    outcomes, reasons, differing, read = collections.defaultdict(lambda: collections.defaultdict(set)), collections.Counter(), [], 0
    with tempfile.TemporaryDirectory() as work:
        for seed, index in trials:
            found, path, place, kinds, became, reason = trial(seed, index, reader, work)
            if reason is not None:
                reasons[f"{' '.join(place)}: {re.sub(r'[0-9]+', 'N', reason.replace(path, 'FILE').splitlines()[0])[:160]}"] += 1
            else:
                read += 1
                for kind, base in zip(kinds, became):
                    outcomes[place][kind].add(base)
            if found:
                keep = options.cache / "differential" / f"{seed}-{index}.{path.split('.', 1)[1]}"
                keep.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, keep)
                differing.append((seed, index))
                for line in found[:4]:
                    print(f"{seed}:{index} {' '.join(place)}: {line[:300]}")
    for reason, count in reasons.most_common():
        print(f"not compared ({count}): {reason}")
    print(f"differential: {len(trials)} tables, {read} compared, {len(trials) - read} not written or refused, {len(differing)} with differences")
    if options.write:
        write_outcomes(outcomes, len(trials), read)
    return 1 if differing else 0


def write_outcomes(outcomes, tried, read):
    kinds = ["integer", "float", "decimal", "bool", "date", "time", "time with a zone", "category", "text", "binary", "null"]
    lines = [
        f"{read} of {tried} random tables, the others being such as their writers cannot write or as are refused above: no difference.",
        "",
        f"| writer, format | {' | '.join(kinds)} |",
        "|" + "---|" * (len(kinds) + 1),
    ]
    for writer, format, _, _ in [*WRITERS, *LATER.values()]:
        cells = [", ".join(sorted(outcomes[(writer, format)][kind])) or "-" for kind in kinds]
        lines.append(f"| {writer}, {format} | {' | '.join(cells)} |")
    write_section(PAGE, "differential", lines)


if __name__ == "__main__":
    sys.exit(main())
