//! Affine additions of pairs of points, eight at a time, with one inversion for a whole batch.
//!
//! # Algorithm
//! An addition divides by `d = x_q - x_p`. Going forward over a batch, each lane multiplies up the denominators that it meets
//! and keeps the product before each; one inversion later, going backward, the inverse of each denominator is the kept
//! product times the running inverse (Montgomery's trick). Five products and a square for an addition.
//!
//! Two groups of eight are worked on side by side: a product waits longer for the one before it than for its turn in the
//! multiplier.
//!
//! | case | denominator | sum |
//! |---|---|---|
//! | `x_p != x_q` | `x_q - x_p` | chord |
//! | `p = q` | `2 y_p` | tangent, slope `3 x^2 / 2 y` |
//! | `p = -q` | 1 | neutral |
//! | `p` or `q` neutral | 1 | the other one |
//!
//! Groups where one of the last three may be are found by a comparison of low limbs, and only they look closer. No
//! denominator is zero, so a batch always has its inverse: `y = 0` would be a point of order 2, and the order of G1 and of the
//! curve that G2 lies on is odd.

use super::{
    coordinate::{Coordinate, inverted},
    word::{Avx512, Task},
};
use crate::points::Pair;

/// Groups of eight that are worked on side by side.
const GROUPS: usize = 2;
/// Pairs of one step.
const STEP: usize = 8 * GROUPS;
/// Steps that share one inversion: their points and products stay in the second-level cache.
const BATCH: usize = 4096 / STEP;
/// Steps between asking for points and using them.
const AHEAD: usize = 2;

/// Where points come from and sums go.
pub(super) trait Points<C: Coordinate> {
    /// Whether the lowest bit of an index is a sign.
    const SIGNED: bool;

    /// The point of an index, without its sign.
    fn point(&self, index: u32) -> &C::Point;

    /// Writes a sum.
    fn write(&mut self, to: u32, point: C::Point);
}

/// Sums of signed points of one slice, written into another.
pub(super) struct Apart<'a, C: Coordinate> {
    pub(super) table: &'a [C::Point],
    pub(super) sums: &'a mut [C::Point],
}

impl<C: Coordinate> Points<C> for Apart<'_, C> {
    const SIGNED: bool = true;

    #[inline(always)]
    fn point(&self, index: u32) -> &C::Point {
        &self.table[(index >> 1) as usize]
    }

    #[inline(always)]
    fn write(&mut self, to: u32, point: C::Point) {
        self.sums[to as usize] = point;
    }
}

/// Sums of points that take the place of one of them.
pub(super) struct Within<'a, C: Coordinate> {
    pub(super) points: &'a mut [C::Point],
}

impl<C: Coordinate> Points<C> for Within<'_, C> {
    const SIGNED: bool = false;

    #[inline(always)]
    fn point(&self, index: u32) -> &C::Point {
        &self.points[index as usize]
    }

    #[inline(always)]
    fn write(&mut self, to: u32, point: C::Point) {
        self.points[to as usize] = point;
    }
}

/// Adds pairs. No sum may be written where a later or an earlier pair reads.
pub(super) struct AddPairs<'a, C: Coordinate, P> {
    pub(super) pairs: &'a [Pair],
    pub(super) points: P,
    pub(super) products: &'a mut Vec<C::Memory>,
}

impl<C: Coordinate, P: Points<C>> Task for AddPairs<'_, C, P> {
    type Output = ();

    #[inline(always)]
    fn run(mut self, cpu: Avx512) {
        let (steps, rest) = self.pairs.as_chunks::<STEP>();
        for steps in steps.chunks(BATCH) {
            add_batch::<C, P>(cpu, steps, &mut self.points, self.products);
        }
        if let Some(last) = rest.last() {
            // Lanes that are left over repeat the last pair: within a step, all points are read before one is written.
            let mut step = [*last; STEP];
            step[..rest.len()].copy_from_slice(rest);
            add_batch::<C, P>(cpu, &[step], &mut self.points, self.products);
        }
    }
}

