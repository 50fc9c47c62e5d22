//! OpenDocument spreadsheets: the same table as an Excel workbook, what is repeated, and what is refused.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
use zkl_core::table_note::TableNote;
use zkl_dataset::{CsvOptions, DatasetError, Fault, Format, NoTable, Scan, ScanOptions, ScanOutput, Source};

use super::{Fixture, csv, json, run, types};

/// Written by pandas.
const PATIENTS: &[u8] = include_bytes!("../cases/patients.ods");
/// Written by odfpy: a sheet with repeated rows and cells, a hidden one and an empty one.
const REPEATS: &[u8] = include_bytes!("../cases/repeats.ods");

const MIME_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// An archive of files.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A document with what stands in its spreadsheet.
fn document(spreadsheet: &str) -> String {
    let space = "urn:oasis:names:tc:opendocument:xmlns";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><o:document-content xmlns:o=\"{space}:office:1.0\" \
         xmlns:t=\"{space}:table:1.0\" xmlns:x=\"{space}:text:1.0\" xmlns:d=\"{space}:drawing:1.0\"><o:body><o:spreadsheet>\
         {spreadsheet}</o:spreadsheet></o:body></o:document-content>"
    )
}

fn spreadsheet(content: &str) -> Vec<u8> {
    archive(&[("mimetype", MIME_TYPE), ("content.xml", content)])
}

fn scan(bytes: Vec<u8>) -> Scan {
    Scan::new(Source::bytes(bytes))
}

/// A sheet with a head of two columns and these rows.
fn one(rows: &str) -> Result<ScanOutput, DatasetError> {
    let sheet = format!("<t:table t:name=\"S\">{HEAD}{rows}</t:table>");
    run(&scan(spreadsheet(&document(&sheet))))
}

fn refused(rows: &str) -> DatasetError {
    one(rows).err().unwrap()
}

const HEAD: &str = "<t:table-row><t:table-cell o:value-type=\"string\"><x:p>a</x:p></t:table-cell>\
                    <t:table-cell o:value-type=\"string\"><x:p>b</x:p></t:table-cell></t:table-row>";

/// A row with a number and another cell.
fn row(cell: &str) -> String {
    format!("<t:table-row><t:table-cell o:value-type=\"float\" o:value=\"1\"/>{cell}</t:table-row>")
}

fn text(content: &str) -> String {
    row(&format!("<t:table-cell o:value-type=\"string\">{content}</t:table-cell>"))
}

#[test]
fn a_sheet_that_pandas_wrote_is_the_table_that_it_would_be_as_csv_but_for_its_types() {
    let fixture = Fixture::new("patients.ods", PATIENTS);
    let read = run(&fixture.scan()).unwrap();
    assert_eq!(read.report.source.format, Format::Ods);
    // pandas writes a time of day for every date: those of a column of midnights are dates.
    let expected = ["int", "category", "int?", "decimal(2)", "date", "timestamp(ms)", "bool", "category?"];
    assert_eq!(types(&read), expected);
    let as_csv = csv("id,zip,age,weight,admitted,seen,smoker,ward\n\
         1,z01067,34,71.5,2024-01-03,2024-01-03T09:30:00.000,true,north\n\
         2,z80331,,64.25,2024-02-29,2024-03-01T00:00:00.000,false,south\n\
         3,z01067,51,80.0,1999-12-31,2023-12-31T23:59:59.500,true,\n");
    let text = json(&as_csv).to_string().replace("\"z01067\"", "\"01067\"").replace("\"z80331\"", "\"80331\"");
    let text: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json(&read)["columns"], text["columns"]);
    assert_eq!(read.notes, []);
    // The name of the sheet, and one that there is not.
    assert!(run(&Scan::new(Source::path(fixture.path()).sheet("Patients"))).is_ok());
    let other = run(&Scan::new(Source::path(fixture.path()).sheet("Patient"))).err().unwrap();
    assert!(matches!(other.fault(), Fault::NoSheet { sheets } if sheets == &["\"Patients\""]), "{other}");
    assert!(run(&Scan::new(Source::bytes(PATIENTS).format(Format::Ods))).is_ok());
}

