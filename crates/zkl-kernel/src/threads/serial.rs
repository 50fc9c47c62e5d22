//! What this workspace uses of rayon, on one thread. Methods that std's iterators have with the same meaning are those of
//! [`Iterator`]; the others are here.

/// What rayon's prelude brings into scope.
pub mod prelude {
    pub use super::{
        IntoParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelExtend, ParallelSlice,
        ParallelSliceMut,
    };
}

/// Threads that loops run on.
pub fn current_num_threads() -> usize {
    1
}

/// The results of both.
pub fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}

/// An iterator with rayon's methods.
#[derive(Debug, Clone)]
pub struct Serial<I>(I);

impl<I: Iterator> Iterator for Serial<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }

    fn fold<T, F: FnMut(T, I::Item) -> T>(self, init: T, f: F) -> T {
        self.0.fold(init, f)
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for Serial<I> {}

impl<I: Iterator> Serial<I> {
    /// Has no meaning on one thread.
    #[must_use]
    pub fn with_min_len(self, _len: usize) -> Self {
        self
    }

    /// `f` of every item.
    pub fn map<T, F: FnMut(I::Item) -> T>(self, f: F) -> Serial<std::iter::Map<I, F>> {
        Serial(self.0.map(f))
    }

    /// Pairs with the items of another.
    pub fn zip<J: IntoIterator>(self, other: J) -> Serial<std::iter::Zip<I, J::IntoIter>> {
        Serial(self.0.zip(other))
    }

    /// Every item with its index.
    pub fn enumerate(self) -> Serial<std::iter::Enumerate<I>> {
        Serial(self.0.enumerate())
    }

    /// The items of what `f` gives for every item.
    pub fn flat_map_iter<J: IntoIterator, F: FnMut(I::Item) -> J>(self, f: F) -> Serial<std::iter::FlatMap<I, J, F>> {
        Serial(self.0.flat_map(f))
    }

    /// `f` of every item, with a state that one thread keeps.
    pub fn map_init<S, T>(
        self,
        init: impl Fn() -> S,
        f: impl Fn(&mut S, I::Item) -> T,
    ) -> Serial<impl Iterator<Item = T>> {
        let mut state = init();
        Serial(self.0.map(move |item| f(&mut state, item)))
    }

    /// Calls `f` for every item, with a state that one thread keeps.
    pub fn for_each_init<S>(self, init: impl Fn() -> S, f: impl Fn(&mut S, I::Item)) {
        let mut state = init();
        self.0.for_each(|item| f(&mut state, item));
    }

    /// What each thread makes of its items: there is one.
    pub fn fold<T>(self, identity: impl Fn() -> T, f: impl Fn(T, I::Item) -> T) -> Serial<std::iter::Once<T>> {
        Serial(std::iter::once(self.0.fold(identity(), f)))
    }

    /// All items in one.
    pub fn reduce(self, identity: impl Fn() -> I::Item, f: impl Fn(I::Item, I::Item) -> I::Item) -> I::Item {
        self.0.fold(identity(), f)
    }

    /// All items in one, if there are any.
    pub fn reduce_with(mut self, f: impl Fn(I::Item, I::Item) -> I::Item) -> Option<I::Item> {
        let first = self.0.next()?;
        Some(self.0.fold(first, f))
    }

    /// All items in one, or an error.
    ///
    /// # Errors
    /// The first of an item or of `f`.
    pub fn try_reduce<T, E>(mut self, identity: impl Fn() -> T, f: impl Fn(T, T) -> Result<T, E>) -> Result<T, E>
    where
        I: Iterator<Item = Result<T, E>>,
    {
        self.0.try_fold(identity(), |sum, item| f(sum, item?))
    }

    /// Index of the first item that `f` takes.
    pub fn position_first(mut self, f: impl Fn(I::Item) -> bool) -> Option<usize> {
        self.0.position(f)
    }
}

/// What can be iterated over.
pub trait IntoParallelIterator: IntoIterator + Sized {
    /// All items, moved out.
    fn into_par_iter(self) -> Serial<Self::IntoIter> {
        Serial(self.into_iter())
    }
}

impl<T: IntoIterator> IntoParallelIterator for T {}

/// What can be iterated over by reference.
pub trait IntoParallelRefIterator<'a> {
    /// Iterates over references.
    type Iter: Iterator;

    /// References to all items.
    fn par_iter(&'a self) -> Serial<Self::Iter>;
}

impl<'a, T: ?Sized + 'a> IntoParallelRefIterator<'a> for T
where
    &'a T: IntoIterator,
{
    type Iter = <&'a T as IntoIterator>::IntoIter;

    fn par_iter(&'a self) -> Serial<Self::Iter> {
        Serial(self.into_iter())
    }
}

/// What can be iterated over by mutable reference.
pub trait IntoParallelRefMutIterator<'a> {
    /// Iterates over mutable references.
    type Iter: Iterator;

    /// Mutable references to all items.
    fn par_iter_mut(&'a mut self) -> Serial<Self::Iter>;
}

impl<'a, T: ?Sized + 'a> IntoParallelRefMutIterator<'a> for T
where
    &'a mut T: IntoIterator,
{
    type Iter = <&'a mut T as IntoIterator>::IntoIter;

    fn par_iter_mut(&'a mut self) -> Serial<Self::Iter> {
        Serial(self.into_iter())
    }
}

/// Slices that are read in pieces.
pub trait ParallelSlice<T> {
    /// Pieces of `len` items and a last one that may be shorter.
    fn par_chunks(&self, len: usize) -> Serial<std::slice::Chunks<'_, T>>;
}

impl<T> ParallelSlice<T> for [T] {
    fn par_chunks(&self, len: usize) -> Serial<std::slice::Chunks<'_, T>> {
        Serial(self.chunks(len))
    }
}

