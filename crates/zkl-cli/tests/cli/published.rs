//! What a stranger sees of a log: audits from receipts and over HTTP, and entries that were taken back.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
};

use serde_json::Value;

use crate::common::{Workdir, penguins};

/// A log of two versions of a table and a claim, exported before the claim and after.
fn published() -> Workdir {
    let workdir = Workdir::new();
    workdir.ok(&["init", "--origin", "example.com/log"]);
    let notarize = ["notarize", &penguins(), "--name", "penguins", "--attest-only", "-o", "early.receipt"];
    workdir.ok(&notarize);
    workdir.ok(&["export", "early"]);
    workdir.ok(&notarize[..5]);
    workdir.ok(&["prove", "penguins", "rows >= 300", "-o", "claim.receipt"]);
    workdir.ok(&["export", "public"]);
    workdir
}

fn log_key(workdir: &Workdir) -> String {
    workdir.json(&["fsck"])["log_key"].as_str().unwrap().to_owned()
}

/// A static web server that ends with the test. It has nothing but the newest files, as one that is cleaned up.
fn serve(dir: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/log", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let path = request.split(' ').nth(1).unwrap().strip_prefix("/log/").unwrap().to_owned();
            let (status, body) = match (path.as_str(), fs::read(dir.join(&path))) {
                ("broken/checkpoint", _) => ("500 Broken", b"no".to_vec()),
                (_, Ok(body)) => ("200 OK", body),
                (_, Err(_)) => ("404 Not Found", b"not here".to_vec()),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    url
}

#[test]
fn a_receipt_is_the_kept_checkpoint_and_a_file_says_whose_log_it_is() {
    let workdir = published();
    let key = log_key(&workdir);
    workdir.write("keys.txt", format!("# known logs\nexample.com/other+00000000+AAAA\n{key}\n"));
    let stranger = Workdir::new();
    let other = stranger.json(&["init", "--origin", "example.com/log"])["log_key"].as_str().unwrap().to_owned();
    workdir.write("several.txt", format!("{other}\n{key}\n"));
    for trust in [key.as_str(), "keys.txt", "several.txt"] {
        let audit = workdir.json(&["audit", "--since", "early.receipt", "--export", "public", "--trust", trust]);
        assert_eq!((&audit["since"], &audit["size"]), (&1.into(), &3.into()));
        assert_eq!(audit["entries"][1]["summary"], "rows >= 300");
    }
    assert!(workdir.ok(&["audit", "--since", "claim.receipt"]).contains("from 3 to 3 entries"));
    let refused = workdir.fails(1, &["audit", "--since", "early.receipt", "--export", "public", "--trust", &other]);
    assert!(refused.contains("the old checkpoint is not this log's"), "{refused}");
    workdir.write("empty.txt", "# none\n");
    let none = workdir.fails(2, &["audit", "--since", "early.receipt", "--export", "public", "--trust", "empty.txt"]);
    assert!(none.contains("neither a log key nor a file with log keys"), "{none}");
    workdir.write("cut.receipt", "{\"format\":");
    assert!(workdir.fails(2, &["audit", "--since", "cut.receipt"]).contains("neither a checkpoint nor a receipt"));
}

fn borrowed(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[test]
fn a_log_is_audited_where_it_is_published() {
    let workdir = published();
    let key = log_key(&workdir);
    // Of the tiles only those of the newest state are there.
    for narrow in ["tile/0/000.p/1", "tile/entries/000.p/1"] {
        drop(fs::remove_file(workdir.path("public").join(narrow)));
    }
    let url = serve(workdir.dir.path().to_owned());
    let (public, early) = (format!("{url}/public/"), format!("{url}/early"));
    let since = |place: &str, kept: &'static str| {
        ["audit", "--since", kept, "--export", place, "--trust", &key].map(str::to_owned).to_vec()
    };

    let audit = workdir.json(&borrowed(&since(&public, "early/checkpoint")));
    assert_eq!((&audit["append_only"], &audit["since"], &audit["size"]), (&true.into(), &1.into(), &3.into()));
    assert!(workdir.run(&["audit", "--since", "early.receipt", "--export", &public]).stderr.contains("pin it"));
    // What is published is older than what was kept, something else, or nothing.
    let shrunk = workdir.fails(1, &borrowed(&since(&early, "public/checkpoint")));
    assert!(shrunk.contains("the log has 1 entries and had 3"), "{shrunk}");
    fs::remove_dir_all(workdir.path("public/tile/entries")).unwrap();
    let cut = workdir.fails(1, &borrowed(&since(&public, "early/checkpoint")));
    assert!(cut.contains("is missing"), "{cut}");
    let absent = workdir.fails(2, &borrowed(&since(&format!("{url}/absent"), "early/checkpoint")));
    assert!(absent.contains("no log is published at"), "{absent}");
    let broken = workdir.fails(2, &borrowed(&since(&format!("{url}/broken"), "early/checkpoint")));
    assert!(broken.contains("cannot read") && broken.contains("status 500"), "{broken}");
    let gone = workdir.fails(2, &borrowed(&since("http://127.0.0.1:1/log", "early/checkpoint")));
    assert!(gone.contains("cannot read http://127.0.0.1:1/log/checkpoint"), "{gone}");
}

#[test]
fn what_was_withdrawn_is_shown_by_the_history_and_by_audits() {
    let workdir = published();
    let withdrawn = workdir.json(&[
        "withdraw",
        "0",
        "--reason",
        "a clinic was missing",
        "--replacement",
        "penguins",
        "-o",
        "withdrawn.receipt",
    ]);
    assert_eq!((&withdrawn["withdrawn"], &withdrawn["replacement"]), (&0.into(), &1.into()));
    workdir.ok(&["withdraw", "2", "--reason", "counted twice"]);
    let history = workdir.json(&["history", "penguins"]);
    let entries: Vec<&Value> = history["entries"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&entries[0]["withdrawn"]["reason"], &entries[0]["withdrawn"]["index"]),
        (&"counted twice".into(), &4.into())
    );
    assert!(entries[1].get("withdrawn").is_none(), "{history}");
    assert_eq!(entries[2]["withdrawn"]["replacement"], entries[1]["transaction"]);
    let text = workdir.ok(&["history", "penguins"]);
    assert!(text.contains("WITHDRAWN in entry 4 (counted twice): claim: rows >= 300"), "{text}");
    assert!(text.contains("SUPERSEDED in entry 3 (a clinic was missing)"), "{text}");
    let log = workdir.ok(&["log"]);
    assert!(log.contains("withdrawal: entry") && !log.contains("unknown"), "{log}");

    // However few entries are listed.
    workdir.ok(&["export", "public"]);
    let audit = workdir.json(&["audit", "--since", "early.receipt", "--export", "public", "--list", "2"]);
    assert_eq!(audit["entries"].as_array().unwrap().len(), 2);
    let reasons = audit["withdrawals"].as_array().unwrap().iter().map(|line| line["reason"].as_str().unwrap());
    assert_eq!(reasons.collect::<Vec<_>>(), ["a clinic was missing", "counted twice"]);
    let text = workdir.ok(&["audit", "--since", "early.receipt", "--list", "2"]);
    assert!(text.contains("WITHDRAWN in entry 3: "), "{text}");

    // Its receipt tells those who have one of the entry.
    let verified = workdir.ok(&["verify", "withdrawn.receipt"]);
    assert!(verified.contains("withdraws") && verified.contains("a clinic was missing (the notary's words)"));
    assert!(workdir.ok(&["inspect", "withdrawn.receipt"]).contains("a clinic was missing"));
    assert!(workdir.ok(&["verify", "withdrawn.receipt", "--format", "csv"]).contains(",withdrawal,"));
    workdir.ok(&["verify", "early.receipt"]);

    assert!(workdir.fails(2, &["withdraw", "3", "--reason", "no"]).contains("cannot be withdrawn"));
    assert!(workdir.fails(2, &["withdraw", "1", "--reason", ""]).contains("reason is empty"));
    assert!(workdir.fails(2, &["withdraw", "1", "--reason", "x", "--replacement", "1"]).contains("replaced by itself"));
    assert_eq!(workdir.json(&["fsck"])["entries"], 5, "nothing was recorded");
}
