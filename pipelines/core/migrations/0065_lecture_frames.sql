-- What a recording shows, looked at once: small pictures of its scenes in one file of the store.
create table lecture_frames (
    lecture_id uuid primary key references lectures on delete cascade,
    media_sha256 text not null,
    frames_sha256 text,
    scenes integer not null,
    looked_at integer not null,
    until_ms integer not null,
    bad_packets integer not null,
    failure text,
    code_version text not null
);
comment on column lecture_frames.frames_sha256 is 'scenes with their times and pictures; null: nothing that changes is shown';
comment on column lecture_frames.looked_at is 'pictures decoded, up to until_ms of the recording';
comment on column lecture_frames.failure is 'why its pictures could not be looked at';
alter table lecture_frames enable row level security, force row level security;
create policy everything on lecture_frames to studybuddy_pipeline, current_user using (true);
create policy reading on lecture_frames for select to studybuddy_app
    using (exists (select 1 from lectures l where l.id = lecture_id));
grant select on lecture_frames to studybuddy_app;
grant select, insert, update, delete on lecture_frames to studybuddy_pipeline;
