"""The chart of `deploy/helm/`, rendered by Helm's own library: resources of Kubernetes that name what exists."""

import re

import pytest
import yaml

from tests.deploy.names import ASKED, DEPLOY, DERIVED, check_command, unknown_settings

CHART = DEPLOY / "helm" / "studybuddy"
VALUES = yaml.safe_load((CHART / "ci" / "values.yaml").read_text())
SECRETS = {
    "DATABASE_URL": "postgresql://u:p@db/studybuddy",
    "DAGSTER_DATABASE_URL": "postgresql://u:p@db/dagster?sslmode=require",
    "MASTER_KEYS": "k",
    "SIGNING_KEY": "s",
    "API_TOKEN": "t",
}
RENDER = """
import helm_python
try:
    with helm_python.Chart.load(chart) as found:
        result = found.render(values, name="study", namespace="uni")
except helm_python.HelmError as error:
    result = str(error)
"""
VALIDATE = """
import kubernetes_validate
result = []
for each in resources:
    try:
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        result.append(f"{each['kind']} {each['metadata']['name']}: {error.message}")
"""


def rendered(tools, values):
    return tools.python(RENDER, chart=str(CHART), values=values)


@pytest.fixture(scope="module")
def resources(tools):
    """What the chart makes, by kind and name."""
    texts = rendered(tools, VALUES)
    assert isinstance(texts, dict), texts
    found = [
        each for name, text in texts.items() if name.endswith(".yaml") for each in yaml.safe_load_all(text) if each
    ]
    return {(each["kind"], each["metadata"]["name"].removeprefix("study-studybuddy-")): each for each in found}


def pods(resources):
    """Pods of the roles, by name."""
    return {
        name: each["spec"]["template"]["spec"]
        for (kind, name), each in resources.items()
        if kind in ("Deployment", "Job")
    }


def test_helm_has_nothing_to_say_against_it(tools):
    code = "import helm_python\nresult = helm_python.lint(chart, values=values)['messages']"
    said = [each for each in tools.python(code, chart=str(CHART), values=VALUES) if "icon" not in each["error"]]
    assert not said


def test_every_resource_is_one_of_kubernetes(tools, resources):
    assert not tools.python(VALIDATE, resources=list(resources.values()))


def test_has_every_part_of_a_deployment(resources):
    assert set(resources) >= {
        ("Deployment", "api"), ("Deployment", "daemon"), ("Deployment", "webserver"), ("Job", "migrate"),
        ("Service", "api"), ("Ingress", "api"), ("Ingress", "uploads"), ("HorizontalPodAutoscaler", "api"),
        ("PodDisruptionBudget", "api"), ("ServiceAccount", "runs"), ("RoleBinding", "control"),
    }  # fmt: skip
    assert resources["Deployment", "daemon"]["spec"]["replicas"] == 1
    assert resources["Deployment", "daemon"]["spec"]["strategy"] == {"type": "Recreate"}
    assert not [name for kind, name in resources if kind == "Service" and name != "api"], "the UI is not offered to all"


def test_names_settings_and_commands_that_exist(resources):
    settings = resources["ConfigMap", "settings"]["data"]
    assert not unknown_settings(set(settings))
    assert all(isinstance(value, str) for value in settings.values())
    assert set(settings) >= ASKED | (DERIVED - {"STUDYBUDDY_DAGSTER_URL", "DAGSTER_HOME"})
    for pod in pods(resources).values():
        (container,) = pod["containers"]
        check_command(container["command"])
        assert not unknown_settings({each["name"] for each in container.get("env", [])})
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            command = container.get(probe, {}).get("exec", {}).get("command")
            if command:
                check_command(command)
        target = re.search(r"studybuddy-(\w+):", container["image"])[1]
        assert f" AS {target}\n" in (DEPLOY / "Dockerfile").read_text()


def test_pods_are_watched_and_have_no_rights_they_do_not_need(resources):
    for name, pod in pods(resources).items():
        (container,) = pod["containers"]
        assert name == "migrate" or {"startupProbe", "livenessProbe"} <= set(container), name
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        if name not in ("daemon", "webserver"):
            assert pod["automountServiceAccountToken"] is False, "asks nothing of Kubernetes"


def test_an_api_that_is_to_end_has_the_time_its_answers_have(resources):
    drain_s = float(resources["ConfigMap", "settings"]["data"]["DRAIN_S"])
    (container,) = (pod := pods(resources)["api"])["containers"]
    assert pod["terminationGracePeriodSeconds"] > drain_s + float(
        container["lifecycle"]["preStop"]["exec"]["command"][1]
    )
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez", "a database that is away ends no process"


def test_the_secret_has_the_address_as_dagster_wants_it(tools):
    values = {**VALUES, "existingSecret": "", "secrets": SECRETS}
    made = yaml.safe_load(rendered(tools, values)["studybuddy/templates/secret.yaml"])["stringData"]
    assert made == {**SECRETS, "STUDYBUDDY_DAGSTER_URL": "postgresql+psycopg2://u:p@db/dagster?sslmode=require"}


@pytest.mark.parametrize("setting", ["PUBLIC_URL", "OIDC_ISSUER", "FILES_URL", "LOGS_BUCKET"])
def test_a_setting_that_is_missing_is_named(tools, setting):
    less = {name: value for name, value in VALUES["settings"].items() if name != setting}
    assert f"settings.{setting} must be given" in rendered(tools, {**VALUES, "settings": less})


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_a_secret_that_is_missing_is_named(tools, secret):
    less = {name: value for name, value in SECRETS.items() if name != secret}
    said = rendered(tools, {**VALUES, "existingSecret": "", "secrets": less})
    assert f"secrets.{secret} must be given" in said
