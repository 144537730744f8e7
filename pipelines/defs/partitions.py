"""Partitions of the graphs: one an upload, its key the row's `partition_key`, or one a course and set."""

import dagster as dg

documents_partitions = dg.DynamicPartitionsDefinition(name="documents")
"""One deck a partition; sensors add and remove them with the rows."""

lectures_partitions = dg.DynamicPartitionsDefinition(name="lectures")
"""One recording (or captions alone) a partition."""

sets_partitions = dg.DynamicPartitionsDefinition(name="course_sets")
"""One course and one of its embedding sets a partition, where the course has questions."""
