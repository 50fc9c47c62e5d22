//! Coordinates of points on eight lanes: elements of Fq for G1, of Fq2 for G2.
//!
//! # Bounds
//! Three types follow what additions of points need, so that nothing is reduced without need:
//!
//! | type | below | holds |
//! |---|---|---|
//! | `Self` | 2p | coordinates in memory, products |
//! | [`Coordinate::Signed`] | 3p | y with a sign: `2p - y` reaches 2p |
//! | [`Coordinate::Loose`] | 6p | differences of the two above |

mod quadratic;

use zkl_core::ark::{Fq, ff::Field};

pub use quadratic::Quadratic;

use super::{
    block::Block,
    lanes::{Lanes, carried, constant},
    packed::{self, PackedPoint},
    pairs::{AddPairs, Apart, Within},
    word::{Avx512, Task, Word},
};
use crate::{
    inverse::inverse,
    modulus::{LIMBS, Modulus},
    points::Pair,
};

/// Eight coordinates of points on a curve `y^2 = x^3 + b`.
///
/// The first four functions take slices and choose the instructions themselves. They are implemented by each type on its own,
/// so that their loops are compiled once. Everything else is `#[inline(always)]`: see [the module](super).
pub trait Coordinate: Copy {
    /// One coordinate.
    type Element: Field;
    /// Eight coordinates with a sign.
    type Signed: Copy;
    /// Eight differences.
    type Loose: Copy;
    /// Eight coordinates in memory.
    type Memory: Copy;
    /// A point in memory. Its default is the neutral element.
    type Point: Copy + Default + std::fmt::Debug + Send + Sync;

    /// Adds pairs of signed points of `table`: see [`PointKernel::add_apart`](crate::points::PointKernel::add_apart).
    fn add_apart(
        cpu: Avx512,
        table: &[Self::Point],
        pairs: &[Pair],
        out: &mut [Self::Point],
        products: &mut Vec<Self::Memory>,
    );

    /// Adds pairs of points in place: see [`PointKernel::add_within`](crate::points::PointKernel::add_within).
    fn add_within(cpu: Avx512, points: &mut [Self::Point], pairs: &[Pair], products: &mut Vec<Self::Memory>);

    /// Eight points with coordinates x and y; zeros for the neutral element.
    fn pack(cpu: Avx512, x: &[Self::Element; 8], y: &[Self::Element; 8]) -> [Self::Point; 8];

    /// Coordinates x and y of eight points.
    fn unpack(cpu: Avx512, points: [&Self::Point; 8]) -> ([Self::Element; 8], [Self::Element; 8]);

    /// Lane i is `elements[i]`.
    fn from_elements(cpu: Avx512, elements: &[Self::Element; 8]) -> Self;

    /// The elements.
    fn to_elements(self) -> [Self::Element; 8];

    /// The lanes in memory.
    fn to_memory(self) -> Self::Memory;

    /// Lanes from memory.
    fn from_memory(cpu: Avx512, memory: &Self::Memory) -> Self;

    /// Coordinates x and y of eight points.
    fn load(cpu: Avx512, points: [&Self::Point; 8]) -> (Self, Self);

    /// Coordinates x of eight points.
    fn load_x(cpu: Avx512, points: [&Self::Point; 8]) -> Self;

    /// Eight points.
    fn store(x: Self, y: Self) -> [Self::Point; 8];

    /// `-point`.
    fn negated(point: &Self::Point) -> Self::Point;

    /// Asks for the point's memory.
    fn prefetch(cpu: Avx512, point: &Self::Point);

    /// `element` in every lane.
    fn splat(cpu: Avx512, element: Self::Element) -> Self;

    /// Lane i is lane `i ^ distance`.
    #[must_use]
    fn exchanged(self, distance: u64) -> Self;

    /// `1 / element`; zero for zero.
    fn inverse(element: Self::Element) -> Self::Element;

    /// One in every lane.
    #[inline(always)]
    fn one(cpu: Avx512) -> Self {
        Self::splat(cpu, Self::Element::ONE)
    }

    /// Zero in every lane.
    fn zero(cpu: Avx512) -> Self;

    /// `self * other`.
    #[must_use]
    fn times(self, other: Self) -> Self;

    /// `self * factor`.
    #[must_use]
    fn scaled(self, factor: Self::Loose) -> Self;

    /// `self^2`.
    #[must_use]
    fn squared(self) -> Self;

    /// `2 self`.
    fn doubled(self) -> Self::Loose;

    /// `3 self`.
    fn tripled(self) -> Self::Loose;

