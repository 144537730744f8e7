"""The service that students reach: chat, sessions, uploads, search. It reads the tables the pipelines write."""
