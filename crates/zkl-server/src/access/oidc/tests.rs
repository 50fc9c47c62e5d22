//! Each check of a token, and what keeps keys from being somebody else's: a case in which only that check fails.

#[path = "../../../tests/server/issuer.rs"]
mod issuer;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::json;

use self::issuer::{Issuer, Signer, message, now};
use super::*;

struct Case {
    issuer: Issuer,
    oidc: Arc<Oidc>,
    _dir: tempfile::TempDir,
}

impl Case {
    fn new(algorithm: Algorithm, more: &str) -> Self {
        let (issuer, dir) = (Issuer::start(algorithm), tempfile::tempdir().unwrap());
        let path = issuer.policy(dir.path(), &["read:team/*", "verify"], more);
        let oidc = Arc::new(Oidc::open(path, Arc::default()).unwrap());
        Self { issuer, oidc, _dir: dir }
    }

    async fn try_token(&self, token: &str) -> Result<String, TokenError> {
        let subject = authenticate_by(&self.oidc, token).await.unwrap()?;
        let Subject::Token(holder) = subject else { panic!("{subject:?}") };
        let grants: Vec<_> = holder.grants().iter().map(ToString::to_string).collect();
        Ok(format!("{} {}", holder.id(), grants.join(" ")))
    }

    /// The same, of a token whose claims are right but for what is changed.
    async fn try_claims(&self, change: impl FnOnce(&mut Value)) -> Result<String, TokenError> {
        let mut claims = self.issuer.claims("alice", &["verify"]);
        change(&mut claims);
        self.try_token(&self.issuer.signer.sign(&self.issuer.signer.head(), &claims)).await
    }

    async fn try_head(&self, change: impl FnOnce(&mut Value)) -> Result<String, TokenError> {
        let mut head = self.issuer.signer.head();
        change(&mut head);
        self.try_token(&self.issuer.signer.sign(&head, &self.issuer.claims("alice", &["verify"]))).await
    }
}

async fn authenticate_by(oidc: &Arc<Oidc>, token: &str) -> Result<Result<Subject, TokenError>, OidcError> {
    oidc.look().await?.authenticate(token).await
}

#[tokio::test]
async fn tokens_of_every_kind_of_key_are_taken() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    for algorithm in [ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512] {
        let case = Case::new(algorithm, "");
        let got = case.try_token(&case.issuer.token("alice", &["verify", "read:team/*", "administer"])).await;
        assert_eq!(got.as_deref(), Ok("corp:alice read:team/* verify"), "{algorithm:?}");
        // Its issuer was asked once.
        case.try_token(&case.issuer.token("bob", &[])).await.unwrap();
        assert_eq!(case.issuer.asked(), 1);
    }
}

#[tokio::test]
async fn claims_that_are_not_right_are_refused() {
    let case = Case::new(Algorithm::ES256, "leeway_seconds = 10");
    assert_eq!(case.try_claims(|_| ()).await.as_deref(), Ok("corp:alice verify"));
    // Times, with the leeway.
    assert!(case.try_claims(|claims| claims["exp"] = (now() - 5).into()).await.is_ok());
    assert!(case.try_claims(|claims| claims["nbf"] = (now() + 5).into()).await.is_ok());
    for (field, value, error) in [
        ("exp", json!(now() - 20), TokenError::Expired),
        ("exp", json!(0), TokenError::Expired),
        ("exp", json!(-1), TokenError::Malformed),
        ("exp", json!("9999999999"), TokenError::Malformed),
        ("exp", Value::Null, TokenError::Malformed),
        ("nbf", json!(now() + 100), TokenError::NotYet),
        ("nbf", json!("soon"), TokenError::Malformed),
        ("aud", json!("other"), TokenError::Audience),
        ("aud", json!(["other", "zkl2"]), TokenError::Audience),
        ("aud", json!([]), TokenError::Audience),
        ("aud", Value::Null, TokenError::Malformed),
        ("iss", json!("https://login.example.com"), TokenError::UnknownIssuer),
        ("iss", json!(format!("{}/", case.issuer.url)), TokenError::UnknownIssuer),
        ("iss", json!([case.issuer.url]), TokenError::Malformed),
        ("iss", Value::Null, TokenError::Malformed),
        ("sub", json!(""), TokenError::Malformed),
        ("sub", json!("a\nb"), TokenError::Malformed),
        ("sub", json!("x".repeat(256)), TokenError::Malformed),
        ("sub", json!(["alice"]), TokenError::Malformed),
        ("sub", Value::Null, TokenError::Malformed),
    ] {
        let got = case.try_claims(|claims| claims[field] = value.clone()).await;
        assert_eq!(got, Err(error), "{field} {value}");
    }
    assert!(case.try_claims(|claims| claims["aud"] = json!(["other", "zkl"])).await.is_ok());
    // What nobody gives, nobody has.
    let got = case.try_claims(|claims| claims["grants"] = json!(["administer", "read:*"])).await;
    assert_eq!(got.as_deref(), Ok("corp:alice "));
}