    /// `self - other`.
    fn difference(self, other: Self) -> Self::Loose;

    /// `-self` in the lanes whose bit in `negative` is set.
    fn signed(self, negative: u8) -> Self::Signed;

    /// `self` as it is.
    fn positive(self) -> Self::Signed;

    /// `left - right`.
    fn signed_difference(left: Self::Signed, right: Self::Signed) -> Self::Loose;

    /// `self - a - b`.
    #[must_use]
    fn less_both(self, a: Self, b: Self) -> Self;

    /// `self - signed`.
    #[must_use]
    fn less(self, signed: Self::Signed) -> Self;

    /// The same elements below 2p.
    fn reduced(signed: Self::Signed) -> Self;

    /// Lane i of `other` where bit i of `mask` is set, else of `self`.
    #[must_use]
    fn replaced(self, mask: u8, other: Self) -> Self;

    /// Lane i of `other` where bit i of `mask` is set, else of `loose`.
    fn replaced_loose(loose: Self::Loose, mask: u8, other: Self::Loose) -> Self::Loose;

    /// The same integers under the larger bound.
    fn loosened(self) -> Self::Loose;

    /// Every lane where the difference of two coordinates is zero, and with a chance of 2^-50 others.
    fn may_vanish(difference: Self::Loose) -> u8;

    /// Lanes where the difference of two coordinates is zero.
    fn vanishes(difference: Self::Loose) -> u8;

    /// Every lane where a coordinate in memory is all zeros, and with a chance of 2^-52 others.
    fn may_be_blank(self) -> u8;

    /// Lanes that are zero.
    fn zeros(self) -> u8;
}

struct Pack<'a, C: Coordinate> {
    x: &'a [C::Element; 8],
    y: &'a [C::Element; 8],
}

impl<C: Coordinate> Task for Pack<'_, C> {
    type Output = [C::Point; 8];

    #[inline(always)]
    fn run(self, cpu: Avx512) -> Self::Output {
        C::store(C::from_elements(cpu, self.x), C::from_elements(cpu, self.y))
    }
}

struct Unpack<'a, C: Coordinate> {
    points: [&'a C::Point; 8],
}

impl<C: Coordinate> Task for Unpack<'_, C> {
    type Output = ([C::Element; 8], [C::Element; 8]);

    #[inline(always)]
    fn run(self, cpu: Avx512) -> Self::Output {
        let (x, y) = C::load(cpu, self.points);
        (x.to_elements(), y.to_elements())
    }
}

/// `1 / a` and `1 / b` in each lane, none of which is zero. One inversion altogether.
#[inline(always)]
pub(super) fn inverted<C: Coordinate>(cpu: Avx512, [a, b]: [C; 2]) -> [C; 2] {
    // Products of 2, 4, 8 and all 16 lanes; each is the product of two halves, and gives way to the other on the way back.
    let two = a.times(b);
    let four = two.times(two.exchanged(4));
    let eight = four.times(four.exchanged(2));
    let all = eight.times(eight.exchanged(1));
    let inverse = C::splat(cpu, C::inverse(all.to_elements()[0]));
    let inverse = inverse.times(eight.exchanged(1)).times(four.exchanged(2)).times(two.exchanged(4));
    [inverse.times(b), inverse.times(a)]
}

impl Coordinate for Lanes<Fq, 2> {
    type Element = Fq;
    type Signed = Lanes<Fq, 3>;
    type Loose = Lanes<Fq, 6>;
    type Memory = Block<Fq, 2>;
    type Point = PackedPoint<1>;

    fn add_apart(
        cpu: Avx512,
        table: &[Self::Point],
        pairs: &[Pair],
        out: &mut [Self::Point],
        products: &mut Vec<Self::Memory>,
    ) {
        cpu.run(AddPairs { pairs, points: Apart::<Self> { table, sums: out }, products });
    }

    fn add_within(cpu: Avx512, points: &mut [Self::Point], pairs: &[Pair], products: &mut Vec<Self::Memory>) {
        cpu.run(AddPairs { pairs, points: Within::<Self> { points }, products });
    }

    fn pack(cpu: Avx512, x: &[Self::Element; 8], y: &[Self::Element; 8]) -> [Self::Point; 8] {
        cpu.run(Pack::<Self> { x, y })
    }

    fn unpack(cpu: Avx512, points: [&Self::Point; 8]) -> ([Self::Element; 8], [Self::Element; 8]) {
        cpu.run(Unpack::<Self> { points })
    }

