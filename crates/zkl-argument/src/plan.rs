//! From a layout to the slots of a shape: which columns are committed, and which linear form of them every block and
//! every value of the argument stands for. All of it is public and derived, never decoded from a proof.

mod dictionaries;

use zkl_core::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    hashed::DIGEST_CELLS,
    layout::{Encoding, Layout, PairLayout},
};

use crate::{
    error::PlanError,
    shape::{Block, CATEGORY_SIZES, JOINT_SIZES, LIMB_BITS, Shape, Slots},
    statement::LayoutVector,
};

/// A committed column. Columns come in layout order, each with its cells in the order of the variants; the multiplicities of
/// the limb table are last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// A 16-bit limb of a numeric column, low limb first.
    Limb {
        /// Position of the column in the layout.
        column: usize,
        /// Limb, 0 is the lowest.
        limb: usize,
    },
    /// Validity bits of a nullable numeric, opaque or hashed column.
    Valid {
        /// Position of the column in the layout.
        column: usize,
    },
    /// Dictionary codes.
    Code {
        /// Position of the column in the layout.
        column: usize,
    },
    /// Rows per code of a grouped column; row t of this cell is code t.
    Multiplicity {
        /// Position of the column in the layout.
        column: usize,
    },
    /// Low limb of `m - k_min` of a grouped column, by code.
    RestLow {
        /// Position of the column in the layout.
        column: usize,
    },
    /// High limb of `m - k_min` of a grouped column, by code.
    RestHigh {
        /// Position of the column in the layout.
        column: usize,
    },
    /// A part of the digests of a hashed column. It enters no argument about the table alone.
    Digest {
        /// Position of the column in the layout.
        column: usize,
        /// Which of the [`DIGEST_CELLS`] parts.
        part: usize,
    },
    /// How often each limb value is looked up.
    LimbMultiplicity,
    /// Public: 1 in row 0, 0 elsewhere. Only in [`ScanPlan::dictionaries`].
    Origin,
    /// Public: 0 everywhere. Only in [`ScanPlan::dictionaries`].
    Nothing,
    /// Rows per code of a grouped column in the whole table: the sum of the segments' [`Cell::Multiplicity`]. Only in
    /// [`ScanPlan::dictionaries`].
    GroupSum {
        /// Position of the column in the layout.
        column: usize,
    },
}

/// A linear form of committed columns: pairs of position in [`ScanPlan::cells`] and coefficient.
pub type LinearForm = Vec<(usize, Fr)>;

/// A layout placed into a shape.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    shape: Shape,
    layout: Layout,
    cells: Vec<Cell>,
    vector: LayoutVector<Fr>,
    block_forms: Vec<LinearForm>,
    value_forms: Vec<LinearForm>,
    slots: SlotMap,
}

/// Which column or pair of the layout every slot holds, in slot order; `None` for slots that are not in use.
#[derive(Clone, Debug, Default)]
pub struct SlotMap {
    /// Position of the column per numeric slot.
    pub numeric: Vec<Option<usize>>,
    /// Position of the column per opaque slot.
    pub opaque: Vec<Option<usize>>,
    /// Position of the column per category slot.
    pub category: Vec<Option<usize>>,
    /// Position of the pair per joint slot.
    pub joint: Vec<Option<usize>>,
    /// Position of the column per grouped slot.
    pub grouped: Vec<Option<usize>>,
    /// Position of the pair per product slot.
    pub product: Vec<Option<usize>>,
}

/// Binary logarithm of the rows of the smallest shape that holds `rows` rows: at least 16, since the limb table is a block.
pub fn log_rows_for(rows: u64) -> usize {
    let bits = (u64::BITS - rows.saturating_sub(1).leading_zeros()) as usize;
    bits.max(LIMB_BITS)
}

/// The slots that `layout` needs and no more.
pub fn slots_of(layout: &Layout) -> Slots {
    let mut slots = Slots::default();
    for column in layout.columns() {
        match column.encoding {
            Encoding::Numeric { limbs } => {
                slots.numeric += 1;
                slots.limbs += usize::from(limbs);
            }
            Encoding::Category { capacity } => count_size(&mut slots.categories, &CATEGORY_SIZES, capacity),
            Encoding::Grouped { .. } => slots.grouped += 1,
            Encoding::Opaque | Encoding::Hashed => slots.opaque += 1,
        }
    }
    for pair in layout.pairs() {
        match *pair {
            PairLayout::Joint { group, label } => {
                count_size(&mut slots.joints, &JOINT_SIZES, capacity(layout, group) * capacity(layout, label));
            }
            PairLayout::Product { .. } => slots.products += 1,
        }
    }
    slots
}