#[test]
fn what_is_repeated_is_read_as_often_and_errors_are_nulls() {
    let read = run(&scan(REPEATS.to_vec())).unwrap();
    let names: Vec<&str> = read.schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "when", "clock"]);
    let expected = ["decimal(2)?", "int?", "int?", "category?", "date?", "category?"];
    assert_eq!((types(&read), read.profile.rows), (expected.map(str::to_owned).to_vec(), 6));
    let as_csv = csv("a,b,c,d,when,clock\n0.25,7,7,\"two   lines\nhere\",2024-01-03,07:30:00\n,,,,,\n,,,,,\n,,,,,\n\
         -150,,3,,2024-02-29,36:00:01.500\n-150,,3,,2024-02-29,36:00:01.500\n");
    assert_eq!(json(&read)["columns"], json(&as_csv)["columns"]);
    let notes = [
        TableNote::new(TableNote::LINES_SKIPPED).counting(2),
        TableNote::new(TableNote::EMPTY_LINE_ROWS),
        TableNote::new(TableNote::ERROR_CELLS).counting(2),
    ];
    assert_eq!(read.notes, notes);
    let hidden = run(&Scan::new(Source::bytes(REPEATS).sheet("Hidden"))).unwrap();
    assert_eq!((types(&hidden), hidden.schema.columns[0].name.as_str()), (vec!["int".to_owned()], "x"));
    let empty = run(&Scan::new(Source::bytes(REPEATS).sheet("Empty"))).err().unwrap();
    assert!(matches!(empty.fault(), Fault::Empty), "{empty}");
    let options = CsvOptions { has_header: false, skip_lines: 7, ..CsvOptions::default() };
    let tail = run(&Scan::new(Source::bytes(REPEATS).csv(options))).unwrap();
    assert_eq!((tail.profile.rows, tail.schema.columns[0].name.as_str()), (2, "column_1"));
}

#[test]
fn texts_are_those_that_people_see() {
    let value = |content: &str| {
        let column = json(&one(&text(content)).unwrap())["columns"][1].clone();
        let categories = column["categories"].as_object().unwrap();
        assert_eq!(categories.len(), 1, "{column}");
        categories.keys().next().unwrap().clone()
    };
    // Blanks that follow each other are one, and none at the start, unless they are elements.
    assert_eq!(value("<x:p>\n  a \t\n b</x:p>"), "a b");
    assert_eq!(value("<x:p><x:s/>a<x:s x:c=\"2\"/>b<x:tab/>c<x:line-break/>d</x:p>"), " a  b\tc\nd");
    assert_eq!(value("<x:p>a &amp; <x:span>b&#233;</x:span><x:a>&lt;c</x:a></x:p>\n<x:p>d</x:p>"), "a & b\u{e9}<c\nd");
    assert_eq!(value("<x:p><![CDATA[<a>]]></x:p>"), "<a>");
    // Comments and drawings are beside the text.
    let beside = "<o:annotation><x:p>no</x:p></o:annotation><d:frame><d:text-box><x:p>no</x:p></d:text-box></d:frame>";
    assert_eq!(value(&format!("{beside}<x:p>yes{beside}</x:p>")), "yes");
    // The attribute stands before the paragraphs.
    let said = row("<t:table-cell o:value-type=\"string\" o:string-value=\"01\"><x:p>1</x:p></t:table-cell>");
    assert!(json(&one(&said).unwrap()).to_string().contains("\"01\""));
}

#[test]
fn sheets_that_people_do_not_see_or_that_belong_to_links_are_left_out() {
    let table = |name: &str, cell: &str| {
        format!(
            "<t:table t:name=\"{name}\">{HEAD}<t:table-row-group><t:table-header-rows>{cell}</t:table-header-rows></t:table-row-group></t:table>"
        )
    };
    let link = format!("<t:dde-links><t:dde-link>{}</t:dde-link></t:dde-links>", table("L", &row("")));
    let shapes = "<t:table t:name=\"Chart\"><t:shapes><d:frame><x:p>title</x:p></d:frame></t:shapes></t:table>";
    let filled = format!(
        "{shapes}{}{link}",
        table("One", &row("<t:table-cell o:value-type=\"boolean\" o:boolean-value=\"true\"/>"))
    );
    let read = run(&scan(spreadsheet(&document(&filled)))).unwrap();
    assert_eq!(types(&read), ["int", "bool"]);
    let two = format!("{}{}", table("One", &row("")), table("Two", &row("")));
    let several = run(&scan(spreadsheet(&document(&two)))).err().unwrap();
    assert!(
        matches!(several.fault(), Fault::SeveralSheets { sheets } if sheets == &["\"One\"", "\"Two\""]),
        "{several}"
    );
    assert!(run(&Scan::new(Source::bytes(spreadsheet(&document(&two))).sheet("Two"))).is_ok());
}

