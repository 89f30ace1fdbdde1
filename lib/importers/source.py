"""A file, an archive or a folder as a list of members that can be read safely, whatever it is called."""

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from lib.importers.limits import (
    MAX_DIRECTORY,
    MAX_MEMBERS,
    MAX_RATIO,
    MB,
    RATIO_COUNTS_ABOVE,
    UPLOADED,
    Limits,
)
from lib.importers.refused import ImportRefused

HEAD = 64 * 1024
"""Bytes of a member that are looked at to recognise it."""

READ = (".csv", ".tsv", ".html", ".htm", ".json", ".ndjson", ".jsonl", ".txt")
"""What a folder is searched for; a folder may hold anything else beside it."""

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
"""What the records at the end of a ZIP begin with; those of a ZIP64 stand before the usual one."""
LONG_END, LONG_LOCATOR = 56, 20
"""Bytes of the two records of a ZIP64."""
PACKED = {b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7z", b"Rar!": "rar", b"BZh": "bzip2", b"\xfd7zX": "xz"}
PACKED_ENDINGS = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst")
BESIDE = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")


class Meter:
    """Counts the bytes that were read, for the progress bar."""

    def __init__(self) -> None:
        self.done = 0


@dataclass(frozen=True)
class Member:
    """One file: alone, in an archive, or in a folder. `name` is the path that people know it by."""

    name: str
    size: int
    opener: Callable[[], IO[bytes]] = field(repr=False)
    meter: Meter = field(repr=False, default_factory=Meter)

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.name)

    @cached_property
    def head(self) -> bytes:
        with self.opener() as file:
            return file.read(HEAD)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes, counted as they are read."""
        with self.opener() as file:
            yield cast(BinaryIO, io.BufferedReader(_Counted(file, self.meter), 256 * 1024))


class _Counted(io.RawIOBase):
    def __init__(self, file: IO[bytes], meter: Meter) -> None:
        self._file = file
        self._meter = meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # the protocol is looser than need be
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        self._meter.done += len(piece)
        return len(piece)


@dataclass(frozen=True)
class Source:
    """Everything that one import reads. `name` is the name that the file had when it was chosen."""

    name: str
    members: tuple[Member, ...]
    sha256: str
    meter: Meter = field(repr=False, default_factory=Meter)
    packed: bool = False
    """Several files in one: an archive or a folder."""

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name.replace("\\", "/")).stem

    @property
    def size(self) -> int:
        return sum(member.size for member in self.members)

    @property
    def fraction(self) -> float:
        """How much has been read, 0 to 1."""
        return min(1.0, self.meter.done / self.size) if self.size else 0.0

    def endings(self, *endings: str) -> list[Member]:
        return [member for member in self.members if member.name.lower().endswith(endings)]


@contextmanager
def opened(path: Path, file_name: str | None = None, limits: Limits = UPLOADED) -> Iterator[Source]:
    """What lies at `path`. Raises ImportRefused for anything that is too large, unsafe or not there."""
    name = file_name or path.name
    with ExitStack() as stack:
        if path.is_dir():
            yield _folder(path, name, limits)
            return
        if not path.is_file():
            raise ImportRefused("no_file", file=name)
        yield _one(path, name, limits, stack)


def _one(path: Path, name: str, limits: Limits, stack: ExitStack) -> Source:
    size = path.stat().st_size
    if size > limits.raw:
        raise ImportRefused("too_large", file=name, limit=limits.raw // MB)
    if size == 0:
        raise ImportRefused("empty", file=name)
    with path.open("rb") as file:
        start = file.read(8)
        sha256 = hashlib.file_digest(file, _sha256_after(start)).hexdigest()
    if start.startswith(ZIP):
        return _archive(path, name, sha256, limits, stack)
    for magic, kind in PACKED.items():
        if start.startswith(magic):
            raise ImportRefused("other_archive", file=name, kind=kind)
    meter = Meter()
    return Source(name, (Member(name, size, lambda: path.open("rb"), meter),), sha256, meter)


def _sha256_after(start: bytes) -> Callable[[], "hashlib._Hash"]:
    return lambda: hashlib.sha256(start)


def _folder(path: Path, name: str, limits: Limits) -> Source:
    meter = Meter()
    members = tuple(
        _folder_member(path, file, meter) for file in sorted(path.rglob("*")) if _wanted(path, file)
    )
    if not members:
        raise ImportRefused("empty", file=name)
    if len(members) > MAX_MEMBERS:
        raise ImportRefused("too_many_members", file=name, limit=MAX_MEMBERS)
    if sum(member.size for member in members) > limits.inflated:
        raise ImportRefused("too_large_inside", file=name, limit=limits.inflated // MB)
    return Source(name, members, _sha256_of(members), meter, packed=True)


def _wanted(root: Path, file: Path) -> bool:
    parts = file.relative_to(root).parts
    visible = not any(part.startswith((".", "__")) for part in parts)
    return visible and file.suffix.lower() in READ and not file.is_symlink() and file.is_file()


def _folder_member(root: Path, file: Path, meter: Meter) -> Member:
    return Member(file.relative_to(root).as_posix(), file.stat().st_size, lambda: file.open("rb"), meter)


def _sha256_of(members: tuple[Member, ...]) -> str:
    """Of a folder: the same names with the same content give the same sum."""
    whole = hashlib.sha256()
    for member in members:
        part = hashlib.sha256()
        with member.opener() as file:
            while piece := file.read(MB):
                part.update(piece)
        whole.update(f"{member.name}\0{part.hexdigest()}\n".encode())
    return whole.hexdigest()


def _archive(path: Path, name: str, sha256: str, limits: Limits, stack: ExitStack) -> Source:
    _check_directory(path, name)
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise ImportRefused("damaged_archive", file=name) from problem
    listed = archive.infolist()
    _check_sizes(listed, name, limits)
    _check_overlap(listed, archive.start_dir, name)
    for item in listed:
        _check_name(item, name)
    meter = Meter()
    files = [item for item in listed if not item.is_dir() and not _is_beside(item.filename)]
    if any(item.filename == "[Content_Types].xml" for item in files):
        raise ImportRefused("spreadsheet", file=name)
    if not files:
        raise ImportRefused("empty", file=name)
    members = tuple(_packed_member(archive, item, name, meter) for item in files)
    return Source(name, members, sha256, meter, packed=True)


def _is_beside(name: str) -> bool:
    return any(part.lower() in BESIDE for part in name.split("/"))


def _packed_member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, name: str, meter: Meter) -> Member:
    def opener() -> IO[bytes]:
        # zipfile hands out item.file_size bytes at most, so the sizes that were checked are the true limit.
        try:
            return cast(IO[bytes], _Inflated(archive.open(item), name, item.filename))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as problem:
            raise ImportRefused("damaged_archive", file=name) from problem

    member = Member(item.filename, item.file_size, opener, meter)
    if _is_archive(member):
        raise ImportRefused("nested_archive", file=name, member=item.filename)
    return member


class _Inflated(io.RawIOBase):
    """A member whose damage (checksum, broken stream) is said as a refusal."""

    def __init__(self, file: IO[bytes], archive: str, member: str) -> None:
        self._file = file
        self._names = (archive, member)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as problem:
            raise ImportRefused("damaged_member", file=self._names[0], member=self._names[1]) from problem

    def close(self) -> None:
        self._file.close()
        super().close()


def _is_archive(member: Member) -> bool:
    """By its ending only: a member that is read must be text anyway, and nothing else is ever unpacked."""
    return member.name.lower().endswith(PACKED_ENDINGS)


def _check_directory(path: Path, name: str) -> None:
    """The end record of a ZIP says how long its table of contents is; zipfile would read any length."""
    with path.open("rb") as file:
        start = max(0, path.stat().st_size - 22 - 0xFFFF - LONG_LOCATOR - LONG_END)
        file.seek(start)
        tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + 22:
        raise ImportRefused("damaged_archive", file=name)
    count, length = _directory(tail, at, start, name)
    if count > MAX_MEMBERS:
        raise ImportRefused("too_many_members", file=name, limit=MAX_MEMBERS)
    if length > MAX_DIRECTORY:
        raise ImportRefused("long_directory", file=name, limit=MAX_DIRECTORY // MB)


def _directory(tail: bytes, at: int, start: int, name: str) -> tuple[int, int]:
    """How many members a ZIP lists, and in how many bytes. `at` is the place of END in `tail`, and `start`
    that of `tail` in the file.

    Of a ZIP64 the long record counts. It has to stand where zipfile reads it and where its locator says it
    does, so that nobody can have us check one and read another.
    """
    locator = at - LONG_LOCATOR
    if locator < 0 or not tail.startswith(LOCATOR_64, locator):
        return cast(tuple[int, int], struct.unpack_from("<HI", tail, at + 10))
    place = locator - LONG_END
    (said,) = struct.unpack_from("<Q", tail, locator + 8)
    if place < 0 or not tail.startswith(END_64, place) or said != start + place:
        raise ImportRefused("damaged_archive", file=name)
    return cast(tuple[int, int], struct.unpack_from("<QQ", tail, place + 32))


def _check_sizes(listed: list[zipfile.ZipInfo], name: str, limits: Limits) -> None:
    if len(listed) > MAX_MEMBERS:
        raise ImportRefused("too_many_members", file=name, limit=MAX_MEMBERS)
    inflated = sum(item.file_size for item in listed)
    if inflated > limits.inflated:
        raise ImportRefused("too_large_inside", file=name, limit=limits.inflated // MB)
    packed = sum(item.compress_size for item in listed)
    ratios = [(item.file_size, item.compress_size) for item in listed] + [(inflated, packed)]
    if any(large > RATIO_COUNTS_ABOVE and large > MAX_RATIO * small for large, small in ratios):
        raise ImportRefused("bomb", file=name, limit=MAX_RATIO)


def _check_overlap(listed: list[zipfile.ZipInfo], start_of_directory: int, name: str) -> None:
    """Entries that share bytes are how a small archive inflates without bound."""
    local_header = 30
    end = 0
    for item in sorted(listed, key=lambda item: item.header_offset):
        if item.header_offset < end:
            raise ImportRefused("overlap", file=name, member=item.filename)
        end = (
            item.header_offset
            + local_header
            + len(item.orig_filename.encode("cp437", "replace"))
            + item.compress_size
        )
    if end > start_of_directory:
        raise ImportRefused("damaged_archive", file=name)


def _check_name(item: zipfile.ZipInfo, name: str) -> None:
    inside = item.orig_filename
    parts = inside.replace("\\", "/").split("/")
    unsafe = inside.startswith("/") or "\\" in inside or ":" in parts[0] or ".." in parts
    if unsafe or any(ord(sign) < 32 for sign in inside):
        raise ImportRefused("unsafe_name", file=name, member=ascii(inside))
    if stat.S_ISLNK(item.external_attr >> 16):
        raise ImportRefused("link_inside", file=name, member=inside)
    if item.flag_bits & 1:
        raise ImportRefused("encrypted", file=name, member=inside)
    if item.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ImportRefused("other_archive", file=name, kind=f"ZIP {item.compress_type}")
