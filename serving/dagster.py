"""Addresses in Dagster's UI, for people who get there."""

from serving.accounts.people import Principal
from serving.state import State


def dagster_url(state: State, person: Principal, path: str) -> str | None:
    """A page of Dagster's UI; None for who cannot see it.

    It binds this machine's loopback address alone: who sits there, or who runs the service, gets there.
    """
    return f"http://127.0.0.1:{state.settings.dagster_port}{path}" if person.local or person.operator else None
