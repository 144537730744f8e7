-- How large each course is, without reading the counts of all its words: asked after every upload.
create index term_counts_sizes on ai.term_counts (course_id, chunks) where term = 0;
