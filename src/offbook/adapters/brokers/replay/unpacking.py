"""Files that are packed in ways in which recordings are not read, unpacked: ``.zip`` and ``.zst``.

So do publishers hand out their files: Binance its dumps as ``.zip``, Databento its as ``.csv.zst``,
LOBSTER its samples as a ``.zip`` of a message file and an orderbook file.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.source import PACKED
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidInput, system_reason

_BINARY: Final = (".dbn", ".dbn.zst")
_LINES: Final = 10_000
_MESSAGES: Final = "_message_"
"""In the names of LOBSTER's message files; the orderbook files beside them are read with them."""


def is_packed(path: Path) -> bool:
    """Whether it is such a file, by its name."""
    return path.name.lower().endswith(PACKED)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file that is packed in another, in a folder that is gone afterwards; another file as it
    is.

    What is wrong with the file is told of the packed one.  Raises InvalidInput (several files in
    it, or none), BadMarketData (damaged), GatewayUnavailable (it cannot be read) and OSError.
    """
    if path.name.lower().endswith(_BINARY):
        raise InvalidInput(
            f"{path} is in Databento's binary form, which is not read: fetch it as CSV, or make it "
            "with their client: databento.DBNStore.from_file(...).to_csv(...)"
        )
    if not is_packed(path) or path.is_dir():
        yield path
        return
    with TemporaryDirectory(prefix="offbook-unpacked-") as folder:
        unpack = _from_zip if path.name.lower().endswith(".zip") else _from_zst
        inner = unpack(path, Path(folder))
        try:
            yield inner
        except BadMarketData as error:
            said = error.message.replace(f"convert {inner}", f"convert {path}")  # to be typed
            said = said.replace(str(inner), f"{path} ({inner.name})")
            raise BadMarketData(said, **{**error.fields, "file": str(path)}) from None


def _from_zip(path: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_data(name)]
            messages = [name for name in names if _MESSAGES in name]
            chosen = messages if len(messages) == 1 else names
            if len(chosen) != 1:
                raise InvalidInput(
                    f"{path} holds {', '.join(names) or 'no file of rows'}: unpack it, and name one"
                )
            for name in {*chosen, *(n for n in names if messages and n not in messages)}:
                with archive.open(name) as packed, (folder / Path(name).name).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise _damaged(path, error) from None
    except FileNotFoundError as error:
        raise GatewayUnavailable(
            f"{path} cannot be read: {system_reason(error)}", market=str(path)
        ) from None
    return folder / Path(chosen[0]).name


def _from_zst(path: Path, folder: Path) -> Path:
    """By duckdb, line by line: Python unpacks it only from 3.14 on."""
    import duckdb

    if not path.exists():
        raise GatewayUnavailable(f"{path} cannot be read: there is no such file", market=str(path))
    target = folder / path.name[: -len(".zst")]
    connection = query.connect()
    try:
        rows = connection.execute(query.LINES_OF_ZST, [query.literal_path(str(path))])
        with target.open("w", encoding="utf-8", newline="\n") as file:
            while lines := rows.fetchmany(_LINES):
                file.writelines(f"{line}\n" for (line,) in lines)
    except duckdb.Error as error:
        raise _damaged(path, error) from None
    finally:
        query.release(connection)
    return target


def _is_data(name: str) -> bool:
    """Whether a file in an archive is one of rows: neither a folder nor what is said of them."""
    last = name.rsplit("/", 1)[-1]
    return last.lower().endswith((".csv", ".csv.gz", ".parquet", ".json", ".jsonl", ".data"))


def _damaged(path: Path, error: Exception) -> BadMarketData:
    first = str(error).strip().partition("\n")[0]
    return BadMarketData(
        f"{path} cannot be unpacked: {first}; fetch it again", file=str(path), reason="unreadable"
    )
