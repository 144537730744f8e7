-- How a person wants the page: it is so in every browser of theirs.
alter table users
    add column language text check (language ~ '^[a-z]{2,3}$'),
    add column theme text check (theme in ('system', 'light', 'dark'));
comment on column users.language is 'of the page; null: that of each browser';
comment on column users.theme is 'of the page; null: not chosen, as the machine''s';
grant update (language, theme) on users to studybuddy_app;
