-- What a lecture's spans were made from: recipe. No row: it was not aligned yet.
select recipe from lecture_alignments where lecture_id = %(lecture_id)s::uuid
