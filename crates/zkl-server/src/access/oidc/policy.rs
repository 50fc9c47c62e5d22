//! The operator's file: which issuers are trusted, and what their tokens are good for.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use url::{Host, Url};

use zkl_ledger::receipt::PolicyLine;

use crate::access::{Grant, GrantParseError, Pseudonyms};

/// Most issuers of a file.
const MAX_ISSUERS: usize = 16;
/// Most rules of an issuer.
const MAX_RULES: usize = 500;
/// Most grants of a rule.
const MAX_GRANTS: usize = 100;
/// Longest name of an issuer, in bytes.
const MAX_NAME: usize = 32;
/// Most seconds that clocks may differ by.
const MAX_LEEWAY: u64 = 300;
const LEEWAY: u64 = 60;
/// Seconds between two fetches of a key set.
const REFETCH: u64 = 30;
const MAX_REFETCH: u64 = 3_600;

/// The algorithms that are taken unless the file names some. There is none with a shared secret, and `none` is none.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// A file of issuers that says something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is no TOML, or has other fields.
    #[error("it is not a file of issuers")]
    Format(#[from] toml::de::Error),
    /// None, or too many.
    #[error("a file has 1 to {MAX_ISSUERS} issuers, not {got}")]
    Issuers {
        /// Issuers in the file.
        got: usize,
    },
    /// A name that is none, or that two issuers have.
    #[error(
        "{name:?} is no name of an issuer: 1 to {MAX_NAME} lower-case letters, digits and hyphens, and each name once"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// Two issuers with one URL.
    #[error("two issuers have the URL {url}")]
    SameUrl {
        /// The URL.
        url: String,
    },
    /// Where an issuer or its key set is has to be kept from others.
    #[error("{url:?} is no URL of an issuer: https, or http on the loopback interface, and no user, query or fragment")]
    Url {
        /// The URL.
        url: String,
    },
    /// For whom tokens are made is not said.
    #[error("the issuer {name} has no audience, or an empty one")]
    Audience {
        /// The issuer.
        name: String,
    },
    /// An algorithm that is not taken.
    #[error("{algorithm:?} is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA")]
    Algorithm {
        /// The algorithm.
        algorithm: String,
    },
    /// A number out of its range.
    #[error("{field} of the issuer {name} is at most {max}")]
    Range {
        /// The issuer.
        name: String,
        /// The field.
        field: &'static str,
        /// Its largest value.
        max: u64,
    },
    /// No rules, or too many.
    #[error("the issuer {name} has {got} rules; 1 to {MAX_RULES} are needed")]
    Rules {
        /// The issuer.
        name: String,
        /// Rules of the issuer.
        got: usize,
    },
    /// A rule that would let in whoever has a token, or that gives nothing.
    #[error("a rule of the issuer {name} has no condition, or not 1 to {MAX_GRANTS} grants")]
    Rule {
        /// The issuer.
        name: String,
    },
    /// A grant that is none.
    #[error(transparent)]
    Grant(#[from] GrantParseError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: Vec<IssuerFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerFile {
    name: String,
    url: String,
    audience: OneOrMany,
    jwks: Option<String>,
    ca: Option<PathBuf>,
    algorithms: Option<Vec<String>>,
    token_type: Option<String>,
    leeway_seconds: Option<u64>,
    refetch_seconds: Option<u64>,
    #[serde(default)]
    rule: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    r#where: BTreeMap<String, Wanted>,
    grants: Vec<String>,
}

/// What a claim has to be, or, of a list, to hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Wanted {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Wanted {
    fn is(&self, claim: &Value) -> bool {
        match (self, claim) {
            (_, Value::Array(items)) => items.iter().any(|item| !item.is_array() && self.is(item)),
            (Self::Flag(wanted), Value::Bool(got)) => wanted == got,
            (Self::Number(wanted), Value::Number(got)) => got.as_i64() == Some(*wanted),
            (Self::Text(wanted), Value::String(got)) => wanted == got,
            _ => false,
        }
    }
}

/// Whoever meets every condition has the grants.
#[derive(Clone, Debug)]
struct Rule {
    conditions: BTreeMap<String, Wanted>,
    grants: Vec<Grant>,
}

