-- What to do about a finding, apart from what is wrong; and warnings of transcripts, which are findings too.
alter table findings add column advice text not null default '';
comment on column findings.advice is 'a sentence of what a teacher can do; empty: nothing, or it is part of the sentence (findings of older versions)';

insert into findings (course_id, lecture_id, ordinal, code, sentence, source_sha256)
select t.course_id, t.lecture_id, coalesce((select max(f.ordinal) + 1 from findings f where f.lecture_id = t.lecture_id), 0),
       'other_language', t.warning, t.source_sha256
from transcripts t
where t.warning is not null;
alter table transcripts drop column warning;
