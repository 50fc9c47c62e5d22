//! Work that takes seconds: accepted, queued, carried out by few workers, followed, cancelled, and its outcome kept.
//!
//! What was accepted is in a file before it is acknowledged, and what came of it as soon as it has. A server that was stopped or killed
//! says so of whatever it had not finished: nothing that was acknowledged is lost.

mod queue;
mod record;
mod resumable;
mod spool;
mod store;

pub(crate) use self::resumable::{Appending, Uploads};
pub use self::{
    queue::{Begun, Job, OperationLimits, Operations, Pending, Progress, Reservation},
    record::{
        Fingerprint, IdempotencyKey, NewOperation, Operation, OperationId, Outcome, Recorded, State, Status, Work,
    },
    resumable::{NewUpload, Upload, UploadId, UploadLimits},
    spool::{Spool, Spooled},
};