fn count_size<const K: usize>(counts: &mut [usize; K], sizes: &[usize; K], size: u32) {
    for (count, &class) in counts.iter_mut().zip(sizes) {
        if class == size as usize {
            *count += 1;
        }
    }
}

fn capacity(layout: &Layout, column: u32) -> u32 {
    match layout.columns().get(column as usize).map(|column| column.encoding) {
        Some(Encoding::Category { capacity } | Encoding::Grouped { capacity }) => capacity,
        _ => 0,
    }
}

impl ScanPlan {
    /// The plan of `layout` in the smallest shape that holds it.
    ///
    /// # Errors
    /// [`PlanError::Size`] when the table is larger than one segment.
    pub fn exact(layout: &Layout) -> Result<Self, PlanError> {
        Self::new(Shape::new(log_rows_for(layout.rows()), slots_of(layout))?, layout.clone())
    }

    /// The plan of `layout` in `shape`, which may have more slots than the layout needs.
    ///
    /// # Errors
    /// [`PlanError::Rows`] and [`PlanError::Slots`] when the shape is too small.
    pub fn new(shape: Shape, layout: Layout) -> Result<Self, PlanError> {
        if layout.rows() > shape.rows() as u64 {
            return Err(PlanError::Rows { got: layout.rows(), log_rows: shape.log_rows() });
        }
        fits(shape.slots(), &slots_of(&layout))?;
        for column in layout.columns() {
            if let Encoding::Grouped { capacity } = column.encoding {
                let (got, max) = (capacity as usize, 1 << shape.limb_bits());
                if got > max {
                    return Err(PlanError::Size { what: "grouped capacity", got, min: 1, max });
                }
            }
        }
        let cells = cells_of(&layout);
        let slots = SlotMap::new(&shape, &layout);
        let forms = Forms { layout: &layout, cells: &cells, limb_bits: shape.limb_bits() };
        let block_forms = shape.blocks().iter().map(|&block| forms.block(&slots, block)).collect();
        let value_forms = forms.values(&slots);
        let vector = layout_vector(&shape, &layout, &slots);
        Ok(Self { cells, vector, block_forms, value_forms, slots, shape, layout })
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The committed columns, in the order in which they are committed.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The layout as the verifier sees it.
    pub fn vector(&self) -> &LayoutVector<Fr> {
        &self.vector
    }

    /// Which column or pair every slot holds.
    pub fn slots(&self) -> &SlotMap {
        &self.slots
    }

    /// Per block of the shape: the committed part `L'_c` of what is looked up, or the multiplicities of a table. Empty for an
    /// inactive block.
    pub fn block_forms(&self) -> &[LinearForm] {
        &self.block_forms
    }

    /// Per value of the moments: its form. Empty for an inactive slot.
    pub fn value_forms(&self) -> &[LinearForm] {
        &self.value_forms
    }

    /// Codes of the label column of a joint pair.
    pub(crate) fn label_capacity(&self, pair: usize) -> Option<u32> {
        match self.layout.pairs().get(pair) {
            Some(PairLayout::Joint { label, .. }) => Some(capacity(&self.layout, *label)),
            _ => None,
        }
    }

    /// Position of `cell` among the committed columns.
    pub fn position(&self, cell: Cell) -> Option<usize> {
        self.cells.iter().position(|&c| c == cell)
    }
}

fn fits(have: &Slots, need: &Slots) -> Result<(), PlanError> {
    let check = |kind, have: usize, got: usize| {
        if got <= have { Ok(()) } else { Err(PlanError::Slots { kind, got, have }) }
    };
    check("limb", have.limbs, need.limbs)?;
    check("numeric", have.numeric, need.numeric)?;
    check("opaque", have.opaque, need.opaque)?;
    check("grouped", have.grouped, need.grouped)?;
    check("product", have.products, need.products)?;
    for (have, need) in have.categories.iter().zip(&need.categories) {
        check("category", *have, *need)?;
    }
    for (have, need) in have.joints.iter().zip(&need.joints) {
        check("joint", *have, *need)?;
    }
    Ok(())
}

fn cells_of(layout: &Layout) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut limb_table = false;
    for (column, spec) in layout.columns().iter().enumerate() {
        match spec.encoding {
            Encoding::Numeric { limbs } => {
                limb_table = true;
                cells.extend((0..usize::from(limbs)).map(|limb| Cell::Limb { column, limb }));
            }
            Encoding::Category { .. } => cells.push(Cell::Code { column }),
            Encoding::Grouped { .. } => {
                limb_table = true;
                cells.extend([Cell::Code { column }, Cell::Multiplicity { column }]);
                cells.extend([Cell::RestLow { column }, Cell::RestHigh { column }]);
            }
            Encoding::Opaque | Encoding::Hashed => {}
        }
        let has_bits = matches!(spec.encoding, Encoding::Numeric { .. } | Encoding::Opaque | Encoding::Hashed);
        if spec.nullable && has_bits {
            cells.push(Cell::Valid { column });
        }
        if spec.encoding == Encoding::Hashed {
            cells.extend((0..DIGEST_CELLS).map(|part| Cell::Digest { column, part }));
        }
    }
    if limb_table {
        cells.push(Cell::LimbMultiplicity);
    }
    cells
}