#[test]
fn cells_without_the_value_of_their_type_are_refused() {
    let corrupt = |fault: &Fault| matches!(fault, Fault::Corrupt { what: "OpenDocument", .. });
    for attributes in [
        "o:value-type=\"float\"",
        "o:value-type=\"float\" o:value=\"inf\"",
        "o:value-type=\"float\" o:value=\"1,5\"",
        "o:value-type=\"boolean\" o:boolean-value=\"1\"",
        "o:value-type=\"date\"",
        "o:value-type=\"void\"",
        "o:value-type=\"float\" o:value=\"1\" t:number-columns-repeated=\"0\"",
        "o:value-type=\"float\" o:value=\"1\" t:number-columns-repeated=\"-1\"",
        "o:value-type=\"float\" o:value=\"1\" o:value=\"2\"",
    ] {
        let error = refused(&row(&format!("<t:table-cell {attributes}><x:p>1</x:p></t:table-cell>")));
        assert!(corrupt(error.fault()), "{attributes}: {error}");
    }
    let formula = refused(&row("<t:table-cell t:formula=\"of:=1+1\"/>"));
    assert!(matches!(formula.fault(), Fault::NoResult), "{formula}");
    assert_eq!(formula.place().row, Some(2));
    for date in ["2023-02-29", "2024-01-03T24:00:00", "-0001-01-01"] {
        let error = refused(&row(&format!("<t:table-cell o:value-type=\"date\" o:date-value=\"{date}\"/>")));
        assert!(matches!(error.fault(), Fault::Unsupported { .. }), "{error}");
        assert_eq!((error.place().row, error.place().column.as_deref()), (Some(2), Some("b")));
    }
    let nested = refused(&row("<t:table-cell><t:table t:name=\"in\"/></t:table-cell>"));
    assert!(corrupt(nested.fault()), "{nested}");
}

#[test]
fn repetitions_without_bounds_end_in_an_error() {
    let cell = |count: u32| {
        format!("<t:table-cell o:value-type=\"float\" o:value=\"1\" t:number-columns-repeated=\"{count}\"/>")
    };
    let rows =
        |count: u32, cells: &str| format!("<t:table-row t:number-rows-repeated=\"{count}\">{cells}</t:table-row>");
    let reason = |error: &DatasetError| {
        let Fault::Corrupt { what: "OpenDocument", source } = error.fault() else { panic!("{error}") };
        source.to_string()
    };
    let outside = "a cell is outside of the largest sheet";
    assert_eq!(reason(&refused(&rows(1, &cell(20_000)))), outside);
    assert_eq!(
        reason(&refused(&rows(1, &format!("<t:table-cell t:number-columns-repeated=\"4294967295\"/>{}", cell(1))))),
        outside
    );
    assert_eq!(reason(&refused(&rows(1 << 20, &cell(2)))), outside);
    assert_eq!(reason(&refused(&format!("{}{}", rows(u32::MAX, ""), rows(1, &cell(1))))), outside);
    let many = refused(&rows(1_000_000, &cell(200)));
    assert_eq!(reason(&many), "the sheet has more than 134217728 cells, those that are repeated counted");
    assert!(matches!(refused(&rows(1, &cell(1024))).fault(), Fault::TooManyColumns { limit: 1023 }));
    assert!(matches!(
        refused(&rows(u32::MAX, "<t:table-cell t:number-columns-repeated=\"4294967295\"/>")).fault(),
        Fault::NoRows
    ));
    // What fits is read.
    assert_eq!(one(&rows(100_000, &cell(2))).unwrap().profile.rows, 100_000);
    // Blanks, a text, and a tag that are larger than a cell may be.
    let options = ScanOptions { max_cell_bytes: 1000, ..ScanOptions::default() };
    let limited = |content: &str| {
        let sheet = format!("<t:table t:name=\"S\">{HEAD}{}</t:table>", text(content));
        run(&scan(spreadsheet(&document(&sheet))).options(options.clone())).err().unwrap()
    };
    for content in ["<x:p>a<x:s x:c=\"4000000000\"/></x:p>".to_owned(), format!("<x:p>{}</x:p>", "a".repeat(2000))] {
        let error = limited(&content);
        assert!(matches!(error.fault(), Fault::CellTooLarge { limit: 1000 }), "{error}");
    }
    for content in [format!("<x:p>{}</x:p>", "a".repeat(100_000)), format!("<x:p x:id=\"{}\"/>", "a".repeat(100_000))] {
        let error = limited(&content);
        assert!(matches!(error.fault(), Fault::Corrupt { what: "OpenDocument", .. }), "{error}");
    }
    // A text that is repeated in a row, and one in a row that is repeated.
    let cells = |columns: u32, rows: u32| {
        let said = format!("o:value-type=\"string\" o:string-value=\"{}\"", "a".repeat(60_000));
        refused(&format!(
            "<t:table-row t:number-rows-repeated=\"{rows}\"><t:table-cell {said} t:number-columns-repeated=\"{columns}\"/></t:table-row>"
        ))
    };
    assert!(matches!(cells(1200, 1).fault(), Fault::RowTooLarge { .. }));
    assert!(reason(&cells(1000, 1000)).contains("larger than 16 GiB"));
    // A formula without a result on a sheet that is not read.
    let other = format!("<t:table t:name=\"O\">{}</t:table>", row("<t:table-cell t:formula=\"of:=1\"/>"));
    let both = document(&format!("{other}<t:table t:name=\"S\">{HEAD}{}</t:table>", row("")));
    assert!(run(&Scan::new(Source::bytes(spreadsheet(&both)).sheet("S"))).is_ok());
    let deep = format!("{}{}", "<x:span>".repeat(300), "</x:span>".repeat(300));
    assert!(matches!(refused(&text(&format!("<x:p>{deep}</x:p>"))).fault(), Fault::Corrupt { .. }));
}

