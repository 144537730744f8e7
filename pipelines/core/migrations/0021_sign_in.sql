-- Sign-in: sessions of browsers, personal access tokens, one-time tickets, and sign-ins that came back. Secrets are
-- kept as sha256 alone: what leaks from here opens nothing.

create table browser_sessions (
    hash bytea primary key,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    ends_at timestamptz not null
);
create index on browser_sessions (user_id);
create index on browser_sessions (ends_at);
comment on column browser_sessions.hash is 'sha256 of the cookie''s value';
comment on column browser_sessions.seen_at is 'last use, to some minutes; a session nobody uses ends early';

create table access_tokens (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users on delete cascade,
    name text not null check (name <> ''),
    hash bytea not null unique,
    scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['read', 'chat', 'upload']),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    used_at timestamptz
);
create index on access_tokens (user_id, created_at);
comment on column access_tokens.used_at is 'last use, to some minutes';

create table sign_in_tickets (
    hash bytea primary key,
    ends_at timestamptz not null
);
comment on table sign_in_tickets is 'what `studybuddy open` gives a browser: each signs the local user in once, within a minute';

create table used_sign_ins (
    id text primary key,
    ends_at timestamptz not null
);
comment on table used_sign_ins is 'sign-ins that came back from the issuer: none comes back twice';

-- Every process that remembers people hears at once of one who was suspended, let in again or made an operator.
create function notify_person() returns trigger language plpgsql as $$
begin
    perform pg_notify(
        'studybuddy_chat', case when new.suspended_at is null then 'person:' else 'suspended:' end || new.id
    );
    return null;
end $$;
create trigger person_changed after update of suspended_at, operator on users for each row
    when ((old.suspended_at, old.operator) is distinct from (new.suspended_at, new.operator))
    execute function notify_person();
