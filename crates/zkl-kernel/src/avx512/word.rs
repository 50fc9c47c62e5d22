//! One register of eight 64-bit integers, and the proof that the processor has the instructions.
//!
//! All unsafe code of the project is in this file. It is of two kinds: instructions that need a feature of the processor,
//! and one read and one write of 64 bytes through a reference. The first kind is safe wherever an [`Avx512`] exists, and
//! a [`Word`] exists only where one was given; so everything above is safe code.

#![expect(unsafe_code, reason = "instructions of the processor are unsafe to call; every other module is safe code")]

use std::{
    arch::x86_64::{
        __m512i, __mmask8, _MM_HINT_T0, _mm_loadl_epi64, _mm_loadu_si128, _mm_prefetch, _mm256_loadu_si256,
        _mm512_add_epi64, _mm512_and_si512, _mm512_cmplt_epi64_mask, _mm512_cmpneq_epu64_mask, _mm512_cvtepu8_epi64,
        _mm512_cvtepu16_epi64, _mm512_cvtepu32_epi64, _mm512_loadu_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
        _mm512_mask_blend_epi64, _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_permutexvar_epi64,
        _mm512_set1_epi64, _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srai_epi64, _mm512_srli_epi64,
        _mm512_storeu_si512, _mm512_sub_epi64,
    },
    ops::{Add, BitAnd, BitOr, Sub},
};

/// Proof that this processor has AVX-512 F, DQ, BW, VL and IFMA. Copy it freely; it has no size.
#[derive(Clone, Copy, Debug)]
pub struct Avx512 {
    proof: (),
}

impl Avx512 {
    /// The proof, if this processor has the instructions and the operating system keeps their registers.
    pub fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma");
        all.then_some(Self { proof: () })
    }

    /// Asks for the cache line in which `value` starts, ahead of its use.
    #[inline(always)]
    pub fn prefetch<T>(self, value: &T) {
        let Self { proof: () } = self;
        // SAFETY: `self` proves SSE, which AVX-512 includes; a prefetch reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }

    /// Runs `task` compiled for these instructions.
    #[inline(always)]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
        fn with_features<T: Task>(cpu: Avx512, task: T) -> T::Output {
            task.run(cpu)
        }
        // SAFETY: `self` proves that the processor has the features that the function is compiled for.
        unsafe { with_features(self, task) }
    }
}

/// A loop over words: the arguments of a function, and the function.
///
/// `run` must be `#[inline(always)]`, and so must everything that it calls with words: see [the module](super).
pub trait Task {
    /// What the loop computes.
    type Output;

    /// The loop. Called by [`Avx512::run`].
    fn run(self, cpu: Avx512) -> Self::Output;
}

/// Eight lanes of 64 bits. Arithmetic wraps.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Word(__m512i);

impl Word {
    /// Zero in every lane.
    #[inline(always)]
    pub fn zero(cpu: Avx512) -> Self {
        let Avx512 { proof: () } = cpu;
        // SAFETY: `cpu` proves AVX-512 F.
        Self(unsafe { _mm512_setzero_si512() })
    }

    /// `value` in every lane.
    #[inline(always)]
    pub fn splat(cpu: Avx512, value: u64) -> Self {
        let Avx512 { proof: () } = cpu;
        // SAFETY: `cpu` proves AVX-512 F.
        Self(unsafe { _mm512_set1_epi64(value.cast_signed()) })
    }

    /// Lane i from `values[i]`.
    #[inline(always)]
    pub fn load(cpu: Avx512, values: &[u64; 8]) -> Self {
        let Avx512 { proof: () } = cpu;
        // SAFETY: `cpu` proves AVX-512 F; the reference is valid for reads of 64 bytes, and no alignment is needed.
        Self(unsafe { _mm512_loadu_si512(std::ptr::from_ref(values).cast()) })
    }

    /// Lane i from the i-th eighth of `values`, an integer of `N` times the size of `T` in bits, lowest first.
    ///
    /// `values` have 8, 16, 32 or 64 bytes; anything else does not build.
    #[inline(always)]
    pub fn load_packed<T: Packed, const N: usize>(cpu: Avx512, values: &[T; N]) -> Self {
        const { assert!(matches!(size_of::<[T; N]>(), 8 | 16 | 32 | 64), "eight lanes of equal size") };
        let Avx512 { proof: () } = cpu;
        let bytes = std::ptr::from_ref(values);
        match size_of::<[T; N]>() {
            8 => {
                // SAFETY: the reference is valid for reads of its 8 bytes, which `Packed` says are initialised.
                let narrow = unsafe { _mm_loadl_epi64(bytes.cast()) };
                // SAFETY: `cpu` proves AVX-512 F.
                Self(unsafe { _mm512_cvtepu8_epi64(narrow) })
            }
            16 => {
                // SAFETY: as above, 16 bytes.
                let narrow = unsafe { _mm_loadu_si128(bytes.cast()) };
                // SAFETY: `cpu` proves AVX-512 F.
                Self(unsafe { _mm512_cvtepu16_epi64(narrow) })
            }
            32 => {
                // SAFETY: as above, 32 bytes; AVX-512 F implies AVX.
                let narrow = unsafe { _mm256_loadu_si256(bytes.cast()) };
                // SAFETY: `cpu` proves AVX-512 F.
                Self(unsafe { _mm512_cvtepu32_epi64(narrow) })
            }
            // SAFETY: as above, 64 bytes.
            _ => Self(unsafe { _mm512_loadu_si512(bytes.cast()) }),
        }
    }

