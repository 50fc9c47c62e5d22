//! Which merges a table has.

/// One merge: the seal of the segments before `first`, unless there are none, and the segments `first..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scan) struct MergeStep {
    pub(in crate::scan) first: usize,
    pub(in crate::scan) end: usize,
}

/// The merges of `segments` segments, `fan_in` seals each: as few as there can be. None for one segment.
pub(in crate::scan) fn chain(segments: usize, fan_in: usize) -> Vec<MergeStep> {
    let mut steps = Vec::new();
    let mut first = 0;
    while segments > 1 && first < segments {
        // The seal so far takes one place in every merge but the first.
        let new = if first == 0 { fan_in } else { fan_in - 1 };
        let end = segments.min(first + new);
        steps.push(MergeStep { first, end });
        first = end;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_segment_is_merged_once_and_in_order() {
        for segments in 1..40 {
            for fan_in in 2..6 {
                let steps = chain(segments, fan_in);
                assert_eq!(steps.len(), (segments - 1).div_ceil(fan_in - 1));
                let mut next = 0;
                for (index, step) in steps.iter().enumerate() {
                    assert_eq!(step.first, next);
                    let parts = step.end - step.first + usize::from(index > 0);
                    assert!((2..=fan_in).contains(&parts));
                    next = step.end;
                }
                assert_eq!(next, if segments == 1 { 0 } else { segments });
            }
        }
    }
}
