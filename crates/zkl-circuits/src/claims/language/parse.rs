//! The grammar, by recursive descent. Keywords and functions are read in any case, names as they stand.
//!
//! ```text
//! claim      = "rows" range
//!            | ("count" | "mean" | "sum" | "var" | "var_sample" | "std" | "std_sample") "(" column ")" range
//!            | ("nulls" | "null_rate") "(" column ")" range
//!            | ("min" | "max" | "values") "(" column ")" range
//!            | "share" "(" column "=" value ")" range [ "over" "all" "rows" | "over" "valid" "rows" ]
//!            | "gap" "(" column "=" value "by" column ":" value "," value ")" range
//!            | "min_group" "(" column [ "," column ] ")" range [ "with" "nulls" ]
//!            | "balance" "(" column ")" range
//!            | "corr" "(" column "," column ")" range
//! range      = ("<=" | "<" | ">=" | ">" | "=") literal
//!            | "between" literal "and" literal  |  "in" "[" literal "," literal "]"
//! literal    = number [ "%" ] | date | timestamp
//! column     = word | '"' ... '"' | "`" ... "`"
//! value      = "'" ... "'" | "true" | "false"
//! ```

use std::{ops::Range, str::FromStr};

use super::{
    Claim, Comparison, Estimator, NullGroups, NullUnit, ShareBase,
    decimal::Decimal,
    error::{ClaimSyntaxError, Expected, OneSided},
    lex::{Fault, Symbol, Token, TokenKind, tokens},
    literal::Literal,
};

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

struct Parser {
    /// Never empty; the last one is `End` and is never passed.
    tokens: Vec<Token>,
    at: usize,
}

/// A threshold as it was written.
#[derive(Clone)]
struct Threshold {
    literal: Literal,
    percent: bool,
    span: Range<usize>,
}

impl Parser {
    fn claim(mut self) -> Result<Claim, Fault> {
        let name = self.peek().clone();
        let TokenKind::Word(word) = &name.kind else { return Err((name.span, Expected::Function)) };
        self.at += 1;
        let claim = match word.to_ascii_lowercase().as_str() {
            "rows" => Claim::Rows { is: self.numbers()? },
            "count" => Claim::Count { column: self.argument()?, is: self.numbers()? },
            "nulls" => self.nulls()?,
            "null_rate" => Claim::Nulls { column: self.argument()?, unit: NullUnit::Rate, is: self.rates()? },
            "mean" => Claim::Mean { column: self.argument()?, is: self.numbers()? },
            "sum" => Claim::Sum { column: self.argument()?, is: self.numbers()? },
            "var" => self.variance(Estimator::Population, false)?,
            "var_sample" => self.variance(Estimator::Sample, false)?,
            "std" => self.variance(Estimator::Population, true)?,
            "std_sample" => self.variance(Estimator::Sample, true)?,
            "values" => Claim::Values { column: self.argument()?, is: self.literals()? },
            "min" => Claim::Values { column: self.argument()?, is: self.least("min", OneSided::BoundsOnly)? },
            "max" => Claim::Values { column: self.argument()?, is: self.greatest("max")? },
            "share" => self.share()?,
            "gap" => self.gap()?,
            "min_group" => self.min_group()?,
            "balance" => {
                let column = self.argument()?;
                self.lower_only("balance", OneSided::LowerOnly)?;
                Claim::Balance { column, is: self.rates()? }
            }
            "corr" => self.correlation()?,
            _ => return Err((name.span, Expected::Function)),
        };
        match self.peek() {
            Token { kind: TokenKind::End, .. } => Ok(claim),
            other => Err((other.span.clone(), Expected::End)),
        }
    }

    fn nulls(&mut self) -> Result<Claim, Fault> {
        let column = self.argument()?;
        let range = self.range(Expected::RowsOrRate)?;
        let mut unit = None;
        let is = range.try_map(|threshold| {
            let value = threshold.rate(Expected::RowsOrRate)?;
            let own = if threshold.percent { NullUnit::Rate } else { NullUnit::Rows };
            let fits = *unit.get_or_insert(own) == own && (threshold.percent || value.to_integer().is_some());
            if fits { Ok(value) } else { Err((threshold.span, Expected::RowsOrRate)) }
        })?;
        Ok(Claim::Nulls { column, unit: unit.unwrap_or(NullUnit::Rows), is })
    }

    fn variance(&mut self, estimator: Estimator, square: bool) -> Result<Claim, Fault> {
        let column = self.argument()?;
        let is = self.range(Expected::Number)?.try_map(|threshold| {
            let value = threshold.number()?;
            if !square {
                return Ok(value);
            }
            if value.is_negative() {
                return Err((threshold.span, Expected::NonNegative));
            }
            value.squared().map_err(|error| (threshold.span, Expected::Decimal(error)))
        })?;
        Ok(Claim::Variance { column, estimator, is })
    }

    fn share(&mut self) -> Result<Claim, Fault> {
        self.symbol(Symbol::Open)?;
        let column = self.column()?;
        self.symbol(Symbol::Equal)?;
        let value = self.value()?;
        self.symbol(Symbol::Close)?;
        let is = self.rates()?;
        let mut over = ShareBase::ValidRows;
        if self.take_keyword("over") {
            if self.take_keyword("all") {
                over = ShareBase::AllRows;
            } else {
                self.keyword("valid", "all rows or valid rows")?;
            }
            self.keyword("rows", "rows")?;
        }
        Ok(Claim::Share { column, value, over, is })
    }

