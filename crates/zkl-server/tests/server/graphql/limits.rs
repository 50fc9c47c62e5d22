//! Questions that cost more than they should.

use serde_json::{Value, json};

use super::{code, data, send};
use crate::common::{Home, Setup};

/// The same page under so many names.
pub(crate) fn aliases(n: usize) -> String {
    let fields: String = (0..n).map(|n| format!("a{n}: entries(first: 200) {{ nodes {{ id }} }} ")).collect();
    format!("{{ {fields} }}")
}

/// What tools ask to know the schema: types within types, seven deep.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType }
    directives { name description locations args { ...InputValue } }
} }
fragment FullType on __Type {
    kind name description
    fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";

#[test]
fn introspection_is_for_everybody_and_within_the_limits() {
    let home = Home::new();
    let server = home.start(Setup::default());
    let schema = data(server.anonymous(), INTROSPECTION, &Value::Null);
    let types = schema["__schema"]["types"].as_array().unwrap();
    assert!(types.iter().any(|listed| listed["name"] == "Entry" && listed["description"].is_string()));
    // And everything has a description, as the tools show it.
    for listed in types {
        let name = listed["name"].as_str().unwrap();
        for field in listed["fields"].as_array().into_iter().flatten().filter(|_| !name.starts_with("__")) {
            assert!(field["description"].is_string(), "{name}.{}", field["name"]);
        }
    }
}

#[test]
fn deep_and_wide_questions_are_refused_before_they_are_answered() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let ask = |question: &str| send(server.client(&key), question, &Value::Null).expect(200).json();
    let names = |n: usize| format!("{{ entry(entry: \"0\") {{ {} index {} }} }}", "names { ".repeat(n), "} ".repeat(n));
    assert!(code(&ask(&names(2))).is_none());
    for (question, why) in [
        (format!("{{ __type(name: \"Entry\") {{ {} name {} }} }}", "ofType { ".repeat(25), "} ".repeat(25)), "deep"),
        (names(30), "complex"),
        // Each level may be eight times as many.
        (names(6), "complex"),
        // So many that their number has no place in a number.
        (
            format!(
                "{{ entries(first: 200) {{ nodes {{ {} }} }} }}",
                "names { ".repeat(14) + "index" + &" }".repeat(14)
            ),
            "complex",
        ),
        (
            format!(
                "{{ {} }}",
                (0..300)
                    .map(|n| format!(
                        "a{n}: entries {{ nodes {{ {} }} }} ",
                        "names { ".repeat(10) + "id" + &" }".repeat(10)
                    ))
                    .collect::<String>()
            ),
            "complex",
        ),
        (aliases(40), "complex"),
        // So does what is written once and used often.
        (
            format!(
                "query {{ {} }} fragment f on Query {{ entries(first: 200) {{ nodes {{ id }} }} }}",
                "...f ".to_owned()
                    + &(0..40)
                        .map(|n| format!(
                            "a{n}: datasets(first: 200) {{ nodes {{ history(first: 200) {{ nodes {{ id }} }} }} }} "
                        ))
                        .collect::<String>()
            ),
            "complex",
        ),
        // A page of nothing is a page.
        ("{ entries(first: 0) { nodes { id } } }".to_owned(), "1 to 200"),
        ("{ datasets(first: 200) { nodes { history { nodes { id } } } } }".to_owned(), "complex"),
        // A fragment that goes round in circles.
        ("{ entry(entry: \"0\") { ...f } } fragment f on Entry { names { ...f } }".to_owned(), ""),
    ] {
        let answer = ask(&question);
        assert_eq!(code(&answer).as_deref(), Some("invalid-request"), "{why}: {answer}");
        assert!(answer["data"].is_null(), "{answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(why), "{why}: {message}");
    }
    // Brackets without end are no reason to fall.
    for open in ["{a", "[", "{a(b:["] {
        assert!(code(&ask(&open.repeat(60_000 / open.len()))).is_some());
    }
    let directives = format!("{{ checkpoint {} }}", "@skip(if: false) ".repeat(3_000));
    assert!(code(&ask(&directives)).is_some());
    server.anonymous().get("/livez").expect(200);
}

#[test]
fn one_body_is_one_question_in_json_and_bounded() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let post = |content_type: &str, body: &str| {
        client.send("POST", "/graphql", &[("content-type", content_type)], body.as_bytes())
    };
    let question = json!({ "query": "{ checkpoint }" }).to_string();
    post("application/json; charset=utf-8", &question).expect(200);
    post("application/json", &format!("[{question},{question}]")).problem(400, "invalid-request");
    post("text/plain", &question).problem(415, "unsupported-media-type");
    post("application/json", "1").problem(400, "invalid-request");
    assert_eq!(code(&post("application/json", "{}").expect(200).json()).as_deref(), Some("invalid-request"));
    let long = json!({ "query": format!("{{ checkpoint }} # {}", "x".repeat(70_000)) }).to_string();
    post("application/json", &long).problem(413, "too-large");
    client.get("/graphql?query={checkpoint}").problem(400, "invalid-request");
    server
        .client("nonsense")
        .send("POST", "/graphql", &[("content-type", "application/json")], question.as_bytes())
        .problem(401, "unauthenticated");
}

#[test]
fn several_operations_of_one_document_are_not_carried_out_at_once() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let answer =
        send(server.client(&key), "query a { checkpoint } query b { checkpoint }", &Value::Null).expect(200).json();
    assert_eq!(code(&answer).as_deref(), Some("invalid-request"), "{answer}");
}
