//! What reading did to the values of a column: part of the layout, for it changes what a statement about the column means.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::column::ColumnType;

/// A column's values were rounded: none differs from what was written by more than [`Rounding::error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rounding {
    mantissa: u64,
    scale: u8,
}

impl Rounding {
    /// Most digits after the point of an error: half a unit of the finest decimal has one more than it.
    const MAX_SCALE: u8 = ColumnType::MAX_SCALE + 1;

    /// To the nearest multiple of `10^-scale`, which is at most half a unit away.
    pub const fn to_nearest(scale: u8) -> Self {
        Self { mantissa: 5, scale: scale.saturating_add(1) }
    }

    /// The largest error, as mantissa and digits after the point.
    pub const fn error(self) -> (u64, u8) {
        (self.mantissa, self.scale)
    }

    /// Reads the one spelling of a positive decimal.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let scale = u8::try_from(fraction.len()).ok().filter(|scale| *scale <= Self::MAX_SCALE)?;
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let found = Self { mantissa: format!("{whole}{fraction}").parse().ok()?, scale };
        (found.mantissa > 0 && found.to_string() == text && !fraction.ends_with('0')).then_some(found)
    }
}

impl fmt::Display for Rounding {
    /// The largest error as a decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.mantissa, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        f.write_str(whole)?;
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    error: String,
}

impl Serialize for Rounding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields { error: self.to_string() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rounding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { error } = Fields::deserialize(deserializer)?;
        Self::parse(&error).ok_or_else(|| D::Error::custom("the error of a rounding is no positive decimal"))
    }
}

/// What the times of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Dates and times as written, of no stated zone.
    Naive,
    /// Instants: every value had an offset from UTC, or the column's type says that it is in UTC.
    Utc,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_one_spelling() {
        assert_eq!(Rounding::to_nearest(0).to_string(), "0.5");
        assert_eq!(Rounding::to_nearest(18).to_string(), "0.0000000000000000005");
        for text in ["0.5", "5", "12.25", "0.0000000000000000005"] {
            assert_eq!(Rounding::parse(text).unwrap().to_string(), text);
            let json = format!("{{\"error\":\"{text}\"}}");
            assert_eq!(serde_json::to_string(&serde_json::from_str::<Rounding>(&json).unwrap()).unwrap(), json);
        }
        for text in ["", "0", "0.50", ".5", "5.", "05", "-1", "+1", "1e3", "0.0", "0.00000000000000000005", "1.5.5"] {
            assert_eq!(Rounding::parse(text), None, "{text}");
        }
    }
}
