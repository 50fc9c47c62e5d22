"""Exceptions. All of them are :class:`LedgerError`: its ``kind`` is a word to decide by, its ``hint`` says what to do, where there is something."""

from __future__ import annotations


class LedgerError(Exception):
    """Something was not done. Unless its class says otherwise, the ledger is as it was before."""

    kind: str = "internal"
    hint: str | None = None

    def __init__(self, message: str, *, kind: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        if kind is not None:
            self.kind = kind
        self.hint = hint

    def __str__(self) -> str:
        message = str(self.args[0]) if self.args else ""
        return f"{message}\nhint: {self.hint}" if self.hint else message


class InvalidInputError(LedgerError, ValueError):
    """What was asked for cannot be done with this table, claim, name or setting."""

    kind = "invalid-input"


class InvalidTypeError(LedgerError, TypeError):
    """An argument is of a type that it cannot be."""

    kind = "type"


class FalseClaimError(LedgerError):
    """The claim or relation is not true of the table. It is not said by how much."""

    kind = "false-claim"


class NotFoundError(LedgerError, LookupError):
    """A ledger, dataset, entry or opening is not there."""

    kind = "not-found"


class AlreadyExistsError(LedgerError):
    """There is something already where something new was to be made."""

    kind = "already-exists"


class ReadOnlyError(LedgerError):
    """The ledger was opened for reading only."""

    kind = "read-only"


class BusyError(LedgerError):
    """Somebody else writes: the same call may succeed later."""

    kind = "busy"


class UnavailableError(LedgerError):
    """A store, a vault, a file or the system does not answer as it should."""

    kind = "unavailable"


class DamagedError(LedgerError):
    """What is stored is not what was written, or not this ledger's."""

    kind = "damaged"


class NotSupportedError(LedgerError):
    """This build comes without what is needed."""

    kind = "not-supported"


class OperationCancelledError(LedgerError):
    """The call was cancelled from elsewhere."""

    kind = "cancelled"


class InternalError(LedgerError):
    """A fault of this library."""

    kind = "internal"


class ClosedError(LedgerError):
    """The ledger was closed."""

    kind = "closed"


class ForkedError(LedgerError):
    """The ledger was opened in another process, from which this one was forked."""

    kind = "forked"


class VerificationError(LedgerError):
    """A receipt is not to be relied on."""

    kind = "not-valid"


class NotValidError(VerificationError):
    """A check of the receipt failed: it was changed, or is not of a log that is trusted."""

    kind = "not-valid"


class NotAsRequiredError(VerificationError):
    """Every check passed, and the receipt is not all that was demanded with ``require``."""

    kind = "not-as-required"


class ForgeableError(VerificationError):
    """Every check passed, and proves nothing: a proof rests on test material, with which anybody can forge."""

    kind = "forgeable"


_CLASSES: tuple[type[LedgerError], ...] = (
    InvalidInputError,
    InvalidTypeError,
    FalseClaimError,
    NotFoundError,
    AlreadyExistsError,
    ReadOnlyError,
    BusyError,
    UnavailableError,
    DamagedError,
    NotSupportedError,
    OperationCancelledError,
    InternalError,
    ClosedError,
    ForkedError,
    NotValidError,
    NotAsRequiredError,
    ForgeableError,
)
_BY_KIND = {cls.kind: cls for cls in _CLASSES}


def _of_kind(kind: str, message: str, hint: str | None) -> LedgerError:
    return _BY_KIND.get(kind, LedgerError)(message, kind=kind, hint=hint)
