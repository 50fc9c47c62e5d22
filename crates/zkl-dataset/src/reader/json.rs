//! JSON: one array of objects, or objects that follow each other, one per line or not. Numbers stay text until they are parsed
//! exactly. `NaN` and `Infinity`, which Python writes and the format does not have, are read as in delimited text.

use std::{borrow::Cow, collections::HashMap, fmt, io::Read};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{BATCH_ROWS, CellSink, Progressing, Table, read_some};
use crate::{
    cell::Cell,
    error::{DatasetError, Excerpt, Fault},
    infer::FileType,
};

/// How objects follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// `[{...}, {...}]`
    Array,
    /// One after the other, with or without white space between.
    Lines,
}

const WHAT: &str = "JSON";
const WINDOW: usize = 256 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a table into `sink`. Columns are the keys in order of first appearance; a key that an object lacks is null.
pub(super) fn read<S: CellSink>(
    table: &Table,
    input: Box<dyn Read>,
    framing: Framing,
    known: &[String],
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let mut objects = Objects::new(input, table, framing);
    let mut names: Vec<String> = known.to_vec();
    let mut index: HashMap<String, usize> = names.iter().cloned().zip(0..).collect();
    for name in &names {
        sink.column(name, FileType::Unknown, 0)?;
    }
    let (mut rows, mut batch, mut first_at) = (0u64, 0, 0);
    let mut slots: Vec<Option<usize>> = Vec::new();
    while let Some((line, text)) = objects.next()? {
        let quoted = quote_special_numbers(text);
        let object: Object<'_> = serde_json::from_str(quoted.as_deref().unwrap_or(text)).map_err(|error| {
            let line = line + (error.line() as u64).saturating_sub(1);
            if text.trim_start().starts_with('{') {
                table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }).at_line(line)
            } else {
                table.error(Fault::NotAnObject).at_line(line).with_value(Excerpt::new(text))
            }
        })?;
        slots.clear();
        slots.resize(names.len(), None);
        for (position, (Key(key), value)) in object.0.iter().enumerate() {
            // Most objects have their keys in one order.
            let column = match names.get(position) {
                Some(name) if name == key => Some(position),
                _ => index.get(key.as_ref()).copied(),
            };
            let column = match column {
                Some(column) => column,
                None if !known.is_empty() => return Err(table.error(Fault::Changed)),
                None => {
                    table.check_name(key, names.len()).map_err(|error| error.at_line(line))?;
                    sink.column(key, FileType::Unknown, rows).map_err(|error| error.at_line(line))?;
                    index.insert(key.clone().into_owned(), names.len());
                    names.push(key.clone().into_owned());
                    slots.push(None);
                    names.len() - 1
                }
            };
            if value.get().len() > table.max_cell {
                let fault = Fault::CellTooLarge { limit: table.max_cell };
                return Err(table.error(fault).at_line(line).in_column(key));
            }
            if slots[column].replace(position).is_some() {
                return Err(table.error(Fault::DuplicateColumn).at_line(line).in_column(key));
            }
        }
        for (column, slot) in slots.iter().enumerate() {
            let value = slot.and_then(|position| object.0.get(position)).map(|(_, value)| value.get());
            match value.and_then(|value| special_number(value).filter(|_| quoted.is_some())) {
                Some(special) => sink.cell(column, line, Cell::Text(special))?,
                None => emit(table, sink, column, line, value)?,
            }
        }
        if batch == 0 {
            first_at = line;
        }
        rows += 1;
        batch += 1;
        if batch == BATCH_ROWS {
            sink.rows(first_at, batch)?;
            progress.rows(batch)?;
            batch = 0;
        }
    }
    if batch > 0 {
        sink.rows(first_at, batch)?;
        progress.rows(batch)?;
    }
    match (rows, names.is_empty()) {
        (0, _) if framing == Framing::Lines => Err(table.error(Fault::Empty)),
        (1.., true) => Err(table.error(Fault::NoColumns)),
        _ => Ok(()),
    }
}

/// What Python writes for floats that are no numbers.
const SPECIAL_NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// The object with its special numbers as strings that start with a NUL; `None` when it has none.
fn quote_special_numbers(text: &str) -> Option<String> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return None;
    }
    let (mut quoted, mut rest, mut found) = (String::with_capacity(text.len() + 32), text, false);
    while let Some(first) = rest.chars().next() {
        let length = match SPECIAL_NUMBERS.iter().find(|special| rest.starts_with(**special)) {
            Some(special) => {
                found = true;
                quoted.push_str(&format!("\"\\u0000{special}\""));
                special.len()
            }
            None => {
                let length = if first == '"' { string_length(rest) } else { first.len_utf8() };
                quoted.push_str(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    // An object that holds such a string already is left as it is, and refused for its special numbers.
    (found && !text.contains("\\u0000")).then_some(quoted)
}

/// Length of the string that starts here, with its quotes.
fn string_length(text: &str) -> usize {
    let mut after_backslash = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !after_backslash;
        after_backslash = byte == b'\\' && !after_backslash;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// The special number that a value was quoted from.
fn special_number(value: &str) -> Option<&str> {
    value.strip_prefix("\"\\u0000")?.strip_suffix('"').filter(|special| SPECIAL_NUMBERS.contains(special))
}

fn emit<S: CellSink>(
    table: &Table,
    sink: &mut S,
    column: usize,
    line: u64,
    value: Option<&str>,
) -> Result<(), DatasetError> {
    let Some(raw) = value else { return sink.cell(column, line, Cell::Null) };
    match raw.as_bytes() {
        b"null" => sink.cell(column, line, Cell::Null),
        b"true" => sink.cell(column, line, Cell::Bool(true)),
        b"false" => sink.cell(column, line, Cell::Bool(false)),
        [b'{' | b'[', ..] => sink.cell(column, line, Cell::Opaque("object or array")),
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            sink.cell(column, line, Cell::String(&raw[1..raw.len() - 1]))
        }
        [b'"', ..] => {
            let text: String = serde_json::from_str(raw)
                .map_err(|error| table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }).at_line(line))?;
            sink.cell(column, line, Cell::String(&text))
        }
        _ => sink.cell(column, line, Cell::Literal(raw)),
    }
}

/// The entries of one object, values unparsed.
struct Object<'a>(Vec<(Key<'a>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A key, borrowed unless it holds escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Cuts the text into objects without parsing them, so that memory is bounded by one object.
struct Objects<'t> {
    input: Box<dyn Read>,
    table: &'t Table,
    framing: Framing,
    window: Vec<u8>,
    start: usize,
    end: usize,
    line: u64,
    /// What may come next in an array.
    next: Next,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Open,
    FirstOrClose,
    CommaOrClose,
    Nothing,
}

