//! The bundled example, checked against figures from pandas.

use super::{json, run};
use zkl_dataset::{Scan, Source, hash_file};

#[test]
fn penguins_have_the_profile_that_pandas_gives() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/penguins.csv");
    let output = run(&Scan::new(Source::path(path)).joint("species", "sex")).unwrap();
    let json = json(&output);
    assert_eq!(json["rows"], 344);
    let mass = &json["columns"][5];
    assert_eq!((mass["count"].clone(), mass["nulls"].clone()), (342.into(), 2.into()));
    assert_eq!(
        (mass["min"].clone(), mass["max"].clone(), mass["sum"].clone()),
        ("2700".into(), "6300".into(), "1437000".into())
    );
    assert_eq!(mass["mean"], "4201.75438596491228070175");
    assert_eq!(json["columns"][0]["categories"], serde_json::json!({"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}));
    assert_eq!(json["columns"][6]["categories"], serde_json::json!({"FEMALE": 165, "MALE": 168}));
    assert_eq!(json["columns"][6]["nulls"], 11);
    assert!(json["columns"][0].get("min").is_none() && mass.get("categories").is_none());
    assert_eq!(output.digests, hash_file(path.as_ref()).unwrap());
}
