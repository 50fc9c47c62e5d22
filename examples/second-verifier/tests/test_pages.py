"""What the pages give as examples is what this verifier computes."""

import os
import unittest
from pathlib import Path

from second_verifier.data import characters
from second_verifier.field import element, poseidon
from second_verifier.layout import Column, Layout, Pair
from tests import examples


class Pages(unittest.TestCase):
    def stands(self, page: str, values: dict[str, str]) -> None:
        text = (examples.ROOT / "docs" / page).read_text("utf-8")
        for name, value in values.items():
            with self.subTest(name):
                self.assertIn(f"`{value}`" if " " not in value or "`" in value else value, text)

    def test_the_example_of_the_log_is_right(self):
        self.stands("verifying/log.md", examples.of_the_log())

    def test_the_example_of_claims_is_right(self):
        self.stands("verifying/claims.md", examples.of_claims())

    def test_the_example_of_scans_is_right(self):
        self.stands("verifying/scan.md", examples.of_scans())

    @unittest.skipUnless("ZKL_MATRICES" in os.environ, "no matrices: make test-second-verifier writes them")
    def test_the_example_of_proofs_is_right(self):
        self.stands("verifying/proofs.md", examples.of_proofs(Path(os.environ["ZKL_MATRICES"])))

    def test_hashes_and_layout_digest_are_those_of_the_page_of_seals(self):
        columns = (
            Column("age", "int", True, "numeric", 1),
            Column("income", "decimal(2)", False, "numeric", 2),
            Column("sex", "category", False, "category", 4),
            Column("label", "bool", True, "category", 4),
            Column("city", "category", False, "grouped", 512),
            Column("note", "text", True, "opaque", 0),
        )
        layout = Layout(6, columns, (Pair("joint", 2, 3), Pair("product", 0, 1)))
        text = (examples.ROOT / "docs" / "seal.md").read_text("utf-8")
        self.assertIn(element(layout.digest).hex(), text)
        self.assertNotEqual(poseidon("a", []), poseidon("b", []))

    def test_the_tables_of_characters_are_ascending_ranges(self):
        for name, ranges in characters().items():
            if name != "unicode":
                bounds = [bound for first, last in ranges for bound in (first, last + 1)]
                self.assertEqual(bounds, sorted(set(bounds)), name)


if __name__ == "__main__":
    unittest.main()
