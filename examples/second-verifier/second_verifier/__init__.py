"""A second verifier of receipts, written from docs/verifying.md and the pages that it names. Python 3.11, standard library alone."""