    #[inline(always)]
    fn from_elements(cpu: Avx512, elements: &[Fq; 8]) -> Self {
        Lanes::from_ark(cpu, elements).reduce()
    }

    #[inline(always)]
    fn to_elements(self) -> [Fq; 8] {
        self.to_ark()
    }

    #[inline(always)]
    fn to_memory(self) -> Self::Memory {
        self.to_block()
    }

    #[inline(always)]
    fn from_memory(cpu: Avx512, memory: &Self::Memory) -> Self {
        Lanes::load(cpu, memory)
    }

    #[inline(always)]
    fn load(cpu: Avx512, points: [&PackedPoint<1>; 8]) -> (Self, Self) {
        packed::load(cpu, rows(points, 0))
    }

    #[inline(always)]
    fn load_x(cpu: Avx512, points: [&PackedPoint<1>; 8]) -> Self {
        packed::load_first(cpu, rows(points, 0))
    }

    #[inline(always)]
    fn store(x: Self, y: Self) -> [PackedPoint<1>; 8] {
        let rows = packed::store(x, y);
        let mut points = [PackedPoint::default(); 8];
        for i in 0..8 {
            points[i].rows = [rows[i]];
        }
        points
    }

    #[inline(always)]
    fn negated(point: &PackedPoint<1>) -> PackedPoint<1> {
        let mut point = *point;
        packed::negate::<Fq>(&mut point.rows[0][4..]);
        point
    }

    #[inline(always)]
    fn prefetch(cpu: Avx512, point: &PackedPoint<1>) {
        cpu.prefetch(&point.rows[0]);
    }

    #[inline(always)]
    fn splat(cpu: Avx512, element: Fq) -> Self {
        Lanes::splat(cpu, element).weaken()
    }

    #[inline(always)]
    fn exchanged(self, distance: u64) -> Self {
        self.permute(exchange(self.cpu(), distance))
    }

    #[inline(always)]
    fn inverse(element: Fq) -> Fq {
        inverse(element)
    }

    #[inline(always)]
    fn zero(cpu: Avx512) -> Self {
        Lanes::zero(cpu).weaken()
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Lanes::times(self, other)
    }

    #[inline(always)]
    fn scaled(self, factor: Self::Loose) -> Self {
        Lanes::times(self, factor)
    }

    #[inline(always)]
    fn squared(self) -> Self {
        self.square()
    }

    #[inline(always)]
    fn doubled(self) -> Self::Loose {
        self.double()
    }

    #[inline(always)]
    fn tripled(self) -> Self::Loose {
        self.double::<4>().plus(self)
    }

    #[inline(always)]
    fn difference(self, other: Self) -> Self::Loose {
        self.minus(other)
    }

    #[inline(always)]
    fn signed(self, negative: u8) -> Self::Signed {
        self.weaken().replace(negative, self.negate())
    }

    #[inline(always)]
    fn positive(self) -> Self::Signed {
        self.weaken()
    }

    #[inline(always)]
    fn signed_difference(left: Self::Signed, right: Self::Signed) -> Self::Loose {
        left.minus(right)
    }

    #[inline(always)]
    fn less_both(self, a: Self, b: Self) -> Self {
        minus_both::<Fq, 2, 2, 2, 6>(self, a, b).reduce()
    }

    #[inline(always)]
    fn less(self, signed: Self::Signed) -> Self {
        self.minus::<3, 5>(signed).reduce()
    }

    #[inline(always)]
    fn reduced(signed: Self::Signed) -> Self {
        signed.reduce()
    }

    #[inline(always)]
    fn replaced(self, mask: u8, other: Self) -> Self {
        self.replace(mask, other)
    }

    #[inline(always)]
    fn replaced_loose(loose: Self::Loose, mask: u8, other: Self::Loose) -> Self::Loose {
        loose.replace(mask, other)
    }

    #[inline(always)]
    fn loosened(self) -> Self::Loose {
        self.weaken()
    }

    #[inline(always)]
    fn may_vanish(difference: Self::Loose) -> u8 {
        // A difference is between 0 and 4p, both excluded: it vanishes where it is p, 2p or 3p.
        let low = difference.limbs[0];
        let mut all_differ = u8::MAX;
        for k in 1..4 {
            all_differ &= low.differs(Word::splat(low.cpu(), Fq::MULTIPLES[k][0]));
        }
        !all_differ
    }

    #[inline(always)]
    fn vanishes(difference: Self::Loose) -> u8 {
        difference.reduce().canonical().zeros()
    }

    #[inline(always)]
    fn may_be_blank(self) -> u8 {
        let low = self.limbs[0];
        !low.differs(Word::zero(low.cpu()))
    }

