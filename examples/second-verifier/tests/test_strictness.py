"""What has one spelling has no other."""

import unittest

from second_verifier import curve, ed25519, text
from second_verifier.claims import Claim
from second_verifier.field import Q, R, read_element
from second_verifier.refused import Refused
from tests import forge


class Strictness(unittest.TestCase):
    def refuses(self, check, *arguments) -> None:
        with self.assertRaises(Refused):
            check(*arguments)

    def test_signatures_have_one_spelling(self):
        signature = forge.FIRST.sign(b"message")
        ed25519.verify(forge.FIRST.public, b"message", signature)
        above = int.from_bytes(signature[32:], "little") + ed25519.L
        self.refuses(ed25519.verify, forge.FIRST.public, b"message", signature[:32] + above.to_bytes(32, "little"))
        self.refuses(ed25519.verify, forge.FIRST.public, b"other", signature)
        self.refuses(ed25519.verify, forge.FIRST.public, b"message", (1).to_bytes(32, "little") + signature[32:])

    def test_keys_are_canonical_and_of_large_order(self):
        for key in (1, 0, ed25519.P - 1, ed25519.P + 1, 1 | 1 << 255):
            self.refuses(ed25519.read_key, key.to_bytes(32, "little"))

    def test_points_have_one_spelling(self):
        for point in (curve.G1, curve.hiding_base(), None, curve.negate(curve.G1)):
            self.assertEqual(curve.read_point(curve.write_point(point)), point)
        one = curve.write_point(curve.G1)
        for bad in (
            (1 + Q).to_bytes(32, "little"),
            one[:31] + bytes([one[31] | 0x40]),
            b"\1" + curve.write_point(None)[1:],
            bytes(31) + b"\xc0",
            (4).to_bytes(32, "little"),
        ):
            self.refuses(curve.read_point, bad)

    def test_elements_are_below_the_order(self):
        self.assertEqual(read_element((R - 1).to_bytes(32, "little")), R - 1)
        self.refuses(read_element, R.to_bytes(32, "little"))

    def test_pairings_are_bilinear(self):
        three, five, fifteen = (curve.msm([(n, curve.G1)]) for n in (3, 5, 15))
        twice = curve._g2_add(curve.G2, curve.G2)
        self.assertTrue(curve.pairings_are_one([(fifteen, twice), (curve.negate(curve.msm([(6, five)])), curve.G2)]))
        self.assertFalse(curve.pairings_are_one([(three, twice), (curve.negate(five), curve.G2)]))

    def test_text_has_one_spelling(self):
        for bad in ("Zg", "Zh==", "Zg==\n", "_-8="):
            self.refuses(text.unbase64, bad)
        for bad in ("01", "", "-1", "1.0"):
            self.refuses(text.decimal, bad)
        for bad in (b'{"a":1,"a":1}', b"1.0", b"NaN", b'"\\ud800"x'):
            self.refuses(text.read_json, bad)

    def test_thresholds_have_one_spelling(self):
        for threshold in ("25.0", "025", "-0", "1e3", "+1", ".5", "5.", "0." + "0" * 38 + "1", "9" * 39):
            self.refuses(Claim.read, {"claim": "mean", "column": "age", "is": {"at_least": threshold}})
        for threshold in ("2023-02-29", "2024-01-01T10:00", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00.50"):
            self.refuses(Claim.read, {"claim": "values", "column": "age", "is": {"at_least": threshold}})

    def test_canonical_texts_are_those_of_their_version(self):
        names = {"age": ("age", "age"), "größe": ("größe", '"größe"'), "by": ("by", '"by"'), "a b": ('"a b"', '"a b"')}
        names |= {"x\u3164": ("x\u3164", '"x\\u{3164}"'), 'a"\\\n\u200b': ('"a\\"\\\\\\n\\u{200b}"', '"a\\"\\\\\\n\\u{200b}"')}
        for name, (first, second) in names.items():
            claim = Claim.read({"claim": "mean", "column": name, "is": {"at_least": "-0.05"}})
            self.assertEqual((claim.text(1), claim.text(2)), (f"mean({first}) >= -0.05", f"mean({second}) >= -0.05"))
        for threshold, percent in (("0", "0%"), ("1", "100%"), ("0.5", "50%"), ("0.05", "5%"), ("0.125", "12.5%")):
            claim = Claim.read({"claim": "nulls", "column": "x", "unit": "rate", "is": {"equal": threshold}})
            self.assertEqual(claim.text(2), f"nulls(x) = {percent}")


if __name__ == "__main__":
    unittest.main()
