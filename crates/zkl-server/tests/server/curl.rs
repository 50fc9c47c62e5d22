//! The program and curl: what the tutorial does.

use std::process::Command;

use zkl_server::access::KeyRing;

use crate::{common::Home, restart::run};

fn command(home: &Home, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_zkl-server")).args(args).arg("--ledger").arg(home.ledger()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn keys_are_made_on_the_command_line_and_used_with_curl() {
    let home = Home::new();
    let token = command(&home, &["key", "create", "ci", "--grant", "read:team/*", "--expires-in-days", "1"]);
    let token = token.trim();
    let list = command(&home, &["key", "list"]);
    assert!(list.contains("ci  read:team/*") && !list.contains(token), "{list}");
    // What a server that only reads is given: no secret, and it lets the same clients in.
    let exported = command(&home, &["key", "export"]);
    assert!(exported.contains("\"ci\"") && !exported.contains(token.rsplit('_').next().unwrap()), "{exported}");
    let file = home.ledger().with_file_name("exported.json");
    std::fs::write(&file, &exported).unwrap();
    assert!(KeyRing::at(file).unwrap().authenticate(token).unwrap().is_some());
    let (mut child, address) = run(&home);
    let curl = |args: &[&str]| {
        let mut command = Command::new("curl");
        let output = command.args(["-sS", "-w", "\n%{http_code}"]).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let url = format!("http://{address}/api/v1/datasets/team%2Fpatients");
    let bearer = format!("Authorization: Bearer {token}");
    let answer = curl(&["-H", &bearer, &url]);
    assert!(answer.ends_with("\n200") && answer.contains("team/patients"), "{answer}");
    assert!(curl(&[&url]).ends_with("\n401"));
    let id = list.split_whitespace().next().unwrap();
    command(&home, &["key", "revoke", id]);
    crate::limits::wait_until(|| curl(&["-H", &bearer, &url]).ends_with("\n401"));
    // Told to end, it ends well.
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
}
