//! Excel workbooks: types as the sheet says them, which sheet, and what is refused.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};
use zkl_core::table_note::TableNote;
use zkl_dataset::{CsvOptions, DatasetError, Fault, Format, Scan, ScanOutput, Source};

use super::{Fixture, csv, json, run, types};

/// Written by openpyxl: a sheet of patients, one of notes, an empty one and a hidden one.
const PATIENTS: &[u8] = include_bytes!("../cases/two-sheets.xlsx");

/// A workbook as a program writes it: sheets with their rows in XML, and a list of strings.
fn workbook(sheets: &[(&str, &str)], strings: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: String| {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}").as_bytes()).unwrap();
    };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    part("[Content_Types].xml", format!("<Types xmlns=\"{package}/content-types\"/>"));
    part(
        "_rels/.rels",
        format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r\" Type=\"{office}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let (mut listed, mut related) = (String::new(), String::new());
    for (index, (name, _)) in sheets.iter().enumerate() {
        listed += &format!("<sheet name=\"{name}\" sheetId=\"{0}\" r:id=\"r{0}\"/>", index + 1);
        related += &format!(
            "<Relationship Id=\"r{0}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{0}.xml\"/>",
            index + 1
        );
    }
    part(
        "xl/workbook.xml",
        format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{listed}</sheets></workbook>"),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        format!("<Relationships xmlns=\"{package}/relationships\">{related}</Relationships>"),
    );
    // Style 1 is a date, style 2 a duration.
    part(
        "xl/styles.xml",
        format!(
            "<styleSheet xmlns=\"{main}\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"46\"/>\
             </cellXfs></styleSheet>"
        ),
    );
    part("xl/sharedStrings.xml", strings.to_owned());
    for (index, (_, rows)) in sheets.iter().enumerate() {
        let name = format!("xl/worksheets/sheet{}.xml", index + 1);
        part(&name, format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"));
    }
    archive.finish().unwrap().into_inner()
}

fn scan(bytes: &[u8]) -> Scan {
    Scan::new(Source::bytes(bytes.to_vec()))
}

fn one(rows: &str) -> Result<ScanOutput, DatasetError> {
    run(&scan(&workbook(&[("Sheet1", rows)], "<sst/>")))
}

fn refused(rows: &str) -> DatasetError {
    one(rows).err().unwrap()
}

/// Two columns.
const HEAD: &str = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a</v></c><c r=\"B1\" t=\"str\"><v>b</v></c></row>";

#[test]
fn a_sheet_is_the_table_that_it_would_be_as_csv_but_for_its_types() {
    let fixture = Fixture::new("patients.xlsx", PATIENTS);
    let several = run(&fixture.scan()).err().unwrap();
    let Fault::SeveralSheets { sheets } = several.fault() else { panic!("{several}") };
    assert_eq!(sheets, &["\"Patients\"", "\"Notes\""]);
    assert!(several.hint().unwrap().contains("--sheet"));

    let read = run(&Scan::new(Source::path(fixture.path()).sheet("Patients"))).unwrap();
    assert_eq!(read.report.source.format, Format::Xlsx);
    // Digits in a cell of text are text; dates of which one has a time of day are times, the others dates.
    let expected = ["int", "category", "int?", "decimal(2)", "date", "timestamp(ms)", "bool", "category?", "category?"];
    assert_eq!(types(&read), expected);
    let as_csv = csv("id,zip,age,weight,admitted,seen,smoker,ward,Unnamed: 8\n\
         1,z01067,34,71.5,2024-01-03,2024-01-03T09:30:00.000,true,north,\n\
         2,z80331,,64.25,2024-02-29,2024-03-01T00:00:00.000,false,south,x\n\
         3,z01067,51,80.0,1999-12-31,2023-12-31T23:59:59.500,true,,\n");
    let (mut sheet, text) = (json(&read), json(&as_csv));
    let zip = &mut sheet["columns"][1];
    *zip = serde_json::from_str(&zip.to_string().replace("\"01067\"", "\"z01067\"").replace("\"80331\"", "\"z80331\""))
        .unwrap();
    assert_eq!(sheet["columns"], text["columns"]);
    assert_eq!(read.notes, [TableNote::new(TableNote::NAME_MADE_UP).about(8)]);

    let other = run(&Scan::new(Source::path(fixture.path()).sheet("Patient"))).err().unwrap();
    let Fault::NoSheet { sheets } = other.fault() else { panic!("{other}") };
    assert_eq!(sheets.len(), 4);
    // A sheet that nobody sees is read when it is asked for. It has a head and no rows.
    let hidden = run(&Scan::new(Source::path(fixture.path()).sheet("Hidden"))).err().unwrap();
    assert!(matches!(hidden.fault(), Fault::NoRows), "{hidden}");
}

