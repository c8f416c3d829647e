"""Files of one event a line: closed in time, whole after a crash, and never with an event twice."""

from __future__ import annotations

import errno
import gzip
import io
import os
import resource
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from tests.sinks.places import sink

from anthropic_audit.errors import SetupError, SinkBusyError, SinkDeniedError
from anthropic_audit.model import Parcel
from anthropic_audit.ports import Sink
from anthropic_audit.settings import NdjsonSink
from anthropic_audit.sinks.files import FileSink, StreamSink
from anthropic_audit.testing import FakeClock

NOW = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)


def parcels(first: int, last: int) -> list[Parcel]:
    return [
        Parcel(seq, f"activity_{seq}", NOW, orjson.dumps({"event": {"id": f"activity_{seq}"}, "n": seq}).decode())
        for seq in range(first, last + 1)
    ]


def opened(folder: Path, clock: FakeClock | None = None, **settings: object) -> FileSink:
    chosen = sink(to="ndjson", folder=str(folder), **settings)
    assert isinstance(chosen, NdjsonSink)
    return FileSink(chosen, clock or FakeClock(NOW))


def lines(folder: Path) -> list[int]:
    found = []
    for path in sorted(folder.iterdir()):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found += [orjson.loads(line)["n"] for line in content.splitlines()]
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in folder.iterdir())


def test_a_file_takes_its_name_when_it_is_full(tmp_path: Path) -> None:
    target = opened(tmp_path, rotate_bytes=1000)
    for first in range(1, 100, 10):
        target.deliver(parcels(first, first + 9))
    target.close()

    assert lines(tmp_path) == list(range(1, 101))
    assert len(names(tmp_path)) >= 4
    assert set(names(tmp_path)) <= {"ndjson", "ndjson.part"}


def test_a_file_takes_its_name_when_it_is_old(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    target = opened(tmp_path, clock, rotate_after="10m", compress=True)
    target.deliver(parcels(1, 5))
    assert names(tmp_path) == ["ndjson.part"]
    clock.advance(timedelta(minutes=11))
    target.deliver(parcels(6, 7))
    target.close()

    assert names(tmp_path) == ["ndjson.gz"]
    assert lines(tmp_path) == list(range(1, 8))


def test_half_a_line_is_cut_off_and_the_file_goes_on(tmp_path: Path) -> None:
    target = opened(tmp_path)
    target.deliver(parcels(1, 5))
    target.close()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-7])

    again = opened(tmp_path)
    assert again.present(parcels(1, 9)) == {f"activity_{seq}" for seq in range(1, 5)}
    again.deliver(parcels(5, 9))
    again.close()

    assert lines(tmp_path) == list(range(1, 10))
    assert len(names(tmp_path)) == 1


def test_a_closed_file_that_was_not_packed_is_packed_by_the_next_run(tmp_path: Path) -> None:
    target = opened(tmp_path, rotate_bytes=1000)
    target.deliver(parcels(1, 100))
    assert names(tmp_path) == ["ndjson"]
    target.close()

    again = opened(tmp_path, compress=True)

    assert len(again.present(parcels(1, 100))) == 100
    assert names(tmp_path) == ["ndjson.gz"]


def test_what_a_crash_left_of_packing_is_removed(tmp_path: Path) -> None:
    target = opened(tmp_path, rotate_bytes=1000)
    target.deliver(parcels(1, 100))
    target.close()
    (whole,) = tmp_path.iterdir()
    half = gzip.compress(whole.read_bytes())[:100]
    (tmp_path / f".{whole.name}.gz").write_bytes(half)

    assert len(opened(tmp_path).present(parcels(1, 100))) == 100

    assert names(tmp_path) == ["ndjson"]


def test_a_damaged_file_and_one_of_somebody_else_keep_nobody_from_delivering(tmp_path: Path) -> None:
    half = gzip.compress("".join(f"{one.document}\n" for one in parcels(1, 2000)).encode())[:-20]
    (tmp_path / "20261118T150000-0000.ndjson.gz").write_bytes(half)
    (tmp_path / "notes.ndjson").write_text('no JSON\n[1]\n{"event": 7}\n')
    target = opened(tmp_path)

    assert len(target.present(parcels(1, 100))) == 100
    assert target.deliver(parcels(3000, 3001))
    target.close()


def test_names_and_packed_files_are_on_the_disk_before_anything_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, list[str]]] = []
    sync, stem = os.fsync, "20261118T160000-0000"

    def noting(file: int) -> None:
        path = Path(f"/proc/self/fd/{file}").readlink()
        synced.append((path.name.replace(stem, ""), names(tmp_path / "out")))
        sync(file)

    monkeypatch.setattr(os, "fsync", noting)
    opened(tmp_path / "out", rotate_bytes=1000, compress=True).deliver(parcels(1, 100))

    assert synced == [
        ("out", ["ndjson.part"]),
        (".ndjson.part", ["ndjson.part"]),
        ("out", ["ndjson"]),
        ("..ndjson.gz", [f"{stem}.ndjson.gz", "ndjson"]),
        ("out", ["ndjson", "ndjson.gz"]),
    ]


def test_a_file_that_can_not_be_packed_repeats_no_event_and_is_packed_later(tmp_path: Path) -> None:
    target = opened(tmp_path, rotate_bytes=1000, compress=True)
    target.deliver(parcels(1, 2))
    obstacle = tmp_path / ".20261118T160000-0000.ndjson.gz"
    obstacle.mkdir()

    target.deliver(parcels(3, 50))
    obstacle.rmdir()
    assert names(tmp_path) == ["ndjson"]
    target.deliver(parcels(51, 100))

    assert names(tmp_path) == ["ndjson.gz", "ndjson.gz"]
    assert lines(tmp_path) == list(range(1, 101))


def test_opening_beside_one_that_writes_touches_nothing_and_does_not_write(tmp_path: Path) -> None:
    target = opened(tmp_path)
    target.deliver(parcels(1, 5))
    (file,) = tmp_path.iterdir()
    with file.open("ab") as half:
        half.write(b'{"half')
    before = file.read_bytes()

    other = opened(tmp_path)
    with pytest.raises(SinkBusyError, match="another process or sink writes into"):
        other.present(parcels(1, 5))
    other.close()

    assert file.read_bytes() == before
    target.close()
    assert len(other.present(parcels(1, 9))) == 5
    other.close()


def test_a_full_disk_leaves_no_half_of_a_batch(tmp_path: Path) -> None:
    target = opened(tmp_path)
    target.deliver(parcels(1, 5))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = next(tmp_path.iterdir()).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limits[1]))
    try:
        with pytest.raises(SinkBusyError, match="the file can't be written"):
            target.deliver(parcels(6, 9))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert lines(tmp_path) == list(range(1, 6))

    target.deliver(parcels(6, 9))
    target.close()

    assert lines(tmp_path) == list(range(1, 10))


def test_a_folder_that_can_not_be_made_says_so() -> None:
    with pytest.raises(SetupError, match="files can't be written"):
        opened(Path("/proc/none"))


def test_a_full_standard_output_is_said_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())

    with pytest.raises(SinkDeniedError, match="standard output can't be written: No space left"):
        StreamSink("out").deliver(parcels(1, 3))


def test_standard_output_is_one_event_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    target: Sink = StreamSink("out")
    some: Sequence[Parcel] = parcels(1, 3)
    target.deliver(some)
    target.close()

    assert [orjson.loads(line)["n"] for line in capsys.readouterr().out.splitlines()] == [1, 2, 3]
    assert target.present(some) == frozenset()
