//! Cosigning by witnesses that behave, and by some that do not.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use zkl_core::tree::TreeSize;
use zkl_ledger::{
    cosign::{CosignError, CosignOutcome, TransportError, WitnessAnswer, WitnessClient},
    storage::{StorageBackend, memory::MemoryBackend},
    transparency::{
        checkpoint::SignedCheckpoint,
        cosignature::{WitnessSigner, WitnessVerifier},
        keys::SigningKey,
        witness::{AddCheckpoint, AnswerError},
    },
};

use crate::log::{grow, ledger, signer};

/// How a witness behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// Cosigns the first checkpoint that it was asked for again and again.
    Replays,
    /// Answers 200 with nothing.
    Empty,
    /// Answers 503.
    Busy,
    /// Names another old size each time.
    Fickle,
    /// Says that it has another tree of that size.
    OtherTree,
    /// Does not answer.
    Gone,
    /// Keeps the connection open, and does not answer either.
    Silent,
}

/// A witness without HTTP. Clones share one state, as a witness at one URL does.
#[derive(Clone)]
pub(crate) struct FakeWitness {
    key: WitnessVerifier,
    seed: u8,
    manner: Manner,
    state: Arc<Mutex<WitnessState>>,
}

#[derive(Default)]
struct WitnessState {
    latest: Option<SignedCheckpoint>,
    requests: u64,
}

fn witness_signer(number: u8) -> WitnessSigner {
    WitnessSigner::new(
        format!("witness{number}.example/w").parse().unwrap(),
        SigningKey::from_seed(&[100 + number; 32]),
    )
}

pub(crate) fn witness_key(number: u8) -> WitnessVerifier {
    witness_signer(number).verifier()
}

impl FakeWitness {
    pub(crate) fn honest(number: u8) -> Self {
        Self::new(number, Manner::Honest)
    }

    pub(crate) fn new(number: u8, manner: Manner) -> Self {
        Self { key: witness_key(number), seed: number, manner, state: Arc::default() }
    }

    fn requests(&self) -> u64 {
        self.state.lock().unwrap().requests
    }
}

pub(crate) fn clients(witnesses: &[FakeWitness]) -> Vec<Box<dyn WitnessClient>> {
    witnesses.iter().map(|witness| -> Box<dyn WitnessClient> { Box::new(witness.clone()) }).collect()
}

fn text(status: u16, body: impl Into<Vec<u8>>) -> WitnessAnswer {
    WitnessAnswer { status, body: body.into() }
}

#[async_trait]
impl WitnessClient for FakeWitness {
    fn key(&self) -> &WitnessVerifier {
        &self.key
    }

    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, TransportError> {
        if self.manner == Manner::Silent {
            return std::future::pending().await;
        }
        let mut state = self.state.lock().unwrap();
        state.requests += 1;
        match self.manner {
            Manner::Gone => {
                let source = std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into();
                return Err(TransportError { url: "http://gone.example/".to_owned(), source });
            }
            Manner::Empty => return Ok(text(200, "")),
            Manner::Busy => return Ok(text(503, "later\n")),
            Manner::Fickle => return Ok(text(409, format!("{}\n", state.requests))),
            Manner::OtherTree => {
                let size = AddCheckpoint::decode(body.as_bytes()).unwrap().checkpoint.unverified().size();
                return Ok(text(409, format!("{size}\n")));
            }
            Manner::Silent | Manner::Honest | Manner::Replays => {}
        }
        let request = AddCheckpoint::decode(body.as_bytes()).unwrap();
        let log = signer(1).verifier();
        if let (Manner::Replays, Some(latest)) = (self.manner, &state.latest) {
            let line = witness_signer(self.seed).cosign(&latest.open(&log).unwrap(), 1).unwrap();
            return Ok(text(200, line.to_string()));
        }
        let latest = state.latest.as_ref().map(|latest| (latest.unverified().size(), latest.unverified().root()));
        match request.check(&[log], latest) {
            Ok(checkpoint) => {
                state.latest = Some(request.checkpoint.clone());
                let line = witness_signer(self.seed).cosign(&checkpoint, 1_700_000_000).unwrap();
                Ok(text(200, line.to_string()))
            }
            Err(refusal) => match refusal {
                zkl_ledger::transparency::witness::Refusal::Conflict { latest } => Ok(text(409, format!("{latest}\n"))),
                other => Ok(text(other.status(), other.to_string())),
            },
        }
    }
}