#[inline(always)]
fn add_batch<C: Coordinate, P: Points<C>>(
    cpu: Avx512,
    steps: &[[Pair; STEP]],
    points: &mut P,
    products: &mut Vec<C::Memory>,
) {
    products.clear();
    let mut product = [C::one(cpu); GROUPS];
    for index in 0..steps.len() {
        if P::SIGNED
            && let Some(step) = steps.get(index + AHEAD)
        {
            for pair in step {
                C::prefetch(cpu, points.point(pair.left));
                C::prefetch(cpu, points.point(pair.right));
            }
        }
        let groups = groups(&steps[index]);
        let mut denominators = [product[0].loosened(); GROUPS];
        for g in 0..GROUPS {
            denominators[g] = denominator::<C, P>(cpu, points, groups[g]);
        }
        for g in 0..GROUPS {
            products.push(product[g].to_memory());
            product[g] = product[g].scaled(denominators[g]);
        }
    }
    let mut inverse = inverted(cpu, product);
    for index in (0..steps.len()).rev() {
        let groups = groups(&steps[index]);
        let mut lines = [Line::<C>::neutral(cpu); GROUPS];
        for g in 0..GROUPS {
            lines[g] = Line::through::<P>(cpu, points, groups[g]);
        }
        let mut slopes = [C::zero(cpu); GROUPS];
        for g in 0..GROUPS {
            let kept = C::from_memory(cpu, &products[GROUPS * index + g]);
            slopes[g] = kept.times(inverse[g]);
        }
        for g in 0..GROUPS {
            inverse[g] = inverse[g].scaled(lines[g].denominator);
        }
        for g in 0..GROUPS {
            slopes[g] = slopes[g].scaled(lines[g].numerator);
        }
        let mut x = [C::zero(cpu); GROUPS];
        for g in 0..GROUPS {
            x[g] = slopes[g].squared().less_both(lines[g].x_p, lines[g].x_q);
        }
        let mut y = [C::zero(cpu); GROUPS];
        for g in 0..GROUPS {
            y[g] = slopes[g].scaled(lines[g].x_p.difference(x[g])).less(lines[g].y_p);
        }
        for g in 0..GROUPS {
            let (x, y) = lines[g].settle(cpu, x[g], y[g]);
            let sums = C::store(x, y);
            for lane in 0..8 {
                points.write(groups[g][lane].to, sums[lane]);
            }
        }
    }
}

/// The groups of a step.
#[inline(always)]
fn groups(step: &[Pair; STEP]) -> [&[Pair; 8]; GROUPS] {
    let (groups, _) = step.as_chunks::<8>();
    [&groups[0], &groups[1]]
}

#[inline(always)]
fn left<'a, C: Coordinate, P: Points<C>>(points: &'a P, group: &[Pair; 8]) -> [&'a C::Point; 8] {
    let [a, b, c, d, e, f, g, h] = group;
    [
        points.point(a.left),
        points.point(b.left),
        points.point(c.left),
        points.point(d.left),
        points.point(e.left),
        points.point(f.left),
        points.point(g.left),
        points.point(h.left),
    ]
}

#[inline(always)]
fn right<'a, C: Coordinate, P: Points<C>>(points: &'a P, group: &[Pair; 8]) -> [&'a C::Point; 8] {
    let [a, b, c, d, e, f, g, h] = group;
    [
        points.point(a.right),
        points.point(b.right),
        points.point(c.right),
        points.point(d.right),
        points.point(e.right),
        points.point(f.right),
        points.point(g.right),
        points.point(h.right),
    ]
}

/// Signs of the left and of the right points, a bit each.
#[inline(always)]
fn signs<C: Coordinate, P: Points<C>>(group: &[Pair; 8]) -> (u8, u8) {
    let (mut left, mut right) = (0, 0);
    if P::SIGNED {
        for lane in 0..8 {
            left |= ((group[lane].left & 1) as u8) << lane;
            right |= ((group[lane].right & 1) as u8) << lane;
        }
    }
    (left, right)
}

