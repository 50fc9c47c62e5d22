//! Signing with a key on a token, and putting keys there.
//!
//! A token is not believed: which key signs shows in a signature, verified under the key that the owner is known by. Labels and
//! ids only say where to look.

use std::sync::{Mutex, PoisonError};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::{
        Mechanism,
        eddsa::{EddsaParams, EddsaSignatureScheme},
    },
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
};
use zkl_merkle::{
    keys::{SIGNATURE_LEN, SigningKey, VerifyingKey},
    signer::{Signer, SignerError, probe},
};

use super::{
    access::TokenAccess,
    key::{imported, private_template, public_key, public_template, search},
};
use crate::{error::KeyPlaceError, uri::Pkcs11Uri};

/// Bytes of the ids of new keys.
const ID_LEN: usize = 16;

/// A key on a token. It holds one session, which calls of several threads share in turn; when the token goes away it signs no
/// more and has to be opened again.
pub struct Pkcs11Signer {
    session: Mutex<Session>,
    private: ObjectHandle,
    public: VerifyingKey,
}

impl Pkcs11Signer {
    /// The signer of the key that `uri` names and that has just signed; with `expected`, of that key alone. Without it there must be
    /// one key only, with its public half on the token.
    ///
    /// # Errors
    /// [`KeyPlaceError`].
    pub fn open(uri: &Pkcs11Uri, access: &TokenAccess, expected: Option<&VerifyingKey>) -> Result<Self, KeyPlaceError> {
        let token = Token::open(uri, access, Writes::Never)?;
        let found = token.find(ObjectClass::PRIVATE_KEY)?;
        let Some(expected) = expected else {
            let [private] = found[..] else {
                return Err(match found.len() {
                    0 => KeyPlaceError::NoKey { uri: Box::new(uri.clone()) },
                    count => KeyPlaceError::AmbiguousKey { uri: Box::new(uri.clone()), count },
                });
            };
            let public =
                token.public_half(private)?.ok_or_else(|| KeyPlaceError::NoKey { uri: Box::new(uri.clone()) })?;
            let signer = Self { session: Mutex::new(token.session), private, public };
            let failed = |source| KeyPlaceError::Signature { place: uri.to_string(), source };
            probe(&signer).map_err(failed)?;
            return Ok(signer);
        };
        // Keys with the same name are told apart by what they sign.
        let Some(&private) = found.first() else { return Err(KeyPlaceError::NoKey { uri: Box::new(uri.clone()) }) };
        let mut signer = Self { session: Mutex::new(token.session), private, public: *expected };
        for private in found {
            signer.private = private;
            if probe(&signer).is_ok() {
                return Ok(signer);
            }
        }
        Err(KeyPlaceError::NoKey { uri: Box::new(uri.clone()) })
    }
}

impl Signer for Pkcs11Signer {
    fn verifying_key(&self) -> VerifyingKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        // A panic between calls leaves a session as good as it was.
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
        let signature = session.sign(&mechanism, self.private, message).map_err(SignerError::failed)?;
        let length = signature.len();
        signature.try_into().map_err(|_| SignerError::failed(format!("a signature of {length} bytes")))
    }
}

/// Puts a key on the token that `uri` names, under its label and id. From there it never comes back.
pub(crate) fn import(uri: &Pkcs11Uri, access: &TokenAccess, key: &SigningKey) -> Result<(), KeyPlaceError> {
    let token = Token::open(uri, access, Writes::Keys)?;
    let (label, id) = token.new_name(&key.verifying_key().as_bytes()[..ID_LEN])?;
    let (private, public) = imported(key, &label, &id);
    let made = token.session.create_object(&private.0).map_err(|error| token.failed(error))?;
    // Without its public half the key would be found only by who knows it: all or nothing.
    if let Err(error) = token.session.create_object(&public) {
        token.session.destroy_object(made).map_err(|error| token.failed(error))?;
        return Err(token.failed(error));
    }
    Ok(())
}

/// Makes a key on the token that `uri` names. It never leaves it.
pub(crate) fn generate(uri: &Pkcs11Uri, access: &TokenAccess) -> Result<(), KeyPlaceError> {
    let token = Token::open(uri, access, Writes::Keys)?;
    let mut random = [0; ID_LEN];
    getrandom::fill(&mut random).map_err(|_| KeyPlaceError::Generate(zkl_merkle::error::KeyError::Randomness))?;
    let (label, id) = token.new_name(&random)?;
    let (public, private) = (public_template(&label, &id), private_template(&label, &id));
    let made = token.session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private);
    made.map(drop).map_err(|error| token.failed(error))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    Never,
    Keys,
}

/// A session on the one token that fits a URI, logged in.
struct Token<'a> {
    uri: &'a Pkcs11Uri,
    session: Session,
}