    /// `values[i]` from lane i.
    #[inline(always)]
    pub fn store(self, values: &mut [u64; 8]) {
        // SAFETY: a word proves AVX-512 F; the reference is valid for writes of 64 bytes, and no alignment is needed.
        unsafe { _mm512_storeu_si512(std::ptr::from_mut(values).cast(), self.0) }
    }

    /// The lanes.
    #[inline(always)]
    pub fn to_array(self) -> [u64; 8] {
        let mut lanes = [0; 8];
        self.store(&mut lanes);
        lanes
    }

    /// The proof that this word carries.
    #[inline(always)]
    pub fn cpu(self) -> Avx512 {
        Avx512 { proof: () }
    }

    /// `self` plus the low 52 bits of the product of the low 52 bits of `a` and `b`.
    #[inline(always)]
    #[must_use]
    pub fn add_low(self, a: Self, b: Self) -> Self {
        // SAFETY: a word proves AVX-512 IFMA.
        Self(unsafe { _mm512_madd52lo_epu64(self.0, a.0, b.0) })
    }

    /// `self` plus bits 52 to 103 of the product of the low 52 bits of `a` and `b`.
    #[inline(always)]
    #[must_use]
    pub fn add_high(self, a: Self, b: Self) -> Self {
        // SAFETY: a word proves AVX-512 IFMA.
        Self(unsafe { _mm512_madd52hi_epu64(self.0, a.0, b.0) })
    }

    /// `self << BITS`.
    #[inline(always)]
    #[must_use]
    pub fn shl<const BITS: u32>(self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_slli_epi64::<BITS>(self.0) })
    }

    /// `self >> BITS`, zeros shifted in.
    #[inline(always)]
    #[must_use]
    pub fn shr<const BITS: u32>(self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_srli_epi64::<BITS>(self.0) })
    }

    /// `self >> BITS` of signed lanes: the sign is shifted in.
    #[inline(always)]
    #[must_use]
    pub fn shr_signed<const BITS: u32>(self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_srai_epi64::<BITS>(self.0) })
    }

    /// Bit i: whether signed lane i is below zero.
    #[inline(always)]
    pub fn negative(self) -> u8 {
        let zero = Self::zero(self.cpu());
        // SAFETY: a word proves AVX-512 F.
        unsafe { _mm512_cmplt_epi64_mask(self.0, zero.0) }
    }

    /// Bit i: whether lane i differs from `other`'s.
    #[inline(always)]
    pub fn differs(self, other: Self) -> u8 {
        // SAFETY: a word proves AVX-512 F.
        unsafe { _mm512_cmpneq_epu64_mask(self.0, other.0) }
    }

    /// Lane i of `other` where bit i of `mask` is set, else of `self`.
    #[inline(always)]
    #[must_use]
    pub fn replace(self, mask: u8, other: Self) -> Self {
        let mask: __mmask8 = mask;
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_mask_blend_epi64(mask, self.0, other.0) })
    }

    /// Lane i is lane `indices[i] mod 8` of `self`.
    #[inline(always)]
    #[must_use]
    pub fn permute(self, indices: Self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_permutexvar_epi64(indices.0, self.0) })
    }

    /// Lane i is lane `indices[i] mod 16` of the sixteen lanes of `self` and then `other`.
    #[inline(always)]
    #[must_use]
    pub fn permute_two(self, other: Self, indices: Self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_permutex2var_epi64(self.0, indices.0, other.0) })
    }
}

/// Integers without padding, whose arrays can be read as bytes.
pub trait Packed: private::Sealed + Copy {}

mod private {
    pub trait Sealed {}
}

macro_rules! packed {
    ($($integer:ty),*) => {
        $(
            impl private::Sealed for $integer {}
            impl Packed for $integer {}
        )*
    };
}
packed!(bool, u8, u16, u32, u64);

impl Add for Word {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_add_epi64(self.0, other.0) })
    }
}

impl Sub for Word {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_sub_epi64(self.0, other.0) })
    }
}

impl BitAnd for Word {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }
}

impl BitOr for Word {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        // SAFETY: a word proves AVX-512 F.
        Self(unsafe { _mm512_or_si512(self.0, other.0) })
    }
}
