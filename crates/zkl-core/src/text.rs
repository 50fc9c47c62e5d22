//! Text of strangers, made safe to read: two texts that differ look different.
//!
//! [`is_hidden`] is a table of Unicode 17.0 and part of the canonical text of claims from version 2 on: it never changes.

use std::fmt;

/// Characters that a reader cannot see, or that move what is around them.
///
/// Those of the property `Default_Ignorable_Code_Point` (joiners, fillers of Hangul, variation selectors, tags, direction), the
/// controls, and the separators other than the space.
pub const fn is_hidden(c: char) -> bool {
    is_control(c) || is_separator(c) || is_ignorable(c)
}

/// The category `Cc`, which Unicode promises not to change.
const fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// The categories `Zs`, `Zl` and `Zp` without U+0020.
const fn is_separator(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}')
        || matches!(c, '\u{205f}' | '\u{3000}')
}

/// The property `Default_Ignorable_Code_Point`; the fillers of Hangul are U+115F, U+1160, U+3164 and U+FFA0.
const fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(c, '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// `text` in one line, with [hidden](is_hidden) characters as `\u{..}`.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a string does not fail.
        let _ = write_visible(&mut shown, c);
    }
    shown
}

/// Writes `c`, or its escape when it is [hidden](is_hidden).
///
/// # Errors
/// Those of `f`.
pub fn write_visible(f: &mut impl fmt::Write, c: char) -> fmt::Result {
    if is_hidden(c) { write!(f, "\\u{{{:x}}}", u32::from(c)) } else { f.write_char(c) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_by_their_numbers_and_the_rest_as_it_is() {
        for plain in ["größe 年齢 e\u{301}", "a b", "\\u{200b}", "क्ष", "👍"] {
            assert_eq!(visible(plain), plain);
        }
        for (text, shown) in [
            ("yes\u{fe00}", "yes\\u{fe00}"),
            ("\u{3164}x\u{ffa0}", "\\u{3164}x\\u{ffa0}"),
            ("a\u{a0}b\u{3000}", "a\\u{a0}b\\u{3000}"),
            ("a\n\tb\u{9b}", "a\\u{a}\\u{9}b\\u{9b}"),
            ("\u{202e}\u{e0041}\u{2065}", "\\u{202e}\\u{e0041}\\u{2065}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    /// Counted in `DerivedCoreProperties.txt` and `UnicodeData.txt` of Unicode 17.0: 4,174 ignorable code points, 65 controls, 18
    /// separators beside the space.
    #[test]
    fn the_table_is_that_of_unicode_17() {
        let count = |property: fn(char) -> bool| ('\0'..=char::MAX).filter(|&c| property(c)).count();
        assert_eq!((count(is_ignorable), count(is_control), count(is_separator)), (4_174, 65, 18));
        assert_eq!(count(is_hidden), 4_174 + 65 + 18);
        assert!(('\0'..=char::MAX).all(|c| is_control(c) == c.is_control()));
        assert!(('\0'..=char::MAX).filter(|c| c.is_whitespace()).all(|c| c == ' ' || is_hidden(c)));
    }
}
