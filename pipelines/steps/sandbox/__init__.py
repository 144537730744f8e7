"""The bounded child process in which untrusted files are read."""
