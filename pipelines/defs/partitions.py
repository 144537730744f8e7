"""Partitions of the graphs: one an upload, its key the row's `partition_key`."""

import dagster as dg

documents_partitions = dg.DynamicPartitionsDefinition(name="documents")
"""One deck a partition; sensors add and remove them with the rows."""

lectures_partitions = dg.DynamicPartitionsDefinition(name="lectures")
"""One recording (or captions alone) a partition."""
