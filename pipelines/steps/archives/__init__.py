"""Archives of many files, such as a course exported from a learning platform, unpacked within limits."""
