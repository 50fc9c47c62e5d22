//! A statement about tables of two teams is shown to who may read both.

use zkl_ledger::circuit::{
    Circuit, CircuitId, CircuitType,
    ark::{
        Fr,
        r1cs_std::{alloc::AllocVar as _, eq::EqGadget as _, fields::fp::FpVar},
        relations::gr1cs::{ConstraintSystemRef, SynthesisError},
    },
};

use crate::common::{Home, Setup};

/// `left * right = product`.
struct Product;

impl Circuit for Product {
    fn id(&self) -> CircuitId {
        CircuitId::new("example/product", 1).expect("a circuit id")
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(41u64 * 271)]
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let product = FpVar::new_input(cs.clone(), || Ok(Fr::from(41u64 * 271)))?;
        let left = FpVar::new_witness(cs.clone(), || Ok(Fr::from(41u64)))?;
        let right = FpVar::new_witness(cs, || Ok(Fr::from(271u64)))?;
        (left * right).enforce_equal(&product)
    }
}

#[test]
fn an_entry_about_two_datasets_is_shown_to_who_may_read_both() {
    let home = Home::new();
    home.prepare(async |ledger| {
        let (team, rival) =
            (ledger.dataset("team/patients").await.unwrap(), ledger.dataset("rival/cats").await.unwrap());
        let statement = ledger.prove_circuit(CircuitType::Custom(Box::new(Product)), "two factors");
        let (first, second) = ("first".parse().unwrap(), "second".parse().unwrap());
        statement.about(first, &team).about(second, &rival).await.unwrap();
    });
    let (team, rival) = (home.key(&["read:team/*"]), home.key(&["read:rival/*"]));
    let both = home.key(&["read:team/*", "read:rival/cats"]);
    let server = home.start(Setup::default());
    for (token, others) in [(&team, "rival%2Fcats"), (&rival, "team%2Fpatients")] {
        let client = server.client(token);
        client.get("/api/v1/entries/2").problem(404, "not-found");
        client.get("/api/v1/entries/2/receipt").problem(404, "not-found");
        client.get(&format!("/api/v1/datasets/{others}/entries")).problem(403, "forbidden");
    }
    let entry = server.client(&both).get("/api/v1/entries/2").expect(200).json();
    assert_eq!(entry["datasets"], serde_json::json!(["team/patients", "rival/cats"]));
    server.client(&both).get("/api/v1/entries/2/receipt").expect(200);
    let count = |token: &str, path: &str| {
        server.client(token).get(path).expect(200).json()["entries"].as_array().unwrap().len()
    };
    // Stores index it under the first dataset.
    assert_eq!(count(&team, "/api/v1/datasets/team%2Fpatients/entries"), 1);
    assert_eq!(count(&both, "/api/v1/datasets/team%2Fpatients/entries"), 2);
    assert_eq!(count(&team, "/api/v1/entries"), 1);
    assert_eq!(count(&both, "/api/v1/entries"), 3);
    // What the dataset itself shows says of its newest entry no more than its place.
    let dataset = server.client(&team).get("/api/v1/datasets/team%2Fpatients").expect(200).json();
    assert_eq!((dataset["latest"].as_u64(), dataset["version"]["index"].as_u64()), (Some(2), Some(0)));
}
