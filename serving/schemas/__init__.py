"""The JSON that routes take and give, in the camelCase frontends write; one module a subject."""
