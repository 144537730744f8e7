"""Backups: a dump of both databases and the bytes they name, in a folder or a bucket, and the way back."""