#[tokio::test]
async fn a_token_does_not_choose_how_it_is_checked() {
    let case = Case::new(Algorithm::RS256, "");
    let (signer, claims) = (&case.issuer.signer, case.issuer.claims("mallory", &["verify"]));
    // No algorithm, however it is spelt.
    for algorithm in ["none", "None", "NONE", ""] {
        let head = json!({ "alg": algorithm, "kid": "first" });
        for signature in ["", "AAAA"] {
            let token = format!("{}.{signature}", message(&head, &claims));
            assert_eq!(case.try_token(&token).await, Err(TokenError::Malformed), "{algorithm}");
        }
    }
    // The public key as a shared secret, in each form in which an implementation might have it.
    let jwk = signer.jwk();
    let n = jwk["n"].as_str().unwrap();
    for secret in [BASE64_URL_SAFE_NO_PAD.decode(n).unwrap(), n.as_bytes().to_vec(), jwk.to_string().into_bytes()] {
        let head = json!({ "alg": "HS256", "kid": "first" });
        let signed = message(&head, &claims);
        let key = EncodingKey::from_secret(&secret).unwrap();
        let signature = crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(case.try_token(&format!("{signed}.{signature}")).await, Err(TokenError::Algorithm));
    }
    // Another algorithm than the key's own, and one of another kind of key.
    let other = Signer { algorithm: Algorithm::RS512, ..signer.clone() };
    assert_eq!(case.try_token(&other.sign(&other.head(), &claims)).await, Err(TokenError::UnknownKey));
    let other = Signer::new("first", Algorithm::ES256);
    assert_eq!(case.try_token(&other.sign(&other.head(), &claims)).await, Err(TokenError::UnknownKey));
    // A key of its own, under the issuer's name, in the head, or at a place that the head names.
    let other = Signer { algorithm: Algorithm::RS256, ..signer.clone() };
    let theirs = Signer::new("theirs", Algorithm::ES256);
    for (field, value) in [
        ("jwk", theirs.jwk()),
        ("jku", json!(format!("{}/keys", case.issuer.url))),
        ("x5u", json!("http://127.0.0.1:1/chain.pem")),
        ("x5c", json!(["AAAA"])),
    ] {
        let mut head = theirs.head();
        head[field] = value.clone();
        assert_eq!(case.try_token(&theirs.sign(&head, &claims)).await, Err(TokenError::UnknownKey), "{field}");
        head["kid"] = "first".into();
        head["alg"] = "RS256".into();
        // Signed by nobody whom the issuer knows.
        assert_eq!(case.try_token(&theirs.sign(&head, &claims)).await, Err(TokenError::Signature), "{field}");
    }
    assert!(case.try_token(&other.sign(&other.head(), &claims)).await.is_ok());
    // Names of keys are names: no paths, no queries, no patterns.
    for id in ["../first", "first\0", "first' OR '1'='1", "*", "FIRST", "", "/dev/null", &"x".repeat(600)] {
        assert_eq!(case.try_head(|head| head["kid"] = id.into()).await, Err(TokenError::UnknownKey), "{id}");
    }
    // What must be understood and is not, and a payload that is not what was signed.
    assert_eq!(case.try_head(|head| head["crit"] = json!(["exp2"])).await, Err(TokenError::Malformed));
    assert_eq!(case.try_head(|head| head["b64"] = false.into()).await, Err(TokenError::Malformed));
    let good = case.issuer.token("alice", &["verify"]);
    let parts: Vec<&str> = good.split('.').collect();
    let forged = message(&signer.head(), &case.issuer.claims("alice", &["read:team/*"]));
    let forged: Vec<&str> = forged.split('.').collect();
    for token in [
        format!("{}.{}.{}", parts[0], forged[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..parts[2].len() - 2]),
    ] {
        assert_eq!(case.try_token(&token).await, Err(TokenError::Signature), "{token}");
    }
    for token in ["..", "a.b.c", &format!("{good}."), &format!(" {good}"), &format!("{}.{}", parts[0], parts[1])] {
        assert_eq!(case.try_token(token).await, Err(TokenError::Malformed), "{token}");
    }
    // However well it is signed.
    let long = case.try_claims(|claims| claims["more"] = "x".repeat(MAX_TOKEN).into()).await;
    assert_eq!(long, Err(TokenError::TooLong));
}

