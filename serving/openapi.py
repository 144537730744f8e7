"""The OpenAPI document `serving/openapi.json`, from which frontends make their types: `python -m serving.openapi`.

The committed document and the code must agree; a test compares them.
"""

import json
from pathlib import Path
from typing import Any

from pipelines.core.settings import Settings
from serving.app import create_app
from serving.chat import parts as p

DOCUMENT = Path(__file__).with_name("openapi.json")


def document() -> dict[str, Any]:
    """The OpenAPI document with the schemas of all stream parts, under `components.schemas.UIMessagePart`."""
    found = create_app(Settings(_env_file=None)).openapi()
    schema = p.parts_schema("#/components/schemas/{model}")
    schemas = found["components"]["schemas"]
    schemas.update(schema.pop("$defs"))
    schemas["UIMessagePart"] = {**schema, "description": "One `data:` line of a chat stream, but for `[DONE]`."}
    return found


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(text(), encoding="utf-8")
