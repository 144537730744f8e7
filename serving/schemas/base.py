"""Bases of all schemas, and types of fields that several have."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

from serving.chat.parts import clean


def _ahead(at: datetime) -> datetime:
    if at <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return at


def _told(text: str) -> str:
    text = clean(text).strip()
    if not text:
        raise ValueError("must not be empty")
    return text


Words = Annotated[str, AfterValidator(clean)]
Told = AfterValidator(_told)
"""Refuses a text of which nothing is left without blanks around it."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200), Told]
AwareFuture = Annotated[AwareDatetime, AfterValidator(_ahead)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Out(BaseModel):
    """What goes out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class In(BaseModel):
    """What comes in; a field that is not there is refused, so nothing can be set in passing."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


def whole_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a body that its route reads by itself, with what it refers to in its place: no document that
    holds it could resolve the references."""
    schema = model.model_json_schema()
    kept = schema.pop("$defs", {})

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            name = value.get("$ref", "").rpartition("/")[2]
            return put(kept[name]) if name else {key: put(each) for key, each in value.items()}
        return [put(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = put(schema)
    return found
