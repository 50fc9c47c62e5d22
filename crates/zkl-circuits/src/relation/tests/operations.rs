//! What the list of operations makes of their files.

use crate::relation::{Operation, OperationError};

#[test]
fn operations_are_read_by_their_names_and_an_error_has_all_of_them() {
    for operation in Operation::ALL {
        assert_eq!(operation.name().parse(), Ok(operation));
        assert_eq!(serde_json::to_value(operation).unwrap(), operation.name());
    }
    assert_eq!("rows".parse::<Operation>(), Err(OperationError));
    assert_eq!(
        OperationError.to_string(),
        "expected same_rows, split, append, subset, unique, k_anonymous, bounds, filter, erase, present, absent, disjoint or dedup"
    );
}

#[test]
fn a_role_and_a_place_in_the_text_are_there_for_every_table() {
    for operation in Operation::ALL {
        assert_eq!(operation.roles().len(), *operation.tables().end(), "{operation}");
        let grammar = operation.grammar();
        let least = grammar.results.count.start() + grammar.tables.count.start();
        assert_eq!(least, *operation.tables().start(), "{operation}");
    }
}

/// Whoever writes another verifier, or reads its verdict, has these.
#[test]
fn every_operation_stands_in_the_pages_and_in_the_types_of_verdicts() {
    let files = [
        ("../../docs/formats.md", '`', '`'),
        ("../../docs/relations.md", '`', '('),
        ("../../bindings/common/js/verdict.d.ts", '"', '"'),
    ];
    for (file, before, after) in files {
        let text = std::fs::read_to_string(file).unwrap();
        for operation in Operation::ALL {
            let is_named = text.contains(&format!("{before}{operation}{after}"))
                || text.contains(&format!("= {operation}{after}"));
            assert!(is_named, "{file} does not name {operation}");
        }
    }
}
