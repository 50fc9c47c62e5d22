#!/usr/bin/env python3
"""Writes the Avro and OpenDocument files of this directory with fastavro, pandas and odfpy.

    pip install fastavro==1.13.1 cramjam==2.14.0 backports.zstd==1.8.0 pandas==3.1.1 odfpy==1.4.1
    make_avro_and_ods.py
"""

import datetime
import decimal
import pathlib
import uuid

import fastavro
import pandas as pd
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import Style, TableProperties
from odf.table import Table, TableCell, TableRow
from odf.text import P, S

HERE = pathlib.Path(__file__).parent
D = decimal.Decimal
UTC = datetime.timezone.utc


def logical(ty, name, **more):
    return {"type": ty, "logicalType": name, **more}


SCHEMA = {
    "type": "record",
    "name": "Visit",
    "namespace": "hospital",
    "doc": "A visit, with a value of every type.",
    "fields": [
        {"name": "id", "type": "int"},
        {"name": "code", "type": ["null", "long"]},
        {"name": "weight", "type": ["float", "null"]},
        {"name": "dose", "type": "double"},
        {"name": "smoker", "type": ["null", "boolean"]},
        {"name": "ward", "type": {"type": "enum", "name": "Ward", "symbols": ["NORTH", "SOUTH"]}},
        {"name": "before", "type": ["null", "hospital.Ward"]},
        {"name": "note", "type": ["string", "null"]},
        {"name": "raw", "type": "bytes"},
        {"name": "key", "type": logical("string", "uuid")},
        {"name": "cost", "type": ["null", logical("bytes", "decimal", precision=12, scale=2)]},
        {"name": "tax", "type": {"type": "fixed", "name": "Tax", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 4}},
        {"name": "born", "type": logical("int", "date")},
        {"name": "seen", "type": ["null", logical("long", "timestamp-millis")]},
        {"name": "left", "type": logical("long", "timestamp-micros")},
        {"name": "local", "type": logical("long", "local-timestamp-millis")},
        {"name": "empty", "type": "null"},
    ],
}


def visits():
    for index in range(60):
        odd = index % 2 == 1
        day = datetime.date(1969, 12, 20) + datetime.timedelta(days=index)
        moment = datetime.datetime(2024, 2, 28, 23, 59, 59) + datetime.timedelta(minutes=index)
        yield {
            "id": index - 30,
            "code": None if index % 7 == 0 else (-1) ** index * 2 ** (index + 3),
            "weight": None if index % 5 == 0 else index / 8,
            "dose": index / 10,
            "smoker": None if index % 3 == 0 else odd,
            "ward": "SOUTH" if odd else "NORTH",
            "before": None if odd else "NORTH",
            "note": None if index % 4 == 0 else ["07", "é, \"q\"", "-"][index % 3],
            "raw": ["a", "ß"][odd].encode(),
            "key": uuid.UUID(int=index),
            "cost": None if index % 6 == 0 else D(index * 1001 - 20_000).scaleb(-2),
            "tax": D(10**15 + index).scaleb(-4) * (-1 if odd else 1),
            "born": day,
            "seen": None if index % 9 == 0 else (moment + datetime.timedelta(milliseconds=index)).replace(tzinfo=UTC),
            "left": (moment + datetime.timedelta(microseconds=index)).replace(tzinfo=UTC),
            "local": moment,
            "empty": None,
        }


NESTED = {
    "type": "record",
    "name": "Nested",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "list", "type": {"type": "array", "items": ["null", "string"]}},
        {"name": "map", "type": ["null", {"type": "map", "values": "int"}]},
        {"name": "record", "type": {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "double"}]}},
        {"name": "again", "type": ["null", "Point"]},
        {"name": "either", "type": ["null", "int", "string"]},
        {"name": "clock", "type": logical("int", "time-millis")},
    ],
}


