"""Notarize datasets, prove things about them in zero knowledge, and verify that offline.

>>> from zkp_dataset_ledger import Ledger
>>> ledger = Ledger("memory:")
>>> patients = ledger.notarize_dataset(b"age,smokes\\n34,no\\n58,yes\\n41,no\\n", name="patients")
>>> receipt = patients.prove("mean(age) between 40 and 50")
>>> receipt.verify(trust=ledger.log_key).log.pinned
True
"""

from typing import TYPE_CHECKING

from ._calls import Progress
from ._native import __version__
from .errors import (
    AlreadyExistsError,
    BusyError,
    ClosedError,
    DamagedError,
    FalseClaimError,
    ForgeableError,
    ForkedError,
    InternalError,
    InvalidInputError,
    InvalidTypeError,
    LedgerError,
    NotAsRequiredError,
    NotFoundError,
    NotSupportedError,
    NotValidError,
    OperationCancelledError,
    ReadOnlyError,
    UnavailableError,
    VerificationError,
)
from .receipts import Entry, History, LogState, Receipt, Verdict, verify, verify_async

if TYPE_CHECKING:
    from .claims import Claim
    from .config import ProofConfig, ReadOptions
    from .ledger import Checkpoint, ColumnProfile, Dataset, DatasetInfo, Evaluation, Ledger, Notarized, Profile
    from .reports import Report, report, report_async

__all__ = [
    "AlreadyExistsError",
    "BusyError",
    "Checkpoint",
    "Claim",
    "ClosedError",
    "ColumnProfile",
    "DamagedError",
    "Dataset",
    "DatasetInfo",
    "Entry",
    "Evaluation",
    "FalseClaimError",
    "ForgeableError",
    "ForkedError",
    "History",
    "InternalError",
    "InvalidInputError",
    "InvalidTypeError",
    "Ledger",
    "LedgerError",
    "LogState",
    "NotAsRequiredError",
    "NotFoundError",
    "NotSupportedError",
    "NotValidError",
    "Notarized",
    "OperationCancelledError",
    "Profile",
    "Progress",
    "ProofConfig",
    "ReadOnlyError",
    "ReadOptions",
    "Receipt",
    "Report",
    "UnavailableError",
    "VerificationError",
    "Verdict",
    "__version__",
    "report",
    "report_async",
    "verify",
    "verify_async",
]

# What only verifies does without these, and starts sooner.
_LATER = {"Claim": "claims", "ProofConfig": "config", "ReadOptions": "config"} | dict.fromkeys(
    ("Checkpoint", "ColumnProfile", "Dataset", "DatasetInfo", "Evaluation", "Ledger", "Notarized", "Profile"), "ledger"
) | dict.fromkeys(("Report", "report", "report_async"), "reports")


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f".{_LATER[name]}", __name__), name)
    return found


def __dir__() -> list[str]:
    return __all__
