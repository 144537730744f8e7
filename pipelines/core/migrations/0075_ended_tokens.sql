-- Every process that remembers people hears at once of a token that was ended, by whomever: on the page, at the command line.
create function notify_token() returns trigger language plpgsql as $$
begin
    perform pg_notify('studybuddy_chat', 'person:' || old.user_id);
    return null;
end $$;
create trigger token_ended after delete on access_tokens for each row execute function notify_token();
