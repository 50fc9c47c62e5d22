//! Encrypted connections, and servers that are not who they should be.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use zkl_core::storage::StorageErrorKind;
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
    postgres::{Server, ServerConfig},
};

use crate::support::{append, config, kind};

const LOG: TestLog = TestLog::salted(70);

/// An authority's certificate, and a server certificate for `localhost` with its key, all as PEM.
fn certificates() -> (String, String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (certificate.pem(), server.pem(), key.serialize_pem())
}

#[test]
fn a_connection_is_encrypted_and_the_server_is_checked() {
    let (authority, certificate, key) = certificates();
    let (stranger, _, _) = certificates();
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let server = Server::start(ServerConfig {
        settings: vec![
            setting("ssl", "on"),
            setting("ssl_cert_file", "server.crt"),
            setting("ssl_key_file", "server.key"),
        ],
        files: vec![
            ("server.crt".to_owned(), certificate.into_bytes()),
            ("server.key".to_owned(), key.into_bytes()),
            // Nobody gets in without encryption.
            ("pg_hba.conf".to_owned(), b"local all all trust\nhostssl all all 127.0.0.1/32 trust\n".to_vec()),
        ],
        ..ServerConfig::default()
    })
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        std::fs::write(dir.path().join(name), pem).unwrap();
        format!("{}/{name}", dir.path().display())
    };
    let (authority, stranger) = (file("authority.pem", &authority), file("stranger.pem", &stranger));
    let url = |host: &str, parameters: &str| format!("{}?{parameters}", server.url().replace("127.0.0.1", host));
    block_on(async {
        let good = url("localhost", &format!("sslmode=verify-full&sslrootcert={authority}"));
        let backend = PgBackend::create(&good, &config()).await.unwrap();
        append(&backend, LOG, 0, 3).await;
        let encrypted = "select count(*) > 0 and bool_and(s.ssl) from pg_stat_ssl s join pg_stat_activity a using (pid) \
            where a.application_name = 'zkl'";
        let socket = format!("host={} port={} user=postgres dbname=postgres", server.dir().display(), server.port());
        assert_eq!(server.run("psql", &["-X", "-A", "-t", "-c", encrypted, &socket]).unwrap().trim(), "t");

        let plain = PgBackend::open(&url("localhost", "sslmode=disable"), &config()).await;
        assert_eq!(kind(plain), StorageErrorKind::Unavailable);
        for (host, parameters) in [
            // Another authority; a name that is not in the certificate; an authority that no system trusts.
            ("localhost", format!("sslmode=verify-full&sslrootcert={stranger}")),
            ("localhost", format!("sslmode=verify-ca&sslrootcert={stranger}")),
            ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={authority}")),
            ("localhost", "sslmode=verify-full".to_owned()),
        ] {
            let refused = PgBackend::open(&url(host, &parameters), &config()).await;
            assert_eq!(kind(refused), StorageErrorKind::Unavailable, "{host} {parameters}");
        }
        for parameters in ["sslmode=require", "sslmode=prefer"] {
            assert_holds(&PgBackend::open_read_only(&url("localhost", parameters), &config()).await.unwrap(), LOG, 3)
                .await;
        }
    });
}
