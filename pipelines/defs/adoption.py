"""Assets of an adoption: what came over from a former deployment, kind by kind, kept up to date until people move."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipelines.adoption.adopting import Adoption
from pipelines.adoption.former import CHUNKS, SESSIONS, SOURCES, open_former
from pipelines.adoption.moving import standing
from pipelines.adoption.report import Report
from pipelines.adoption.verifying import Verification, verify
from pipelines.core.schemas import DEFAULT
from pipelines.core.settings import get_settings
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.resources import StoresResource, lasting_stores
from pipelines.defs.uploads import OWNERS

GROUP = "adoption"
VERSION = "1"
CHECK = "both_sides_are_the_same"

KINDS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "adopted_courses": ("Courses, open to all as they were.", ("courses",), ("courses",)),
    "adopted_people": (
        "People who came over, and who takes which course.", ("people", "user_courses"), ("users", "user_courses"),
    ),
    "adopted_materials": (
        "Decks, private to their owners, and lectures: nothing is made of them.",
        ("documents", "lectures", "user_lectures"),
        ("documents", "lectures", "user_lectures"),
    ),
    "adopted_passages": (
        "Passages with the vectors they had.",
        ("slide_chunks", "speech_chunks", "vectors_kept", "vectors_missing"),
        tuple(CHUNKS.values()),
    ),
    "adopted_chats": ("Chats with their answers' sources.", ("chats", "messages", "sources"), (SESSIONS, SOURCES)),
}  # fmt: skip
"""What each asset is, what of the report is counted in it, and which former tables it comes from; each stands on those
before it."""

_STANDS_ON: Mapping[str, list[str]] = {
    "adopted_people": ["adopted_courses"],
    "adopted_courses": [],
    "adopted_materials": ["adopted_people"],
    "adopted_passages": ["adopted_materials"],
    "adopted_chats": ["adopted_passages"],
}

_UNITS: Mapping[str, tuple[str, ...]] = {
    "adopted_people": ("person", "membership"),
    "adopted_courses": ("course",),
    "adopted_materials": ("deck", "talk", "listing"),
    "adopted_passages": ("slides", "speechs"),
    "adopted_chats": ("chat",),
}
"""How units of each are called in a comparison."""


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            description=f"{said} From a former deployment in the same database (docs/adopting.md).",
            group_name=GROUP,
            owners=OWNERS,
            kinds={"postgres"},
            code_version=VERSION,
            deps=_STANDS_ON[name],
        )
        for name, (said, _, _) in KINDS.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(CHECK, asset=name, description="The former rows, value by value, beside what is here.")
        for name in KINDS
    ],
    name="adoption",
)
def adoption(context: dg.AssetExecutionContext, stores: StoresResource) -> Iterator[dg.MaterializeResult[Any]]:
    """Brings what has changed in the former deployment, and compares both sides."""
    database = stores.open.database
    with told_to_dagster(context), open_former(database.direct_url, database.schemas) as former:
        report = Adoption(database, former).run()
    with told_to_dagster(context), open_former(database.direct_url, database.schemas) as former:
        compared = verify(database, former)
    for name in KINDS:
        yield dg.MaterializeResult(
            asset_key=name, metadata=_metadata(name, report), check_results=[_check(name, compared)]
        )


def _metadata(name: str, report: Report) -> dict[str, Any]:
    _, counted, tables = KINDS[name]
    left = {
        f"left out of {table}: {reason}": count
        for table in tables
        for reason, count in report.not_adopted.get(table, {}).items()
    }
    counts = {what.replace("_", " "): report.adopted[what] for what in counted}
    return {"dagster/row_count": report.adopted[counted[0]], **counts, **left}


def _check(name: str, compared: Verification) -> dg.AssetCheckResult:
    mine = {
        what: count
        for what, count in compared.by_kind.items()
        if what[1] in _UNITS[name] or (what[1] == "" and name == "adopted_people")
    }
    told = {f"{what} ({kind})" if kind else what: count for (what, kind), count in mine.items()}
    return dg.AssetCheckResult(
        asset_key=name, check_name=CHECK, passed=not mine, metadata={"compared": compared.compared, **told}
    )


sync_adoption = dg.define_asset_job(
    "sync_adoption",
    selection=dg.AssetSelection.groups(GROUP),
    description="What has changed in the former deployment since the last time.",
)


@dg.schedule(job=sync_adoption, cron_schedule="*/15 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def adoption_schedule() -> dg.RunRequest | dg.SkipReason:
    """Every quarter of an hour, from the first adoption until everybody has moved."""
    if get_settings().database_schema == DEFAULT:
        return dg.SkipReason("There is no former deployment beside this one (DATABASE_SCHEMA).")
    with lasting_stores().database.transaction() as connection:
        found = standing(connection)
    if found.written_at is None:
        return dg.SkipReason("Nothing came over yet: `studybuddy adopt --apply` begins.")
    if found.people == found.moved:
        return dg.SkipReason("Everybody has moved.")
    return dg.RunRequest()
