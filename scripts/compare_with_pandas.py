#!/usr/bin/env python3
"""Compares a profile with what pandas says about the same file.

    compare_with_pandas.py PROFILE.json FILE.csv

PROFILE.json is the output of `zkl profile NAME --format json` ("-" reads standard input). Counts, nulls and category
counts are pandas' own. Sums, means and variances are computed from the cells' text as fractions, since pandas' floats
are inexact, and pandas' floats are then required to agree with them to 9 digits.
Exit code: 0 equal, 1 different, 2 unreadable.
"""

import json
import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

BOOLS = {"True": "true", "TRUE": "true", "true": "true", "False": "false", "FALSE": "false", "false": "false"}
MAX_EXACT_DIGITS = 30
ROUNDED_DIGITS = 20


def shown(value: Fraction) -> Fraction:
    """What a mean or variance is printed as: exact up to 30 digits after the point, else half-even to 20."""
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest == 1 and max(twos, fives) <= MAX_EXACT_DIGITS:
        return value
    return round(value, ROUNDED_DIGITS)


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def scale(kind: str) -> int:
    """Digits after the point that a type of numbers keeps."""
    return int(kind.removeprefix("decimal(").rstrip("?)")) if kind.startswith("decimal(") else 0


def expected(column: dict, text: pd.Series, typed: pd.Series, rounded: bool) -> dict:
    """The entries of `column` as they should be. `text` holds the cells as written, `typed` as pandas reads them."""
    valid = text.dropna()
    result = {"name": text.name, "count": int(text.notna().sum()), "nulls": int(text.isna().sum())}
    kind = column["type"].split("(")[0]
    if kind == "bool":
        result["categories"] = {k: int(v) for k, v in valid.map(BOOLS).value_counts().items()}
    elif kind == "category":
        result["categories"] = {k: int(v) for k, v in valid.value_counts().items()}
    elif kind in ("date", "timestamp") and len(valid):
        times = pd.to_datetime(valid)
        width = len(column["min"])
        result["min"] = times.min().isoformat()[:width]
        result["max"] = times.max().isoformat()[:width]
    elif kind in ("int", "decimal") and len(valid):
        values = [Fraction(Decimal(cell.strip())) for cell in valid]
        if rounded:
            values = [Fraction(round(value, scale(column["type"]))) for value in values]
        total, count = sum(values), len(values)
        mean = total / count
        variance = sum(v * v for v in values) / count - mean * mean
        result |= {"min": min(values), "max": max(values), "sum": total, "mean": shown(mean), "variance": shown(variance)}
        floats = {"min": typed.min(), "max": typed.max(), "sum": typed.sum(), "mean": typed.mean(), "variance": typed.var(ddof=0)}
        for key, value in floats.items():
            # What pandas sums in integers of 64 bits may wrap.
            if not rounded and not close(float(value), float(result[key])) and not isinstance(value, np.integer):
                raise SystemExit(f"pandas' own {key} of {text.name!r} is {value}, the cells give {float(result[key])}")
    return result


def differences(profile: dict, text: pd.DataFrame, typed: pd.DataFrame, rounded: set[str] = frozenset()) -> list[str]:
    """Where a profile is not that of a table; columns of `rounded` hold values rounded to the scale of their type."""
    found = []
    if profile["rows"] != len(text):
        found.append(f"rows: profile has {profile['rows']}, pandas {len(text)}")
    names = [column["name"] for column in profile["columns"]]
    if names != list(text.columns):
        return found + [f"columns: profile has {names}, pandas {list(text.columns)}"]
    for column in profile["columns"]:
        name = column["name"]
        wanted = expected(column, text[name], typed[name], name in rounded)
        for key in sorted((set(column) | set(wanted)) - {"type"}):
            got, want = column.get(key), wanted.get(key)
            if isinstance(want, Fraction) and got is not None:
                got = Fraction(got)
            if got != want:
                found.append(f"{name}.{key}: profile has {got}, pandas {want}")
        pandas_is_number = pd.api.types.is_numeric_dtype(typed[name]) and not pd.api.types.is_bool_dtype(typed[name])
        declared_number = column["type"].split("(")[0] in ("int", "decimal")
        if len(text[name].dropna()) and pandas_is_number != declared_number and declared_number:
            found.append(f"{name}.type: profile has {column['type']}, pandas {typed[name].dtype}")
    return found


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with sys.stdin if sys.argv[1] == "-" else open(sys.argv[1], encoding="utf-8") as file:
            profile = json.load(file)
        path = sys.argv[2]
        options = {"sep": None, "engine": "python"} if path.endswith(".tsv") else {"sep": ",", "engine": "c"}
        found = differences(profile, pd.read_csv(path, dtype=str, **options), pd.read_csv(path, **options))
    except (OSError, ValueError, KeyError) as error:
        print(f"{sys.argv[2]}: {error}", file=sys.stderr)
        return 2
    for line in found:
        print(line)
    if not found:
        print(f"{sys.argv[2]}: {profile['rows']} rows, {len(profile['columns'])} columns, equal")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
