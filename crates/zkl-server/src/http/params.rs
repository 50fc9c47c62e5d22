//! Parameters of a query. What is not known is refused: a filter that is misspelt must not give everything.

use std::str::FromStr;

use axum::{extract::FromRequestParts, http::request::Parts};
use url::form_urlencoded;
use zkl_ledger::{ReadOptions, reading::Reading, storage::Order};

use super::Problem;
use crate::{
    failure::{Code, Failure},
    service::{EntryQuery, page_length},
};

/// The parameters that no handler has taken yet.
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Params {
    /// Takes all values of `name`.
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(given, _)| given == name);
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes the one value of `name`, if it is there.
    pub(super) fn one<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        let mut values = self.all(name).into_iter();
        let Some(value) = values.next() else { return Ok(None) };
        let read = value.parse().ok().filter(|_| values.next().is_none());
        read.map(Some).ok_or_else(|| invalid(&format!("the parameter {name} has no such value")))
    }

    /// Takes the pairs of `name`, each `A,B`.
    pub(super) fn pairs(&mut self, name: &str) -> Result<Vec<(String, String)>, Problem> {
        let pair = |value: String| match value.split_once(',') {
            Some((first, second)) if !first.is_empty() && !second.is_empty() => {
                Ok((first.to_owned(), second.to_owned()))
            }
            _ => Err(invalid(&format!("the parameter {name} is two columns with a comma between them"))),
        };
        self.all(name).into_iter().map(pair).collect()
    }

    /// Takes what says how a table is read.
    pub(super) fn reading(&mut self) -> Result<ReadOptions, Problem> {
        let mut reading =
            Reading { joint: self.pairs("joint")?, product: self.pairs("product")?, ..Reading::default() };
        for word in Reading::WORDS {
            let said = self.all(word);
            if said.len() > 1 && !["column", "round", "hash", "opaque", "null"].contains(&word) {
                return Err(invalid(&format!("the parameter {word} is said twice")));
            }
            for text in said {
                reading.say(word, &text).map_err(|error| invalid(&error.to_string()))?;
            }
        }
        Ok(reading.options())
    }

    /// Takes the length of a page.
    pub(super) fn limit(&mut self) -> Result<usize, Problem> {
        Ok(page_length(self.one("limit")?)?)
    }

    /// Takes what says which entries are wanted.
    pub(super) fn entries(&mut self) -> Result<EntryQuery, Problem> {
        let order = match self.one::<String>("order")?.as_deref() {
            None | Some("desc") => Order::Descending,
            Some("asc") => Order::Ascending,
            Some(_) => return Err(invalid("order is asc or desc")),
        };
        // No log is longer than what the document of the API has for integers.
        let from = self.one::<i64>("cursor")?.map(u64::try_from).transpose();
        let from = from.map_err(|_| invalid("the parameter cursor has no such value"))?;
        Ok(EntryQuery { kind: self.one("kind")?, order, from, limit: self.limit()? })
    }

    /// Refuses what nobody took.
    pub(super) fn end(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(80).collect();
                Err(invalid(&format!("there is no parameter {name:?} here")))
            }
        }
    }
}

pub(super) fn invalid(detail: &str) -> Problem {
    Failure::new(Code::InvalidRequest, detail).into()
}
