//! Coordinates of G2: two elements of Fq to a lane.

use zkl_core::ark::{
    Fq,
    bn254::Fq2,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    super::{
        block::Block,
        lanes::Lanes,
        packed::{self, PackedPoint},
        pairs::{AddPairs, Apart, Within},
        product::Product,
        word::Avx512,
    },
    Coordinate, Pack, Unpack, rows,
};
use crate::{inverse::inverse, points::Pair};

/// Eight elements `c0 + c1 u` of Fq2, `u^2 = -1`.
#[derive(Clone, Copy, Debug)]
pub struct Quadratic<const K: u32> {
    pub(super) c0: Lanes<Fq, K>,
    pub(super) c1: Lanes<Fq, K>,
}

impl<const K: u32> Quadratic<K> {
    #[inline(always)]
    fn replace(self, mask: u8, other: Self) -> Self {
        Self { c0: self.c0.replace(mask, other.c0), c1: self.c1.replace(mask, other.c1) }
    }

    #[inline(always)]
    fn minus<const B: u32, const C: u32>(self, other: Quadratic<B>) -> Quadratic<C> {
        Quadratic { c0: self.c0.minus(other.c0), c1: self.c1.minus(other.c1) }
    }

    #[inline(always)]
    fn weaken<const C: u32>(self) -> Quadratic<C> {
        Quadratic { c0: self.c0.weaken(), c1: self.c1.weaken() }
    }

    #[inline(always)]
    fn reduce(self) -> Quadratic<2> {
        Quadratic { c0: self.c0.reduce(), c1: self.c1.reduce() }
    }
}

impl Coordinate for Quadratic<2> {
    type Element = Fq2;
    type Signed = Quadratic<3>;
    type Loose = Quadratic<6>;
    type Memory = [Block<Fq, 2>; 2];
    type Point = PackedPoint<2>;

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
    fn from_elements(cpu: Avx512, elements: &[Fq2; 8]) -> Self {
        let (mut c0, mut c1) = ([Fq::ZERO; 8], [Fq::ZERO; 8]);
        for i in 0..8 {
            (c0[i], c1[i]) = (elements[i].c0, elements[i].c1);
        }
        Self { c0: Lanes::from_ark(cpu, &c0).reduce(), c1: Lanes::from_ark(cpu, &c1).reduce() }
    }

    #[inline(always)]
    fn to_elements(self) -> [Fq2; 8] {
        let (c0, c1) = (self.c0.to_ark(), self.c1.to_ark());
        let mut elements = [Fq2::ZERO; 8];
        for i in 0..8 {
            elements[i] = Fq2::new(c0[i], c1[i]);
        }
        elements
    }

    #[inline(always)]
    fn to_memory(self) -> Self::Memory {
        [self.c0.to_block(), self.c1.to_block()]
    }

    #[inline(always)]
    fn from_memory(cpu: Avx512, memory: &Self::Memory) -> Self {
        Self { c0: Lanes::load(cpu, &memory[0]), c1: Lanes::load(cpu, &memory[1]) }
    }

    #[inline(always)]
    fn load(cpu: Avx512, points: [&PackedPoint<2>; 8]) -> (Self, Self) {
        let (c0, c1) = packed::load(cpu, rows(points, 1));
        (Self::load_x(cpu, points), Self { c0, c1 })
    }

    #[inline(always)]
    fn load_x(cpu: Avx512, points: [&PackedPoint<2>; 8]) -> Self {
        let (c0, c1) = packed::load(cpu, rows(points, 0));
        Self { c0, c1 }
    }

    #[inline(always)]
    fn store(x: Self, y: Self) -> [PackedPoint<2>; 8] {
        let (x, y) = (packed::store(x.c0, x.c1), packed::store(y.c0, y.c1));
        let mut points = [PackedPoint::default(); 8];
        for i in 0..8 {
            points[i].rows = [x[i], y[i]];
        }
        points
    }

