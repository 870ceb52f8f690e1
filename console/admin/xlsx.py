"""A workbook of one sheet that is on its way while its rows are still being read.

The libraries build the whole file first; this keeps no row, and nothing waits for the last.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Numbers of the styles below.
TEXT, TIME, HEADING = 1, 2, 3
# What no XML may have, and what a spreadsheet would read as one of its own escapes.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
DAY_ZERO = datetime(1899, 12, 30)
SECONDS = 86_400
# Little work for nearly the size of the best.
LEVEL = 3

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org"
MAIN = f"{OFFICE}/spreadsheetml/2006/main"
RELATIONS = f"{OFFICE}/officeDocument/2006/relationships"
PACKAGE = f"{OFFICE}/package/2006"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FRAME = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{SHEET}.styles+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml"'
        f' ContentType="{SHEET}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2"'
        f' Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    ),
    # Style 1 is text (format 49): what looks like a formula stays text even when it is edited.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1">'
        '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        '</cellStyleXfs><cellXfs count="4">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"'
        ' applyFont="1"/></cellXfs><cellStyles count="1">'
        '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}  # fmt: skip


def workbook(
    name: str,
    headings: Sequence[str],
    widths: Sequence[int],
    stretches: Iterable[Sequence[Sequence[str | int | datetime | None]]],
) -> Iterator[bytes]:
    """The bytes of the workbook, some for each stretch of rows.

    Numbers become numbers, times (as the clock on the wall shows them) times, and the rest text.
    Each stretch ends with the mark of a flushed deflate stream, 00 00 ff ff: by these the page
    that waits for the file counts.
    """
    yield from _zip({**FRAME, "xl/workbook.xml": _book(name)}, _sheet(headings, widths, stretches))


def _book(name: str) -> str:
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        f'<sheet name="{escape(name)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _sheet(
    headings: Sequence[str],
    widths: Sequence[int],
    stretches: Iterable[Sequence[Sequence[str | int | datetime | None]]],
) -> Iterator[str]:
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(widths, 1)
    )
    head = "".join(_text(heading, HEADING) for heading in headings)
    start = (
        f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView tabSelected="1"'
        ' workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
        ' state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData><row>{head}</row>"
    )
    many = 1
    for rows in stretches:
        many += len(rows)
        yield start + "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        start = ""
    last = chr(ord("A") + len(headings) - 1)
    yield f'{start}</sheetData><autoFilter ref="A1:{last}{many}"/></worksheet>'


def _cell(value: str | int | datetime | None) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, datetime):
        passed = value - DAY_ZERO
        return f'<c s="{TIME}"><v>{passed.days + passed.seconds / SECONDS:.9f}</v></c>'
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>"
    return _text(value, TEXT)


def _text(text: str, style: int) -> str:
    plain = escape(ESCAPE.sub("_x005F_", FORBIDDEN.sub("", text)), quote=False)
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{plain}</t></is></c>'


def _zip(small: dict[str, str], sheet: Iterator[str]) -> Iterator[bytes]:
    """A zip archive of these files and of the sheet, whose size nobody knows beforehand."""
    parts = [(name, iter([HEAD + text])) for name, text in small.items()]
    parts.append(("xl/worksheets/sheet1.xml", sheet))
    index, offset = b"", 0
    for name, chunks in parts:
        title = name.encode()
        # Version 2.0; sizes follow the content (8); deflated (8); the first day there is.
        about = struct.pack("<HHHHH", 20, 8, 8, 0, 0x21)
        yield (start := b"PK\3\4" + about + bytes(12) + struct.pack("<HH", len(title), 0) + title)
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
        check, packed, size = 0, 0, 0
        for chunk in chunks:
            raw = chunk.encode()
            check, size = zlib.crc32(raw, check), size + len(raw)
            out = packer.compress(raw) + packer.flush(zlib.Z_SYNC_FLUSH)
            packed += len(out)
            yield out
        yield (out := packer.flush())
        packed += len(out)
        sizes = struct.pack("<LLL", check, packed, size)
        yield b"PK\7\x08" + sizes
        index += b"PK\1\2" + struct.pack("<H", 20) + about + sizes
        index += struct.pack("<HHHHHLL", len(title), 0, 0, 0, 0, 0, offset) + title
        offset += len(start) + packed + 16
    ends = struct.pack("<HHHHLLH", 0, 0, len(parts), len(parts), len(index), offset, 0)
    yield index + b"PK\5\6" + ends
