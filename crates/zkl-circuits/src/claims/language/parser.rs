//! What all kinds of claims read, by recursive descent. Keywords and functions are read in any case, names as they stand.
//! The rest of the grammar stands in the kinds' files.
//!
//! ```text
//! range      = ("<=" | "<" | ">=" | ">" | "=") literal
//!            | "between" literal "and" literal  |  "in" "[" literal "," literal "]"
//! literal    = number [ "%" ] | date | timestamp
//! column     = word | '"' ... '"' | "`" ... "`"
//! value      = "'" ... "'" | whole number | "true" | "false"
//! ```

use std::{ops::Range, str::FromStr};

use super::{
    Claim, Comparison,
    decimal::Decimal,
    error::{ClaimSyntaxError, Expected, OneSided},
    lex::{Fault, Symbol, Token, TokenKind, tokens},
    literal::Literal,
};
use crate::claims::{kind::Kind, kinds::KINDS};

impl FromStr for Claim {
    type Err = ClaimSyntaxError;

    fn from_str(text: &str) -> Result<Self, ClaimSyntaxError> {
        let error = |text: &str, (span, expected)| ClaimSyntaxError { text: text.to_owned(), span, expected };
        if text.len() > Self::MAX_LEN {
            let cut = (0..=64).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
            return Err(error(&text[..cut], (cut..cut, Expected::Shorter { max: Self::MAX_LEN })));
        }
        tokens(text).and_then(|tokens| Parser { tokens, at: 0 }.claim()).map_err(|fault| error(text, fault))
    }
}

/// Reads a claim word by word.
pub(in crate::claims) struct Parser {
    /// Never empty; the last one is `End` and is never passed.
    tokens: Vec<Token>,
    at: usize,
}

/// A threshold as it was written.
#[derive(Clone)]
pub(in crate::claims) struct Threshold {
    literal: Literal,
    /// Whether `%` followed.
    pub(in crate::claims) percent: bool,
    /// Where it stands.
    pub(in crate::claims) span: Range<usize>,
}

impl Parser {
    fn claim(mut self) -> Result<Claim, Fault> {
        let name = self.peek().clone();
        let TokenKind::Word(word) = &name.kind else { return Err((name.span, Expected::Function)) };
        self.at += 1;
        let function = word.to_ascii_lowercase();
        let names = |kind: &&Kind| kind.functions.iter().chain(kind.aliases).any(|name| *name == function);
        let Some(kind) = KINDS.iter().find(names) else { return Err((name.span, Expected::Function)) };
        let claim = (kind.read)(&function, &mut self)?;
        match self.peek() {
            Token { kind: TokenKind::End, .. } => Ok(claim),
            other => Err((other.span.clone(), Expected::End)),
        }
    }

    /// The bytes of the next word.
    pub(in crate::claims) fn span(&self) -> Range<usize> {
        self.peek().span.clone()
    }

    /// The comparison that follows is one from above.
    pub(in crate::claims) fn upper_only(&self, function: &'static str, reason: OneSided) -> Result<(), Fault> {
        let next = self.peek();
        if !matches!(next.kind, TokenKind::Symbol(Symbol::AtMost | Symbol::Below)) {
            return Err((next.span.clone(), Expected::UpperBound { function, reason }));
        }
        Ok(())
    }

    /// The comparison that follows is one from below.
    pub(in crate::claims) fn lower_only(&self, function: &'static str, reason: OneSided) -> Result<(), Fault> {
        let next = self.peek();
        if !matches!(next.kind, TokenKind::Symbol(Symbol::AtLeast | Symbol::Above)) {
            return Err((next.span.clone(), Expected::LowerBound { function, reason }));
        }
        Ok(())
    }

    pub(in crate::claims) fn numbers(&mut self) -> Result<Comparison<Decimal>, Fault> {
        self.range(Expected::Number)?.try_map(|threshold| threshold.number())
    }

    pub(in crate::claims) fn rates(&mut self) -> Result<Comparison<Decimal>, Fault> {
        self.range(Expected::Rate)?.try_map(|threshold| threshold.rate(Expected::Rate))
    }

    pub(in crate::claims) fn literals(&mut self) -> Result<Comparison<Literal>, Fault> {
        self.range(Expected::Literal)?.try_map(|threshold| threshold.plain(Expected::Literal))
    }

    pub(in crate::claims) fn range(&mut self, expected: Expected) -> Result<Comparison<Threshold>, Fault> {
        let TokenKind::Symbol(symbol) = self.peek().kind else { return self.closed_range(expected) };
        let wrap = match symbol {
            Symbol::AtMost => Comparison::AtMost,
            Symbol::Below => Comparison::Below,
            Symbol::AtLeast => Comparison::AtLeast,
            Symbol::Above => Comparison::Above,
            Symbol::Equal => Comparison::Equal,
            _ => return Err((self.peek().span.clone(), Expected::Comparison)),
        };
        self.at += 1;
        Ok(wrap(self.threshold(expected)?))
    }

