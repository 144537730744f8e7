"""The bill of materials names all that is locked, and every licence in it may be combined with ours."""

import pytest

from tests.house.audit import LOCK, pins
from tests.house.bill import READ, allowed, bill, installed


def test_every_installed_package_is_under_a_licence_that_is_allowed():
    licences = installed()
    assert len(licences) > 200
    refused = {name: licence for name, licence in licences.items() if not allowed(licence)}
    assert not refused, "read the licence: may it be combined with AGPL-3.0-or-later, it goes into ALLOWED or READ"
    assert set(READ) <= set(licences), "READ names what is not installed"


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("Apache-2.0 AND (MIT OR BSD-2-Clause)", True),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND LicenseRef-Proprietary", False),
        ("GPL-2.0-only", False),
        ("PolyForm-Noncommercial-1.0.0", False),
        ("", False),
    ],
)
def test_a_licence_that_is_not_known_to_be_allowed_is_not(expression, fine):
    assert allowed(expression) is fine


def test_the_bill_names_every_package_of_the_lock_with_its_hashes():
    lock = LOCK.read_text(encoding="utf-8")
    components = bill(lock, installed())["components"]
    assert {(each["name"], each["version"]) for each in components} == set(pins(lock))
    assert all(each["hashes"] and each["purl"].startswith("pkg:pypi/") for each in components)
    assert sum("licenses" in each for each in components) > 200
