//! Errors in one line.

use std::error::Error;

/// An error and what it comes from, in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Transparent errors say what their source says.
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// What it says, and where it comes from.
    #[derive(Debug)]
    struct Told(&'static str, Option<Box<Self>>);

    impl fmt::Display for Told {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Told {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn what_is_passed_on_is_said_once() {
        let absent = || Some(Box::new(Told("no such file", None)));
        let passed = |text, cause| Some(Box::new(Told(text, cause)));
        let error = Told("it cannot be read", passed("it cannot be read", passed("no such file", absent())));
        assert_eq!(with_causes(&error), "it cannot be read: no such file");
        assert_eq!(with_causes(&Told("alone", None)), "alone");
    }
}
