//! The storage contract, held on Ceph's gateway and on a versioned bucket of moto.

mod ceph {
    use zkl_testkit::storage_conformance;

    use crate::support::{CEPH, Ledgers};

    storage_conformance!(Ledgers(&CEPH));
}

mod moto {
    use zkl_testkit::storage_conformance;

    use crate::support::{Ledgers, MOTO};

    storage_conformance!(Ledgers(&MOTO));
}
