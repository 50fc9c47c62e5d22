// The errors of the package.

export {
    ForgeableError,
    InternalError,
    InvalidInputError,
    InvalidTypeError,
    LedgerError,
    NotAsRequiredError,
    NotSupportedError,
    NotValidError,
    VerificationError,
} from "./errors.js";
