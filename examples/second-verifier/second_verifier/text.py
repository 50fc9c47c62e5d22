"""JSON, base64 and decimals in one spelling: verifying/log.md#text."""

import base64
import json
import re

from .refused import Refused, require


def _no_duplicates(pairs):
    names = [name for name, _ in pairs]
    require(len(set(names)) == len(names), "a name stands twice in an object")
    return dict(pairs)


def _no_number(text):
    raise Refused(f"{text} is not an integer")


def read_json(data: bytes):
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from error


def compact(value) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise Refused("half a surrogate pair") from error


def indented(value) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise Refused("half a surrogate pair") from error


def fields(value, *names: str, optional: tuple[str, ...] = ()) -> dict:
    """An object with these names in this order, of which the optional ones may be absent."""
    require(isinstance(value, dict), "not an object")
    expected = [name for name in names if name not in optional or name in value]
    require(list(value) == expected, f"the fields are {list(value)}, not {expected}")
    return value


def string(value) -> str:
    require(isinstance(value, str), "not a text")
    return value


def integer(value, limit: int = 1 << 64) -> int:
    require(isinstance(value, int) and not isinstance(value, bool) and 0 <= value < limit, "not an integer in its range")
    return value


def items(value) -> list:
    require(isinstance(value, list), "not a list")
    return value


def digest(value) -> bytes:
    """64 lower-case hexadecimal digits."""
    require(re.fullmatch(r"[0-9a-f]{64}", string(value)) is not None, "not a digest")
    return bytes.fromhex(value)


def unbase64(value, length: int | None = None) -> bytes:
    try:
        data = base64.b64decode(string(value).encode("ascii"), validate=True)
    except ValueError as error:
        raise Refused("not base64") from error
    require(base64.b64encode(data).decode() == value, "base64 in another spelling")
    require(length is None or len(data) == length, f"not {length} bytes")
    return data


def decimal(value: str, limit: int = 1 << 64) -> int:
    require(re.fullmatch(r"0|[1-9][0-9]*", value) is not None and len(value) < 30 and int(value) < limit, "not a decimal")
    return int(value)


def circuit_id(value) -> str:
    match = re.fullmatch(r"([a-z0-9/-]{1,96})@([1-9][0-9]{0,9})", string(value))
    require(match is not None and int(match[2]) < 1 << 32, "not a circuit id")
    name = match[1]
    require("a" <= name[0] <= "z" and all(name.split("/")), "not a circuit id")
    return value


def dataset_name(value) -> str:
    parts = string(value).split("/")
    require(re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9._/-]{0,127}", value) is not None, "not the name of a dataset")
    require(all(part not in ("", ".", "..") for part in parts), "not the name of a dataset")
    return value