#[tokio::test]
async fn the_file_narrows_algorithms_and_types() {
    let case = Case::new(Algorithm::RS256, "algorithms = [\"PS256\", \"ES256\"]");
    assert_eq!(case.try_head(|_| ()).await, Err(TokenError::Algorithm));
    let case = Case::new(Algorithm::ES256, "token_type = \"at+jwt\"");
    assert_eq!(case.try_head(|_| ()).await, Err(TokenError::OtherType));
    for good in ["at+jwt", "application/at+JWT"] {
        assert!(case.try_head(|head| head["typ"] = good.into()).await.is_ok(), "{good}");
    }
}

#[tokio::test]
async fn keys_that_change_are_fetched_again_and_whoever_makes_up_names_fetches_nothing() {
    let case = Case::new(Algorithm::ES256, "refetch_seconds = 3600");
    assert!(case.try_head(|_| ()).await.is_ok());
    for n in 0..50 {
        let made_up = case.try_head(|head| head["kid"] = format!("made-up-{n}").into()).await;
        assert_eq!(made_up, Err(TokenError::UnknownKey));
    }
    assert_eq!(case.issuer.asked(), 1);
    let mut case = {
        case.issuer.forget();
        // A key that is known is good while its issuer says nothing.
        assert!(case.try_head(|_| ()).await.is_ok());
        Case::new(Algorithm::ES256, "refetch_seconds = 1")
    };
    assert!(case.try_head(|_| ()).await.is_ok());
    let before = case.issuer.token("alice", &["verify"]);
    case.issuer.signer = Signer::new("second", Algorithm::ES256);
    case.issuer.publish(&[case.issuer.signer.jwk()]);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(case.try_head(|_| ()).await.is_ok());
    assert_eq!(case.issuer.asked(), 2);
    // What was withdrawn is gone with that.
    assert_eq!(case.try_token(&before).await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn an_issuer_that_cannot_be_believed_has_no_keys() {
    let documents = "/realm/.well-known/openid-configuration";
    let error = async |change: &dyn Fn(&Issuer)| {
        let case = Case::new(Algorithm::ES256, "");
        change(&case.issuer);
        match authenticate_by(&case.oidc, &case.issuer.token("alice", &[])).await {
            Err(OidcError::Keys { source, .. }) => source,
            other => panic!("{other:?}"),
        }
    };
    let got = error(&Issuer::forget).await;
    assert!(matches!(got, JwksError::Status { status: 404, .. }), "{got:?}");
    let got = error(&|issuer| issuer.page(documents, json!({ "issuer": "x", "jwks_uri": "x" }))).await;
    assert!(matches!(got, JwksError::OtherIssuer { .. }), "{got:?}");
    for place in ["http://login.example.com/keys", "file:///etc/passwd", "//x"] {
        let page = |issuer: &Issuer| issuer.page(documents, json!({ "issuer": issuer.url, "jwks_uri": place }));
        let got = error(&page).await;
        assert!(matches!(got, JwksError::Place { .. }), "{got:?}");
    }
    let got = error(&|issuer| issuer.page("/realm/keys", "http://127.0.0.1:1/keys".into())).await;
    assert!(matches!(got, JwksError::Status { status: 302, .. }), "{got:?}");
    let got = error(&|issuer| issuer.page("/realm/keys", json!({ "keys": 1 }))).await;
    assert!(matches!(got, JwksError::Document { .. }), "{got:?}");
    let got = error(&|issuer| issuer.page("/realm/keys", json!({ "keys": ["x".repeat(300_000)] }))).await;
    assert!(matches!(got, JwksError::Http { .. }), "{got:?}");
    let secret = json!({ "kty": "oct", "kid": "first", "k": "c2VjcmV0", "alg": "HS256" });
    let got = error(&|issuer| issuer.publish(std::slice::from_ref(&secret))).await;
    assert!(matches!(got, JwksError::NoKeys { .. }), "{got:?}");
    // One that was just asked is not asked again.
    let case = Case::new(Algorithm::ES256, "");
    case.issuer.forget();
    let token = case.issuer.token("alice", &[]);
    assert!(authenticate_by(&case.oidc, &token).await.is_err());
    let again = authenticate_by(&case.oidc, &token).await;
    assert!(matches!(&again, Err(OidcError::Keys { source: JwksError::NotYet, .. })), "{again:?}");
}

#[tokio::test]
async fn over_tls_the_certificate_is_checked() {
    let (issuer, certificate) = Issuer::start_with_tls(Algorithm::EdDSA);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), certificate).unwrap();
    let token = issuer.token("alice", &["verify"]);
    let attempt = async |more: &str| {
        let path = issuer.policy(dir.path(), &["verify"], more);
        authenticate_by(&Arc::new(Oidc::open(path, Arc::default()).unwrap()), &token).await
    };
    assert!(attempt("ca = \"ca.pem\"").await.unwrap().is_ok());
    let public = attempt("").await;
    assert!(matches!(&public, Err(OidcError::Keys { source: JwksError::Http { .. }, .. })), "{public:?}");
}

