"""Addresses of databases in every spelling: both libraries understand them, and nobody is shown a password."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from pipelines.core.database_address import libpq_address, parse_address, shown_address, sqlalchemy_address
from pipelines.core.errors import SettingsError
from pipelines.core.postgres import database_urls, migrate_database
from pipelines.core.settings import Settings

SPELLINGS = [
    "postgresql://u:canary%40pass@h.example:5433/d",
    "postgres://u:canary%40pass@h.example:5433/d?connect_timeout=3",
    "postgresql+psycopg2://u:canary%40pass@h.example:5433/d",
    "postgresql+psycopg://u:canary%40pass@h.example:5433/d",
    "postgresql:///d?host=h.example&port=5433&user=u&password=canary%40pass",
    "host=h.example port=5433 user=u password=canary@pass dbname=d",
    " host=h.example port=5433 user=u password='canary@pass' dbname=d ",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_all_spellings_are_one_address(text):
    parts = parse_address(text, name="DATABASE_URL")
    parts.pop("connect_timeout", None)
    assert shown_address(parts) == "postgresql://h.example:5433/d"
    expected = {"host": "h.example", "port": "5433", "user": "u", "password": "canary@pass", "dbname": "d"}
    assert conninfo_to_dict(libpq_address(parts)) == expected
    url = make_url(sqlalchemy_address(parts))
    assert (url.drivername, url.host, url.port, url.username, url.password, url.database) == (
        "postgresql+psycopg2", "h.example", 5433, "u", "canary@pass", "d"
    )  # fmt: skip


@pytest.mark.parametrize("host", ["/run/my socket", "a.example,b.example", "::1"])
def test_folders_lists_and_ipv6_are_kept(host):
    parts = {"host": host, "user": "ü/@:", "password": "p w?&#%", "dbname": "d/x"}
    assert conninfo_to_dict(libpq_address(parts)) == parts
    url = make_url(sqlalchemy_address(parts))
    assert (url.host or url.query["host"], url.username, url.password, url.database) == (host, "ü/@:", "p w?&#%", "d/x")
    assert "p w" not in shown_address(parts) and "p%20w" not in shown_address(parts)


NO_ADDRESSES = [
    "",
    "mysql://u:canary-pass@h/d",
    "canary-pass",
    "postgresql://u:canary-pass@h:5/d?q=%",
    "host= password=canary-pass x",
]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_said_without_repeating_it(text):
    with pytest.raises(SettingsError, match="DAGSTER_DATABASE_URL") as caught:
        parse_address(text, name="DAGSTER_DATABASE_URL")
    assert "canary" not in str(caught.value) and caught.value.__context__ is None


def test_a_database_out_of_reach_is_a_sentence_without_the_password(tmp_path):
    url = "postgresql+psycopg2://u:canary-pass@127.0.0.1:1/d"
    settings = Settings(_env_file=None, studybuddy_home=tmp_path, database_url=url, dagster_database_url=url)
    assert database_urls(settings)[1] == url
    with pytest.raises(Exception, match="cannot be reached") as caught:
        migrate_database(settings)
    assert "canary" not in str(caught.value) and not isinstance(caught.value, psycopg.Error)
