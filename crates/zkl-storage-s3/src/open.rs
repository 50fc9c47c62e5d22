//! Making and opening a ledger, and finding out whether the endpoint can keep writers apart.

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};

use zkl_core::storage::StorageErrorKind::{Corrupt, Format, Invalid};

use crate::{
    config::S3Config,
    error::S3Error,
    location::Location,
    objects::{Objects, SMALL},
    publish::{Published, publish},
    store::{Access, Store},
};

/// Version of keys and objects.
const FORMAT: u32 = 1;
/// The ledger's description of itself. Its existence makes the prefix a ledger.
const DESCRIPTION: &str = "ledger.json";
/// Writers of the race that `create` holds.
const RACERS: usize = 8;
/// Tries of the probe that `open` makes.
const PROBE_TRIES: u32 = 4;

#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    /// Random, so that two descriptions are never the same.
    id: String,
}

impl Store {
    /// Makes an empty ledger.
    pub(crate) async fn create(location: &Location, config: &S3Config) -> Result<Self, S3Error> {
        let objects = Objects::new(location, config).await;
        let exists = || S3Error::AlreadyExists { place: location.display() };
        if let Some(bytes) = objects.get(DESCRIPTION, SMALL).await? {
            check_format(&bytes)?;
            return Err(exists());
        }
        race(&objects).await?;
        let description = Description { format: FORMAT, id: hex::encode(random()?) };
        let bytes = serde_json::to_vec(&description)
            .map_err(|_| S3Error::Contract(Invalid("the ledger's description cannot be encoded")))?;
        match publish(&objects, DESCRIPTION, &bytes.into(), config.settle_timeout).await? {
            Published::Ours => Ok(Self::new(objects, config, Access::Write)),
            Published::Theirs => Err(exists()),
        }
    }

    /// Opens a ledger.
    pub(crate) async fn open(location: &Location, config: &S3Config, access: Access) -> Result<Self, S3Error> {
        let objects = Objects::new(location, config).await;
        let missing = || S3Error::NotFound { place: location.display() };
        let description = objects.get(DESCRIPTION, SMALL).await?.ok_or_else(missing)?;
        check_format(&description)?;
        if access == Access::Write {
            check_conditions(&objects, description).await?;
        }
        let store = Self::new(objects, config, access);
        store.start_from_listing().await?;
        store.latest().await?;
        Ok(store)
    }
}

/// 16 bytes from the operating system.
pub(crate) fn random() -> Result<[u8; 16], S3Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(S3Error::Random)?;
    Ok(bytes)
}

fn check_format(description: &Bytes) -> Result<(), S3Error> {
    let parsed: Result<Description, _> = serde_json::from_slice(description);
    let got = parsed.map_err(|_| S3Error::Contract(Corrupt("the ledger's description cannot be read")))?.format;
    if got == FORMAT { Ok(()) } else { Err(S3Error::Contract(Format { expected: FORMAT, got })) }
}

/// Writes what is there once more, on the condition that it is not there. An endpoint that ignores the condition changes
/// nothing by it, and gives itself away.
async fn check_conditions(objects: &Objects, description: Bytes) -> Result<(), S3Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match objects.create(DESCRIPTION, description.clone()).await {
            Ok(true) => return Err(S3Error::ConditionsIgnored),
            Ok(false) => return Ok(()),
            Err(error) if error.is_transient() && tries < PROBE_TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lets several conditional writes of one key race: exactly one must win, and one more must lose.
async fn race(objects: &Objects) -> Result<(), S3Error> {
    let key = format!("probe/{}", hex::encode(random()?));
    let outcome = race_for(objects, &key).await;
    // What is left of a probe is found by its name; nothing reads it.
    let _ = objects.delete(&key).await;
    outcome
}

async fn race_for(objects: &Objects, key: &str) -> Result<(), S3Error> {
    let writes = (0..RACERS).map(|racer| objects.create(key, vec![racer as u8; 64].into()));
    let answers: Vec<_> = stream::iter(writes).buffer_unordered(RACERS).collect().await;
    let mut winners = 0;
    for answer in answers {
        match answer {
            Ok(created) => winners += usize::from(created),
            // As AWS answers a write that races: the key was free, but somebody else was faster.
            Err(S3Error::Refused { status: 409, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if objects.create(key, Bytes::from_static(b"late")).await? {
        return Err(S3Error::ConditionsIgnored);
    }
    if winners == 1 { Ok(()) } else { Err(S3Error::ConditionsNotAtomic { winners, racers: RACERS }) }
}