impl Rule {
    fn is_met_by(&self, claims: &Map<String, Value>) -> bool {
        let claim = |name: &str| match name.strip_prefix('/') {
            // A path into what the token says (RFC 6901): some issuers nest.
            Some(path) => {
                let (first, rest) = path.split_once('/').map_or((path, ""), |(first, _)| (first, &path[first.len()..]));
                claims.get(&first.replace("~1", "/").replace("~0", "~")).and_then(|value| value.pointer(rest))
            }
            None => claims.get(name),
        };
        self.conditions.iter().all(|(name, wanted)| claim(name).is_some_and(|got| wanted.is(got)))
    }
}

/// Where the keys of an issuer come from. What is fetched is kept as long as this does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// What tokens say under `iss`.
    pub(super) issuer: String,
    /// Where its key set is; its discovery document says so, if the file does not.
    pub(super) jwks: Option<Url>,
    /// Certificates in PEM that the issuer's is to be signed by, instead of the public ones.
    pub(super) ca: Option<PathBuf>,
    /// Seconds between two fetches.
    pub(super) refetch: u64,
}

/// An issuer that is trusted.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// What the operator calls it.
    pub(super) name: String,
    pub(super) origin: Origin,
    /// For whom its tokens are to be made.
    pub(super) audience: Vec<String>,
    pub(super) algorithms: Vec<Algorithm>,
    /// What the head is to say under `typ`.
    pub(super) token_type: Option<String>,
    /// Seconds that clocks may differ by.
    pub(super) leeway: u64,
    rules: Vec<Rule>,
}

impl Issuer {
    /// What whoever the issuer says this of may do: nothing, unless a rule says something.
    pub(super) fn grants(&self, claims: &Map<String, Value>) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for grant in self.rules.iter().filter(|rule| rule.is_met_by(claims)).flat_map(|rule| &rule.grants) {
            if !grants.contains(grant) {
                grants.push(grant.clone());
            }
        }
        grants
    }
}

impl Issuer {
    /// Who is trusted, and what its tokens are good for, as lines of a policy.
    pub(super) fn lines(&self, names: &Pseudonyms) -> Vec<PolicyLine> {
        let line = |what: &str, text: &str| names.line(&format!("issuer {} {what} ", self.name), text);
        let mut lines = vec![line("at", &self.origin.issuer), line("leeway", &self.leeway.to_string())];
        lines.extend(self.audience.iter().map(|audience| line("for", audience)));
        lines.extend(self.token_type.iter().map(|token_type| line("type", token_type)));
        let algorithms = ALGORITHMS.iter().filter(|(_, algorithm)| self.algorithms.contains(algorithm));
        lines.push(line("algorithms", &algorithms.map(|(name, _)| *name).collect::<Vec<_>>().join(",")));
        lines.extend(self.origin.jwks.iter().map(|url| line("keys", url.as_str())));
        // A place on the server is nobody's business.
        let ca = self.origin.ca.iter().map(|ca| names.name("ca", &ca.display().to_string()));
        lines.extend(ca.map(|ca| line("ca", &ca)));
        for Rule { conditions, grants } in &self.rules {
            let conditions = conditions.iter().map(|(claim, wanted)| match wanted {
                Wanted::Flag(flag) => (claim.as_str(), None, flag.to_string()),
                Wanted::Number(number) => (claim.as_str(), None, number.to_string()),
                Wanted::Text(text) => (claim.as_str(), Some(text.as_str()), String::new()),
            });
            lines.extend(names.of_rule(&self.name, conditions, grants));
        }
        lines
    }
}

/// The issuers of a file.
#[derive(Debug)]
pub(super) struct Policy(pub(super) Vec<Issuer>);

impl Policy {
    /// Reads a file; its own paths are taken from `dir`.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub(super) fn parse(text: &str, dir: &Path) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text)?;
        if !(1..=MAX_ISSUERS).contains(&file.issuer.len()) {
            return Err(PolicyError::Issuers { got: file.issuer.len() });
        }
        let mut issuers: Vec<Issuer> = Vec::new();
        for issuer in file.issuer {
            let issuer = read(issuer, dir)?;
            if issuers.iter().any(|before| before.name == issuer.name) {
                return Err(PolicyError::Name { name: issuer.name });
            }
            if issuers.iter().any(|before| before.origin.issuer == issuer.origin.issuer) {
                return Err(PolicyError::SameUrl { url: issuer.origin.issuer });
            }
            issuers.push(issuer);
        }
        Ok(Self(issuers))
    }
}

