"""A store of each kind: a folder, and a bucket on an S3 server of our own."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from console import create_app
from console.attachments.store import Place
from tests.conftest import configuration
from tests.servers import free_port


@contextmanager
def s3_server() -> Iterator[str]:
    """An S3 server in a process of its own, with a bucket; yields its address."""
    address = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(200):
            try:
                make = urllib.request.Request(f"{address}/bucket", method="PUT")
                urllib.request.urlopen(make, timeout=2).close()
                break
            except OSError:
                if server.poll() is not None:
                    raise RuntimeError("the S3 server did not start") from None
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def in_bucket(s3_address, monkeypatch, request) -> str:
    """The address of an empty place in the bucket, with what the environment must say."""
    monkeypatch.setenv("AWS_ENDPOINT", s3_address)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "only-for-tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "only-for-tests")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    return f"s3://bucket/{free_port()}"


@pytest.fixture(scope="session")
def bare() -> Flask:
    """An application without a database: the store asks for none."""
    return create_app(configuration("sqlite:///:memory:"))


@pytest.fixture
def away_from_home(bare, monkeypatch) -> Iterator[Callable[[str], Place]]:
    """Let the store lie somewhere else, for one test."""
    with bare.test_request_context():

        def move(url: str) -> Place:
            monkeypatch.setitem(bare.extensions, "attachments", Place(url))
            return bare.extensions["attachments"]

        yield move


@pytest.fixture(params=["folder", "s3"])
def place(request, tmp_path, away_from_home) -> Place:
    """A place for files of each kind, still empty."""
    if request.param == "folder":
        return away_from_home(str(tmp_path / "files"))
    return away_from_home(request.getfixturevalue("in_bucket"))


@pytest.fixture
def folder(tmp_path, away_from_home) -> Path:
    """A place that is a folder; not made yet."""
    return away_from_home(str(tmp_path / "files")).folder
