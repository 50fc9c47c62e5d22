//! Categories whose values look like numbers, dates or bools as people write them, and the flag that reads them so.

/// What the values of a category look like, if all look the same way.
pub(super) fn suggestion<'v, I: Iterator<Item = &'v str>>(values: impl Fn() -> I) -> Option<&'static str> {
    values().next()?;
    let all = |looks: fn(&str) -> bool| values().all(|value| looks(value.trim_matches(' ')));
    if all(is_word_of_bool) {
        return Some("such words are read as a bool when declared: --column NAME=bool");
    }
    if all(has_decimal_comma) {
        return Some("they look like numbers with decimal commas: --decimal , reads them");
    }
    if all(is_amount) {
        return Some(
            "they look like amounts or percentages: write them as plain numbers to prove anything of their size",
        );
    }
    if !all(|value| civil(value).is_some()) {
        return None;
    }
    let above_12 = |part: fn((u32, u32)) -> u32| values().filter_map(civil).any(|date| part(date) > 12);
    Some(match (above_12(|date| date.0), above_12(|date| date.1)) {
        (true, false) => "they look like dates: --dates dmy reads them",
        (false, true) => "they look like dates: --dates mdy reads them",
        (false, false) => "they look like dates: --dates dmy or --dates mdy reads them, and only you know which",
        (true, true) => "they look like dates, some with the day first and some with the month",
    })
}

fn is_word_of_bool(text: &str) -> bool {
    matches!(text, "yes" | "Yes" | "YES" | "y" | "Y" | "no" | "No" | "NO" | "n" | "N")
}

fn has_decimal_comma(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    unsigned.split_once(',').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// A number with a percent sign, a currency sign, or separators of thousands.
fn is_amount(text: &str) -> bool {
    let signs: &[char] = &['%', '$', '\u{20ac}', '\u{a3}', '\u{a5}', ' ', '\u{a0}', '-', '+'];
    let bare = text.trim_matches(signs);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let plain = bare.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.'));
    digits > 0 && plain && (bare.len() < text.len() || bare.contains(','))
}

/// The first two parts of `D/M/Y`.
fn civil(text: &str) -> Option<(u32, u32)> {
    let separator = ['/', '.', '-'].into_iter().find(|&separator| text.contains(separator))?;
    let mut parts = text.split(separator);
    let (first, second, year, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let number =
        |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit()));
    (year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    Some((number(first)?, number(second)?))
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn habits_are_told_from_all_values() {
        let of = |values: &[&'static str]| suggestion(|| values.iter().copied()).unwrap_or("");
        assert!(of(&["1,5", "-2,75"]).contains("--decimal ,"));
        assert!(of(&["31/12/2024", "01/02/2024"]).contains("--dates dmy"));
        assert!(of(&["12/31/2024"]).contains("--dates mdy"));
        assert!(of(&["1.2.2024"]).contains("dmy or"));
        assert!(of(&["yes", "No"]).contains("=bool"));
        assert!(of(&["5%", "10 %"]).contains("percentages") && of(&["$1,200.50"]).contains("amounts"));
        for none in [&["1,5", "x"][..], &["a"], &["1/2/24"], &["maybe", "yes"], &[]] {
            assert_eq!(of(none), "");
        }
    }
}
