//! Loops on the threads of the current rayon pool where the feature `parallel` is on, and on the calling thread where it is
//! not. Both have rayon's names and give the same results, so code above does not know which it runs on.

#[cfg(any(test, not(feature = "parallel")))]
pub mod serial;

#[cfg(feature = "parallel")]
pub use rayon::{current_num_threads, join, prelude};

#[cfg(not(feature = "parallel"))]
pub use self::serial::{current_num_threads, join, prelude};
