-- Whether a person came over from a former deployment and still writes there: here they only read.
create function belongs_there(person uuid) returns boolean language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select exists (select from adopted_people where user_id = person and moved_at is null)
$$;

-- Every process that remembers people hears who has moved, or back.
create function notify_moved() returns trigger language plpgsql as $$
begin
    perform pg_notify('studybuddy_chat', 'person:' || new.user_id);
    return null;
end $$;
create trigger person_moved after update of moved_at on adopted_people for each row
    when (old.moved_at is distinct from new.moved_at) execute function notify_moved();
