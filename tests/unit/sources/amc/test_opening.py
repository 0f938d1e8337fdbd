from __future__ import annotations

import random
import re
import stat
import zipfile
from io import BytesIO

import pytest

from app.sources import workbooks as limits
from app.sources.amc import opening
from app.sources.amc.opening import open_workbooks
from app.sources.amc.reader import read_disclosure
from app.sources.workbooks import WorkbookReader
from tests.shared_data import shared_file
from tests.unit.sources.amc.portfolios import sheet
from tests.unit.sources.workbooks import packed, sheet_xml, workbook, zipped

GOOD = workbook({"ONE": sheet()})
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DTD = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


def member(name: str, content: bytes, mode: int = 0) -> bytes:
    """An archive of one member with the given mode bits."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, content)
    return buffer.getvalue()


def cell(place: str, content: str) -> str:
    return f'<row r="1"><c r="{place}"{content}</c></row>'


def many_sheets(count: int) -> bytes:
    return packed({f"S{at}": sheet_xml("") for at in range(count)})


def with_part(name: str, text: str) -> bytes:
    """The good workbook with one of its parts replaced."""
    with zipfile.ZipFile(BytesIO(GOOD)) as archive:
        parts: dict[str, str | bytes] = {at: archive.read(at) for at in archive.namelist()}
    return zipped({**parts, name: text})


def with_many_sheets_on_one_part() -> bytes:
    with zipfile.ZipFile(BytesIO(GOOD)) as archive:
        head, entry, tail = re.split(r"(<sheet .*/>)", archive.read("xl/workbook.xml").decode())
    return with_part("xl/workbook.xml", head + "".join(entry.replace("ONE", f"S{at}") for at in range(10_000)) + tail)


def without_part(name: str) -> bytes:
    with zipfile.ZipFile(BytesIO(GOOD)) as archive:
        return zipped({at: archive.read(at) for at in archive.namelist() if at != name})


def with_lying_directory() -> bytes:
    """A workbook whose directory says 100 bytes of a sheet of 60 MB."""
    data = bytearray(packed({"S": sheet_xml("<row/>" * (10 << 20))}))
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def hostile_files() -> dict[str, bytes]:
    """Named files that are no portfolio: cut short, of another kind, oversized or built to harm a reader."""
    cut = {f"cut at {at} of 16": GOOD[: len(GOOD) * at // 16] for at in range(1, 16)}
    far = {
        f"cell at {place}": packed({"S": sheet_xml(cell(place, "><v>1</v>"))})
        for place in ("XFD1", "A1048576", "XFD1048576", "GS1", "A20000", "ZZZ9")
    }
    no_workbook = {f"no {part}": without_part(part) for part in ("xl/worksheets/s1.xml", "xl/_rels/workbook.xml.rels")}
    kinds = {
        "nothing": b"",
        "blanks": b" \r\n",
        "pdf": b"%PDF-1.7\n%\xe2\xe3",
        "html": b"<!DOCTYPE html><html><body>Not found</body></html>",
        "html with a mark": b"\xef\xbb\xbf<html></html>",
        "html after blanks": b"\r\n\r\n <html></html>",
        "xml": b"<?xml version='1.0'?><Workbook/>",
        "text": b"Name,ISIN\nReliance,INE002A01018\n",
        "zeros": bytes(4096),
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "ole and no more": OLE,
        "ole of zeros": OLE + bytes(8192),
        "encrypted ole": OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(4096),
        "zip and no more": b"PK\x03\x04",
        "empty zip": zipped({}),
        "zip of a folder": zipped({"folder/": b""}),
        "zip of text": zipped({"readme.txt": b"hello"}),
        "zip of html": zipped({"portfolio.xlsx": b"<html></html>"}),
        "zip of zips": zipped({"a.zip": zipped({"b.zip": zipped({"c.txt": b"x"})})}),
        "climbing member": zipped({"../../etc/passwd": b"root"}),
        "absolute member": zipped({"/etc/passwd": b"root"}),
        "climbing member of Windows": zipped({"..\\..\\a.xlsx": GOOD}),
        "member on a drive": zipped({"C:\\a.xlsx": GOOD}),
        "workbook with a climbing part": with_part("../../a.xlsx", "x"),
        "symbolic link": member("portfolio.xlsx", b"/etc/passwd", stat.S_IFLNK | 0o777),
        "too many members": zipped({f"m{at}.xlsx": b"" for at in range(limits.MAX_MEMBERS + 1)}),
        "ten thousand sheets": many_sheets(10_000),
        "ten thousand sheets on one part": with_many_sheets_on_one_part(),
        "wide and sparse": packed({"S": sheet_xml(("<row>" + "<c/>" * 199 + "<c><v>1</v></c></row>") * 15_000)}),
        "one long text": packed({"S": sheet_xml(cell("A1", f' t="inlineStr"><is><t>{"é" * (7 << 20)}</t></is>'))}),
        "a directory and no members": b"PK\x03\x04" + (b"PK\x01\x02" + bytes(42)) * 50_000,
        "bomb of a sheet": packed({"S": sheet_xml("<row/>" * (10 << 20))}),
        "bomb with a lying directory": with_lying_directory(),
        "bomb of shared text": with_part("xl/sharedStrings.xml", "<sst>" + " " * (40 << 20) + "</sst>"),
        "more than 20 MB": GOOD + bytes(limits.MAX_WORKBOOK),
        "laughs": packed({"S": DTD + sheet_xml(cell("A1", ' t="inlineStr"><is><t>&c;</t></is>'))}),
        "external entity": packed(
            {
                "S": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
                + sheet_xml(cell("A1", ' t="inlineStr"><is><t>&e;</t></is>'))
            }
        ),
        "shared text out of range": packed({"S": sheet_xml(cell("A1", ' t="s"><v>7</v>'))}),
        "negative shared text": packed({"S": sheet_xml(cell("A1", ' t="s"><v>-1</v>'))}),
        "broken sheet": packed({"S": "<worksheet><sheetData><row><c>"}),
        "sheet of nonsense": packed({"S": "\x00\x01\x02"}),
        "broken relations": with_part("xl/_rels/workbook.xml.rels", "<oops"),
        "broken book": with_part("xl/workbook.xml", "<workbook><sheets>"),
        "empty book": with_part("xl/workbook.xml", ""),
        "relation that climbs": with_part(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="../../../etc/passwd"/></Relationships>',
        ),
        "cell without a place": packed({"S": sheet_xml('<row r="1"><c r=""><v>1</v></c></row>')}),
        "place that is none": packed({"S": sheet_xml(cell("1A", "><v>1</v>"))}),
        "infinite numbers": packed({"S": sheet_xml(cell("A1", "><v>1e999</v>"))}),
        "no sheet at all": packed({}),
        "empty sheet": packed({"S": sheet_xml("")}),
    }
    return {**cut, **far, **no_workbook, **kinds}


HOSTILE = hostile_files()


def test_at_least_sixty_kinds_of_bad_file_are_tried() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_file_is_one_refused_sheet_with_a_reason(kind: str) -> None:
    found = read_disclosure(HOSTILE[kind], "portfolio.xlsx")
    assert found
    assert all(at.quarantined and not at.lines for at in found)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nothing", "is empty"),
        ("pdf", "is a PDF document, not a workbook"),
        ("html", "is a web page or XML text, not a workbook"),
        ("text", "is not a workbook"),
        ("climbing member", "holds a member that lies outside it: ../../etc/passwd"),
        ("climbing member of Windows", "holds a member that lies outside it: ..\\..\\a.xlsx"),
        ("absolute member", "holds a member that lies outside it: /etc/passwd"),
        ("member on a drive", "holds a member that lies outside it: C:\\a.xlsx"),
        ("workbook with a climbing part", "holds a member that lies outside it: ../../a.xlsx"),
        ("a directory and no members", "holds more than 2000 members"),
        ("symbolic link", "holds a link instead of a file: portfolio.xlsx"),
        ("ten thousand sheets on one part", "is far too large: it has 10000 sheets, more than 500"),
        ("wide and sparse", "is far too large: its cells and texts need more than 40 MB"),
        ("one long text", "is far too large: its cells and texts need more than 40 MB"),
        ("cut at 8 of 16", "is a damaged archive: cut short or changed on the way"),
        ("cell at XFD1048576", "is far too large: a cell lies beyond 20000 rows or 200 columns"),
        ("bomb of shared text", "unpacks to more than 100 times its size"),
        ("too many members", "holds 2001 members, more than 2000"),
        ("more than 20 MB", "is larger than 20 MB"),
        ("encrypted ole", "is a workbook that can't be read: damaged, protected by a password or far too large"),
        ("empty sheet", "holds no scheme portfolio"),
    ],
)
def test_the_reason_is_the_true_one(kind: str, reason: str) -> None:
    assert read_disclosure(HOSTILE[kind], "portfolio.xlsx")[0].quarantined == reason


def test_what_unpacks_to_more_than_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED", 1 << 20)
    found = read_disclosure(packed({"S": sheet_xml("<row/>" * (1 << 18))}), "portfolio.xlsx")
    assert found[0].quarantined == "unpacks to 1 MB, more than 1 MB"


def test_the_content_decides_and_not_the_name() -> None:
    assert [at.quarantined for at in read_disclosure(GOOD, "portfolio.xls")] == [None]


def test_an_archive_of_workbooks_gives_the_sheets_of_each_and_names_the_bad_one() -> None:
    found = read_disclosure(zipped({"a/One.xlsx": GOOD, "two.xls": b"<html>", "__MACOSX/._x": b"x"}), "all.zip")
    assert [(at.file, at.quarantined) for at in found] == [
        ("all.zip/One.xlsx", None),
        ("all.zip/two.xls", "is a web page or XML text, not a workbook"),
    ]


def test_the_workbooks_of_an_archive_share_the_room_that_one_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    with WorkbookReader() as reader:
        (one,) = open_workbooks(GOOD, "one.xlsx", reader)
        monkeypatch.setattr(opening, "MAX_CONTENT", 2 * one.size)
        found = list(open_workbooks(zipped({f"{at}.xlsx": GOOD for at in range(3)}), "all.zip", reader))
    assert [workbook.size for workbook in found] == [one.size, one.size, 0]
    assert found[2].fault == "is far too large: its cells and texts need more than 40 MB"


def test_what_accompanies_the_workbooks_of_an_archive_is_passed_over() -> None:
    found = read_disclosure(zipped({"readme.txt": b"hi", "a.xlsx": GOOD, "cover.PDF": b"%PDF-1.7"}), "all.zip")
    assert [(at.file, at.quarantined) for at in found] == [("all.zip/a.xlsx", None)]


def test_a_workbook_of_any_name_in_an_archive_is_read() -> None:
    found = read_disclosure(zipped({"portfolio.dat": GOOD, "readme.txt": b"hi"}), "all.zip")
    assert [(at.file, at.quarantined) for at in found] == [("all.zip/portfolio.dat", None)]


def test_an_archive_in_an_archive_is_read_and_one_deeper_is_refused_as_what_it_is() -> None:
    inner = zipped({"a.xlsx": GOOD})
    found = read_disclosure(zipped({"inner.zip": inner, "deep.zip": zipped({"inner.zip": inner})}), "all.zip")
    assert [(at.file, at.quarantined) for at in found] == [
        ("all.zip/inner.zip/a.xlsx", None),
        (
            "all.zip/deep.zip/inner.zip",
            "is an archive inside an archive inside the file: one level is read, unpack it",
        ),
    ]


def test_the_members_of_inner_archives_share_time_and_room_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SECONDS", 0)
    found = read_disclosure(zipped({"inner.zip": zipped({"a.xlsx": GOOD})}), "all.zip")
    assert [at.quarantined for at in found] == ["is in an archive that takes longer than 0 s to read"]


def test_a_bad_member_of_an_archive_hurts_no_other() -> None:
    bad = zipped({"one.xlsx": GOOD, "two.xlsx": HOSTILE["cell at XFD1048576"]})
    assert [at.quarantined is None for at in read_disclosure(bad, "all.zip")] == [True, False]


def test_a_changed_byte_never_gives_other_lines() -> None:
    """A byte changed anywhere is refused, flagged or without effect on what is read."""
    random_byte = random.Random(20250131)
    clean = read_disclosure(GOOD, "portfolio.xlsx")[0]
    for _ in range(60):
        data = bytearray(GOOD)
        data[random_byte.randrange(len(data))] ^= random_byte.randrange(1, 256)
        for found in read_disclosure(bytes(data), "portfolio.xlsx"):
            assert found.quarantined or found.warnings or found.lines == clean.lines


def test_old_and_binary_workbooks_open_by_content() -> None:
    for name in (
        "ppfas/PPFAS_Monthly_Portfolio_Report_January_31_2025.xls",
        "pgim/PGIM India Retirement Fund Jan 2025.xlsb",
    ):
        with WorkbookReader() as reader:
            (opened,) = open_workbooks(shared_file(f"mf/{name}").read_bytes(), "any.name", reader)
        assert opened.fault is None
        assert any("ISIN" in cells for _, rows in opened.sheets for cells in rows)
