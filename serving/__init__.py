"""The service that students reach: chat, search, course materials. It reads the tables the pipelines write."""
