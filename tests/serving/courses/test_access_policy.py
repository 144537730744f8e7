"""The access policy is whole: it names every route, and every id that a request can carry."""

import json
import re

from serving.openapi import DOCUMENT
from tests.serving.courses.access_policy import ELSEWHERE, IDS, OPEN, POLICY
from tests.serving.courses.access_requests import OPERATIONS


def test_every_route_is_in_the_policy():
    assert set(OPERATIONS) == set(POLICY) | OPEN | ELSEWHERE
    assert {name for name, said in OPERATIONS.items() if "security" not in said} == OPEN
    for name, kinds in POLICY.items():
        assert kinds and all(re.fullmatch(r"[.34=]{6}", letters) for letters in kinds.values()), name


def test_every_id_in_a_query_or_a_body_is_in_the_policy():
    for name, said in OPERATIONS.items():
        if name in OPEN:
            continue
        found = {
            each["name"]
            for each in said.get("parameters", [])
            if each["in"] == "query" and re.search(r"uuid|(^|_)id", json.dumps(each["schema"]) + each["name"])
        }
        for content in said.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            if "$ref" in schema:
                schema = json.loads(DOCUMENT.read_text())["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            found |= {key for key, value in schema.get("properties", {}).items() if "uuid" in json.dumps(value)}
            found |= {key for key in schema.get("properties", {}) if re.search(r"Ids?$", key)}
        template = re.sub(r"/api/(documents|lectures)(?=$|/)", "/api/{plural}", name)
        assert found <= IDS.get(name, IDS.get(template, set())) | {"messageId"}, name