fn read(file: IssuerFile, dir: &Path) -> Result<Issuer, PolicyError> {
    let name = file.name;
    let of_names = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(of_names) {
        return Err(PolicyError::Name { name: name.chars().take(80).collect() });
    }
    private_url(&file.url)?;
    let audience = match file.audience {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    };
    if audience.is_empty() || audience.iter().any(String::is_empty) {
        return Err(PolicyError::Audience { name });
    }
    let algorithms = match file.algorithms {
        None => ALGORITHMS.iter().map(|(_, algorithm)| *algorithm).collect(),
        Some(named) => named.into_iter().map(algorithm).collect::<Result<_, _>>()?,
    };
    let bounded = |field, value: Option<u64>, usual, max| match value.unwrap_or(usual) {
        value if value <= max => Ok(value),
        _ => Err(PolicyError::Range { name: name.clone(), field, max }),
    };
    let leeway = bounded("leeway_seconds", file.leeway_seconds, LEEWAY, MAX_LEEWAY)?;
    let refetch = bounded("refetch_seconds", file.refetch_seconds, REFETCH, MAX_REFETCH)?.max(1);
    if !(1..=MAX_RULES).contains(&file.rule.len()) {
        return Err(PolicyError::Rules { name, got: file.rule.len() });
    }
    let mut rules = Vec::with_capacity(file.rule.len());
    for rule in file.rule {
        if rule.r#where.is_empty() || !(1..=MAX_GRANTS).contains(&rule.grants.len()) {
            return Err(PolicyError::Rule { name });
        }
        let grants = rule.grants.iter().map(|grant| grant.parse()).collect::<Result<_, _>>()?;
        rules.push(Rule { conditions: rule.r#where, grants });
    }
    let origin = Origin {
        jwks: file.jwks.as_deref().map(private_url).transpose()?,
        ca: file.ca.map(|ca| dir.join(ca)),
        issuer: file.url,
        refetch,
    };
    Ok(Issuer { name, origin, audience, algorithms, token_type: file.token_type, leeway, rules })
}

fn algorithm(text: String) -> Result<Algorithm, PolicyError> {
    let found = ALGORITHMS.iter().find(|(name, _)| *name == text);
    found.map(|(_, algorithm)| *algorithm).ok_or(PolicyError::Algorithm { algorithm: text })
}

/// A URL whose answers nobody between can change: keys come from there.
pub(super) fn private_url(text: &str) -> Result<Url, PolicyError> {
    let error = || PolicyError::Url { url: text.chars().take(200).collect() };
    let url = Url::parse(text).map_err(|_| error())?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let kept = match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    };
    if plain && kept { Ok(url) } else { Err(error()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str = r#"
        [[issuer]]
        name = "corp"
        url = "https://login.example.com/realms/data"
        audience = "zkl"
        [[issuer.rule]]
        where = { groups = "readers" }
        grants = ["read:team/*"]
        [[issuer.rule]]
        where = { "/realm_access/roles" = "writer", email_verified = true }
        grants = ["write:team/*", "read:team/*"]
    "#;

    fn grants(claims: &Value) -> Vec<String> {
        let policy = Policy::parse(FILE, Path::new("")).unwrap();
        policy.0[0].grants(claims.as_object().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn grants_are_what_the_rules_say_whose_every_condition_is_met() {
        assert_eq!(grants(&json!({ "groups": ["x", "readers"] })), ["read:team/*"]);
        assert_eq!(grants(&json!({ "groups": "readers" })), ["read:team/*"]);
        let roles = json!({ "roles": ["writer"] });
        assert_eq!(
            grants(&json!({ "groups": "readers", "realm_access": roles, "email_verified": true })),
            ["read:team/*", "write:team/*"]
        );
        for nothing in [
            json!({}),
            json!({ "groups": [["readers"]] }),
            json!({ "groups": { "readers": true } }),
            json!({ "groups": ["Readers", "readers "] }),
            json!({ "realm_access": roles }),
            json!({ "realm_access": roles, "email_verified": "true" }),
            json!({ "realm_access": { "roles": "writers" }, "email_verified": true }),
            json!({ "/realm_access/roles": "writer", "email_verified": true }),
        ] {
            assert_eq!(grants(&nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn lines_of_an_issuer_tell_what_its_tokens_are_good_for_and_name_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let names = Pseudonyms::open(dir.path()).unwrap();
        let lines = |text: &str| -> Vec<String> {
            let policy = Policy::parse(text, Path::new("/place")).unwrap();
            policy.0.iter().flat_map(|issuer| issuer.lines(&names)).map(|line| line.to_string()).collect()
        };
        let (readers, writer) = (names.name("claim", "readers"), names.name("claim", "writer"));
        assert_eq!(
            lines(FILE),
            [
                "issuer corp at https://login.example.com/realms/data".to_owned(),
                "issuer corp leeway 60".to_owned(),
                "issuer corp for zkl".to_owned(),
                "issuer corp algorithms RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,EdDSA".to_owned(),
                format!("issuer corp where groups={readers} may read:team/*"),
                format!("issuer corp where /realm_access/roles={writer} and email_verified=true may write:team/*"),
                format!("issuer corp where /realm_access/roles={writer} and email_verified=true may read:team/*"),
            ]
        );
        // Whatever changes who is let in, and to what, changes a line.
        let set = |text: &str| lines(text).into_iter().collect::<std::collections::BTreeSet<_>>();
        let before = set(FILE);
        for (from, to) in [
            ("\"readers\"", "\"others\""),
            ("\"readers\"", "1"),
            ("{ groups", "{ group"),
            ("email_verified = true", "email_verified = false"),
            ("[\"read:team/*\"]", "[\"read:*\"]"),
            ("/realms/data", "/realms/other"),
            ("\"zkl\"", "[\"zkl\", \"b\"]"),
            ("\"zkl\"", "\"zkl\"\ntoken_type = \"at+jwt\""),
            ("\"zkl\"", "\"zkl\"\nalgorithms = [\"ES256\"]"),
            ("\"zkl\"", "\"zkl\"\nleeway_seconds = 0"),
            ("\"zkl\"", "\"zkl\"\njwks = \"https://x.example.com/keys\""),
            ("\"zkl\"", "\"zkl\"\nca = \"ca.pem\""),
        ] {
            let after = set(&FILE.replacen(from, to, 1));
            assert_ne!(after, before, "{to}");
            assert!(after.iter().all(|line| !line.contains("readers") && !line.contains("ca.pem")), "{after:?}");
        }
    }

    #[test]
    fn a_file_that_opens_more_than_it_says_is_refused() {
        let parse = |text: &str| Policy::parse(text, Path::new("")).unwrap_err();
        let with = |from: &str, to: &str| parse(&FILE.replacen(from, to, 1));
        assert!(matches!(with("{ groups = \"readers\" }", "{}"), PolicyError::Rule { .. }));
        assert!(matches!(with("[\"read:team/*\"]", "[]"), PolicyError::Rule { .. }));
        assert!(matches!(with("[\"read:team/*\"]", "[\"read\"]"), PolicyError::Grant(_)));
        assert!(matches!(with("\"zkl\"", "\"\""), PolicyError::Audience { .. }));
        assert!(matches!(with("\"zkl\"", "[]"), PolicyError::Audience { .. }));
        assert!(matches!(with("audience = \"zkl\"", ""), PolicyError::Format(_)));
        assert!(matches!(with("audience", "audiences = 1\naudience"), PolicyError::Format(_)));
        assert!(matches!(with("\"corp\"", "\"a:b\""), PolicyError::Name { .. }));
        for algorithm in ["none", "HS256", "rs256", ""] {
            let line = format!("\"zkl\"\nalgorithms = [{algorithm:?}]");
            assert!(matches!(with("\"zkl\"", &line), PolicyError::Algorithm { .. }), "{algorithm}");
        }
        for url in [
            "http://login.example.com",
            "http://127.0.0.1.example.com",
            "file:///etc/passwd",
            "https://user@login.example.com",
            "https://login.example.com/?x",
            "login.example.com",
        ] {
            assert!(matches!(with("https://login.example.com/realms/data", url), PolicyError::Url { .. }), "{url}");
        }
        assert!(matches!(parse(&format!("{FILE}{FILE}")), PolicyError::Name { .. }));
        let other = FILE.replace("corp", "other");
        assert!(matches!(parse(&format!("{FILE}{other}")), PolicyError::SameUrl { .. }));
        assert!(matches!(parse("issuer = []"), PolicyError::Issuers { got: 0 }));
    }
}
