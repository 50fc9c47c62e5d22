//! Keys and policies, for administrators.

use async_graphql::{Context, MaybeUndefined, Object, Result, SimpleObject};

use super::{asked, failure::invalid};
use crate::{
    access::{Administer, Grant, KeyUpdate, ReadPolicy},
    service::{KeyUpdateView, KeyView, PolicyView, key_expiry},
};

/// A key, without its secret.
#[derive(SimpleObject)]
pub(super) struct Key {
    /// Its public name.
    id: String,
    /// What its owner calls it.
    name: String,
    /// What it is good for: `read:SCOPE`, `write:SCOPE`, `prove:SCOPE`, `verify`, `administer`.
    grants: Vec<String>,
    /// When it was made (RFC 3339).
    created_at: String,
    /// From when on it is good for nothing (RFC 3339).
    expires_at: Option<String>,
}

impl From<KeyView> for Key {
    fn from(view: KeyView) -> Self {
        let KeyView { id, name, grants, created_at, expires_at } = view;
        Self { id, name, grants, created_at, expires_at }
    }
}

/// A key that was made.
#[derive(SimpleObject)]
pub(super) struct CreatedKey {
    /// The key.
    key: Key,
    /// What its holder shows. It is not kept, and cannot be shown again.
    token: String,
}

/// A key that was changed.
#[derive(SimpleObject)]
pub(super) struct UpdatedKey {
    /// The key after the change.
    key: Key,
    /// Grants that it did not have before.
    added: Vec<String>,
    /// Grants that it has no more.
    removed: Vec<String>,
    /// Whether this is a proposal, of which nothing was done.
    proposed: bool,
}

/// Who may do what on a server, as its entries on the log say.
#[derive(SimpleObject)]
pub(super) struct Policy {
    /// The server's name on the log.
    server: String,
    /// Whether it is the one that answers.
    is_this: bool,
    /// The key of the notary in whose name it records.
    notary: String,
    /// What holds, a line for each.
    lines: Vec<String>,
    /// Entries that led there.
    entries: u64,
    /// Index of the newest of them.
    newest: u64,
    /// When that was recorded, by the notary's clock (RFC 3339).
    recorded_at: String,
    /// Whether every entry follows from the one before it, since the server began or began anew.
    is_whole: bool,
    /// Indices of entries that do not, and were passed over.
    breaks: Vec<u64>,
}

impl From<PolicyView> for Policy {
    fn from(view: PolicyView) -> Self {
        let PolicyView { server, is_this, notary, lines, entries, newest, recorded_at, is_whole, breaks, .. } = view;
        Self { server, is_this, notary, lines, entries, newest, recorded_at, is_whole, breaks }
    }
}

fn parsed(grants: &[String]) -> Result<Vec<Grant>> {
    let grants = grants.iter().map(|grant| grant.parse::<Grant>()).collect::<Result<Vec<_>, _>>();
    grants.map_err(|error| invalid(error.to_string()))
}

/// Questions of administrators.
#[derive(Default)]
pub(super) struct AdministerQuery;

/// Questions of administrators.
#[Object]
impl AdministerQuery {
    /// All keys, without their secrets, the oldest first.
    #[graphql(complexity = "super::page::several(64, child_complexity)")]
    async fn keys(&self, context: &Context<'_>) -> Result<Vec<Key>> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Administer)?;
        Ok(service.keys(&permit).await?.iter().map(|key| KeyView::from(key.as_ref()).into()).collect())
    }

    /// Who may do what, as the log has it: the policies of the servers that recorded one.
    #[graphql(complexity = "super::page::several(64, child_complexity)")]
    async fn policy(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "When the log had so many entries; now, if nothing is said")] size: Option<u64>,
    ) -> Result<Vec<Policy>> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, ReadPolicy)?;
        Ok(service.policies(&permit, size).await?.into_iter().map(Policy::from).collect())
    }
}

/// What administrators can do.
#[derive(Default)]
pub(super) struct AdministerMutation;

/// What administrators can do.
#[Object]
impl AdministerMutation {
    /// Makes a key and shows its token, this once.
    async fn create_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What its owner calls it")] name: String,
        #[graphql(desc = "`read:SCOPE`, `write:SCOPE`, `prove:SCOPE`, `verify`, `administer`")] grants: Vec<String>,
        #[graphql(desc = "How long it is good, at most 3650 days; for ever, if nothing is said")]
        expires_in_days: Option<u32>,
    ) -> Result<CreatedKey> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Administer)?;
        let (grants, expires_at) = (parsed(&grants)?, expires_in_days.map(key_expiry).transpose()?);
        let (key, token) = service.create_key(&permit, name, grants, expires_at).await?;
        Ok(CreatedKey { key: KeyView::from(&key).into(), token: token.reveal().to_string() })
    }

    /// Changes what a key is good for. Its token stays the same.
    async fn update_key(
        &self,
        context: &Context<'_>,
        id: String,
        #[graphql(desc = "What it is good for from now on, instead of what it was; as before, if nothing is said")]
        grants: Option<Vec<String>>,
        #[graphql(desc = "How long it is good from now on; for ever, if null; as before, if nothing is said")]
        expires_in_days: MaybeUndefined<u32>,
        #[graphql(desc = "Whether only to answer what the change would come to, and to do nothing", default)]
        propose: bool,
    ) -> Result<UpdatedKey> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Administer)?;
        let expires_at = match expires_in_days {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(days) => Some(Some(key_expiry(days)?)),
        };
        let update = KeyUpdate { grants: grants.as_deref().map(parsed).transpose()?, expires_at };
        let updated = if propose {
            service.propose_key(&permit, id, update).await?
        } else {
            service.update_key(&permit, id, update).await?
        };
        let KeyUpdateView { key, added, removed, proposed } = KeyUpdateView::new(&updated, propose);
        Ok(UpdatedKey { key: key.into(), added, removed, proposed })
    }

    /// Revokes a key, and answers its id: from now on it is good for nothing.
    async fn revoke_key(&self, context: &Context<'_>, id: String) -> Result<String> {
        let (service, subject) = asked(context)?;
        let permit = service.access().authorize(subject, Administer)?;
        service.revoke_key(&permit, id.clone()).await?;
        Ok(id)
    }
}
