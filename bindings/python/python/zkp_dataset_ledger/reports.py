"""The page about receipts for readers who know no cryptography."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import _calls, _native
from .errors import InvalidInputError
from .receipts import Receipt, Trusted, _data, _texts

Reported = Receipt | bytes | str | os.PathLike[str]
"""A receipt: a file, its bytes, or an object."""


@dataclass(frozen=True)
class Report:
    """What receipts show, about which tables, on what trust, what that contributes to Article 10 of the EU AI Act, and what is not shown."""

    html: str = field(repr=False)
    """The page. It loads nothing, runs nothing and prints well."""
    valid: Mapping[str, bool]
    """Whether each receipt is valid. The page says of one that is not that it shows nothing."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html)

    def _repr_html_(self) -> str:
        from html import escape

        # A page of its own, whose style stays its own.
        return f'<iframe sandbox="" style="width:100%;height:40em;border:0" srcdoc="{escape(self.html)}"></iframe>'


def report(
    receipts: Mapping[str, Reported] | Iterable[Reported],
    *,
    trust: Trusted,
    policy: str | os.PathLike[str] | None = None,
    trust_store: str | os.PathLike[str] | None = None,
) -> Report:
    """Verifies receipts and reports about them, as ``zkl report`` does. A receipt that is not valid is in the report, and said to be.

    Names are the keys of a mapping; otherwise the name of the file, or what the receipt is for.
    """
    return _report(_named(receipts), _texts(trust), policy, trust_store, None)


async def report_async(
    receipts: Mapping[str, Reported] | Iterable[Reported],
    *,
    trust: Trusted,
    policy: str | os.PathLike[str] | None = None,
    trust_store: str | os.PathLike[str] | None = None,
) -> Report:
    """:func:`report` for coroutines."""
    named, trusted = _named(receipts), _texts(trust)
    return await _calls.in_thread(lambda cancel: _report(named, trusted, policy, trust_store, cancel))


def _report(
    receipts: list[tuple[str, bytes]],
    trust: list[str],
    policy: str | os.PathLike[str] | None,
    trust_store: str | os.PathLike[str] | None,
    cancel: _native.Cancel | None,
) -> Report:
    html, valid = _native.report(receipts, trust, policy, trust_store, cancel)
    return Report(html, {name: sound for (name, _), sound in zip(receipts, valid, strict=True)})


def _named(receipts: Mapping[str, Reported] | Iterable[Reported]) -> list[tuple[str, bytes]]:
    if isinstance(receipts, (Receipt, bytes, str, os.PathLike)):
        receipts = [receipts]
    pairs = receipts.items() if isinstance(receipts, Mapping) else ((_name(one), one) for one in receipts)
    named: dict[str, bytes] = {}
    for name, one in pairs:
        data = _data(one)
        if named.setdefault(name, data) != data:
            raise InvalidInputError(f"two receipts are called {name}", hint='name them: report({"training": ..., "test": ...}, ...)')
    return list(named.items())


def _name(receipt: Reported) -> str:
    if isinstance(receipt, (str, os.PathLike)):
        return os.fspath(receipt)
    shown = receipt if isinstance(receipt, Receipt) else Receipt(receipt)
    try:
        return f"{shown.entry.dataset}, {shown.entry.kind} {shown.entry.id[:16]}"
    except Exception:
        # What cannot be read is in the report as well.
        import hashlib

        return hashlib.sha256(bytes(shown)).hexdigest()[:16]
