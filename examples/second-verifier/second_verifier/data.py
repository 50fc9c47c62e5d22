"""The data files beside the pages: verifying/characters.json and verifying/circuits.json."""

import json
from functools import cache
from pathlib import Path

PAGES = Path(__file__).resolve().parents[3] / "docs" / "verifying"


@cache
def characters() -> dict:
    return json.loads((PAGES / "characters.json").read_text("utf-8"))


@cache
def circuits() -> dict:
    """By id."""
    return {circuit["id"]: circuit for circuit in json.loads((PAGES / "circuits.json").read_text("utf-8"))["circuits"]}
