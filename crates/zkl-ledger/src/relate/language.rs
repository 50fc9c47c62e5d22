//! The text of a relation: `train, test = split(all)`, `same_rows(a, b)`, `adults = filter(all on id, age, age >= 18)`. How many results and tables an operation
//! has, and what else stands in the brackets, its own file says ([`Operation::grammar`], [`Operation::detail`]); here it is read.

use std::{fmt, str::FromStr, sync::LazyLock};

use zkl_circuits::{
    claims::language::Comparison,
    relation::{Condition, Detail, Details, Flow, Names, Operation, either},
};
use zkl_core::name::DatasetName;

/// A relation as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The operation.
    pub operation: Operation,
    /// The tables, in the order of its roles.
    pub tables: Vec<DatasetName>,
    /// The columns in which they are compared; all that can be, if there are none.
    pub columns: Option<Vec<String>>,
    /// What the operation has beside, constants as they were written.
    pub details: Details,
}

/// A text that is no relation, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RelationSyntaxError {
    text: String,
    /// Characters before the place.
    at: usize,
    expected: &'static str,
}

impl fmt::Display for RelationSyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, at, expected } = self;
        // What the terminal would not show as one column each would move the caret.
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        write!(f, "expected {expected}\n  {line}\n  {:at$}^", "")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Symbol(char),
}

struct Parser<'a> {
    text: &'a str,
    /// Tokens with the number of characters before them.
    tokens: Vec<(usize, Token)>,
    next: usize,
    /// Whether what stands in the brackets is being read.
    is_inside: bool,
}

const NAME: &str = "the name of a dataset";
const COLUMN: &str = "a column name, in \"double quotes\" unless it is made of letters, digits, . _ - and /";
const COMPARISON: &str = "=, <, <=, > or >=";
const VALUE: &str =
    "a number, a date, a time or a text, in \"double quotes\" if it has other characters than a column name";
const COLUMNS: &str = ", or on or )";
const MORE_COLUMNS: &str = ", or )";
const CONDITIONS: &str = "and or )";
const NULLS: &str = ") or , nulls)";

/// The operations: first those that make tables, but for those with a key.
static OPERATION: LazyLock<String> = LazyLock::new(|| {
    let is_first = |operation: &Operation| *operation.grammar().results.count.start() > 0 && !operation.has_key();
    let (first, others): (Vec<_>, Vec<_>) = Operation::ALL.into_iter().partition(is_first);
    let names: Vec<&str> = first.into_iter().chain(others).map(Operation::name).collect();
    format!("{}, as in: train, test = split(all)", either(&names))
});

impl FromStr for Relation {
    type Err = RelationSyntaxError;

    fn from_str(text: &str) -> Result<Self, RelationSyntaxError> {
        let mut parser = Parser { text, tokens: tokens(text)?, next: 0, is_inside: false };
        // Of k = 10 the = is inside of the brackets.
        let mut outside = parser.tokens.iter().take_while(|(_, token)| *token != Token::Symbol('('));
        let assigned = outside.any(|(_, token)| *token == Token::Symbol('='));
        let before = if assigned { parser.names()? } else { Vec::new() };
        if assigned {
            parser.symbol('=', "=")?;
        }
        let place = parser.next;
        let operation = parser.word().and_then(|word| word.parse::<Operation>().ok());
        let operation = operation.ok_or_else(|| parser.error(place, &OPERATION))?;
        let grammar = operation.grammar();
        parser.expect_count(0, before.len(), &grammar.results)?;
        parser.symbol('(', "(")?;
        parser.is_inside = true;
        let mut inside = parser.names()?;
        if let Some(expected) = grammar.part_of {
            if inside.len() != 1 || !parser.keyword("of") {
                return Err(parser.error(parser.next, expected));
            }
            inside.splice(0..0, parser.names()?);
        }
        let (columns, details) = parser.detail(operation.detail())?;
        if parser.next < parser.tokens.len() {
            return Err(parser.error(parser.next, "nothing more"));
        }
        parser.expect_count(place, inside.len(), &grammar.tables)?;
        let tables: Vec<DatasetName> = match operation.flow() {
            Flow::IntoFirst => before.into_iter().chain(inside).collect(),
            Flow::FromFirst | Flow::Alike | Flow::None => inside.into_iter().chain(before).collect(),
        };
        if !operation.tables().contains(&tables.len()) {
            return Err(parser.error(0, "at most three parts"));
        }
        Ok(Self { operation, tables, columns, details })
    }
}

