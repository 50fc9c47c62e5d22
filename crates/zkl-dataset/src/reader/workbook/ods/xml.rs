//! The document as a row of nodes, none of which takes more memory than a cell may have.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
    name::{NamespaceResolver, ResolveResult},
};
use zip::read::ZipFile;

use super::WHAT;
use crate::{
    error::{DatasetError, Fault},
    reader::Table,
};

/// Bytes that a node may have beside those of a cell: tags have names.
const NODE_BYTES: usize = 64 << 10;
/// Most elements within one another.
const MAX_DEPTH: usize = 256;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Spreadsheet,
    Style,
    TableProperties,
    Table,
    /// What stands around rows.
    Rows,
    Row,
    Cell,
    Paragraph,
    /// Several blanks.
    Blanks,
    Tab,
    Break,
    /// What stands in a text and is none of it.
    Aside,
    Other,
}

impl Tag {
    fn of(space: Space, name: &str) -> Self {
        match (space, name) {
            (Space::Office, "spreadsheet") => Self::Spreadsheet,
            (Space::Style, "style") => Self::Style,
            (Space::Style, "table-properties") => Self::TableProperties,
            (Space::Table, "table") => Self::Table,
            (Space::Table, "table-rows" | "table-row-group" | "table-header-rows") => Self::Rows,
            (Space::Table, "table-row") => Self::Row,
            (Space::Table, "table-cell" | "covered-table-cell") => Self::Cell,
            (Space::Text, "p" | "h") => Self::Paragraph,
            (Space::Text, "s") => Self::Blanks,
            (Space::Text, "tab") => Self::Tab,
            (Space::Text, "line-break") => Self::Break,
            (Space::Office, "annotation") | (Space::Text, "note" | "ruby-text") | (Space::Draw, _) => Self::Aside,
            _ => Self::Other,
        }
    }

    const fn has_attributes(self) -> bool {
        matches!(self, Self::Style | Self::TableProperties | Self::Table | Self::Row | Self::Cell | Self::Blanks)
    }
}

/// Name spaces, which writers may call as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Office,
    Style,
    Table,
    Text,
    Draw,
    /// What LibreOffice adds to cells.
    Calc,
    Other,
}

impl Space {
    const fn of(found: &ResolveResult<'_>) -> Self {
        let ResolveResult::Bound(space) = found else { return Self::Other };
        match space.0.as_bytes() {
            b"urn:oasis:names:tc:opendocument:xmlns:office:1.0" => Self::Office,
            b"urn:oasis:names:tc:opendocument:xmlns:style:1.0" => Self::Style,
            b"urn:oasis:names:tc:opendocument:xmlns:table:1.0" => Self::Table,
            b"urn:oasis:names:tc:opendocument:xmlns:text:1.0" => Self::Text,
            b"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" => Self::Draw,
            b"urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" => Self::Calc,
            _ => Self::Other,
        }
    }
}

/// A part of the document.
pub(super) enum Node {
    Start(Tag, Attributes),
    /// The end of the element that was open.
    Close,
    Text(String),
    /// The end of the document.
    End,
}

/// Names and values of what stands in a tag.
pub(super) struct Attributes(Vec<(Space, String, String)>);

impl Attributes {
    pub(super) fn value(&self, space: Space, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, key, _)| *of == space && key == name).map(|(_, _, value)| value.as_str())
    }

    pub(super) fn take(self, space: Space, name: &str) -> Option<String> {
        self.0.into_iter().find(|(of, key, _)| *of == space && key == name).map(|(_, _, value)| value)
    }
}

/// The nodes of a document.
pub(super) struct Xml<'a, R: Read> {
    table: &'a Table,
    reader: NsReader<Bounded<BufReader<ZipFile<'a, R>>>>,
    buffer: Vec<u8>,
    depth: usize,
}

impl<'a, R: Read> Xml<'a, R> {
    pub(super) fn new(table: &'a Table, file: ZipFile<'a, R>) -> Self {
        let mut reader = NsReader::from_reader(Bounded { inner: BufReader::new(file), left: 0 });
        reader.config_mut().expand_empty_elements = true;
        Self { table, reader, buffer: Vec::new(), depth: 0 }
    }

    /// Elements that are open.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn next(&mut self) -> Result<Node, DatasetError> {
        loop {
            self.buffer.clear();
            self.reader.get_mut().left = self.table.max_cell.saturating_add(NODE_BYTES);
            let event = self.reader.read_event_into(&mut self.buffer);
            return Ok(match event.map_err(|error| failed(self.table, error))? {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(corrupt(self.table, TooDeep));
                    }
                    let names = self.reader.resolver();
                    let (space, name) = names.resolve_element(start.name());
                    let tag = Tag::of(Space::of(&space), name.into_inner());
                    let attributes = attributes(&start, tag, names).map_err(|error| failed(self.table, error))?;
                    Node::Start(tag, attributes)
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::Close
                }
                Event::Text(text) => Node::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Node::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(entity) => {
                    let character = entity.resolve_char_ref().map_err(|error| failed(self.table, error))?;
                    let text = match character {
                        Some(character) => Some(character.to_string()),
                        None => resolve_xml_entity(&entity).map(str::to_owned),
                    };
                    Node::Text(text.ok_or_else(|| corrupt(self.table, UnknownEntity))?)
                }
                Event::Eof if self.depth > 0 => return Err(self.table.error(Fault::Truncated { what: WHAT })),
                Event::Eof => Node::End,
                _ => continue,
            });
        }
    }

    /// Goes on behind the end of the element that was opened last.
    pub(super) fn leave_this(&mut self) -> Result<(), DatasetError> {
        self.leave(self.depth)
    }

    /// Goes on behind the end of the element at `depth`.
    pub(super) fn leave(&mut self, depth: usize) -> Result<(), DatasetError> {
        while self.depth >= depth {
            if let Node::End = self.next()? {
                break;
            }
        }
        Ok(())
    }
}

fn attributes(start: &BytesStart<'_>, tag: Tag, names: &NamespaceResolver) -> quick_xml::Result<Attributes> {
    let mut found = Vec::new();
    if tag.has_attributes() {
        for attribute in start.attributes() {
            let attribute = attribute?;
            let (space, name) = names.resolve_attribute(attribute.key);
            let space = Space::of(&space);
            if space != Space::Other {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
                found.push((space, name.into_inner().to_owned(), value.into_owned()));
            }
        }
    }
    Ok(Attributes(found))
}

#[derive(Debug, thiserror::Error)]
#[error("elements stand too deep within one another")]
struct TooDeep;

#[derive(Debug, thiserror::Error)]
#[error("an entity that is not known")]
struct UnknownEntity;

/// More bytes without the end of a node.
#[derive(Debug, thiserror::Error)]
#[error("a part of the document is larger than a cell may be")]
struct NodeTooLarge;

fn corrupt(table: &Table, error: impl std::error::Error + Send + Sync + 'static) -> DatasetError {
    table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) })
}

fn failed(table: &Table, error: quick_xml::Error) -> DatasetError {
    match error {
        quick_xml::Error::Io(error) if error.raw_os_error().is_some() => {
            DatasetError::io(&table.path, io::Error::new(error.kind(), error))
        }
        error => corrupt(table, error),
    }
}

/// Bytes of which a node may take so many.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.inner.fill_buf()?;
        match self.left {
            0 if !bytes.is_empty() => Err(io::Error::new(io::ErrorKind::InvalidData, NodeTooLarge)),
            left => Ok(&bytes[..left.min(bytes.len())]),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        self.consume(length);
        Ok(length)
    }
}
