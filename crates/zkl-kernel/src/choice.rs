//! Which implementation runs: chosen once, from the processor and the environment.

use std::sync::OnceLock;

use crate::{
    kernel::{Kernel as _, KernelTask},
    portable::Portable,
};

/// The environment variable that overrides the choice: `portable` or `avx512`.
pub const VARIABLE: &str = "ZKL_KERNEL";

/// An implementation that this processor can run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Choice {
    /// Arkworks, one element at a time.
    Portable(Portable),
    /// Eight elements at a time with AVX-512 IFMA.
    #[cfg(target_arch = "x86_64")]
    Avx512(crate::avx512::Avx512),
}

impl Choice {
    /// The quickest implementation for this processor. In a build without optimisation that is the portable one: there, every
    /// instruction on vectors is a function call, and frames are megabytes.
    pub fn detect() -> Self {
        #[cfg(all(target_arch = "x86_64", not(unoptimised)))]
        if let Some(cpu) = crate::avx512::Avx512::detect() {
            return Self::Avx512(cpu);
        }
        Self::Portable(Portable)
    }

    /// The implementation of this name.
    ///
    /// # Errors
    /// [`ChoiceError`] when there is none, or when the processor cannot run it.
    pub fn named(name: &str) -> Result<Self, ChoiceError> {
        if name == Portable::NAME {
            return Ok(Self::Portable(Portable));
        }
        if name == "avx512" {
            #[cfg(target_arch = "x86_64")]
            if let Some(cpu) = crate::avx512::Avx512::detect() {
                return Ok(Self::Avx512(cpu));
            }
            return Err(ChoiceError::Unsupported);
        }
        Err(ChoiceError::Unknown { got: name.to_owned() })
    }

    /// What `ZKL_KERNEL` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => Portable::NAME,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => crate::avx512::Avx512::NAME,
        }
    }

    /// Runs `task` with this implementation.
    pub fn run<T: KernelTask>(self, task: T) -> T::Output {
        match self {
            Self::Portable(kernel) => task.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(kernel) => task.run(kernel),
        }
    }
}

/// Why `ZKL_KERNEL` was not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// No implementation has this name.
    #[error("{VARIABLE} is {got:?}, which is neither `portable` nor `avx512`")]
    Unknown {
        /// The value of the variable.
        got: String,
    },
    /// The processor lacks the instructions.
    #[error("{VARIABLE} asks for `avx512`, which needs a processor with AVX-512 F, DQ, BW, VL and IFMA")]
    Unsupported,
}

/// The choice of this process.
#[derive(Debug)]
pub struct Selection {
    /// The implementation that runs.
    pub choice: Choice,
    /// Why it is not the one that the environment asks for.
    pub problem: Option<ChoiceError>,
}

impl Selection {
    /// The selection for a value of the variable. An empty value counts as none.
    pub fn from_variable(value: Option<&str>) -> Self {
        match value.filter(|name| !name.is_empty()).map(Choice::named) {
            None => Self { choice: Choice::detect(), problem: None },
            Some(Ok(choice)) => Self { choice, problem: None },
            Some(Err(problem)) => Self { choice: Choice::detect(), problem: Some(problem) },
        }
    }
}

/// The selection of this process, made on the first call.
pub fn selection() -> &'static Selection {
    static SELECTION: OnceLock<Selection> = OnceLock::new();
    SELECTION.get_or_init(|| {
        let value = std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned());
        Selection::from_variable(value.as_deref())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_and_wrong_ones_are_reported_without_a_crash() {
        assert_eq!(Choice::named("portable").map(Choice::name), Ok("portable"));
        let fallback = Choice::detect().name();
        for value in [None, Some("")] {
            let selection = Selection::from_variable(value);
            assert_eq!((selection.choice.name(), selection.problem), (fallback, None));
        }
        let wrong = Selection::from_variable(Some("AVX512"));
        assert_eq!(wrong.choice.name(), fallback);
        assert_eq!(wrong.problem, Some(ChoiceError::Unknown { got: "AVX512".to_owned() }));
        let forced = Selection::from_variable(Some("avx512"));
        match forced.problem {
            None => assert_eq!(forced.choice.name(), "avx512"),
            Some(problem) => {
                assert_eq!(problem, ChoiceError::Unsupported);
                assert_eq!((forced.choice.name(), fallback), ("portable", "portable"));
            }
        }
    }
}
