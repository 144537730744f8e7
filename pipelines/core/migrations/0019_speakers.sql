-- Who says a segment, as captions name them.
alter table transcript_segments add column speaker text;
comment on column transcript_segments.speaker is 'as the captions name them; null: nobody is named';
