-- What became of an upload is news for whoever looks at its course: the service listens, and tells open pages.
create function ring_course() returns trigger language plpgsql as $$
begin
    perform pg_notify('studybuddy_chat', 'course:' || new.course_id);
    if old.course_id is distinct from new.course_id and old.course_id is not null then
        perform pg_notify('studybuddy_chat', 'course:' || old.course_id);
    end if;
    return null;
end $$;
create trigger documents_ring_course after insert or update of
    generation, requested_generation, failed_generation, stages, deleted_at, file_name, published, offered_at, release_at,
    course_id
on documents for each row execute function ring_course();
create trigger lectures_ring_course after insert or update of
    generation, requested_generation, failed_generation, stages, deleted_at, file_name, published, offered_at, release_at,
    course_id
on lectures for each row execute function ring_course();
