//! Changes of a JSON document, leaf by leaf.

use std::fmt::Debug;

use serde_json::{Map, Value};

use super::TamperReport;

/// One change of a JSON document. Places are JSON pointers (RFC 6901).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JsonMutation {
    /// A leaf has another value of its type.
    Change {
        /// The leaf.
        pointer: String,
        /// The new value.
        value: Value,
    },
    /// A leaf is missing.
    Remove {
        /// The leaf.
        pointer: String,
    },
    /// Two leaves have changed places.
    Swap {
        /// One leaf.
        pointer: String,
        /// The other one.
        with: String,
    },
    /// A leaf is `null`.
    Null {
        /// The leaf.
        pointer: String,
    },
    /// A leaf is very large: a long text or the largest integer.
    Huge {
        /// The leaf.
        pointer: String,
    },
    /// An object has a member that nobody knows.
    Add {
        /// The object.
        pointer: String,
    },
}

impl JsonMutation {
    /// A copy of `document` with this change. Places that it does not have change nothing.
    pub fn apply(&self, document: &Value) -> Value {
        let mut changed = document.clone();
        match self {
            Self::Change { pointer, value } => set(&mut changed, pointer, value.clone()),
            Self::Null { pointer } => set(&mut changed, pointer, Value::Null),
            Self::Huge { pointer } => {
                let value = document.pointer(pointer).map_or(Value::Null, huge);
                set(&mut changed, pointer, value);
            }
            Self::Swap { pointer, with } => {
                if let (Some(one), Some(other)) = (document.pointer(pointer), document.pointer(with)) {
                    set(&mut changed, pointer, other.clone());
                    set(&mut changed, with, one.clone());
                }
            }
            Self::Remove { pointer } => remove(&mut changed, pointer),
            Self::Add { pointer } => {
                if let Some(Value::Object(members)) = changed.pointer_mut(pointer) {
                    members.insert("unexpected".to_owned(), Value::Bool(true));
                }
            }
        }
        changed
    }
}

/// Tampering with every leaf of a JSON document. Empty objects and arrays count as leaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonTampering {
    /// Whether unknown members are added to every object as well.
    pub add_members: bool,
}

impl JsonTampering {
    /// Runs `check` on every changed version of `original`.
    ///
    /// # Panics
    /// When `check` rejects `original` itself: then the report would say nothing.
    #[track_caller]
    pub fn run<E: Debug>(
        self,
        original: &Value,
        check: impl Fn(&Value) -> Result<(), E>,
    ) -> TamperReport<JsonMutation> {
        let accepted = check(original);
        assert!(accepted.is_ok(), "the untouched document is rejected: {accepted:?}");
        TamperReport::attempts(self.mutations(original), |mutation| check(&mutation.apply(original)).is_ok())
    }

    /// The changes, each of which makes a difference. Each leaf is swapped with the next leaf of another value and with the
    /// next one of the same type and another value, where there are such.
    pub fn mutations(self, original: &Value) -> Vec<JsonMutation> {
        let (mut leaves, mut objects) = (Vec::new(), Vec::new());
        walk(original, String::new(), &mut leaves, &mut objects);
        let mut mutations = Vec::new();
        for (position, (pointer, value)) in leaves.iter().enumerate() {
            let pointer = pointer.clone();
            mutations.push(JsonMutation::Change { pointer: pointer.clone(), value: other(value) });
            if !pointer.is_empty() {
                mutations.push(JsonMutation::Remove { pointer: pointer.clone() });
            }
            if !value.is_null() {
                mutations.push(JsonMutation::Null { pointer: pointer.clone() });
            }
            mutations.push(JsonMutation::Huge { pointer: pointer.clone() });
            let behind = || leaves[position + 1..].iter().filter(|(_, candidate)| candidate != value);
            let same_type = |candidate: &&Value| std::mem::discriminant(*candidate) == std::mem::discriminant(*value);
            let partners = [behind().next(), behind().find(|(_, candidate)| same_type(candidate))];
            let mut partners: Vec<_> = partners.into_iter().flatten().map(|(with, _)| with.clone()).collect();
            partners.dedup();
            let swaps = partners.into_iter().map(|with| JsonMutation::Swap { pointer: pointer.clone(), with });
            mutations.extend(swaps);
        }
        if self.add_members {
            mutations.extend(objects.into_iter().map(|pointer| JsonMutation::Add { pointer }));
        }
        mutations
    }
}

