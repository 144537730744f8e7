-- The trace of the request or command that brought the newest bytes of an upload: the run that is started for them goes on
-- in it. Null: nobody said. Every transaction says its own (`become`), so that whatever writes a generation need not.
alter table documents add column trace text;
alter table lectures add column trace text;

create function note_trace() returns trigger language plpgsql as $$
begin
    new.trace := nullif(current_setting('studybuddy.trace', true), '');
    return new;
end $$;
create trigger documents_traced before insert or update of generation on documents
    for each row execute function note_trace();
create trigger lectures_traced before insert or update of generation on lectures
    for each row execute function note_trace();