    #[inline(always)]
    fn zeros(self) -> u8 {
        self.canonical().zeros()
    }
}

/// Indices of an exchange of lanes over `distance`.
#[inline(always)]
fn exchange(cpu: Avx512, distance: u64) -> Word {
    let mut indices = [0; 8];
    for i in 0..8 {
        indices[i as usize] = i ^ distance;
    }
    Word::load(cpu, &indices)
}

/// Row `index` of each point.
#[inline(always)]
fn rows<const ROWS: usize>(points: [&PackedPoint<ROWS>; 8], index: usize) -> [&[u64; 8]; 8] {
    let [a, b, c, d, e, f, g, h] = points;
    [
        &a.rows[index],
        &b.rows[index],
        &c.rows[index],
        &d.rows[index],
        &e.rows[index],
        &f.rows[index],
        &g.rows[index],
        &h.rows[index],
    ]
}

/// `value - a - b`, carried once.
#[inline(always)]
fn minus_both<F: Modulus, const K: u32, const A: u32, const B: u32, const C: u32>(
    value: Lanes<F, K>,
    a: Lanes<F, A>,
    b: Lanes<F, B>,
) -> Lanes<F, C> {
    const { assert!(K + A + B <= C, "the sum of the bounds") };
    let lift = constant(value.cpu(), &F::MULTIPLES[(A + B) as usize]);
    let mut limbs = value.limbs;
    for i in 0..LIMBS {
        limbs[i] = (limbs[i] + lift[i]) - (a.limbs[i] + b.limbs[i]);
    }
    Lanes::from_limbs(carried(limbs))
}

#[cfg(test)]
mod tests {
    use zkl_core::ark::{
        bn254::Fq2,
        ff::{AdditiveGroup as _, UniformRand as _},
    };

    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    use super::*;

    /// Representatives of the same elements in `(K - 1) p .. K p`, the largest that the bound allows.
    fn lifted<const K: u32>(cpu: Avx512, elements: &[Fq; 8]) -> Lanes<Fq, K> {
        let canonical = Lanes::from_ark(cpu, elements).reduce().canonical();
        let lift = constant(cpu, &Fq::MULTIPLES[K as usize - 1]);
        let mut limbs = canonical.limbs;
        for i in 0..LIMBS {
            limbs[i] = limbs[i] + lift[i];
        }
        Lanes::from_limbs(carried(limbs))
    }

    fn lifted_pair<const K: u32>(cpu: Avx512, elements: &[Fq2; 8]) -> Quadratic<K> {
        Quadratic { c0: lifted(cpu, &elements.map(|e| e.c0)), c1: lifted(cpu, &elements.map(|e| e.c1)) }
    }

