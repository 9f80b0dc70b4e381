//! How many worlds may stand at once: as many as this process may open sockets for.

use crate::own;

/// Descriptors that a run and a world around it take at most. Measured with the built-in world: 24 with the process's own.
pub const RUN: usize = 32;
/// What one of many takes at most. Measured: 409 for 32 of all kinds, with the process's own.
const ONE_OF_MANY: usize = 24;

/// As many worlds as there is room for, one at least and no more than this many.
pub fn worlds(most: usize) -> usize {
    within(own::free_descriptors(), most)
}

fn within(free: Option<usize>, most: usize) -> usize {
    free.map_or(most, |free| (free / ONE_OF_MANY).clamp(1, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_descriptors_make_for_few_worlds_and_many_for_no_more() {
        assert_eq!([56, 10, 240, 100_000].map(|free| within(Some(free), 32)), [2, 1, 10, 32]);
        assert_eq!(within(None, 32), 32);
    }
}