impl<'t> Objects<'t> {
    fn new(input: Box<dyn Read>, table: &'t Table, framing: Framing) -> Self {
        let window = vec![0; WINDOW];
        Self { input, table, framing, window, start: 0, end: 0, line: 0, next: Next::Open }
    }

    fn refill(&mut self) -> Result<bool, DatasetError> {
        self.window.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.window.len() {
            let limit = self.table.max_row();
            if self.end > limit {
                return Err(self.table.error(Fault::RowTooLarge { limit }).at_line(self.line));
            }
            self.window.resize(self.end.saturating_mul(2).min(limit.saturating_add(WINDOW)), 0);
        }
        let read = read_some(&mut *self.input, &mut self.window[self.end..]);
        let read = read.map_err(|error| self.table.decode_error(error))?;
        self.end += read;
        Ok(read > 0)
    }

    /// The next byte that is no white space, not yet consumed.
    fn peek(&mut self) -> Result<Option<u8>, DatasetError> {
        if self.line == 0 {
            while self.end < BOM.len() && self.refill()? {}
            if self.window[..self.end].starts_with(BOM) {
                self.start = BOM.len();
            }
            self.line = 1;
        }
        loop {
            while self.start < self.end {
                match self.window[self.start] {
                    b'\n' => self.line += 1,
                    b' ' | b'\t' | b'\r' => {}
                    byte => return Ok(Some(byte)),
                }
                self.start += 1;
            }
            if !self.refill()? {
                return Ok(None);
            }
        }
    }

    /// The next object and the line where it starts.
    fn next(&mut self) -> Result<Option<(u64, &str)>, DatasetError> {
        let length = match self.framing {
            Framing::Lines => match self.peek()? {
                None => return Ok(None),
                Some(b'{') => self.object_length()?,
                Some(_) => self.line_length()?,
            },
            Framing::Array => {
                if !self.next_element()? {
                    return Ok(None);
                }
                self.object_length()?
            }
        };
        let line = self.line;
        let bytes = &self.window[self.start..self.start + length];
        self.start += length;
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.table.error(Fault::NotUtf8).at_line(line + before)
        })?;
        self.line += bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        Ok(Some((line, text)))
    }

    fn line_length(&mut self) -> Result<usize, DatasetError> {
        let mut at = 0;
        loop {
            let rest = &self.window[self.start + at..self.end];
            if let Some(offset) = rest.iter().position(|&byte| byte == b'\n') {
                return Ok(at + offset);
            }
            at += rest.len();
            if !self.refill()? {
                return Ok(at);
            }
        }
    }

    /// Goes to the next element of the array; `false` after its end.
    fn next_element(&mut self) -> Result<bool, DatasetError> {
        loop {
            let byte = self.peek()?;
            match (self.next, byte) {
                (Next::Open, Some(b'[')) => self.next = Next::FirstOrClose,
                (Next::FirstOrClose, Some(b'{')) => {
                    self.next = Next::CommaOrClose;
                    return Ok(true);
                }
                (Next::FirstOrClose | Next::CommaOrClose, Some(b']')) => self.next = Next::Nothing,
                (Next::CommaOrClose, Some(b',')) => {
                    self.start += 1;
                    return match self.peek()? {
                        Some(b'{') => Ok(true),
                        Some(_) => Err(self.table.error(Fault::NotAnObject).at_line(self.line)),
                        None => Err(self.table.error(Fault::Truncated { what: WHAT })),
                    };
                }
                (Next::Nothing, None) => return Ok(false),
                (Next::Open, None) => return Err(self.table.error(Fault::Empty)),
                (_, None) => return Err(self.table.error(Fault::Truncated { what: WHAT })),
                (_, Some(_)) => return Err(self.table.error(Fault::NotAnObject).at_line(self.line)),
            }
            self.start += 1;
        }
    }

    /// Length of the object that starts here: up to its closing brace, strings skipped.
    fn object_length(&mut self) -> Result<usize, DatasetError> {
        let (mut at, mut depth) = (0, 0usize);
        let (mut in_string, mut after_backslash) = (false, false);
        loop {
            while let Some(&byte) = self.window[self.start..self.end].get(at) {
                at += 1;
                if in_string {
                    match byte {
                        _ if after_backslash => after_backslash = false,
                        b'\\' => after_backslash = true,
                        b'"' => in_string = false,
                        _ => {}
                    }
                    continue;
                }
                match byte {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return Ok(at);
                        }
                    }
                    _ => {}
                }
            }
            if !self.refill()? {
                return Err(self.table.error(Fault::Truncated { what: WHAT }).at_line(self.line));
            }
        }
    }
}
