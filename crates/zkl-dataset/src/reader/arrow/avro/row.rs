//! What a row is: the schema of a file, read strictly, and rows stepped over by it.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#schema-declaration>

use std::collections::HashMap;

use serde_json::{Value, json};
use zkl_core::layout::Layout;

use super::container::{Invalid, long};

/// Most types in a schema, those that are named counted wherever they are used: decoders are made for each.
const MAX_TYPES: usize = 8_192;
/// Most types within one another.
const MAX_DEPTH: usize = 64;

/// Names and types of columns.
pub(super) struct RowType {
    names: Vec<String>,
    columns: Vec<Type>,
}

/// A type, with those that it names in their places.
#[derive(Clone)]
enum Type {
    Null,
    Boolean,
    /// With the logical type.
    Int(Option<&'static str>),
    Long(Option<&'static str>),
    Float,
    Double,
    Bytes(Option<Decimal>),
    String,
    Fixed(usize, Option<Decimal>),
    Enum(Vec<String>),
    Array(Box<Self>),
    Map(Box<Self>),
    Record(Vec<Self>),
    Union(Vec<Self>),
}

#[derive(Clone, Copy)]
struct Decimal {
    precision: u64,
    scale: u64,
}

impl RowType {
    /// Reads the schema of a file.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Invalid> {
        let schema: Value = serde_json::from_slice(text).map_err(|_| Invalid::Schema)?;
        let fields = schema.get("fields").and_then(Value::as_array).ok_or(Invalid::Schema)?;
        if fields.len() > Layout::MAX_RECORDS {
            return Err(Invalid::TooManyColumns { limit: Layout::MAX_RECORDS });
        }
        let names = fields.iter().map(|field| Ok(text_of(field, "name")?.to_owned())).collect::<Result<_, _>>()?;
        let root = Parser::default().parse(&schema, "")?;
        match root {
            Type::Record(_) if root.takes_no_bytes() => Err(Invalid::NoBytes),
            Type::Record(columns) => Ok(Self { names, columns }),
            _ => Err(Invalid::Schema),
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The first row of `input`, which begins with the next one then.
    pub(super) fn split<'a>(&self, input: &mut &'a [u8]) -> Result<&'a [u8], Invalid> {
        let all = *input;
        self.columns.iter().try_for_each(|column| column.skip(input))?;
        Ok(&all[..all.len() - input.len()])
    }

    /// The schema without what readers understand in several ways: names that stand for types, attributes that are not of the specification. Columns
    /// are named by their positions.
    pub(super) fn json(&self) -> Value {
        record(&self.columns, &mut 0)
    }
}

#[derive(Default)]
struct Parser {
    /// Types by their full names; `None` while one is being read.
    named: HashMap<String, Option<Type>>,
    types: usize,
}

impl Parser {
    /// Reads a type in the place of a name space.
    fn parse(&mut self, schema: &Value, space: &str) -> Result<Type, Invalid> {
        self.count(1)?;
        match schema {
            Value::String(name) => self.by_name(name, space),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| match branch {
                    Value::Array(_) => Err(Invalid::Schema),
                    branch => self.parse(branch, space),
                });
                Ok(Type::Union(branches.collect::<Result<_, _>>()?))
            }
            Value::Object(_) => match schema.get("type") {
                Some(Value::String(kind)) => self.declared(kind, schema, space),
                Some(inner) => self.parse(inner, space),
                None => Err(Invalid::Schema),
            },
            _ => Err(Invalid::Schema),
        }
    }

    fn declared(&mut self, kind: &str, schema: &Value, space: &str) -> Result<Type, Invalid> {
        let logical = schema.get("logicalType").and_then(Value::as_str).unwrap_or_default();
        let part = |name| schema.get(name).ok_or(Invalid::Schema);
        match (kind, logical) {
            ("array", _) => {
                let items = self.parse(part("items")?, space)?;
                if items.takes_no_bytes() { Err(Invalid::NoBytes) } else { Ok(Type::Array(Box::new(items))) }
            }
            ("map", _) => Ok(Type::Map(Box::new(self.parse(part("values")?, space)?))),
            ("record" | "error" | "enum" | "fixed", _) => {
                let name = full_name(schema, space)?;
                if self.named.insert(name.clone(), None).is_some() {
                    return Err(Invalid::Schema);
                }
                let space = name.rsplit_once('.').map_or("", |(space, _)| space);
                let ty = match kind {
                    "enum" => {
                        let symbols = part("symbols")?.as_array().ok_or(Invalid::Schema)?;
                        let symbols = symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned));
                        Type::Enum(symbols.collect::<Option<_>>().ok_or(Invalid::Schema)?)
                    }
                    "fixed" => {
                        let size = part("size")?.as_u64().and_then(|size| usize::try_from(size).ok());
                        let decimal = (logical == "decimal").then(|| Decimal::of(schema)).transpose()?;
                        Type::Fixed(size.ok_or(Invalid::Schema)?, decimal)
                    }
                    _ => {
                        let fields = part("fields")?.as_array().ok_or(Invalid::Schema)?;
                        let fields =
                            fields.iter().map(|field| self.parse(field.get("type").ok_or(Invalid::Schema)?, space));
                        Type::Record(fields.collect::<Result<_, _>>()?)
                    }
                };
                ty.check_depth()?;
                self.named.insert(name, Some(ty.clone()));
                Ok(ty)
            }
            ("int", "date") => Ok(Type::Int(Some("date"))),
            ("int", "time-millis") => Ok(Type::Int(Some("time-millis"))),
            ("long", logical) => {
                const KNOWN: [&str; 7] = [
                    "time-micros",
                    "timestamp-millis",
                    "timestamp-micros",
                    "timestamp-nanos",
                    "local-timestamp-millis",
                    "local-timestamp-micros",
                    "local-timestamp-nanos",
                ];
                Ok(Type::Long(KNOWN.into_iter().find(|known| *known == logical)))
            }
            ("bytes", "decimal") => Ok(Type::Bytes(Some(Decimal::of(schema)?))),
            (name, _) => self.by_name(name, space),
        }
    }

    fn by_name(&mut self, name: &str, space: &str) -> Result<Type, Invalid> {
        Ok(match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" => Type::Int(None),
            "long" => Type::Long(None),
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes(None),
            "string" => Type::String,
            _ => {
                let in_space = format!("{space}.{name}");
                let full = if name.contains('.') || !self.named.contains_key(&in_space) { name } else { &in_space };
                // One that is being read would contain itself.
                let ty = self.named.get(full).ok_or(Invalid::Schema)?.clone().ok_or(Invalid::SchemaTooLarge)?;
                self.count(ty.types())?;
                ty
            }
        })
    }

    fn count(&mut self, types: usize) -> Result<(), Invalid> {
        self.types += types;
        if self.types > MAX_TYPES { Err(Invalid::SchemaTooLarge) } else { Ok(()) }
    }
}

