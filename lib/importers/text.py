"""Bytes to lines: which encoding a file is written in, said when it is not UTF-8."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

from lib.importers.limits import MAX_LINE, MB
from lib.importers.refused import ImportRefused
from lib.importers.source import Member
from lib.model import Note

MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
EIGHT_BIT = ["cp1252", "latin_1", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "mac_roman"]
EAST_ASIAN = ["cp932", "gb18030", "big5", "euc_kr"]
NOT_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
DAMAGE = re.compile("[\udc80-\udcff]")
"""What the decoder makes of a byte that cannot be read (PEP 383)."""


@dataclass(frozen=True)
class Line:
    number: int
    text: str


@dataclass(frozen=True)
class Decoding:
    """How a member is read; `note` says so when it is not UTF-8."""

    encoding: str
    note: Note | None = None


def head_lines(member: Member) -> list[str]:
    """The first lines, enough to recognise a format by; read without looking at the whole file."""
    text = member.head.decode(_marked(member.head) or "utf-8", errors="replace")
    return io.StringIO(text, newline="").readlines()


def lines(member: Member, encoding: str) -> Iterator[Line]:
    r"""Physical lines with their line ends; \n, \r\n and \r end one, and nothing else does.

    Bytes that the encoding does not know become lone surrogates (`is_damaged`): only their row is lost.
    """
    with member.open() as binary, io.TextIOWrapper(binary, encoding, "surrogateescape", newline="") as file:
        number = 0
        while text := _line(file, member.name, number + 1):
            number += 1
            yield Line(number, text)


def _line(file: io.TextIOWrapper, name: str, number: int) -> str:
    try:
        text = file.readline(MAX_LINE + 1)
    except UnicodeError as problem:  # UTF-16 that ends amid a character
        raise ImportRefused("bad_encoding", file=name, line=number) from problem
    check_length(text, name, number)
    return text


def check_length(text: str, name: str, number: int) -> None:
    """Raises ImportRefused for a line, or the beginning of one, that is too long."""
    if len(text) > MAX_LINE:
        raise ImportRefused("line_too_long", file=name, line=number, limit=MAX_LINE // MB)


def is_damaged(text: str) -> bool:
    return not text.isascii() and DAMAGE.search(text) is not None


def readable(text: str) -> str:
    """The text with a sign in the place of what could not be read."""
    return DAMAGE.sub("\ufffd", text).replace("\0", "\ufffd")


def decoding(member: Member) -> Decoding:
    """The encoding of a member: by its mark, else UTF-8 if it mostly is, else by what its letters suggest."""
    encoding = _marked(member.head) or _measured(member)
    return Decoding(encoding, _note(member, encoding))


def _note(member: Member, encoding: str) -> Note | None:
    if encoding.startswith("utf-8"):
        return None
    return Note(member.name, "encoding", (("encoding", encoding.replace("_", "-")),))


def _marked(head: bytes) -> str | None:
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    return _unmarked_utf16(head)


def _unmarked_utf16(head: bytes) -> str | None:
    """Text that is mostly ASCII has a zero in every second byte of UTF-16."""
    sample = head[:4096]
    if len(sample) < 4 or sample.count(0) < len(sample) * 0.3:
        return None
    return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"


def _measured(member: Member) -> str:
    good, bad, sample = _utf8_signs(member)
    if not bad or good > bad:
        return "utf-8"  # a few damaged bytes in a UTF-8 file cost their rows, never the reading of the others
    return _likely(sample) or _refuse(member)


def _utf8_signs(member: Member) -> tuple[int, int, bytes]:
    """Of the whole file: signs beyond ASCII that UTF-8 reads, bytes that it cannot, and lines with these."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    sample = b""
    with member.opener() as file:
        while piece := file.read(MB):
            text = decoder.decode(piece)
            if piece.isascii():
                continue
            damaged = len(DAMAGE.findall(text))
            bad += damaged
            good += len(text) - len(text.encode("ascii", "ignore")) - damaged
            if damaged and len(sample) < 64 * 1024:
                sample += b"".join(NOT_ASCII.findall(piece)[:500])
    text = decoder.decode(b"", final=True)
    return good, bad + len(text), sample


def _likely(sample: bytes) -> str | None:
    """Windows' Western encoding unless another reads clearly better: short samples mislead the statistics."""
    matches = list(from_bytes(sample, cp_isolation=EIGHT_BIT + EAST_ASIAN))
    if not matches:
        return None
    best = min(matches, key=lambda match: (match.chaos, -match.coherence))
    western = [match for match in matches if "cp1252" in match.could_be_from_charset]
    as_good = [
        match
        for match in western
        if match.chaos <= best.chaos + 0.02 and match.coherence >= best.coherence - 0.2
    ]
    return "cp1252" if as_good else best.encoding


def _refuse(member: Member) -> str:
    raise ImportRefused("unknown_encoding", file=member.name)