    fn closed_range(&mut self, expected: Expected) -> Result<Comparison<Threshold>, Fault> {
        let brackets = self.take_keyword("in");
        if brackets {
            self.symbol(Symbol::OpenBracket)?;
        } else if !self.take_keyword("between") {
            return Err((self.peek().span.clone(), Expected::Comparison));
        }
        let lower = self.threshold(expected)?;
        if brackets {
            self.symbol(Symbol::Comma)?;
        } else {
            self.keyword("and", "and")?;
        }
        let upper = self.threshold(expected)?;
        if brackets {
            self.symbol(Symbol::CloseBracket)?;
        }
        let comparable = lower.plain_or_rate().and_then(|l| upper.plain_or_rate().map(|u| l.ordered(&u)));
        if comparable.ok().flatten() == Some(true) {
            return Ok(Comparison::Between(lower, upper));
        }
        Err((upper.span, if lower.percent == upper.percent { Expected::OrderedRange } else { expected }))
    }

    fn threshold(&mut self, expected: Expected) -> Result<Threshold, Fault> {
        let Token { kind: TokenKind::Literal(literal), span } = self.peek().clone() else {
            return Err((self.peek().span.clone(), expected));
        };
        self.at += 1;
        let end = self.peek().span.end;
        let percent = self.take_symbol(Symbol::Percent);
        Ok(Threshold { literal, percent, span: span.start..if percent { end } else { span.end } })
    }

    pub(in crate::claims) fn argument(&mut self) -> Result<String, Fault> {
        self.symbol(Symbol::Open)?;
        let column = self.column()?;
        self.symbol(Symbol::Close)?;
        Ok(column)
    }

    pub(in crate::claims) fn column(&mut self) -> Result<String, Fault> {
        let Token { kind, span } = self.peek().clone();
        match kind {
            TokenKind::Word(name) | TokenKind::Name(name) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err((span, Expected::Column)),
        }
    }

    pub(in crate::claims) fn value(&mut self) -> Result<String, Fault> {
        let Token { kind, span } = self.peek().clone();
        let value = match kind {
            TokenKind::Text(value) => value,
            TokenKind::Word(word) if word == "true" || word == "false" => word,
            TokenKind::Literal(Literal::Number(number)) => {
                // A label is a text: `1` names '1', and neither '1.0' nor '01', which must be quoted.
                let label = number.to_integer().map(|label| label.to_string());
                label.filter(|label| label.len() == span.len()).ok_or((span, Expected::Value))?
            }
            _ => return Err((span, Expected::Value)),
        };
        self.at += 1;
        Ok(value)
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(in crate::claims) fn take_symbol(&mut self, symbol: Symbol) -> bool {
        let found = self.peek().kind == TokenKind::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    pub(in crate::claims) fn symbol(&mut self, symbol: Symbol) -> Result<(), Fault> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        Err((self.peek().span.clone(), Expected::Symbol(symbol.as_str())))
    }

    pub(in crate::claims) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(&self.peek().kind, TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    pub(in crate::claims) fn keyword(&mut self, keyword: &str, expected: &'static str) -> Result<(), Fault> {
        if self.take_keyword(keyword) {
            return Ok(());
        }
        Err((self.peek().span.clone(), Expected::Symbol(expected)))
    }
}

impl Threshold {
    /// A number without `%`.
    pub(in crate::claims) fn number(&self) -> Result<Decimal, Fault> {
        match self.plain(Expected::Number)? {
            Literal::Number(value) => Ok(value),
            _ => Err((self.span.clone(), Expected::Number)),
        }
    }

    /// A number, or a percentage as a number out of 1.
    pub(in crate::claims) fn rate(&self, expected: Expected) -> Result<Decimal, Fault> {
        match self.literal {
            Literal::Number(value) if self.percent => {
                value.percent().map_err(|error| (self.span.clone(), Expected::Decimal(error)))
            }
            Literal::Number(value) => Ok(value),
            _ => Err((self.span.clone(), expected)),
        }
    }

    /// Any literal without `%`.
    fn plain(&self, expected: Expected) -> Result<Literal, Fault> {
        if self.percent { Err((self.span.clone(), expected)) } else { Ok(self.literal) }
    }

    fn plain_or_rate(&self) -> Result<Literal, Fault> {
        match self.literal {
            Literal::Number(_) => self.rate(Expected::Rate).map(Literal::Number),
            literal => Ok(literal),
        }
    }
}