#[tokio::test]
async fn witnesses_cosign_what_grows_and_are_asked_once_per_checkpoint() {
    let store = MemoryBackend::new();
    let custody = ledger(store.clone(), 1);
    let witnesses = [FakeWitness::honest(1), FakeWitness::honest(2)];
    assert!(custody.ledger.cosign(&clients(&witnesses)).await.unwrap().is_none(), "nothing to cosign");
    let mut size = 0;
    for count in [1, 4, 300, 1] {
        grow(&store, &signer(1), count, 0).await;
        size += count;
        let cosigned = custody.ledger.cosign(&clients(&witnesses)).await.unwrap().unwrap();
        assert!(cosigned.outcomes.iter().all(|(_, outcome)| matches!(outcome, Ok(CosignOutcome::Cosigned))));
        let (stored_size, stored) = store.cosigned(TreeSize(u64::MAX)).await.unwrap().unwrap();
        assert_eq!(stored_size, TreeSize(size));
        let stored = SignedCheckpoint::parse(stored.as_bytes()).unwrap();
        assert!(stored.open(&signer(1).verifier()).is_ok());
        assert!((1..=2).all(|number| witness_key(number).verify(&stored).is_ok()));
        let again = custody.ledger.cosign(&clients(&witnesses)).await.unwrap().unwrap();
        assert!(again.outcomes.iter().all(|(_, outcome)| matches!(outcome, Ok(CosignOutcome::Already))));
    }
    // The ledger knows from its own cosigned checkpoints where each witness is: one request each time.
    assert_eq!(witnesses.map(|witness| witness.requests()), [4, 4]);
}

#[tokio::test]
async fn a_witness_that_was_asked_elsewhere_says_from_where_to_prove() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 10, 0).await;
    let copy = MemoryBackend::new();
    zkl_ledger::storage::copy_log(&store, &copy, &signer(1).verifier(), &()).await.unwrap();
    let witness = FakeWitness::honest(1);
    ledger(store, 1).ledger.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap();
    grow(&copy, &signer(1), 5, 0).await;
    let fresh = ledger(copy, 1);
    let cosigned = fresh.ledger.cosign(&clients(&[witness])).await.unwrap().unwrap();
    assert!(matches!(cosigned.outcomes[0].1, Ok(CosignOutcome::Cosigned)), "{:?}", cosigned.outcomes);
}

