# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking single files out of a .tar.xz or .zip that nobody here has made.

Nothing is unpacked by the names in the archive: who asks gets the content of plain files, and puts it where it wants.
Links are never followed, and what unpacks to more than was allowed ends.
"""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ..text import Text

_MEMORY = 512 << 20
"""Bytes that a decompressor may take. `xz -9` needs 65 MiB."""
_CHUNK = 1 << 20
_MOST_MEMBERS = 100_000
_LONGEST_HEADER = 1 << 20
"""Bytes of a name, or of what else a header may say."""
_ABOUT_THE_NEXT = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


class ArchiveError(ValueError):
    """The archive is damaged, or made to do harm."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def members(path: Path, most: int, read: Callable[[int], None]) -> Iterator[tuple[str, int, IO[bytes]]]:
    """The plain files of an archive: their name as it stands there, their size, and their content, to be read before
    the next. `most` bytes may come out of the whole. `read(n)` is called for each n bytes of the archive; raising in it
    stops. Raises ArchiveError and OSError, also while content is read.
    """
    try:
        with path.open("rb") as file:
            raw = _Counted(file, read)
            yield from _zipped(raw, most) if zipfile.is_zipfile(path) else _tarred(raw, most)
    except ArchiveError:
        raise
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(str(error) or type(error).__name__) from error
    except (ValueError, RuntimeError, OverflowError) as error:  # What the two libraries make of odd headers.
        raise ArchiveError(str(error)) from error


def copy(source: IO[bytes], target: IO[bytes], most: int) -> int:
    """All of `source`, at most so many bytes; their number. Raises ArchiveError, OSError."""
    total = 0
    try:
        while piece := source.read(_CHUNK):
            total += len(piece)
            if total > most:
                raise ArchiveError(Text("it unpacks to more than it says"))
            target.write(piece)
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError) as error:
        raise ArchiveError(str(error) or type(error).__name__) from error
    return total


def _tarred(raw: IO[bytes], most: int) -> Iterator[tuple[str, int, IO[bytes]]]:
    # As a stream: nobody can make it go back, and the whole is read once.
    with tarfile.open(fileobj=io.BufferedReader(_Unxz(raw, most), _CHUNK), mode="r|", tarinfo=_Member) as archive:
        for number, member in enumerate(archive):
            if number > _MOST_MEMBERS:
                raise ArchiveError(Text("it has too many files"))
            if member.size > most:  # tarfile would look for its end, for hours.
                raise ArchiveError(Text("it unpacks to more than it should"))
            content = archive.extractfile(member) if member.isreg() and not member.issparse() else None
            if content is not None:
                yield member.name, member.size, content


class _Member(tarfile.TarInfo):
    """A member of a tar file. tarfile takes what a header says of the next one into memory, however large."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.type in _ABOUT_THE_NEXT and self.size > _LONGEST_HEADER:
            raise ArchiveError(Text("its names are too long"))
        return super()._proc_member(archive)  # type: ignore[misc]

    def _proc_gnusparse_10(self, *_: Any) -> None:
        raise ArchiveError(Text("it has sparse files"))  # Their maps are read into memory, too.

    def _proc_sparse(self, _: tarfile.TarFile) -> Any:
        raise ArchiveError(Text("it has sparse files"))


def _zipped(raw: IO[bytes], most: int) -> Iterator[tuple[str, int, IO[bytes]]]:
    left = most
    with zipfile.ZipFile(raw) as archive:
        if len(archive.infolist()) > _MOST_MEMBERS:
            raise ArchiveError(Text("it has too many files"))
        for member in archive.infolist():
            is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
            if member.is_dir() or is_link:
                continue
            if member.file_size > left:
                raise ArchiveError(Text("it unpacks to more than it should"))
            left -= member.file_size
            with archive.open(member) as content:
                yield member.filename, member.file_size, content


class _Counted(io.BufferedReader):
    """A file that says how much is read of it."""

    def __init__(self, file: IO[bytes], read: Callable[[int], None]) -> None:
        super().__init__(file)  # type: ignore[arg-type]
        self._told = read

    def read(self, size: int | None = -1, /) -> bytes:
        """As BufferedReader."""
        data = super().read(size)
        self._told(len(data))
        return data


class _Unxz(io.RawIOBase):
    """The content of an .xz file. More memory or more bytes than allowed are an error."""

    def __init__(self, raw: IO[bytes], most: int) -> None:
        self._raw = raw
        self._left = most
        self._unpack = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As RawIOBase."""
        while not self._unpack.eof:
            data = self._raw.read(_CHUNK) if self._unpack.needs_input else b""
            if self._unpack.needs_input and not data:
                raise EOFError("it ends in the middle")
            if piece := self._unpack.decompress(data, len(buffer)):
                self._left -= len(piece)
                if self._left < 0:
                    raise ArchiveError(Text("it unpacks to more than it should"))
                buffer[: len(piece)] = piece
                return len(piece)
        return 0
