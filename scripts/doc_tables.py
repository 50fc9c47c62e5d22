"""Results of scripts in pages of the documentation: the text between `<!-- NAME -->` and `<!-- /NAME -->` is theirs."""

import pathlib
import re


def write_section(page: pathlib.Path, name: str, lines: list[str]) -> None:
    """Replaces the section `name` of a page."""
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page} has no section {name}")
    body = "\n".join(lines) + "\n"
    page.write_text(pattern.sub(lambda found: found[1] + body + found[2], text), encoding="utf-8")
