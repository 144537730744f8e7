-- What a person should look at although a transcript was made.
alter table transcripts add column warning text;
comment on column transcripts.warning is 'a sentence for the teacher, such as captions in another language than the recording; null: none';
