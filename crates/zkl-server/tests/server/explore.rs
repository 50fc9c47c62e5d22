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
