//! What a program was built of.

/// The commit of the sources, where the build was told (`ZKL_COMMIT`): release builds are.
pub const fn commit() -> &'static str {
    match option_env!("ZKL_COMMIT") {
        Some(commit) => commit,
        None => "unknown",
    }
}
