//! TLS: spoken with real clients, renewed while the server runs.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use ureq::tls::{Certificate, RootCerts, TlsConfig};
use zkl_server::{ServerLimits, Tls, TlsError};

use crate::common::{Home, Server, Setup};

/// Writes a new certificate and its key, and returns the certificate.
fn certify(dir: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(dir.join("chain.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

fn files(dir: &Path) -> (PathBuf, PathBuf) {
    (dir.join("chain.pem"), dir.join("key.pem"))
}

fn open(dir: &Path) -> Result<Tls, TlsError> {
    let (chain, key) = files(dir);
    Tls::open(chain, key)
}

/// Whether a client that trusts this certificate alone is answered.
fn answers(server: &Server, certificate: &str) -> bool {
    let trusted = vec![Certificate::from_pem(certificate.as_bytes()).unwrap()];
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(trusted))).build();
    let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().tls_config(tls).build());
    agent.get(format!("https://{}/livez", server.address)).call().is_ok()
}

#[test]
fn tls_is_spoken_and_a_new_certificate_is_used_without_a_restart() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let first = certify(dir.path());
    let limits = ServerLimits { head: Duration::from_millis(500), ..ServerLimits::default() };
    let server = home.start_with(Setup { limits, ..Setup::default() }, Some(open(dir.path()).unwrap()));
    assert!(answers(&server, &first));
    // Nothing is said in the clear.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // Who does not greet is let go.
    let begun = Instant::now();
    let mut silent = TcpStream::connect(server.address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = silent.read_to_end(&mut answer);
    assert!(begun.elapsed() < Duration::from_secs(10));
    // A key that is not the certificate's changes nothing.
    let good = fs::read(dir.path().join("key.pem")).unwrap();
    let other = rcgen::KeyPair::generate().unwrap();
    fs::write(dir.path().join("key.pem"), format!("{}\n", other.serialize_pem())).unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(answers(&server, &first));
    fs::write(dir.path().join("key.pem"), good).unwrap();
    let second = certify(dir.path());
    crate::limits::wait_until(|| answers(&server, &second));
    assert!(!answers(&server, &first));
}

#[test]
fn a_server_does_not_start_with_files_that_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open(dir.path()), Err(TlsError::Read { .. })));
    certify(dir.path());
    assert!(open(dir.path()).is_ok());
    fs::write(dir.path().join("key.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(matches!(open(dir.path()), Err(TlsError::Mismatch(_))));
    fs::write(dir.path().join("key.pem"), "no key").unwrap();
    assert!(matches!(open(dir.path()), Err(TlsError::Pem { expected: "a private key", .. })));
    fs::write(dir.path().join("chain.pem"), "no certificate").unwrap();
    assert!(matches!(open(dir.path()), Err(TlsError::Pem { expected: "certificates", .. })));
}