impl Parser<'_> {
    fn error(&self, token: usize, expected: &'static str) -> RelationSyntaxError {
        let at = self.tokens.get(token).map_or_else(|| self.text.chars().count(), |(at, _)| *at);
        RelationSyntaxError { text: self.text.to_owned(), at, expected }
    }

    fn expect_count(&self, token: usize, count: usize, names: &Names) -> Result<(), RelationSyntaxError> {
        if names.count.contains(&count) { Ok(()) } else { Err(self.error(token, names.expected)) }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn word(&mut self) -> Option<String> {
        let Some(Token::Word(word)) = self.peek().cloned() else { return None };
        self.next += 1;
        Some(word)
    }

    fn symbol(&mut self, symbol: char, expected: &'static str) -> Result<(), RelationSyntaxError> {
        if self.peek() != Some(&Token::Symbol(symbol)) {
            return Err(self.error(self.next, expected));
        }
        self.next += 1;
        Ok(())
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word == keyword);
        self.next += usize::from(found);
        found
    }

    /// Whether another name follows; `k = 10` and `age >= 18` are none.
    fn comma(&mut self) -> bool {
        let is_compared = self.is_inside && self.is_condition(self.next + 1);
        let found = self.peek() == Some(&Token::Symbol(',')) && !is_compared;
        self.next += usize::from(found);
        found
    }

    /// Whether something that is compared stands there.
    fn is_condition(&self, at: usize) -> bool {
        match self.tokens.get(at + 1).map(|(_, token)| token) {
            Some(Token::Symbol(symbol)) => COMPARISONS.contains(symbol),
            _ => false,
        }
    }

    /// What follows the tables, and the closing bracket: the columns in which they are compared, and what the operation has beside.
    fn detail(&mut self, detail: Detail) -> Result<(Option<Vec<String>>, Details), RelationSyntaxError> {
        let (mut columns, mut details) = (None, Details::default());
        let end = match detail {
            Detail::None => {
                columns = self.on()?;
                if columns.is_some() { MORE_COLUMNS } else { COLUMNS }
            }
            Detail::Key => {
                // The tables are compared in all columns, and told apart by these.
                let key = self.on()?;
                let end = if key.is_some() { MORE_COLUMNS } else { COLUMNS };
                details.key = key.unwrap_or_default();
                end
            }
            Detail::K { expected } => {
                columns = self.on()?;
                details.k = Some(self.k(expected)?);
                ")"
            }
            Detail::Conditions { expected } => {
                columns = self.on()?;
                details.conditions = self.conditions(expected, None)?;
                CONDITIONS
            }
            Detail::Values { expected, equals } => {
                details.conditions = self.conditions(expected, Some(equals))?;
                CONDITIONS
            }
            Detail::Range { expected } => {
                details = self.range(expected)?;
                NULLS
            }
        };
        self.symbol(')', end)?;
        Ok((columns, details))
    }

    /// `on id, label`, if it is there.
    fn on(&mut self) -> Result<Option<Vec<String>>, RelationSyntaxError> {
        if self.keyword("on") { self.columns().map(Some) } else { Ok(None) }
    }

    /// `, age >= 18 and kind = oak`; `=` alone where it is expected.
    fn conditions(
        &mut self,
        expected: &'static str,
        equals: Option<&'static str>,
    ) -> Result<Vec<Condition>, RelationSyntaxError> {
        self.symbol(',', expected)?;
        let mut conditions = Vec::new();
        loop {
            let column = self.column(expected)?;
            let wrap = match self.peek() {
                Some(Token::Symbol('=')) => Comparison::Equal,
                Some(Token::Symbol(symbol)) if COMPARISONS.contains(symbol) && equals.is_none() => match symbol {
                    '<' => Comparison::Below,
                    '≤' => Comparison::AtMost,
                    '>' => Comparison::Above,
                    _ => Comparison::AtLeast,
                },
                _ => return Err(self.error(self.next, equals.unwrap_or(COMPARISON))),
            };
            self.next += 1;
            conditions.push(Condition { column, is: wrap(self.column(VALUE)?) });
            if !self.keyword("and") {
                return Ok(conditions);
            }
        }
    }

    /// `on age, 0, 120`, and `, nulls` perhaps.
    fn range(&mut self, expected: &'static str) -> Result<Details, RelationSyntaxError> {
        if !self.keyword("on") {
            return Err(self.error(self.next, expected));
        }
        let column = self.column(COLUMN)?;
        self.symbol(',', expected)?;
        let lower = self.column(VALUE)?;
        self.symbol(',', expected)?;
        let upper = self.column(VALUE)?;
        let mut nulls = false;
        if self.peek() == Some(&Token::Symbol(',')) {
            self.next += 1;
            nulls = self.keyword("nulls");
            if !nulls {
                return Err(self.error(self.next, "nulls"));
            }
        }
        let conditions = vec![Condition { column, is: Comparison::Between(lower, upper) }];
        Ok(Details { conditions, nulls, ..Details::default() })
    }

    /// A word, or a text in quotes.
    fn column(&mut self, expected: &'static str) -> Result<String, RelationSyntaxError> {
        match self.peek().cloned() {
            Some(Token::Word(text) | Token::Quoted(text)) => {
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.error(self.next, expected)),
        }
    }

    /// Whether `k =` stands there.
    fn is_k(&self, at: usize) -> bool {
        let token = |at: usize| self.tokens.get(at).map(|(_, token)| token);
        token(at) == Some(&Token::Word("k".to_owned())) && token(at + 1) == Some(&Token::Symbol('='))
    }

    /// `, k = 10`.
    fn k(&mut self, expected: &'static str) -> Result<u32, RelationSyntaxError> {
        self.symbol(',', expected)?;
        if !self.is_k(self.next) {
            return Err(self.error(self.next, expected));
        }
        self.next += 2;
        let place = self.next;
        let k = self.word().and_then(|word| word.parse().ok()).filter(|k| *k > 0);
        k.ok_or_else(|| self.error(place, "a number of rows, at least 1"))
    }

    fn names(&mut self) -> Result<Vec<DatasetName>, RelationSyntaxError> {
        let mut names = Vec::new();
        loop {
            let place = self.next;
            let name = self.word().and_then(|word| word.parse().ok());
            names.push(name.ok_or_else(|| self.error(place, NAME))?);
            if !self.comma() {
                return Ok(names);
            }
        }
    }

    fn columns(&mut self) -> Result<Vec<String>, RelationSyntaxError> {
        let mut columns = Vec::new();
        loop {
            columns.push(self.column(COLUMN)?);
            if !self.comma() {
                return Ok(columns);
            }
        }
    }
}