impl Type {
    /// Steps over a value.
    fn skip(&self, input: &mut &[u8]) -> Result<(), Invalid> {
        match self {
            Self::Null => Ok(()),
            Self::Boolean => match take(input, 1)? {
                [0 | 1] => Ok(()),
                _ => Err(Invalid::Value),
            },
            Self::Int(_) => i32::try_from(long(input)?).map(|_| ()).map_err(|_| Invalid::Number),
            Self::Long(_) => long(input).map(|_| ()),
            Self::Float => take(input, size_of::<f32>()).map(|_| ()),
            Self::Double => take(input, size_of::<f64>()).map(|_| ()),
            Self::Bytes(_) | Self::String => {
                let length = length(input)?;
                take(input, length).map(|_| ())
            }
            Self::Fixed(size, _) => take(input, *size).map(|_| ()),
            Self::Enum(symbols) => match length(input)? {
                index if index < symbols.len() => Ok(()),
                _ => Err(Invalid::Value),
            },
            Self::Array(items) => blocks(input, |input| items.skip(input)),
            Self::Map(values) => blocks(input, |input| {
                let length = length(input)?;
                take(input, length)?;
                values.skip(input)
            }),
            Self::Record(fields) => fields.iter().try_for_each(|field| field.skip(input)),
            Self::Union(branches) => {
                let branch = length(input)?;
                branches.get(branch).ok_or(Invalid::Value)?.skip(input)
            }
        }
    }

    /// Whether values may take no bytes, so that any number of them may be said to follow.
    fn takes_no_bytes(&self) -> bool {
        match self {
            Self::Null | Self::Fixed(0, _) => true,
            Self::Record(fields) => fields.iter().all(Self::takes_no_bytes),
            _ => false,
        }
    }

    /// This type and those in it.
    fn types(&self) -> usize {
        1 + self.inner().iter().map(Self::types).sum::<usize>()
    }

