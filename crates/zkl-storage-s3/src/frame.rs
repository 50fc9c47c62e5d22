//! Parts of objects that are read on their own: `payload | first 8 bytes of SHA-256(payload)`.
//!
//! A whole object is checked against its name; a range of one cannot be, hence the checksum.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::Sha256Digest,
    storage::StorageErrorKind::{Corrupt, Invalid},
};

use crate::error::S3Error;

const CHECKSUM_LEN: usize = 8;

/// Where a frame lies inside its object, checksum included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

impl Place {
    pub(crate) fn end(self) -> u64 {
        u64::from(self.offset) + u64::from(self.len)
    }
}

/// A frame in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) object: Sha256Digest,
    pub(crate) place: Place,
}

/// Appends `payload` as a frame to `object`.
pub(crate) fn push(object: &mut Vec<u8>, payload: &[u8]) -> Result<Place, S3Error> {
    let too_large = S3Error::Contract(Invalid("an object of the store would be larger than 4 GiB"));
    let offset = u32::try_from(object.len()).ok();
    let len = u32::try_from(payload.len() + CHECKSUM_LEN).ok();
    let (Some(offset), Some(len)) = (offset, len) else {
        return Err(too_large);
    };
    object.extend_from_slice(payload);
    object.extend_from_slice(&checksum(payload));
    Ok(Place { offset, len })
}

/// The payload of a frame, if its checksum is right.
pub(crate) fn open(frame: &Bytes) -> Result<Bytes, S3Error> {
    let split = frame.len().checked_sub(CHECKSUM_LEN);
    let split = split.ok_or(S3Error::Contract(Corrupt("a stored part is cut short")))?;
    if frame[split..] != checksum(&frame[..split]) {
        return Err(S3Error::Contract(Corrupt("a stored part does not have its checksum")));
    }
    Ok(frame.slice(..split))
}

/// The payload of the frame at `place` of a whole object.
pub(crate) fn open_in(object: &Bytes, place: Place) -> Result<Bytes, S3Error> {
    let (start, end) = (place.offset as usize, place.offset as usize + place.len as usize);
    if end > object.len() {
        return Err(S3Error::Contract(Corrupt("a stored object is shorter than what refers to it says")));
    }
    open(&object.slice(start..end))
}

fn checksum(payload: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut checksum = [0; CHECKSUM_LEN];
    checksum.copy_from_slice(&Sha256Digest::of(payload).as_bytes()[..CHECKSUM_LEN]);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_of_a_frame_is_noticed() {
        let mut object = b"before".to_vec();
        let place = push(&mut object, b"payload").unwrap();
        assert_eq!(open_in(&object.clone().into(), place).unwrap(), "payload");
        for position in place.offset as usize..place.end() as usize {
            let mut changed = object.clone();
            changed[position] ^= 1;
            assert!(matches!(open_in(&changed.into(), place), Err(S3Error::Contract(Corrupt(_)))), "byte {position}");
        }
        for len in 0..object.len() {
            assert!(
                matches!(open_in(&object[..len].to_vec().into(), place), Err(S3Error::Contract(Corrupt(_)))),
                "{len}"
            );
        }
    }
}