impl SlotMap {
    fn new(shape: &Shape, layout: &Layout) -> Self {
        let slots = shape.slots();
        let columns = |wanted: &dyn Fn(Encoding) -> bool| -> Vec<usize> {
            let all = layout.columns().iter().enumerate();
            all.filter(|(_, column)| wanted(column.encoding)).map(|(index, _)| index).collect()
        };
        let joint_size = |pair: &PairLayout| match *pair {
            PairLayout::Joint { group, label } => (capacity(layout, group) * capacity(layout, label)) as usize,
            PairLayout::Product { .. } => 0,
        };
        let pairs = |wanted: &dyn Fn(&PairLayout) -> bool| -> Vec<usize> {
            layout.pairs().iter().enumerate().filter(|(_, pair)| wanted(pair)).map(|(index, _)| index).collect()
        };
        let category = CATEGORY_SIZES.into_iter().zip(slots.categories).flat_map(|(size, have)| {
            padded(columns(&|e| matches!(e, Encoding::Category { capacity } if capacity as usize == size)), have)
        });
        let joint = JOINT_SIZES
            .into_iter()
            .zip(slots.joints)
            .flat_map(|(size, have)| padded(pairs(&|pair| joint_size(pair) == size), have));
        Self {
            numeric: padded(columns(&|e| matches!(e, Encoding::Numeric { .. })), slots.numeric),
            opaque: padded(columns(&|e| matches!(e, Encoding::Opaque | Encoding::Hashed)), slots.opaque),
            category: category.collect(),
            joint: joint.collect(),
            grouped: padded(columns(&|e| matches!(e, Encoding::Grouped { .. })), slots.grouped),
            product: padded(pairs(&|pair| matches!(pair, PairLayout::Product { .. })), slots.products),
        }
    }
}

fn padded(used: Vec<usize>, len: usize) -> Vec<Option<usize>> {
    let mut slots: Vec<_> = used.into_iter().map(Some).collect();
    slots.resize(len, None);
    slots
}

fn layout_vector(shape: &Shape, layout: &Layout, slots: &SlotMap) -> LayoutVector<Fr> {
    let active = |slots: &[Option<usize>]| slots.iter().map(|slot| Fr::from(slot.is_some())).collect::<Vec<_>>();
    let never_null = |column: usize| layout.columns().get(column).is_some_and(|column| !column.nullable);
    let full =
        |slots: &[Option<usize>]| slots.iter().map(|slot| Fr::from(slot.is_some_and(never_null))).collect::<Vec<_>>();
    let side = |left: bool| {
        let column = |pair: &usize| match layout.pairs().get(*pair) {
            Some(PairLayout::Product { left: l, right: r }) => Some(if left { *l } else { *r } as usize),
            _ => None,
        };
        let columns: Vec<_> = slots.product.iter().map(|pair| pair.as_ref().and_then(column)).collect();
        full(&columns)
    };
    let limbs = slots_of(layout).limbs;
    LayoutVector {
        rows: Fr::from(layout.rows()),
        limb: (0..shape.slots().limbs).map(|slot| Fr::from(slot < limbs)).collect(),
        numeric: active(&slots.numeric),
        numeric_full: full(&slots.numeric),
        opaque_full: full(&slots.opaque),
        category: active(&slots.category),
        category_full: full(&slots.category),
        joint: active(&slots.joint),
        grouped: active(&slots.grouped),
        grouped_full: full(&slots.grouped),
        grouped_max: slots
            .grouped
            .iter()
            .map(|slot| slot.map_or(Fr::ZERO, |column| Fr::from(capacity(layout, column as u32).saturating_sub(1))))
            .collect(),
        left_full: side(true),
        right_full: side(false),
    }
}

