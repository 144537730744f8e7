-- An upload that is made once more by itself stays in the trace in which it came: nobody said another one.
create or replace function note_trace() returns trigger language plpgsql as $$
begin
    new.trace := coalesce(nullif(current_setting('studybuddy.trace', true), ''),
                          case when tg_op = 'UPDATE' then old.trace end);
    return new;
end $$;