#[tokio::test]
async fn witnesses_that_misbehave_hinder_nobody_else() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 10, 0).await;
    let custody = ledger(store.clone(), 1);
    let replaying = FakeWitness::new(6, Manner::Replays);
    custody.ledger.cosign(&clients(std::slice::from_ref(&replaying))).await.unwrap();
    grow(&store, &signer(1), 10, 0).await;
    let manners = [Manner::Honest, Manner::Empty, Manner::Busy, Manner::Fickle, Manner::Gone, Manner::OtherTree];
    let mut witnesses: Vec<_> = (1..).zip(manners).map(|(number, manner)| FakeWitness::new(number, manner)).collect();
    witnesses.push(replaying);
    let cosigned = custody.ledger.cosign(&clients(&witnesses)).await.unwrap().unwrap();
    let outcomes: Vec<_> = cosigned.outcomes.iter().map(|(_, outcome)| outcome).collect();
    assert!(matches!(outcomes[0], Ok(CosignOutcome::Cosigned)));
    assert!(matches!(outcomes[1], Err(CosignError::Answer(AnswerError::NotCosigned { .. }))), "{outcomes:?}");
    assert!(matches!(outcomes[2], Err(CosignError::Answer(AnswerError::Refused { status: 503, .. }))));
    assert!(matches!(outcomes[3], Err(CosignError::Contention { attempts: 4 })));
    assert!(matches!(outcomes[4], Err(CosignError::Transport(_))));
    assert!(matches!(outcomes[5], Err(CosignError::OtherTree { size: TreeSize(20) })), "{outcomes:?}");
    // The line is genuine, and of another tree.
    assert!(matches!(outcomes[6], Err(CosignError::Answer(AnswerError::Note(_)))), "{outcomes:?}");
    let stored = cosigned.checkpoint.unwrap();
    assert_eq!(stored.note().signatures().len(), 2);
    assert!(custody.ledger.fsck(&()).await.unwrap().is_sound());
    // Who is away may come back; who knows another history does not forget it.
    let conflicts = outcomes.iter().map(|outcome| outcome.as_ref().is_err_and(CosignError::is_conflict));
    assert_eq!(conflicts.collect::<Vec<_>>(), [false, false, false, false, false, true, false]);
}

#[tokio::test]
async fn a_cosignature_is_stored_when_it_comes_whoever_is_still_to_answer() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let custody = ledger(store, 1);
    let witnesses = clients(&[FakeWitness::new(1, Manner::Silent), FakeWitness::honest(2)]);
    let stored = async {
        loop {
            tokio::task::yield_now().await;
            let published = custody.ledger.published_head().await.unwrap().unwrap();
            if witness_key(2).verify(&published).is_ok() {
                break;
            }
        }
    };
    tokio::select! {
        _ = custody.ledger.cosign(&witnesses) => panic!("one of them has not answered"),
        () = stored => {}
    }
    assert_eq!(custody.ledger.cosigned_by(&witness_key(2)).await.unwrap(), TreeSize(3));
    assert_eq!(custody.ledger.cosigned_by(&witness_key(1)).await.unwrap(), TreeSize(0));
}

#[tokio::test]
async fn later_cosignatures_join_the_earlier_ones() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let custody = ledger(store.clone(), 1);
    for number in 1..=4 {
        custody.ledger.cosign(&clients(&[FakeWitness::honest(number)])).await.unwrap();
        let stored = custody.ledger.published_head().await.unwrap().unwrap();
        assert_eq!(stored.note().signatures().len(), 1 + usize::from(number));
        assert!((1..=number).all(|number| witness_key(number).verify(&stored).is_ok()));
    }
}

#[tokio::test]
async fn a_ledger_set_back_to_an_old_copy_is_told_by_its_witness() {
    let (store, old) = (MemoryBackend::new(), MemoryBackend::new());
    grow(&store, &signer(1), 5, 0).await;
    zkl_ledger::storage::copy_log(&store, &old, &signer(1).verifier(), &()).await.unwrap();
    grow(&store, &signer(1), 5, 0).await;
    let witness = FakeWitness::honest(1);
    ledger(store, 1).ledger.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap();
    let outcome = |cosigned: zkl_ledger::cosign::Cosigned| cosigned.outcomes.into_iter().next().unwrap().1;
    let custody = ledger(old.clone(), 1);
    let told = custody.ledger.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap().unwrap();
    let ahead = outcome(told);
    assert!(matches!(ahead, Err(CosignError::Ahead { witness: TreeSize(10), ledger: TreeSize(5) })), "{ahead:?}");
    // And when it goes on from there, its witness refuses the fork.
    grow(&old, &signer(1), 9, 7).await;
    assert!(ahead.is_err_and(|error| error.is_conflict()));
    let refused = outcome(custody.ledger.cosign(&clients(&[witness])).await.unwrap().unwrap());
    assert!(matches!(refused, Err(CosignError::Answer(AnswerError::Refused { status: 422, .. }))), "{refused:?}");
    assert!(refused.is_err_and(|error| error.is_conflict()));
}