/// Slices that are written in pieces.
pub trait ParallelSliceMut<T> {
    /// Pieces of `len` items and a last one that may be shorter.
    fn par_chunks_mut(&mut self, len: usize) -> Serial<std::slice::ChunksMut<'_, T>>;
}

impl<T> ParallelSliceMut<T> for [T] {
    fn par_chunks_mut(&mut self, len: usize) -> Serial<std::slice::ChunksMut<'_, T>> {
        Serial(self.chunks_mut(len))
    }
}

/// Collections that take the items of an iterator.
pub trait ParallelExtend<T> {
    /// Appends all items in their order.
    fn par_extend(&mut self, items: impl IntoIterator<Item = T>);
}

impl<T> ParallelExtend<T> for Vec<T> {
    fn par_extend(&mut self, items: impl IntoIterator<Item = T>) {
        self.extend(items);
    }
}

#[cfg(test)]
mod tests {
    /// The same expression over rayon and over one thread: both must compile and agree.
    macro_rules! both {
        (|$values:ident: $type:ty| $loops:expr) => {
            #[cfg(feature = "parallel")]
            let threads = {
                use rayon::prelude::*;
                |$values: $type| $loops
            };
            #[cfg(not(feature = "parallel"))]
            let threads = {
                use super::prelude::*;
                |$values: $type| $loops
            };
            let serial = {
                use super::prelude::*;
                |$values: $type| $loops
            };
            for len in [0, 1, 2, 7, 4_096, 100_003] {
                let values: Vec<u64> = (0..len).map(|i| i * 0x9e37_79b9 % 65_537).collect();
                assert_eq!(serial(values.clone()), threads(values), "{len}");
            }
        };
    }

    #[test]
    fn loops_that_keep_the_order_agree_with_rayon() {
        both!(|values: Vec<u64>| values.par_iter().with_min_len(3).map(|v| v + 1).collect::<Vec<_>>());
        both!(|values: Vec<u64>| values
            .par_chunks(10)
            .zip(values.par_chunks(7))
            .enumerate()
            .map(|(i, (a, b))| i as u64 * a[0] + b.iter().sum::<u64>())
            .collect::<Vec<_>>());
        both!(|values: Vec<u64>| values.par_iter().flat_map_iter(|v| 0..v % 4).collect::<Vec<_>>());
        both!(|values: Vec<u64>| values.into_par_iter().map_init(|| 5, |five, v| *five * v).collect::<Vec<_>>());
        both!(|values: Vec<u64>| values.par_iter().position_first(|v| *v > 60_000));
        both!(|values: Vec<u64>| {
            let mut longer = vec![1];
            longer.par_extend(values.par_iter().map(|v| v / 2));
            longer
        });
    }

    #[test]
    fn loops_that_write_agree_with_rayon() {
        both!(|values: Vec<u64>| {
            let mut sums = values.clone();
            sums.par_iter_mut().zip(&values).for_each(|(sum, v)| *sum += v);
            sums.par_chunks_mut(100).enumerate().for_each(|(i, sums)| sums[0] = i as u64);
            sums.par_iter_mut().for_each_init(|| 3, |three, sum| *sum *= *three);
            sums
        });
    }

    #[test]
    fn sums_agree_with_rayon() {
        both!(|values: Vec<u64>| values.par_iter().fold(|| 0, |sum, v| sum + v).reduce(|| 0, |a, b| a + b));
        both!(|values: Vec<u64>| values
            .par_iter()
            .map(|v| v.checked_sub(1).ok_or(*v))
            .try_reduce(|| 0, |a, b| Ok(a + b)));
        both!(|values: Vec<u64>| values.into_par_iter().reduce_with(|a, b| a + b));
        both!(|values: Vec<u64>| values.par_iter().filter(|v| **v % 3 == 0).count());
        both!(|values: Vec<u64>| (values.par_iter().max().copied(), values.par_iter().sum::<u64>()));
    }

    #[test]
    fn both_sides_of_a_join_are_run() {
        assert_eq!(super::join(|| 1, || "two"), (1, "two"));
        assert_eq!(super::current_num_threads(), 1);
    }
}
