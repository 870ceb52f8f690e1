"""A folder of its own for the files of each test."""

from pathlib import Path

import pytest

from console.attachments.store import Place


@pytest.fixture
def folder(app, tmp_path, monkeypatch) -> Path:
    monkeypatch.setitem(app.extensions, "attachments", Place(str(tmp_path / "files")))
    return tmp_path / "files"
