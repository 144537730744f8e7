"""Traces: one id from a request or command through uploads and runs to answers; spans, where a collector is named."""