    /// Compares every operation of a coordinate with arkworks, on operands at their bounds.
    #[track_caller]
    fn agrees<C: Coordinate>(
        a: &[C::Element; 8],
        b: &[C::Element; 8],
        c: &[C::Element; 8],
        [a_8, b_8, c_8]: [C; 3],
        signed: [C::Signed; 2],
        loose: C::Loose,
    ) {
        let each = |f: &dyn Fn(usize) -> C::Element| -> [C::Element; 8] { std::array::from_fn(f) };
        let cpu = Avx512::detect().unwrap();
        assert_eq!(C::from_elements(cpu, a).to_elements(), *a);
        assert_eq!(a_8.to_elements(), *a);
        assert_eq!(C::from_memory(cpu, &a_8.to_memory()).to_elements(), *a);
        assert_eq!(a_8.times(b_8).to_elements(), each(&|i| a[i] * b[i]));
        assert_eq!(a_8.scaled(loose).to_elements(), each(&|i| a[i] * b[i]));
        assert_eq!(a_8.squared().to_elements(), each(&|i| a[i].square()));
        assert_eq!(b_8.scaled(a_8.doubled()).to_elements(), each(&|i| a[i].double() * b[i]));
        assert_eq!(b_8.scaled(a_8.tripled()).to_elements(), each(&|i| (a[i].double() + a[i]) * b[i]));
        assert_eq!(c_8.scaled(a_8.difference(b_8)).to_elements(), each(&|i| (a[i] - b[i]) * c[i]));
        assert_eq!(c_8.scaled(b_8.loosened()).to_elements(), each(&|i| b[i] * c[i]));
        assert_eq!(a_8.less_both(b_8, c_8).to_elements(), each(&|i| a[i] - b[i] - c[i]));
        assert_eq!(c_8.less(signed[0]).to_elements(), each(&|i| c[i] - a[i]));
        assert_eq!(C::reduced(signed[1]).to_elements(), *b);
        let difference = C::signed_difference(signed[0], signed[1]);
        assert_eq!(c_8.scaled(difference).to_elements(), each(&|i| (a[i] - b[i]) * c[i]));
        let mixed = C::reduced(a_8.signed(0b1010_0110)).to_elements();
        assert_eq!(mixed, each(&|i| if 0b1010_0110 >> i & 1 == 1 { -a[i] } else { a[i] }));
        assert_eq!(C::reduced(a_8.positive()).to_elements(), *a);
        assert_eq!(a_8.replaced(0b0000_1111, b_8).to_elements(), each(&|i| if i < 4 { b[i] } else { a[i] }));

        let bits = |f: &dyn Fn(usize) -> bool| (0..8).fold(0u8, |bits, i| bits | u8::from(f(i)) << i);
        assert_eq!(a_8.zeros(), bits(&|i| a[i] == C::Element::ZERO));
        let equal = bits(&|i| a[i] == b[i]);
        assert_eq!(C::vanishes(a_8.difference(b_8)), equal);
        assert_eq!(C::may_vanish(a_8.difference(b_8)) & equal, equal, "a filter lets nothing through");
        assert_eq!(C::may_vanish(C::from_elements(cpu, a).difference(b_8)) & equal, equal);
        assert_eq!(C::may_vanish(b_8.difference(C::from_elements(cpu, a))) & equal, equal);
        assert_eq!(C::zero(cpu).may_be_blank(), u8::MAX);
        assert_eq!(C::one(cpu).to_elements(), [C::Element::ONE; 8]);

        let points = C::store(a_8, b_8);
        let (x, y) = C::load(cpu, points.each_ref());
        assert_eq!((x.to_elements(), y.to_elements()), (*a, *b));
        assert_eq!(C::load_x(cpu, points.each_ref()).to_elements(), *a);
        let negated = points.map(|point| C::negated(&point));
        let (x, y) = C::load(cpu, negated.each_ref());
        assert_eq!((x.to_elements(), y.to_elements()), (*a, b.map(|b| -b)));

        let or_one = |element: C::Element| if element == C::Element::ZERO { C::Element::ONE } else { element };
        let blank = C::one(cpu);
        let inverses = inverted(cpu, [a_8.replaced(a_8.zeros(), blank), b_8.replaced(b_8.zeros(), blank)]);
        for (inverses, elements) in inverses.iter().zip([a, b]) {
            assert_eq!(inverses.to_elements(), elements.map(|element| or_one(element).inverse().unwrap_or_default()));
        }
        assert_eq!(C::inverse(c[0]), c[0].inverse().unwrap_or_default());
    }

    #[test]
    fn coordinates_of_both_groups_compute_like_arkworks_at_their_bounds() {
        let Some(cpu) = Avx512::detect() else {
            println!("not tested: this processor has no AVX-512 IFMA");
            return;
        };
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let borders = [Fq::ZERO, Fq::ONE, -Fq::ONE, Fq::from(1u64 << 52), -Fq::from(1u64 << 52)];
        for round in 0..200usize {
            let mut element = |i: usize| match (round + 3 * i) % 7 {
                k @ 0..5 if round % 3 > 0 => borders[k],
                _ => Fq::rand(&mut rng),
            };
            let a: [Fq; 8] = std::array::from_fn(&mut element);
            let mut b: [Fq; 8] = std::array::from_fn(|i| element(i + round));
            let c: [Fq; 8] = std::array::from_fn(|i| element(3 * i + 1));
            b[round % 8] = a[round % 8];
            let eight = [lifted(cpu, &a), lifted(cpu, &b), lifted(cpu, &c)];
            agrees::<Lanes<Fq, 2>>(&a, &b, &c, eight, [lifted(cpu, &a), lifted(cpu, &b)], lifted(cpu, &b));

            let pairs = |c0: &[Fq; 8], c1: &[Fq; 8]| -> [Fq2; 8] { std::array::from_fn(|i| Fq2::new(c0[i], c1[i])) };
            let (a, b, c) = (pairs(&a, &c), pairs(&b, &c), pairs(&c, &a));
            let eight = [lifted_pair(cpu, &a), lifted_pair(cpu, &b), lifted_pair(cpu, &c)];
            let signed = [lifted_pair(cpu, &a), lifted_pair(cpu, &b)];
            agrees::<Quadratic<2>>(&a, &b, &c, eight, signed, lifted_pair(cpu, &b));
        }
    }
}
