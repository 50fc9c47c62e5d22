//! Which table the words on a command line mean.

use std::path::{Path, PathBuf};

use zkl_ledger::{
    LedgerError, Table,
    dataset::{Part, Source},
};
use zkl_sources::SourceError;

use crate::error::CliError;

/// What standard input is called.
const STANDARD_INPUT: &str = "-";

/// The table at a place, or what a query answers there; several places are one table, in their order, and have no name.
pub(crate) fn at(places: &[PathBuf], query: Option<&str>) -> Result<Table, CliError> {
    if let Some(query) = query {
        let [place] = places else { return Err(CliError::Source(SourceError::NoDatabase)) };
        return Ok(Table::new(zkl_sources::answer(place, query).map_err(CliError::Source)?));
    }
    match places {
        [place] if place == Path::new(STANDARD_INPUT) => Ok(Table::new(source(place)?)),
        [place] => Ok(Table::called_as(source(place)?)),
        places => {
            let part = |place: &PathBuf| Ok(Part { source: source(place)?, values: Vec::new() });
            let parts = places.iter().map(part).collect::<Result<Vec<_>, CliError>>()?;
            Ok(Table::new(Source::parts("the files", parts)))
        }
    }
}

fn source(place: &Path) -> Result<Source, CliError> {
    if place == Path::new(STANDARD_INPUT) {
        return Ok(Source::reader(std::io::stdin()).named("standard input"));
    }
    zkl_sources::at(place).map_err(|error| match error {
        SourceError::Dataset(error) => LedgerError::from(error).into(),
        error => CliError::Source(error),
    })
}