    #[inline(always)]
    fn negated(point: &PackedPoint<2>) -> PackedPoint<2> {
        let mut point = *point;
        packed::negate::<Fq>(&mut point.rows[1][..4]);
        packed::negate::<Fq>(&mut point.rows[1][4..]);
        point
    }

    #[inline(always)]
    fn prefetch(cpu: Avx512, point: &PackedPoint<2>) {
        cpu.prefetch(&point.rows[0]);
        cpu.prefetch(&point.rows[1]);
    }

    #[inline(always)]
    fn splat(cpu: Avx512, element: Fq2) -> Self {
        Self { c0: Lanes::splat(cpu, element.c0).weaken(), c1: Lanes::splat(cpu, element.c1).weaken() }
    }

    #[inline(always)]
    fn exchanged(self, distance: u64) -> Self {
        Self { c0: self.c0.exchanged(distance), c1: self.c1.exchanged(distance) }
    }

    #[inline(always)]
    fn inverse(element: Fq2) -> Fq2 {
        // 1 / (c0 + c1 u) = (c0 - c1 u) / (c0^2 + c1^2).
        let norm = inverse(element.c0.square() + element.c1.square());
        Fq2::new(element.c0 * norm, -element.c1 * norm)
    }

    #[inline(always)]
    fn zero(cpu: Avx512) -> Self {
        Self { c0: Lanes::zero(cpu).weaken(), c1: Lanes::zero(cpu).weaken() }
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self.scaled(other.weaken())
    }

    #[inline(always)]
    fn scaled(self, factor: Self::Loose) -> Self {
        // Four products and two reductions: three products would need carried sums of both factors, and gain nothing.
        let negated: Lanes<Fq, 3> = self.c1.negate();
        Self {
            c0: Product::<Fq, 12>::of(self.c0, factor.c0).plus_product::<3, 6, 30>(negated, factor.c1).reduce(),
            c1: Product::<Fq, 12>::of(self.c0, factor.c1).plus_product::<2, 6, 24>(self.c1, factor.c0).reduce(),
        }
    }

    #[inline(always)]
    fn squared(self) -> Self {
        let (sum, difference): (Lanes<Fq, 4>, Lanes<Fq, 4>) = (self.c0.plus(self.c1), self.c0.minus(self.c1));
        Self { c0: sum.times(difference), c1: self.c0.double::<4>().times(self.c1) }
    }

    #[inline(always)]
    fn doubled(self) -> Self::Loose {
        Quadratic { c0: self.c0.double(), c1: self.c1.double() }
    }

    #[inline(always)]
    fn tripled(self) -> Self::Loose {
        Quadratic { c0: Coordinate::tripled(self.c0), c1: Coordinate::tripled(self.c1) }
    }

    #[inline(always)]
    fn difference(self, other: Self) -> Self::Loose {
        self.minus(other)
    }

    #[inline(always)]
    fn signed(self, negative: u8) -> Self::Signed {
        let negated = Quadratic { c0: self.c0.negate(), c1: self.c1.negate() };
        self.weaken().replace(negative, negated)
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
        Self { c0: self.c0.less_both(a.c0, b.c0), c1: self.c1.less_both(a.c1, b.c1) }
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
        <Lanes<Fq, 2>>::may_vanish(difference.c0) & <Lanes<Fq, 2>>::may_vanish(difference.c1)
    }

    #[inline(always)]
    fn vanishes(difference: Self::Loose) -> u8 {
        <Lanes<Fq, 2>>::vanishes(difference.c0) & <Lanes<Fq, 2>>::vanishes(difference.c1)
    }

    #[inline(always)]
    fn may_be_blank(self) -> u8 {
        self.c0.may_be_blank() & self.c1.may_be_blank()
    }

    #[inline(always)]
    fn zeros(self) -> u8 {
        Coordinate::zeros(self.c0) & Coordinate::zeros(self.c1)
    }
}
