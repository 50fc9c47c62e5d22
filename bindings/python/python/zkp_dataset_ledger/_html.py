"""Tables for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = "text-align:left;vertical-align:top;padding:2px 10px 2px 0"


def fields(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """A title and pairs of name and value; pairs without a value are left out."""
    shown = (
        f'<tr><th style="{_STYLE}">{escape(name)}</th><td style="{_STYLE}">{escape(str(value))}</td></tr>'
        for name, value in rows
        if value is not None and value != ""
    )
    return f"<div><b>{escape(title)}</b><table>{''.join(shown)}</table></div>"


def table(title: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A title and rows under a header."""
    head = "".join(f'<th style="{_STYLE}">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_STYLE}">{escape("" if cell is None else str(cell))}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<div><b>{escape(title)}</b><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
