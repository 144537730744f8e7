-- A new key goes on with what waited for one: decks that nobody described, and uploads that failed because nobody paid for
-- their vectors or the key that did was refused.
create or replace function describe_with_key() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
    update description_refusals r set retry_at = now()
    from documents d where d.id = r.document_id and d.owner_id = new.user_id and d.deleted_at is null;
    if found then
        notify studybuddy_uploads;
    end if;
    update documents set generation = generation + 1, updated_at = now()
    where owner_id = new.user_id and deleted_at is null and failed_generation = generation
      and failure_code in ('connect_openrouter', 'key_rejected', 'no_credit');
    update lectures set generation = generation + 1, updated_at = now()
    where owner_id = new.user_id and deleted_at is null and failed_generation = generation
      and failure_code in ('connect_openrouter', 'key_rejected', 'no_credit');
    return null;
end $$;
