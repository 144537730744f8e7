"""An S3 server of a test: moto's, a process of its own, whose log has a line a request."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import fsspec
import pytest
from botocore.config import Config

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


@dataclass(frozen=True, slots=True)
class S3Server:
    """A server with some buckets."""

    url: str
    log: Path

    def downloads(self, key: str) -> int:
        """How often bytes of the object whose key ends like this were asked for."""
        return len(re.findall(rf"GET /[^ ?]*{key} HTTP", self.log.read_text()))


@contextmanager
def s3_server(folder: Path, *buckets: str) -> Iterator[S3Server]:
    """A server with these buckets, named to this process and those it starts by the variables of all programs of S3."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = S3Server(f"http://127.0.0.1:{port}", folder / "s3.log")
    with found.log.open("wb") as log, pytest.MonkeyPatch.context() as patch:
        line = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(line, stdout=log, stderr=log)
        fsspec.get_filesystem_class("s3").clear_instance_cache()  # an open one would ask the server of before
        try:
            for name, value in {**KEYS, "AWS_ENDPOINT_URL": found.url}.items():
                patch.setenv(name, value)
            client = boto3.client("s3", config=Config(retries={"total_max_attempts": 30, "mode": "standard"}))
            for bucket in buckets:
                client.create_bucket(Bucket=bucket)
            client.close()
            yield found
        finally:
            fsspec.get_filesystem_class("s3").clear_instance_cache()
            process.kill()
            process.wait(10)