#[tokio::test]
async fn the_file_is_followed_as_it_is_now() {
    let case = Case::new(Algorithm::ES256, "leeway_seconds = 0");
    let token = case.issuer.token("alice", &["verify", "read:team/*"]);
    let Ok(Subject::Token(holder)) = authenticate_by(&case.oidc, &token).await.unwrap() else { panic!("refused") };
    let dir = case._dir.path();
    case.issuer.policy(dir, &["verify"], "# changed");
    tokio::time::sleep(LOOK_AGAIN + Duration::from_millis(100)).await;
    assert_eq!(case.try_token(&token).await.as_deref(), Ok("corp:alice verify"));
    // Who is there already, too. The keys were not fetched again.
    let Some(Subject::Token(renewed)) = case.oidc.look().await.unwrap().renew(&holder) else { panic!("refused") };
    assert_eq!((renewed.id(), renewed.grants().len()), ("corp:alice", 1));
    assert_eq!(case.issuer.asked(), 1);
    let gone = TokenHolder {
        id: String::new(),
        issuer: "corp".to_owned(),
        grants: Vec::new(),
        claims: Map::new(),
        expires_at: Timestamp::now(),
    };
    assert!(case.oidc.look().await.unwrap().renew(&gone).is_none());
    std::fs::write(dir.join("issuers.toml"), "[[issuer]]").unwrap();
    tokio::time::sleep(LOOK_AGAIN + Duration::from_millis(100)).await;
    for _ in 0..2 {
        assert!(matches!(authenticate_by(&case.oidc, &token).await, Err(OidcError::Policy { .. })));
    }
}
