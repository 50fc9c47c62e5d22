//! Words of the claim language.

use std::ops::Range;

use super::{
    decimal::Decimal,
    error::Expected,
    literal::{Literal, is_dated},
};

/// One word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Bytes of the text.
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A bare word: a name or a keyword.
    Word(String),
    /// A name in double quotes or backticks.
    Name(String),
    /// A value in single quotes.
    Text(String),
    Literal(Literal),
    Symbol(Symbol),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::claims) enum Symbol {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    Percent,
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
}

impl Symbol {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "(",
            Self::Close => ")",
            Self::OpenBracket => "[",
            Self::CloseBracket => "]",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Percent => "%",
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::Equal => "=",
        }
    }

    /// Longest spelling first, so that `<=` is not read as `<`.
    const SPELLINGS: [(&'static str, Self); 14] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("\u{2264}", Self::AtMost),
        ("\u{2265}", Self::AtLeast),
        ("<", Self::Below),
        (">", Self::Above),
        ("=", Self::Equal),
        ("(", Self::Open),
        (")", Self::Close),
        ("[", Self::OpenBracket),
        ("]", Self::CloseBracket),
        (",", Self::Comma),
        (":", Self::Colon),
        ("%", Self::Percent),
    ];
}

/// A place that is wrong, and what should stand there.
pub(in crate::claims) type Fault = (Range<usize>, Expected);

fn starts_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The words of `text`, the last one [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, len) = if starts_word(c) {
            let len = rest.find(|c| !continues_word(c)).unwrap_or(rest.len());
            (TokenKind::Word(rest[..len].to_owned()), len)
        } else if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let (literal, len) = number_or_date(rest, at)?;
            (TokenKind::Literal(literal), len)
        } else if matches!(c, '\'' | '"' | '`') {
            let (value, len) = quoted(rest, c, at)?;
            (if c == '\'' { TokenKind::Text(value) } else { TokenKind::Name(value) }, len)
        } else if let Some((spelling, symbol)) = Symbol::SPELLINGS.into_iter().find(|(s, _)| rest.starts_with(s)) {
            (TokenKind::Symbol(symbol), spelling.len())
        } else {
            return Err((at..at + c.len_utf8(), Expected::Token));
        };
        found.push(Token { kind, span: at..at + len });
        at += len;
    }
    found.push(Token { kind: TokenKind::End, span: text.len()..text.len() });
    Ok(found)
}

fn number_or_date(rest: &str, at: usize) -> Result<(Literal, usize), Fault> {
    // Everything that runs on from the digits belongs to the number, so that 1e3, 1_000 and 2.5.1 are errors and no
    // number followed by a word.
    let runs_on = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_');
    let dated = is_dated(rest);
    let len = if dated {
        rest.find(|c| !(runs_on(c) || matches!(c, '-' | '+' | ':'))).unwrap_or(rest.len())
    } else {
        1 + rest[1..].find(|c| !runs_on(c)).unwrap_or(rest.len() - 1)
    };
    let fault = |expected| (at..at + len, expected);
    let literal = if dated {
        rest[..len].parse().map_err(|error| fault(Expected::Date(error)))?
    } else {
        Literal::Number(rest[..len].parse::<Decimal>().map_err(|error| fault(Expected::Decimal(error)))?)
    };
    Ok((literal, len))
}

/// The content of the quoted text that `rest` starts with, and its length in bytes, quotes included.
fn quoted(rest: &str, quote: char, at: usize) -> Result<(String, usize), Fault> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((index, c)) = chars.next() {
        if c == quote {
            // A doubled quote stands for one, as in SQL and CSV.
            if chars.next_if(|&(_, next)| next == quote).is_none() {
                return Ok((value, index + quote.len_utf8()));
            }
            value.push(quote);
        } else if c == '\\' {
            let (decoded, len) =
                escape(&rest[index..]).map_err(|len| (at + index..at + index + len, Expected::Escape))?;
            value.push(decoded);
            for _ in 1..rest[index..index + len].chars().count() {
                chars.next();
            }
        } else {
            value.push(c);
        }
    }
    Err((at..at + rest.len(), Expected::ClosingQuote(quote)))
}

/// The character that the escape at the start of `rest` means, and its length in bytes; or the length of what is no escape.
fn escape(rest: &str) -> Result<(char, usize), usize> {
    let Some(letter) = rest[1..].chars().next() else { return Err(1) };
    let len = 1 + letter.len_utf8();
    match letter {
        '\\' | '\'' | '"' | '`' => Ok((letter, len)),
        'n' => Ok(('\n', len)),
        'r' => Ok(('\r', len)),
        't' => Ok(('\t', len)),
        'u' => {
            let digits = rest[len..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
            let plain = |d: &&str| (1..=6).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_hexdigit());
            let Some(digits) = digits.filter(plain) else { return Err(len) };
            let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            code.map(|c| (c, len + digits.len() + 2)).ok_or(len)
        }
        _ => Err(len),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::text::TextForm, *};

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn words_numbers_and_symbols_are_told_apart_without_spaces() {
        let number = |n: i64| TokenKind::Literal(Literal::Number(n.into()));
        let expected = vec![
            TokenKind::Word("a_1".to_owned()),
            TokenKind::Symbol(Symbol::AtLeast),
            number(-3),
            TokenKind::Symbol(Symbol::Percent),
            TokenKind::Word("and".to_owned()),
            number(4),
            TokenKind::End,
        ];
        assert_eq!(kinds("a_1>=-3%and 4"), expected);
    }

    #[test]
    fn quoted_texts_round_trip_through_their_escapes() {
        for text in ["it's", "a\\b", "tab\there\n", "\u{202e}evil", "`x`", "\"q\"", "", "\u{1f600}\0"] {
            for form in [TextForm::V1, TextForm::V2] {
                for quote in ['\'', '"', '`'] {
                    let mut written = String::new();
                    form.write_quoted(&mut written, text, quote).unwrap();
                    let (TokenKind::Text(read) | TokenKind::Name(read)) = kinds(&written).remove(0) else {
                        panic!("{written}")
                    };
                    assert_eq!(read, text);
                }
            }
        }
        assert_eq!(kinds("'it''s'")[0], TokenKind::Text("it's".to_owned()));
    }

    #[test]
    fn faults_point_at_their_bytes() {
        let fault = |text: &str| tokens(text).unwrap_err();
        assert_eq!(fault("ab é ;").0, 6..7);
        assert_eq!(fault("x 1e3").0, 2..5);
        assert_eq!(fault("x 1_000").0, 2..7);
        assert_eq!(fault("x 2024-02-30)").0, 2..12);
        assert_eq!(fault("'a\\q'"), (2..4, Expected::Escape));
        assert_eq!(fault("'\\u{d800}'"), (1..3, Expected::Escape));
        assert_eq!(fault("'\\u{110000}'"), (1..3, Expected::Escape));
        assert_eq!(fault("'\\"), (1..2, Expected::Escape));
        assert_eq!(fault("x 'abc"), (2..6, Expected::ClosingQuote('\'')));
        assert_eq!(fault("- 3").1, Expected::Token);
    }
}