fn walk<'a>(value: &'a Value, pointer: String, leaves: &mut Vec<(String, &'a Value)>, objects: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            objects.push(pointer.clone());
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(member, format!("{pointer}/{name}"), leaves, objects);
            }
            if members.is_empty() {
                leaves.push((pointer, value));
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{pointer}/{index}"), leaves, objects);
            }
        }
        _ => leaves.push((pointer, value)),
    }
}

/// A near value of the same type: what a forger would write.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => Value::Bool(false),
        Value::Bool(value) => Value::Bool(!value),
        Value::Number(number) => {
            let next = number.as_i64().and_then(|n| n.checked_add(1)).map(Value::from);
            next.or_else(|| number.as_u64().map(|n| Value::from(n.wrapping_sub(1)))).unwrap_or_else(|| Value::from(0))
        }
        Value::String(text) => {
            let mut text = text.clone();
            // Hexadecimal, decimal and base64 texts stay well-formed.
            let last = if text.pop() == Some('1') { '2' } else { '1' };
            text.push(last);
            Value::String(text)
        }
        Value::Array(_) => Value::Array(vec![Value::Null]),
        Value::Object(_) => Value::Object(Map::from_iter([("unexpected".to_owned(), Value::Null)])),
    }
}

fn huge(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.as_u64() == Some(u64::MAX) => Value::from(i64::MIN),
        Value::Number(_) => Value::from(u64::MAX),
        _ => Value::String("1".repeat(100_000)),
    }
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = document.pointer_mut(pointer) {
        *place = value;
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(index) = name.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "name": "penguins",
            "rows": 344,
            "big": u64::MAX,
            "ratio": 0.5,
            "public": false,
            "missing": null,
            "a/b~c": { "x": "1", "y": [1, 2, 2, {}], "none": [] },
        })
    }

    #[test]
    fn every_mutation_makes_a_difference() {
        let mutations = JsonTampering { add_members: true }.mutations(&document());
        for mutation in &mutations {
            assert_ne!(mutation.apply(&document()), document(), "{mutation:?}");
        }
        let about = |pointer: &str| {
            mutations
                .iter()
                .filter(|mutation| format!("{mutation:?}").contains(&format!("pointer: {pointer:?}")))
                .count()
        };
        for leaf in ["/name", "/rows", "/a~1b~0c/x", "/a~1b~0c/y/0", "/a~1b~0c/y/3", "/a~1b~0c/none"] {
            assert!(about(leaf) >= 4, "{leaf}: {}", about(leaf));
        }
    }

    #[test]
    fn an_exact_check_passes() {
        let exact = |value: &Value| if *value == document() { Ok(()) } else { Err("different") };
        JsonTampering { add_members: true }.run(&document(), exact).assert_all_rejected();
    }

    #[test]
    fn an_unchecked_field_and_an_ignored_member_are_reported() {
        let careless = |value: &Value| {
            let mut seen = value.clone();
            seen["rows"] = document()["rows"].clone();
            if let Value::Object(members) = &mut seen {
                members.remove("unexpected");
            }
            if seen == document() { Ok(()) } else { Err("different") }
        };
        let report = JsonTampering { add_members: true }.run(&document(), careless);
        assert!(report.panicked.is_empty());
        assert_eq!(report.accepted.len(), 5, "{:?}", report.accepted);
        let harmless = |mutation: &JsonMutation| match mutation {
            JsonMutation::Add { pointer } => pointer.is_empty(),
            JsonMutation::Change { pointer, .. }
            | JsonMutation::Remove { pointer }
            | JsonMutation::Null { pointer }
            | JsonMutation::Huge { pointer } => pointer == "/rows",
            JsonMutation::Swap { .. } => false,
        };
        report.assert_accepted_only(harmless);
    }

    #[test]
    fn a_document_that_is_one_leaf_is_changed_too() {
        let exact = |value: &Value| if *value == json!("x") { Ok(()) } else { Err(()) };
        JsonTampering::default().run(&json!("x"), exact).assert_all_rejected();
    }
}