/// Denominators of eight pairs.
#[inline(always)]
fn denominator<C: Coordinate, P: Points<C>>(cpu: Avx512, points: &P, group: &[Pair; 8]) -> C::Loose {
    let x_p = C::load_x(cpu, left(points, group));
    let x_q = C::load_x(cpu, right(points, group));
    let difference = x_q.difference(x_p);
    if C::may_vanish(difference) | x_p.may_be_blank() | x_q.may_be_blank() == 0 {
        return difference;
    }
    Line::<C>::through::<P>(cpu, points, group).denominator
}

/// What the sums of eight pairs are computed from.
#[derive(Clone, Copy)]
struct Line<C: Coordinate> {
    x_p: C,
    y_p: C::Signed,
    x_q: C,
    denominator: C::Loose,
    numerator: C::Loose,
    special: Option<Special<C>>,
}

/// What is different in a group with pairs that have no chord.
#[derive(Clone, Copy)]
struct Special<C: Coordinate> {
    y_q: C,
    left_neutral: u8,
    right_neutral: u8,
    opposite: u8,
}

impl<C: Coordinate> Line<C> {
    #[inline(always)]
    fn neutral(cpu: Avx512) -> Self {
        let zero = C::zero(cpu);
        Self {
            x_p: zero,
            y_p: zero.positive(),
            x_q: zero,
            denominator: zero.loosened(),
            numerator: zero.loosened(),
            special: None,
        }
    }

    #[inline(always)]
    fn through<P: Points<C>>(cpu: Avx512, points: &P, group: &[Pair; 8]) -> Self {
        let (x_p, y_p) = C::load(cpu, left(points, group));
        let (x_q, y_q) = C::load(cpu, right(points, group));
        let (y_p, y_q) = if P::SIGNED {
            let (left, right) = signs::<C, P>(group);
            (y_p.signed(left), y_q.signed(right))
        } else {
            (y_p.positive(), y_q.positive())
        };
        let mut line = Self {
            x_p,
            y_p,
            x_q,
            denominator: x_q.difference(x_p),
            numerator: C::signed_difference(y_q, y_p),
            special: None,
        };
        if C::may_vanish(line.denominator) | x_p.may_be_blank() | x_q.may_be_blank() != 0 {
            line.look_closer(cpu, y_q);
        }
        line
    }

    #[inline(always)]
    fn look_closer(&mut self, cpu: Avx512, y_q: C::Signed) {
        let (y_p, y_q) = (C::reduced(self.y_p), C::reduced(y_q));
        let (left_neutral, right_neutral) = (y_p.zeros(), y_q.zeros());
        let same_x = C::vanishes(self.denominator) & !left_neutral & !right_neutral;
        let equal = same_x & C::vanishes(self.numerator);
        let opposite = same_x & !equal;
        let none = left_neutral | right_neutral | opposite;
        self.denominator = C::replaced_loose(self.denominator, equal, y_p.doubled());
        self.denominator = C::replaced_loose(self.denominator, none, C::one(cpu).loosened());
        self.numerator = C::replaced_loose(self.numerator, equal, self.x_p.squared().tripled());
        self.special = Some(Special { y_q, left_neutral, right_neutral, opposite });
    }

    /// The sums, given what the formula of the chord makes of the line.
    #[inline(always)]
    fn settle(&self, cpu: Avx512, mut x: C, mut y: C) -> (C, C) {
        if let Some(special) = &self.special {
            let y_p = C::reduced(self.y_p);
            x = x.replaced(special.right_neutral, self.x_p).replaced(special.left_neutral, self.x_q);
            y = y.replaced(special.right_neutral, y_p).replaced(special.left_neutral, special.y_q);
            let neutral = special.opposite | special.left_neutral & special.right_neutral;
            x = x.replaced(neutral, C::zero(cpu));
            y = y.replaced(neutral, C::zero(cpu));
        }
        (x, y)
    }
}
