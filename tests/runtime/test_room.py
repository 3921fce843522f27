"""What a folder takes is counted once, whatever links there are in it."""

from pathlib import Path

from luxos.runtime.room import size_of


def test_what_has_several_names_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "file").write_bytes(b"x" * 50_000)
    alone = size_of(tmp_path)
    assert alone >= 50_000
    (tmp_path / "one" / "again").hardlink_to(tmp_path / "one" / "file")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert size_of(tmp_path) < alone + 50_000
    (tmp_path / "one" / "copy").write_bytes(b"x" * 50_000)
    assert size_of(tmp_path) >= alone + 50_000
    assert size_of(tmp_path / "nothing") == 0
