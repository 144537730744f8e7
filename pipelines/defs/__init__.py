"""The graph: when things are made, and from what; assets, checks, partitions, sensors, jobs, resources.

An asset reads rows, calls a step, replaces its partition's rows in one transaction and reports; nothing else.
"""