/// Builds linear forms by cell.
struct Forms<'a> {
    layout: &'a Layout,
    cells: &'a [Cell],
    limb_bits: usize,
}

impl Forms<'_> {
    fn cell(&self, cell: Cell, coefficient: Fr) -> LinearForm {
        self.cells.iter().position(|&c| c == cell).map(|index| (index, coefficient)).into_iter().collect()
    }

    fn limbs(&self, column: usize) -> usize {
        match self.layout.columns().get(column).map(|column| column.encoding) {
            Some(Encoding::Numeric { limbs }) => usize::from(limbs),
            _ => 0,
        }
    }

    fn block(&self, slots: &SlotMap, block: Block) -> LinearForm {
        let slot = |slots: &[Option<usize>], index: usize| slots.get(index).copied().flatten();
        let grouped = |index, cell: fn(usize) -> Cell| slot(&slots.grouped, index).map(|c| self.cell(cell(c), Fr::ONE));
        let form = match block {
            Block::Limb(index) => {
                let cell = self.cells.iter().filter(|cell| matches!(cell, Cell::Limb { .. })).nth(index);
                cell.map(|&cell| self.cell(cell, Fr::ONE))
            }
            Block::Top(index) => slot(&slots.numeric, index)
                .map(|column| self.cell(Cell::Limb { column, limb: self.limbs(column).saturating_sub(1) }, -Fr::ONE)),
            Block::Category(index) => {
                slot(&slots.category, index).map(|column| self.cell(Cell::Code { column }, Fr::ONE))
            }
            Block::Joint(index) => slot(&slots.joint, index).and_then(|pair| match self.layout.pairs().get(pair) {
                Some(&PairLayout::Joint { group, label }) => {
                    let labels = Fr::from(capacity(self.layout, label));
                    let mut form = self.cell(Cell::Code { column: group as usize }, labels);
                    form.extend(self.cell(Cell::Code { column: label as usize }, Fr::ONE));
                    Some(form)
                }
                _ => None,
            }),
            Block::GroupCode(index) => grouped(index, |column| Cell::Code { column }),
            Block::GroupLow(index) => grouped(index, |column| Cell::RestLow { column }),
            Block::GroupHigh(index) => grouped(index, |column| Cell::RestHigh { column }),
            Block::LimbTable => Some(self.cell(Cell::LimbMultiplicity, Fr::ONE)),
            Block::GroupTable(index) => grouped(index, |column| Cell::Multiplicity { column }),
        };
        form.unwrap_or_default()
    }

    /// `u = sum_l 2^(16 l) V_l`.
    fn number(&self, column: usize) -> LinearForm {
        let base = Fr::from(1u64 << self.limb_bits);
        let mut coefficient = Fr::ONE;
        let mut form = LinearForm::new();
        for limb in 0..self.limbs(column) {
            form.extend(self.cell(Cell::Limb { column, limb }, coefficient));
            coefficient *= base;
        }
        form
    }

    fn valid(&self, column: usize) -> LinearForm {
        self.cell(Cell::Valid { column }, Fr::ONE)
    }

    /// `lo + 2^16 hi` of `m - k_min`.
    fn rest(&self, column: usize) -> LinearForm {
        let mut rest = self.cell(Cell::RestLow { column }, Fr::ONE);
        rest.extend(self.cell(Cell::RestHigh { column }, Fr::from(1u64 << self.limb_bits)));
        rest
    }

    fn values(&self, slots: &SlotMap) -> Vec<LinearForm> {
        let empty = LinearForm::new;
        let mut forms = Vec::new();
        for slot in &slots.numeric {
            forms.extend(slot.map_or([empty(), empty()], |column| [self.number(column), self.valid(column)]));
        }
        for slot in &slots.opaque {
            forms.push(slot.map_or(empty(), |column| self.valid(column)));
        }
        for slot in &slots.grouped {
            forms.extend(slot.map_or([empty(), empty()], |column| {
                [self.cell(Cell::Multiplicity { column }, Fr::ONE), self.rest(column)]
            }));
        }
        for slot in &slots.product {
            let pair = slot.and_then(|pair| self.layout.pairs().get(pair));
            forms.extend(match pair {
                Some(&PairLayout::Product { left, right }) => {
                    let (left, right) = (left as usize, right as usize);
                    [self.number(left), self.number(right), self.valid(left), self.valid(right)]
                }
                _ => [empty(), empty(), empty(), empty()],
            });
        }
        forms
    }
}