#[test]
fn documents_that_are_not_whole_are_refused() {
    let whole = document(&format!("<t:table t:name=\"S\">{HEAD}{}</t:table>", row("")));
    assert!(run(&scan(spreadsheet(&whole))).is_ok());
    // A document that ends early is not a table with fewer rows.
    let begin = whole.find("<t:table ").unwrap();
    for length in (begin..whole.len()).step_by(7) {
        assert!(run(&scan(spreadsheet(&whole[..length]))).is_err(), "{length}");
    }
    for broken in [
        whole.replace("</t:table-row>", "</t:row>"),
        whole.replace(">a<", ">&unknown;<"),
        whole.replace("t:name", "t:other"),
    ] {
        let error = run(&scan(spreadsheet(&broken))).err().unwrap();
        assert!(matches!(error.fault(), Fault::Corrupt { what: "OpenDocument", .. }), "{error}");
    }
    let twice = document(&"<t:table t:name=\"S\"/>".repeat(2));
    assert!(matches!(run(&scan(spreadsheet(&twice))).err().unwrap().fault(), Fault::Corrupt { .. }));
    let none = archive(&[("mimetype", MIME_TYPE), ("other.xml", "")]);
    assert!(matches!(run(&scan(none)).err().unwrap().fault(), Fault::Corrupt { .. }));
    let manifest = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
    let locked = archive(&[("mimetype", MIME_TYPE), ("content.xml", "?"), ("META-INF/manifest.xml", manifest)]);
    let error = run(&scan(locked)).err().unwrap();
    assert!(matches!(error.fault(), Fault::NoTable { found: NoTable::LockedWorkbook }), "{error}");
    // A text document, and archives of which nobody says that they are spreadsheets.
    let writer = archive(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", &whole)]);
    assert!(matches!(run(&scan(writer)).err().unwrap().fault(), Fault::NoTable { found: NoTable::Zip }));
    for at in (0..PATIENTS.len()).step_by(41) {
        let mut flipped = PATIENTS.to_vec();
        flipped[at] ^= 0x10;
        let _ = run(&scan(flipped));
        assert!(run(&scan(PATIENTS[..at].to_vec())).is_err(), "{at}");
    }
}

#[test]
fn a_checksum_that_does_not_fit_is_refused() {
    let whole = document(&format!("<t:table t:name=\"S\">{HEAD}{}</t:table>", row("")));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::STORE);
    for (name, text) in [("mimetype", MIME_TYPE), ("content.xml", &whole)] {
        archive.start_file(name, stored).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let mut bytes = archive.finish().unwrap().into_inner();
    assert!(run(&scan(bytes.clone())).is_ok());
    let number = b"o:value=\"1\"";
    let at = bytes.windows(number.len()).position(|window| window == number).unwrap();
    bytes[at + number.len() - 2] = b'2';
    assert!(run(&scan(bytes)).is_err());
}