    fn gap(&mut self) -> Result<Claim, Fault> {
        self.symbol(Symbol::Open)?;
        let column = self.column()?;
        self.symbol(Symbol::Equal)?;
        let value = self.value()?;
        self.keyword("by", "by")?;
        let by_span = self.peek().span.clone();
        let by = self.column()?;
        if by == column {
            return Err((by_span, Expected::Different));
        }
        self.symbol(Symbol::Colon)?;
        let first = self.value()?;
        self.symbol(Symbol::Comma)?;
        let second_span = self.peek().span.clone();
        let second = self.value()?;
        if first == second {
            return Err((second_span, Expected::Different));
        }
        self.symbol(Symbol::Close)?;
        Ok(Claim::Gap { column, value, by, groups: [first, second], is: self.rates()? })
    }

    fn min_group(&mut self) -> Result<Claim, Fault> {
        self.symbol(Symbol::Open)?;
        let mut columns = vec![self.column()?];
        if self.take_symbol(Symbol::Comma) {
            let span = self.peek().span.clone();
            let second = self.column()?;
            if columns[0] == second {
                return Err((span, Expected::Different));
            }
            columns.push(second);
        }
        self.symbol(Symbol::Close)?;
        self.lower_only("min_group", OneSided::LowerOnly)?;
        let is = self.numbers()?;
        let mut nulls = NullGroups::Excluded;
        if self.take_keyword("with") {
            self.keyword("nulls", "nulls")?;
            nulls = NullGroups::Included;
        }
        Ok(Claim::MinGroup { columns, nulls, is })
    }

    fn correlation(&mut self) -> Result<Claim, Fault> {
        self.symbol(Symbol::Open)?;
        let left = self.column()?;
        self.symbol(Symbol::Comma)?;
        let span = self.peek().span.clone();
        let right = self.column()?;
        if left == right {
            return Err((span, Expected::Different));
        }
        self.symbol(Symbol::Close)?;
        Ok(Claim::Correlation { left, right, is: self.rates()? })
    }

    fn least(&mut self, function: &'static str, reason: OneSided) -> Result<Comparison<Literal>, Fault> {
        self.lower_only(function, reason)?;
        self.literals()
    }

    fn greatest(&mut self, function: &'static str) -> Result<Comparison<Literal>, Fault> {
        let next = self.peek();
        if !matches!(next.kind, TokenKind::Symbol(Symbol::AtMost | Symbol::Below)) {
            return Err((next.span.clone(), Expected::UpperBound { function, reason: OneSided::BoundsOnly }));
        }
        self.literals()
    }

    fn lower_only(&self, function: &'static str, reason: OneSided) -> Result<(), Fault> {
        let next = self.peek();
        if !matches!(next.kind, TokenKind::Symbol(Symbol::AtLeast | Symbol::Above)) {
            return Err((next.span.clone(), Expected::LowerBound { function, reason }));
        }
        Ok(())
    }

    fn numbers(&mut self) -> Result<Comparison<Decimal>, Fault> {
        self.range(Expected::Number)?.try_map(|threshold| threshold.number())
    }

    fn rates(&mut self) -> Result<Comparison<Decimal>, Fault> {
        self.range(Expected::Rate)?.try_map(|threshold| threshold.rate(Expected::Rate))
    }

    fn literals(&mut self) -> Result<Comparison<Literal>, Fault> {
        self.range(Expected::Literal)?.try_map(|threshold| threshold.plain(Expected::Literal))
    }

    fn range(&mut self, expected: Expected) -> Result<Comparison<Threshold>, Fault> {
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

    fn argument(&mut self) -> Result<String, Fault> {
        self.symbol(Symbol::Open)?;
        let column = self.column()?;
        self.symbol(Symbol::Close)?;
        Ok(column)
    }

    fn column(&mut self) -> Result<String, Fault> {
        let Token { kind, span } = self.peek().clone();
        match kind {
            TokenKind::Word(name) | TokenKind::Name(name) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err((span, Expected::Column)),
        }
    }

    fn value(&mut self) -> Result<String, Fault> {
        let Token { kind, span } = self.peek().clone();
        let value = match kind {
            TokenKind::Text(value) => value,
            TokenKind::Word(word) if word == "true" || word == "false" => word,
            _ => return Err((span, Expected::Value)),
        };
        self.at += 1;
        Ok(value)
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn take_symbol(&mut self, symbol: Symbol) -> bool {
        let found = self.peek().kind == TokenKind::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: Symbol) -> Result<(), Fault> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        Err((self.peek().span.clone(), Expected::Symbol(symbol.as_str())))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(&self.peek().kind, TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn keyword(&mut self, keyword: &str, expected: &'static str) -> Result<(), Fault> {
        if self.take_keyword(keyword) {
            return Ok(());
        }
        Err((self.peek().span.clone(), Expected::Symbol(expected)))
    }
}

impl Threshold {
    /// A number without `%`.
    fn number(&self) -> Result<Decimal, Fault> {
        match self.plain(Expected::Number)? {
            Literal::Number(value) => Ok(value),
            _ => Err((self.span.clone(), Expected::Number)),
        }
    }

    /// A number, or a percentage as a number out of 1.
    fn rate(&self, expected: Expected) -> Result<Decimal, Fault> {
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
