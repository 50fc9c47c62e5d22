//! The explorer: pages for people, without scripts.

use crate::common::{Answer, Client, Home, Setup};

const PAGES: [&str; 7] = [
    "/explore",
    "/explore/datasets/team%2Fpatients",
    "/explore/datasets/team%2Fpatients/lineage",
    "/explore/entries",
    "/explore/entries/0",
    "/explore/checkpoint",
    "/explore/verify",
];

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.clone()).unwrap()
}

/// Sends a receipt as a browser does.
fn upload(client: &Client<'_>, receipt: &[u8]) -> Answer {
    let mut body = b"--x\r\ncontent-disposition: form-data; name=\"receipt\"; filename=\"<script>\"\r\n\r\n".to_vec();
    body.extend_from_slice(receipt);
    body.extend_from_slice(b"\r\n--x--\r\n");
    client.send("POST", "/explore/verify", &[("content-type", "multipart/form-data; boundary=x")], &body)
}

#[test]
fn pages_link_to_one_another_and_run_nothing() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let mut links = std::collections::BTreeSet::new();
    for path in PAGES {
        let answer = client.get(path).expect(200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'") && policy.contains("frame-ancestors 'none'")
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        let page = text(&answer);
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h1>") && page.contains("lang=\"en\""));
        assert!(!page.contains("<script") && !page.contains(" style="), "{path}");
        links.extend(page.split("href=\"").skip(1).map(|part| part.split('"').next().unwrap().to_owned()));
    }
    assert!(links.contains("/explore/datasets/rival%2Fcats") && links.contains("/explore/entries/1"));
    for link in links {
        client.get(&link).expect(200);
    }
    assert!(text(&client.get("/explore/entries/0")).contains("team/patients"));
}

#[test]
fn a_receipt_that_is_dropped_on_the_page_is_verified_there() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let receipt = client.get("/api/v1/entries/0/receipt").expect(200).bytes;
    let page = text(&upload(&client, &receipt).expect(200));
    assert!(page.contains("valid</span> Every check passed") && page.contains("team/patients"), "{page}");
    assert!(!page.contains("<script"));
    let mut broken = receipt.clone();
    let place = broken.len() / 2;
    broken[place] ^= 1;
    let page = text(&upload(&client, &broken).expect(200));
    assert!(page.contains("not valid</span>") && !page.contains("class=\"statement\""), "{page}");
    for body in [&b"--x--\r\n"[..], b"nonsense", b""] {
        client
            .send("POST", "/explore/verify", &[("content-type", "multipart/form-data; boundary=x")], body)
            .expect(400);
    }
    client.post("/explore/verify", &receipt).expect(400);
    upload(&client, b"").expect(400);
}

/// The same page as `zkl report` writes, about entries and about receipts.
#[test]
fn a_report_is_written_about_entries_and_about_receipts() {
    let home = Home::new();
    let (key, reader, verifier) = (home.everything(), home.key(&["read:team/*"]), home.key(&["verify"]));
    let both = home.key(&["read:team/*", "verify"]);
    let server = home.start(Setup::default());
    let client = server.client(&key);
    assert!(text(&client.get("/explore/entries/0")).contains("/explore/report?entry=0"));
    // Who may not is not offered it.
    assert!(!text(&server.client(&reader).get("/explore/entries/0").expect(200)).contains("/explore/report"));
    let of_entries = client.get("/api/v1/reports?entry=0&entry=1").expect(200);
    assert_eq!(of_entries.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(of_entries.header("content-disposition"), "attachment; filename=\"report.html\"");
    assert_eq!(of_entries.header("cache-control"), "no-store");
    let page = text(&of_entries);
    assert!(page.contains("from 2 receipts") && page.contains("rival/cats") && page.contains("Receipt of entry 0"));
    assert!(page.contains("What is not shown") && !page.contains("<script"), "{page}");
    // Some of it is hidden: none of it is there.
    server.client(&both).get("/api/v1/reports?entry=0").expect(200);
    server.client(&both).get("/api/v1/reports?entry=0&entry=1").problem(404, "not-found");
    for refused in [&reader, &verifier] {
        server.client(refused).get("/api/v1/reports?entry=0").problem(403, "forbidden");
    }
    for query in ["", "?entry=0&x=1"] {
        client.get(&format!("/api/v1/reports{query}")).problem(400, "invalid-request");
    }
    let many = "?entry=0&".replace('?', "").repeat(21);
    client.get(&format!("/api/v1/reports?{many}")).problem(400, "invalid-request");

    let receipt = |index: u64| client.get(&format!("/api/v1/entries/{index}/receipt")).expect(200).bytes;
    let mut form = Vec::new();
    for receipt in [receipt(0), receipt(1), b"{}".to_vec()] {
        form.extend_from_slice(b"--x\r\ncontent-disposition: form-data; name=\"receipt\"; filename=\"a\"\r\n\r\n");
        form.extend_from_slice(&receipt);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--x--\r\n");
    let head = [("content-type", "multipart/form-data; boundary=x")];
    for path in ["/api/v1/reports", "/explore/report"] {
        let page = text(&server.client(&verifier).send("POST", path, &head, &form).expect(200));
        assert!(page.contains("from 3 receipts") && page.contains("1 receipt is"), "{page}");
        assert!(page.contains("Receipt 3 of 3") && page.contains("not valid"), "{page}");
    }
    let page = text(&client.send("POST", "/explore/verify", &head, &form).expect(200));
    assert!(page.contains("Receipt 1 of 3") && page.contains("Receipt 3 of 3"), "{page}");
    // Every verification is written down.
    let audit = std::fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap();
    assert_eq!(audit.lines().filter(|line| line.contains("\"verified\"")).count(), 3 + 3 * 3 + 1);
}

#[test]
fn what_may_not_be_seen_is_a_page_that_says_so_and_nothing_else() {
    let home = Home::new();
    let team = home.key(&["read:team/*"]);
    let server = home.start(Setup::default());
    let refused = server.anonymous().get("/explore").expect(401);
    assert!(text(&refused).contains("<h1>A valid key is needed</h1>"));
    assert_eq!(refused.header("content-type"), "text/html; charset=utf-8");
    let page = text(&server.client(&team).get("/explore").expect(200));
    assert!(page.contains("team/patients") && !page.contains("cats"));
    let hidden = text(&server.client(&team).get("/explore/entries/1").expect(404));
    let absent = text(&server.client(&team).get("/explore/entries/9").expect(404));
    assert_eq!(hidden.replace("1", "9"), absent.replace("1", "9"));
    let hostile = server.client(&team).get("/explore?%3Cscript%3E=1").expect(400);
    assert!(!text(&hostile).contains("<script"));
}
