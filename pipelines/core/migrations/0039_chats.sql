-- Chats that are put away without being deleted, and whose title is whose: a model's gives way to nobody's words but its own.
alter table chat_sessions
    add column archived_at timestamptz,
    add column titled_by text not null default 'question' check (titled_by in ('question', 'model', 'person'));
comment on column chat_sessions.archived_at is 'since when it is put away; null: it is in the list of chats';
comment on column chat_sessions.titled_by is 'question: its first words, until a model has a better title; a person''s own stays';
