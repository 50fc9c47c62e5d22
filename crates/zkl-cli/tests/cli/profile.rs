//! The profile as the owner sees it.

use crate::common::Workdir;

#[test]
fn the_profile_has_the_documented_form() {
    let workdir = Workdir::with_penguins();
    let profile = workdir.json(&["profile", "penguins"]);
    assert_eq!(profile["rows"], 344);
    let column = |name: &str| {
        let columns = profile["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap().clone()
    };
    // By pandas: read_csv("penguins.csv")["body_mass_g"].agg(["count", "min", "max", "sum"])
    let mass = column("body_mass_g");
    assert_eq!((mass["count"].as_u64(), mass["nulls"].as_u64()), (Some(342), Some(2)));
    assert_eq!(mass["min"], "2700");
    assert_eq!(mass["max"], "6300");
    assert_eq!(mass["sum"], "1437000");
    assert!(mass["mean"].as_str().unwrap().starts_with("4201.75438596491"));
    assert!(mass.get("categories").is_none());
    let species = column("species");
    assert_eq!(species["categories"], serde_json::json!({"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}));
    for absent in ["min", "max", "sum", "mean", "variance"] {
        assert!(species.get(absent).is_none(), "{absent}");
    }
    assert_eq!(column("bill_length_mm")["sum"], "15021.3");
    assert!(workdir.ok(&["profile", "penguins"]).contains("Adelie: 152"));
}