#[test]
fn rows_without_a_cell_and_cells_with_an_error_are_read_as_nulls_and_noted() {
    let rows = "<row r=\"3\"><c r=\"B3\" t=\"str\"><v>a</v></c><c r=\"D3\"><v>2024</v></c></row>\
                <row r=\"4\"><c r=\"B4\"><v>1</v></c><c r=\"D4\" t=\"e\"><v>#DIV/0!</v></c></row>\
                <row r=\"6\"><c r=\"B6\"><v>2.5</v></c><c r=\"C6\" t=\"b\"><v>1</v></c><c r=\"D6\" s=\"1\"/></row>\
                <row r=\"9\"><c r=\"B9\" s=\"1\"/></row>";
    let read = one(rows).unwrap();
    assert_eq!((types(&read), read.profile.rows), (vec!["decimal(1)?".into(), "bool?".into(), "category?".into()], 3));
    let names: Vec<&str> = read.schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "Unnamed: 1", "2024"]);
    let notes = [
        TableNote::new(TableNote::LINES_SKIPPED).counting(2),
        TableNote::new(TableNote::NAME_MADE_UP).about(1),
        TableNote::new(TableNote::EMPTY_LINE_ROWS),
        TableNote::new(TableNote::ERROR_CELLS).counting(1),
    ];
    assert_eq!(read.notes, notes);
    // Without a header, and with rows that are skipped.
    let bytes = workbook(
        &[(
            "Sheet1",
            "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>title</v></c></row><row r=\"2\"><c r=\"A2\"><v>7</v></c></row>",
        )],
        "<sst/>",
    );
    let options = CsvOptions { has_header: false, skip_lines: 1, ..CsvOptions::default() };
    let read = run(&Scan::new(Source::bytes(bytes).csv(options))).unwrap();
    assert_eq!((types(&read), read.schema.columns[0].name.as_str()), (vec!["int".into()], "column_1"));
}

#[test]
fn times_of_day_and_durations_are_text_and_dates_that_there_are_not_are_refused() {
    let cell = |serial: &str, style: u8| {
        format!("{HEAD}<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" s=\"{style}\"><v>{serial}</v></c></row>")
    };
    let entry = |serial: &str, style: u8| json(&one(&cell(serial, style)).unwrap())["columns"][1].clone();
    for (serial, style, text) in
        [("0.3125", 1, "07:30:00"), ("1.5", 2, "36:00:00"), ("0.00001736111", 1, "00:00:01.500")]
    {
        let column = entry(serial, style).to_string();
        assert!(column.contains(&format!("\"{text}\"")), "{column}");
    }
    assert!(entry("45294", 1).to_string().contains("2024-01-03"));
    assert!(entry("61", 1).to_string().contains("1900-03-01"));
    // The 29th of February 1900, a day before all, one after all.
    for serial in ["60", "-1", "2958466"] {
        let error = refused(&cell(serial, 1));
        assert!(matches!(error.fault(), Fault::Unsupported { .. }), "{error}");
        assert_eq!((error.place().row, error.place().column.as_deref()), (Some(2), Some("b")));
    }
}

#[test]
fn what_is_no_whole_table_is_refused() {
    let is = |rows: &str, expected: fn(&Fault) -> bool| {
        let error = refused(rows);
        assert!(expected(error.fault()), "{error}");
        error.place().row
    };
    // A formula that nobody has calculated is no null.
    let formula = format!("{HEAD}<row r=\"2\"><c r=\"A2\"><f>1+1</f></c></row>");
    assert_eq!(is(&formula, |fault| matches!(fault, Fault::NoResult)), Some(2));
    let result = format!("{HEAD}<row r=\"2\"><c r=\"A2\"><f>1+1</f><v>2</v></c></row>");
    assert_eq!(types(&one(&result).unwrap())[0], "int");
    // Cells beside the head are in columns without a name.
    let wide = one(&format!("{HEAD}<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"D2\"><v>1</v></c></row>")).unwrap();
    assert_eq!(wide.schema.columns[3].name, "Unnamed: 3");
    let corrupt = |fault: &Fault| matches!(fault, Fault::Corrupt { what: "Excel", .. });
    // A cell that comes back, one outside of the largest sheet, a number that is none.
    for row in [
        "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"1048577\"><c r=\"A1048577\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"A2\" t=\"n\"><v>one</v></c></row>",
        "<row r=\"2\"><c r=\"A2\"><v>1</v>",
    ] {
        is(&format!("{HEAD}{row}"), corrupt);
    }
    is("", |fault| matches!(fault, Fault::Empty));
    is(HEAD, |fault| matches!(fault, Fault::NoRows));
    // A list that says that it is longer than its file, for which room would be made.
    for count in ["99999999999", "99999999999999999999999999"] {
        let strings = format!("<sst uniqueCount=\"{count}\"><si><t>a</t></si></sst>");
        let error = run(&scan(&workbook(&[("Sheet1", HEAD)], &strings))).err().unwrap();
        assert!(corrupt(error.fault()), "{error}");
    }
    // Bytes in the middle are another file, or none.
    let mut short = PATIENTS.to_vec();
    short.truncate(short.len() / 2);
    assert!(run(&scan(&short)).is_err());
    for at in (0..PATIENTS.len()).step_by(97) {
        let mut flipped = PATIENTS.to_vec();
        flipped[at] ^= 0x10;
        let _ = run(&Scan::new(Source::bytes(flipped).sheet("Patients")));
    }
}
