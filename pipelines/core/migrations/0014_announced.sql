-- A word to those who start runs when there may be work: the sensors look when they hear it, and now and then anyway.
create function announce_uploads() returns trigger language plpgsql as $$
begin
    notify studybuddy_uploads;
    return null;
end $$;
create trigger documents_announced after insert or update of generation, deleted_at on documents
    for each statement execute function announce_uploads();
create trigger lectures_announced after insert or update of generation, deleted_at on lectures
    for each statement execute function announce_uploads();
create trigger lecture_documents_announced after insert or update on lecture_documents
    for each statement execute function announce_uploads();

-- Nobody claims an upload any more: the daemon alone starts runs.
alter table documents drop column claimed_until;
alter table lectures drop column claimed_until;

comment on column documents.stages is 'stage (its asset''s name) -> run_id, began_at, ended_at (absent while it is being made), note (how far it has come) and waiting (true: tried again after a failure that the note tells); empty before the first run of this kind';

-- The upload of a run, found when the run has ended without a word.
create index documents_run on documents (run_id) where run_id is not null;
create index lectures_run on lectures (run_id) where run_id is not null;