    fn check_depth(&self) -> Result<(), Invalid> {
        fn depth(ty: &Type) -> usize {
            1 + ty.inner().iter().map(depth).max().unwrap_or(0)
        }
        if depth(self) > MAX_DEPTH { Err(Invalid::SchemaTooLarge) } else { Ok(()) }
    }

    fn inner(&self) -> &[Self] {
        match self {
            Self::Array(inner) | Self::Map(inner) => std::slice::from_ref(inner),
            Self::Record(inner) | Self::Union(inner) => inner,
            _ => &[],
        }
    }

    /// The type in a schema, in which `named` types have been named before.
    fn json(&self, named: &mut usize) -> Value {
        match self {
            Self::Null => json!("null"),
            Self::Boolean => json!("boolean"),
            Self::Int(None) => json!("int"),
            Self::Int(Some(logical)) => json!({ "type": "int", "logicalType": logical }),
            Self::Long(None) => json!("long"),
            Self::Long(Some(logical)) => json!({ "type": "long", "logicalType": logical }),
            Self::Float => json!("float"),
            Self::Double => json!("double"),
            Self::Bytes(None) => json!("bytes"),
            Self::Bytes(Some(Decimal { precision, scale })) => {
                json!({ "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale })
            }
            Self::String => json!("string"),
            Self::Fixed(size, None) => json!({ "type": "fixed", "name": next_name(named), "size": size }),
            Self::Fixed(size, Some(Decimal { precision, scale })) => json!({
                "type": "fixed",
                "name": next_name(named),
                "size": size,
                "logicalType": "decimal",
                "precision": precision,
                "scale": scale,
            }),
            Self::Enum(symbols) => json!({ "type": "enum", "name": next_name(named), "symbols": symbols }),
            Self::Array(items) => json!({ "type": "array", "items": items.json(named) }),
            Self::Map(values) => json!({ "type": "map", "values": values.json(named) }),
            Self::Record(fields) => record(fields, named),
            Self::Union(branches) => branches.iter().map(|branch| branch.json(named)).collect(),
        }
    }
}

impl Decimal {
    fn of(schema: &Value) -> Result<Self, Invalid> {
        let number = |name| schema.get(name).map(|value| value.as_u64().ok_or(Invalid::Schema)).transpose();
        let (precision, scale) = (number("precision")?.ok_or(Invalid::Schema)?, number("scale")?.unwrap_or(0));
        if scale <= precision { Ok(Self { precision, scale }) } else { Err(Invalid::Schema) }
    }
}

fn record(fields: &[Type], named: &mut usize) -> Value {
    let name = next_name(named);
    let fields = fields.iter().enumerate();
    let fields: Vec<_> =
        fields.map(|(index, field)| json!({ "name": format!("f{index}"), "type": field.json(named) })).collect();
    json!({ "type": "record", "name": name, "fields": fields })
}

fn next_name(named: &mut usize) -> String {
    *named += 1;
    format!("t{named}")
}

fn text_of<'a>(schema: &'a Value, name: &str) -> Result<&'a str, Invalid> {
    schema.get(name).and_then(Value::as_str).ok_or(Invalid::Schema)
}

/// The full name of a type that is declared within a name space.
fn full_name(schema: &Value, space: &str) -> Result<String, Invalid> {
    let name = text_of(schema, "name")?;
    let space = schema.get("namespace").and_then(Value::as_str).unwrap_or(space);
    Ok(if name.contains('.') || space.is_empty() { name.to_owned() } else { format!("{space}.{name}") })
}

/// Steps over the items of a list, which come in blocks.
fn blocks(input: &mut &[u8], mut item: impl FnMut(&mut &[u8]) -> Result<(), Invalid>) -> Result<(), Invalid> {
    loop {
        let count = long(input)?;
        if count == 0 {
            return Ok(());
        }
        let size = if count < 0 { Some(length(input)?) } else { None };
        let before = input.len();
        for _ in 0..count.unsigned_abs() {
            item(input)?;
        }
        if size.is_some_and(|size| before - input.len() != size) {
            return Err(Invalid::Length);
        }
    }
}

fn length(input: &mut &[u8]) -> Result<usize, Invalid> {
    usize::try_from(long(input)?).map_err(|_| Invalid::Length)
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Result<&'a [u8], Invalid> {
    let (taken, rest) = input.split_at_checked(length).ok_or(Invalid::BlockEnd)?;
    *input = rest;
    Ok(taken)
}
