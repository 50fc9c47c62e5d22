"""Components of Kubeflow Pipelines: notarize a table, prove a claim, and a gate that lets a pipeline go on only if receipts verify.

What a component does is in the package, which its container has or installs; what kfp compiles is a call of it.
"""

# kfp looks at annotations, which are types therefore.
import functools
from typing import NamedTuple

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Output

from ._native import __version__

_BASE_IMAGE = "python:3.12-slim"


class Components(NamedTuple):
    """The components, for one image."""

    notarize: dsl.base_component.BaseComponent
    """``notarize(table, ledger, name)``: outputs ``notarized``, the same table with what commits to it among its metadata, and ``receipt``."""
    prove: dsl.base_component.BaseComponent
    """``prove(notarized, ledger, claim)``: output ``receipt``."""
    verify_gate: dsl.base_component.BaseComponent
    """``verify_gate(notarized, receipt, trust)``: outputs ``passed``, the same table, for what comes after it, and ``report``. It fails unless every check
    passes.
    """


def components(*, base_image: str = _BASE_IMAGE, packages: list[str] | None = None) -> Components:
    """The components in an image. ``packages`` are installed when a container starts: this package in this version with the extra ``kfp``, unless
    the image has it already (``[]``)."""
    install = [f"zkp-dataset-ledger[kfp]=={__version__}"] if packages is None else packages
    component = functools.partial(dsl.component, base_image=base_image, packages_to_install=install, install_kfp_package=False)

    @component
    def notarize(
        table: Input[Dataset],
        ledger: str,
        name: str,
        notarized: Output[Dataset],
        receipt: Output[Artifact],
        home: str = "",
        openings_key: str = "",
        columns: dict[str, str] = {},
        format: str = "",
        attest_only: bool = False,
    ) -> None:
        """Notarizes a table, unless it is the newest version of its name.

        Args:
            table: A table of any format that the ledger reads.
            ledger: A directory on a volume, or the URL of a store, with home for keys and secrets.
            name: Name of the dataset.
            home: Directory with the keys and secrets of a ledger whose store is elsewhere.
            openings_key: File with the key of encrypted secrets, as a secret that is mounted.
            columns: Types of columns by name.
            format: Format of the table; found out if empty.
            attest_only: Whether the notary's signature alone stands for the profile, without a proof.
            notarized: The same table, with what commits to it among its metadata.
            receipt: The receipt of the notarization.
        """
        from zkp_dataset_ledger import _steps

        _steps.notarize(
            table,
            notarized,
            receipt,
            ledger=ledger,
            name=name,
            home=home,
            openings_key=openings_key,
            columns=columns,
            format=format,
            attest_only=attest_only,
        )

    @component
    def prove(
        notarized: Input[Dataset],
        ledger: str,
        claim: str,
        receipt: Output[Artifact],
        home: str = "",
        openings_key: str = "",
    ) -> None:
        """Proves a claim about a dataset. A claim that is false fails.

        Args:
            notarized: The table as notarize gives it.
            ledger: The ledger that it was notarized in.
            claim: For instance mean(age) between 30 and 60.
            home: Directory with the keys and secrets of a ledger whose store is elsewhere.
            openings_key: File with the key of encrypted secrets, as a secret that is mounted.
            receipt: The receipt of the claim.
        """
        from zkp_dataset_ledger import _steps

        _steps.prove(notarized, receipt, ledger=ledger, claim=claim, home=home, openings_key=openings_key)

    @component
    def verify_gate(
        notarized: Input[Dataset],
        receipt: Input[Artifact],
        trust: list[str],
        passed: Output[Dataset],
        report: Output[HTML],
        require: list[str] = ["pinned", "proved"],
        claims: list[str] = [],
    ) -> None:
        """Verifies a receipt offline, and fails unless every check passes.

        Args:
            notarized: The table that the receipt is to be about.
            receipt: A receipt of notarize or prove.
            trust: Keys of logs that are trusted, as their operators publish them.
            require: What else is demanded: pinned, proved, public-setup.
            claims: Claims that the receipt has to be for.
            passed: The same table, for components that come after the gate.
            report: What the receipt shows and on what trust, also when the gate stays shut.
        """
        from zkp_dataset_ledger import _steps

        _steps.verify_gate([receipt.path], notarized, passed, report, trust=trust, require=require, claims=claims)

    return Components(notarize, prove, verify_gate)