def nested():
    for index in range(5):
        yield {
            "id": index,
            "list": [None, "a"] * index,
            "map": {"k": index} if index % 2 else None,
            "record": {"x": 0.5},
            "again": {"x": 1.5} if index == 3 else None,
            "either": [None, 7, "seven"][index % 3],
            "clock": datetime.time(7, 30),
        }


def avro():
    schema = fastavro.parse_schema(SCHEMA)
    for codec in ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]:
        with open(HERE / f"visits-{codec}.avro", "wb") as file:
            fastavro.writer(file, schema, visits(), codec=codec, sync_interval=1500, sync_marker=b"ZKL-sync-marker!")
    with open(HERE / "nested.avro", "wb") as file:
        fastavro.writer(file, fastavro.parse_schema(NESTED), nested(), sync_marker=b"ZKL-sync-marker!")


def pandas_ods():
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "zip": ["01067", "80331", "01067"],
            "age": [34, None, 51],
            "weight": [71.5, 64.25, 80.0],
            "admitted": pd.to_datetime(["2024-01-03", "2024-02-29", "1999-12-31"]),
            "seen": pd.to_datetime(["2024-01-03T09:30:00", "2024-03-01", "2023-12-31T23:59:59.500"], format="ISO8601"),
            "smoker": [True, False, True],
            "ward": ["north", "south", None],
        }
    )
    frame.to_excel(HERE / "patients.ods", engine="odf", sheet_name="Patients", index=False)


def cell(row, text=None, **attributes):
    made = TableCell(**attributes)
    if text is not None:
        made.addElement(P(text=text))
    row.addElement(made)
    return made


def odfpy_ods():
    document = OpenDocumentSpreadsheet()
    unseen = Style(name="unseen", family="table")
    unseen.addElement(TableProperties(display="false"))
    document.automaticstyles.addElement(unseen)
    sheet = Table(name="Sheet 1")
    sheet.addElement(TableRow(numberrowsrepeated=2))
    head = TableRow()
    cell(head)
    for name in ["a", "b", "c", "d", "when", "clock"]:
        cell(head, name, valuetype="string")
    sheet.addElement(head)
    first = TableRow()
    cell(first)
    cell(first, "25 %", valuetype="percentage", value="0.25")
    cell(first, "7.00", valuetype="currency", value="7", currency="EUR", numbercolumnsrepeated=2)
    text = cell(first, valuetype="string")
    paragraph = P(text="two")
    paragraph.addElement(S(c=3))
    paragraph.addText("lines")
    text.addElement(paragraph)
    text.addElement(P(text="here"))
    cell(first, "3 Jan", valuetype="date", datevalue="2024-01-03")
    cell(first, "7:30", valuetype="time", timevalue="PT07H30M00S")
    sheet.addElement(first)
    sheet.addElement(TableRow(numberrowsrepeated=3))
    twice = TableRow(numberrowsrepeated=2)
    cell(twice)
    cell(twice, "-1.5e2", valuetype="float", value="-1.5e2")
    error = cell(twice, "#N/A", valuetype="string", stringvalue="")
    error.setAttrNS("urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0", "value-type", "error")
    cell(twice, "3", formula="of:=1+2", valuetype="float", value="3")
    cell(twice)
    cell(twice, "29 Feb", valuetype="date", datevalue="2024-02-29")
    cell(twice, "36:00", valuetype="time", timevalue="PT36H00M01.500S")
    cell(twice, numbercolumnsrepeated=16000)
    sheet.addElement(twice)
    sheet.addElement(TableRow(numberrowsrepeated=1_048_000))
    document.spreadsheet.addElement(sheet)
    hidden = Table(name="Hidden", stylename=unseen)
    row = TableRow()
    cell(row, "x", valuetype="string")
    hidden.addElement(row)
    row = TableRow()
    cell(row, "1", valuetype="float", value="1")
    hidden.addElement(row)
    document.spreadsheet.addElement(hidden)
    document.spreadsheet.addElement(Table(name="Empty"))
    document.save(HERE / "repeats.ods")


if __name__ == "__main__":
    avro()
    pandas_ods()
    odfpy_ods()