impl<'a> Token<'a> {
    fn open(uri: &'a Pkcs11Uri, access: &TokenAccess, writes: Writes) -> Result<Self, KeyPlaceError> {
        let module = access.module(uri)?;
        let unusable = |error: Error| KeyPlaceError::Module { module: module.clone(), source: error.into() };
        let context = Pkcs11::new(&module).map_err(unusable)?;
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Once a process, whoever was first.
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            other => other.map_err(unusable)?,
        }
        let failed = |error: Error| KeyPlaceError::Token { uri: Box::new(uri.clone()), source: error.into() };
        let mut fitting = Vec::new();
        for slot in context.get_slots_with_token().map_err(failed)? {
            let info = context.get_token_info(slot).map_err(failed)?;
            if fits(uri, slot, &info) {
                fitting.push((slot, info));
            }
        }
        let [(slot, info)] = &fitting[..] else {
            return Err(match fitting.len() {
                0 => KeyPlaceError::NoToken { uri: Box::new(uri.clone()) },
                count => KeyPlaceError::AmbiguousToken { uri: Box::new(uri.clone()), count },
            });
        };
        let session = match writes {
            Writes::Never => context.open_ro_session(*slot),
            Writes::Keys => context.open_rw_session(*slot),
        };
        let token = Self { uri, session: session.map_err(failed)? };
        if info.login_required() {
            token.log_in(info, access)?;
        }
        Ok(token)
    }

    fn log_in(&self, info: &TokenInfo, access: &TokenAccess) -> Result<(), KeyPlaceError> {
        let uri = || Box::new(self.uri.clone());
        // Where the token has a keypad, the PIN is entered there.
        let pin = match info.protected_authentication_path() {
            true => None,
            false => Some(access.pin(self.uri)?.ok_or_else(|| KeyPlaceError::NoPin { uri: uri() })?),
        };
        if info.user_pin_final_try() || info.user_pin_locked() {
            return Err(KeyPlaceError::PinNotTried { uri: uri() });
        }
        match self.session.login(UserType::User, pin.as_ref().map(super::access::Pin::secret)) {
            // Another session of this process is, which counts for all.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                Err(KeyPlaceError::WrongPin { uri: uri() })
            }
            Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(KeyPlaceError::PinNotTried { uri: uri() }),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn find(&self, class: ObjectClass) -> Result<Vec<ObjectHandle>, KeyPlaceError> {
        self.session.find_objects(&search(self.uri, class)).map_err(|error| self.failed(error))
    }

    /// The public key with the id of a private one. Whether it is its public half, a signature must show.
    fn public_half(&self, private: ObjectHandle) -> Result<Option<VerifyingKey>, KeyPlaceError> {
        let failed = |error| self.failed(error);
        let attributes = self.session.get_attributes(private, &[AttributeType::Id, AttributeType::Label]);
        let mut template = vec![Attribute::Class(ObjectClass::PUBLIC_KEY)];
        // Keys without an id have a label in common, if anything.
        template.extend(attributes.map_err(failed)?.into_iter().filter(|attribute| match attribute {
            Attribute::Id(value) | Attribute::Label(value) => !value.is_empty(),
            _ => false,
        }));
        for public in self.session.find_objects(&template).map_err(failed)? {
            let point = self.session.get_attributes(public, &[AttributeType::EcPoint]).map_err(failed)?;
            if let [Attribute::EcPoint(point)] = &point[..] {
                return Ok(public_key(point));
            }
        }
        Ok(None)
    }

    /// Label and id of a new key, which no other has.
    fn new_name(&self, id: &[u8]) -> Result<(String, Vec<u8>), KeyPlaceError> {
        let label =
            self.uri.object.clone().ok_or_else(|| KeyPlaceError::Unnamed { uri: Box::new(self.uri.clone()) })?;
        match self.find(ObjectClass::PRIVATE_KEY)?.is_empty() {
            true => Ok((label, self.uri.id.clone().unwrap_or_else(|| id.to_vec()))),
            false => Err(KeyPlaceError::Occupied { place: self.uri.to_string() }),
        }
    }

    fn failed(&self, error: Error) -> KeyPlaceError {
        KeyPlaceError::Token { uri: Box::new(self.uri.clone()), source: error.into() }
    }
}

fn fits(uri: &Pkcs11Uri, slot: Slot, info: &TokenInfo) -> bool {
    let is = |wanted: &Option<String>, got: &str| wanted.as_ref().is_none_or(|wanted| wanted == got.trim_end());
    info.token_initialized()
        && is(&uri.token, info.label())
        && is(&uri.manufacturer, info.manufacturer_id())
        && is(&uri.serial, info.serial_number())
        && is(&uri.model, info.model())
        && uri.slot_id.is_none_or(|id| id == slot.id())
}