/// `<=` and `>=` are one symbol each.
const COMPARISONS: [char; 5] = ['=', '<', '≤', '>', '≥'];

/// Words, texts in double quotes (`""` inside stands for one), and symbols.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, RelationSyntaxError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    while let Some((at, c)) = chars.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            '<' | '>' if chars.next_if(|(_, c)| *c == '=').is_some() => {
                Token::Symbol(if c == '<' { '≤' } else { '≥' })
            }
            '=' | '<' | '>' | ',' | '(' | ')' => Token::Symbol(c),
            '"' => {
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        Some((_, '"')) if chars.next_if(|(_, c)| *c == '"').is_some() => quoted.push('"'),
                        Some((_, '"')) => break,
                        Some((_, c)) => quoted.push(c),
                        None => {
                            return Err(RelationSyntaxError { text: text.to_owned(), at, expected: "a closing quote" });
                        }
                    }
                }
                Token::Quoted(quoted)
            }
            c if is_word(c) => {
                let word_starts_with_digit = c.is_ascii_digit();
                let mut word = c.to_string();
                // Times have colons, and perhaps a plus sign.
                let is_in_time = |c: char| word_starts_with_digit && matches!(c, ':' | '+');
                while let Some((_, c)) = chars.next_if(|(_, c)| is_word(*c) || is_in_time(*c)) {
                    word.push(c);
                }
                Token::Word(word)
            }
            _ => {
                return Err(RelationSyntaxError {
                    text: text.to_owned(),
                    at,
                    expected: "a name, =, a comma or a bracket",
                });
            }
        };
        tokens.push((at, token));
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATION: &str = "split, append, filter, erase, same_rows, subset, unique, k_anonymous, bounds, present, absent, disjoint or dedup, as in: train, test = split(all)";
    const K: &str = ", k = and a number, as in: k_anonymous(all on zip, age, k = 10)";
    const CONDITION: &str = ", and a condition, as in: adults = filter(all, age >= 18 and kind = oak)";
    const CONSTANTS: &str = ", and the value of a column, as in: absent(all, patient = 17)";
    const EQUALS: &str = "=, as in: absent(all, patient = 17)";
    const BOUNDS: &str = "on, a column, and both ends of its range, as in: bounds(all on age, 0, 120)";

    fn parsed(text: &str) -> Relation {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn relations_name_their_tables_in_the_order_of_their_roles() {
        let tables = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<DatasetName>>();
        let relation = parsed("train, test = split(all)");
        assert_eq!((relation.operation, relation.tables), (Operation::Split, tables(&["all", "train", "test"])));
        let relation = parsed(" all=append( a-1 ,b.csv,team/c on x, \"a \"\"b\"\"\" ) ");
        assert_eq!(
            (relation.operation, relation.tables),
            (Operation::Append, tables(&["all", "a-1", "b.csv", "team/c"]))
        );
        assert_eq!(relation.columns, Some(vec!["x".to_owned(), "a \"b\"".to_owned()]));
        let relation = parsed("same_rows(a, b on näme)");
        assert_eq!((relation.operation, relation.tables), (Operation::SameRows, tables(&["a", "b"])));
        assert_eq!(relation.columns, Some(vec!["näme".to_owned()]));
        let relation = parsed("subset(sample of all on id)");
        assert_eq!((relation.operation, relation.tables), (Operation::Subset, tables(&["all", "sample"])));
        assert_eq!(relation.columns, Some(vec!["id".to_owned()]));
        let relation = parsed("unique(all on id, site)");
        assert_eq!((relation.operation, relation.tables), (Operation::Unique, tables(&["all"])));
        assert_eq!(parsed("unique(all)").columns, None);
        let relation = parsed("k_anonymous(all on zip, k, age, k = 10)");
        assert_eq!(
            (relation.operation, relation.tables, relation.details.k),
            (Operation::KAnonymous, tables(&["all"]), Some(10))
        );
        assert_eq!(relation.columns, Some(vec!["zip".to_owned(), "k".to_owned(), "age".to_owned()]));
        assert_eq!((parsed("k_anonymous(all,k=2)").details.k, parsed("unique(k)").details.k), (Some(2), None));
        assert_eq!(parsed("k, k = split(k)").tables, tables(&["k", "k", "k"]));
    }

    #[test]
    fn conditions_and_bounds_have_constants_as_they_are_written() {
        let tables = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<DatasetName>>();
        let condition = |column: &str, is| Condition { column: column.to_owned(), is };
        let text = |text: &str| text.to_owned();
        let relation = parsed(
            "adults = filter(all on age, kind, age >= 18 and kind = \"red oak\" and d<2024-02-29T10:30:00+01:00)",
        );
        assert_eq!((relation.operation, relation.tables), (Operation::Filter, tables(&["all", "adults"])));
        assert_eq!(relation.columns, Some(vec![text("age"), text("kind")]));
        let expected = vec![
            condition("age", Comparison::AtLeast(text("18"))),
            condition("kind", Comparison::Equal(text("red oak"))),
            condition("d", Comparison::Below(text("2024-02-29T10:30:00+01:00"))),
        ];
        assert_eq!(relation.details.conditions, expected);
        let relation = parsed("v2=erase(v1,x<=-1.50)");
        assert_eq!((relation.operation, relation.tables), (Operation::Erase, tables(&["v1", "v2"])));
        assert_eq!(relation.details.conditions, [condition("x", Comparison::AtMost(text("-1.50")))]);
        assert_eq!(relation.columns, None);
        let relation = parsed("absent(all, patient = 17 and \"the site\" = north)");
        assert_eq!((relation.operation, relation.tables), (Operation::Absent, tables(&["all"])));
        assert_eq!(relation.details.conditions[1], condition("the site", Comparison::Equal(text("north"))));
        let relation = parsed("disjoint(train, test on patient)");
        assert_eq!((relation.operation, relation.tables), (Operation::Disjoint, tables(&["train", "test"])));
        assert_eq!(relation.columns, Some(vec![text("patient")]));
        let relation = parsed("kept = dedup(all on id, \"the day\")");
        assert_eq!((relation.operation, relation.tables), (Operation::Dedup, tables(&["all", "kept"])));
        assert_eq!((relation.columns, relation.details.key), (None, vec![text("id"), text("the day")]));
        assert_eq!(parsed("kept = dedup(all)").details, Details::default());
        assert_eq!(parsed("present(all, k = 3)").operation, Operation::Present);
        let range = || vec![condition("age", Comparison::Between(text("0"), text("120")))];
        let bounds = |nulls| Details { conditions: range(), nulls, ..Details::default() };
        assert_eq!(parsed("bounds(all on age, 0, 120)").details, bounds(false));
        assert_eq!(parsed("bounds(all on age, 0, 120, nulls)").details, bounds(true));
    }

    #[test]
    fn errors_point_at_the_place_and_say_what_belongs_there() {
        let cases = [
            ("", 0, OPERATION),
            ("train, = split(all)", 7, NAME),
            ("train, test = spilt(all)", 14, OPERATION),
            ("train = split(all)", 0, "two or three parts: train, test = split(all)"),
            ("split(all)", 0, "two or three parts: train, test = split(all)"),
            ("a, b, c, d = split(all)", 0, "at most three parts"),
            ("a, b = split(all, more)", 7, "one table in the brackets: split(all)"),
            ("a, b = append(c, d)", 0, "one result: all = append(train, test)"),
            ("a = append(c)", 4, "two or three tables in the brackets"),
            ("a = same_rows(b, c)", 0, "no result: same_rows(a, b)"),
            ("same_rows(a)", 0, "two tables in the brackets"),
            ("same_rows a, b", 10, "("),
            ("same_rows(a, b", 14, ", or on or )"),
            ("same_rows(a, b on x", 19, ", or )"),
            ("same_rows(a, b on )", 18, COLUMN),
            ("same_rows(a, b) now", 16, "nothing more"),
            ("same_rows(a, b on \"x)", 18, "a closing quote"),
            ("same_rows(a; b)", 11, "a name, =, a comma or a bracket"),
            ("same_rows(a, -b)", 13, NAME),
            ("subset(a, b)", 11, "of, as in: subset(sample of all)"),
            ("subset(a of b, c)", 0, "one table after of: subset(sample of all)"),
            ("a = subset(b of c)", 0, "no result: subset(sample of all)"),
            ("a = unique(b)", 0, "no result: unique(all on id)"),
            ("a = k_anonymous(b, k = 2)", 0, "no result: k_anonymous(all on zip, age, k = 10)"),
            ("k_anonymous(a, b, k = 2)", 0, "one table in the brackets: k_anonymous(all on zip, age, k = 10)"),
            ("k_anonymous(a on b)", 18, K),
            ("k_anonymous(a on b, c)", 21, K),
            ("k_anonymous(a on b, k = 0)", 24, "a number of rows, at least 1"),
            ("k_anonymous(a on b, k = 2, c)", 25, ")"),
            ("unique(a on b, k = 2)", 13, ", or )"),
            ("unique(a, b)", 0, "one table in the brackets: unique(all on id)"),
            ("a = disjoint(b, c on d)", 0, "no result: disjoint(train, test on patient)"),
            ("disjoint(b on d)", 0, "two tables in the brackets"),
            ("dedup(b on c)", 0, "one result: kept = dedup(all on id)"),
            ("a = dedup(b, c)", 4, "one table in the brackets: kept = dedup(all on id)"),
            ("a = dedup(b on c", 16, ", or )"),
            ("a = dedup(b", 11, ", or on or )"),
            ("filter(a, b > 1)", 0, "one result: adults = filter(all, age >= 18)"),
            ("a = filter(b)", 12, CONDITION),
            ("a = filter(b, c)", 15, CONDITION),
            ("a = filter(b, c ! 1)", 16, "a name, =, a comma or a bracket"),
            ("a = filter(b, c > 1 and d)", 25, COMPARISON),
            ("a = filter(b, c > )", 18, VALUE),
            ("a = filter(b, c > 1, d > 1)", 19, "and or )"),
            ("a = filter(b, c, d > 1)", 4, "one table in the brackets: filter(all, age >= 18)"),
            ("a, b = erase(c, d = 1)", 0, "one result: rest = erase(all, patient = 17)"),
            ("absent(a, b > 1)", 12, EQUALS),
            ("absent(a on b)", 9, CONSTANTS),
            ("bounds(a)", 8, BOUNDS),
            ("bounds(a on b, 1)", 16, BOUNDS),
            ("bounds(a on b, 1, 2, 3)", 21, "nulls"),
            ("bounds(a on b, 1, 2 3)", 20, NULLS),
            ("a = bounds(b on c, 1, 2)", 0, "no result: bounds(all on age, 0, 120)"),
        ];
        for (text, at, expected) in cases {
            let error = text.parse::<Relation>().unwrap_err();
            assert_eq!((error.at, error.expected), (at, expected), "{text}");
        }
        let shown = "a = same_rows(b, c)".parse::<Relation>().unwrap_err().to_string();
        assert_eq!(shown, "expected no result: same_rows(a, b)\n  a = same_rows(b, c)\n  ^");
    }
}
