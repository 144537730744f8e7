"""Doors for programs: what clients of OpenAI's interface and of MCP get of courses and answers."""
