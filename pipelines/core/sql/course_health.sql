-- name: list_lectures_without_slides
-- Lectures of a course that a person (null: the operator) sees, that were compared with its decks, and of which no page is
-- known to have been up, by name: id, file_name.
select l.id, l.file_name
from lectures l
where l.course_id = %(course_id)s::uuid and l.deleted_at is null and l.stages -> 'lecture_slides' ? 'ended_at'
  and l.failed_generation is distinct from l.generation
  and sees_upload(%(person_id)s::uuid, role_in(l.course_id, %(person_id)s::uuid), l.owner_id, l.published, l.offered_at,
                  l.release_at)
  and not exists (select 1 from lecture_slides k where k.lecture_id = l.id and k.page is not null)
order by l.source_name

-- name: list_unanswered_questions
-- Questions of the last `days` days to which nothing was found, those that are alike together, the most frequent first, for
-- who teaches the course (nobody else gets a row): question (as it was asked last), asked (how often), last_asked_at.
select question, asked, last_asked_at
from unanswered_questions(%(course_id)s::uuid, now() - make_interval(days => %(days)s::integer))
order by asked desc, last_asked_at desc
limit %(limit)s::integer

-- name: list_source_reports
-- Sources of a course that readers reported as wrong, of uploads that this person (null: the operator) sees, newest first:
-- id, upload_id, kind, file_name, page, start_ms, quote, reason, reported_at.
select r.id, r.upload_id, r.kind, r.file_name, r.page, r.start_ms, r.quote, r.reason, r.reported_at
from source_reports r where r.course_id = %(course_id)s::uuid
  and (exists (
    select 1 from documents u where u.id = r.upload_id
      and sees_upload(%(person_id)s::uuid, role_in(u.course_id, %(person_id)s::uuid), u.owner_id, u.published, u.offered_at,
                      u.release_at)) or exists (
    select 1 from lectures u where u.id = r.upload_id
      and sees_upload(%(person_id)s::uuid, role_in(u.course_id, %(person_id)s::uuid), u.owner_id, u.published, u.offered_at,
                      u.release_at)))
order by r.reported_at desc, r.id
limit %(limit)s::integer

-- name: put_source_report
-- Report a source that was cited to this person as wrong; a second report of it replaces the first. One row: id.
insert into source_reports
    (course_id, source_id, reported_by, upload_id, kind, file_name, page, start_ms, quote, reason)
select s.course_id, s.id, %(person_id)s::uuid, s.source_id, s.kind, s.file_name, s.page, s.start_ms, s.quote,
       %(reason)s::text
from message_sources s where s.id = %(source_id)s::uuid
on conflict (source_id, reported_by) do update set reason = excluded.reason, reported_at = now()
returning id

-- name: settle_source_report
-- Take a report off the list. One row (its id) when there was one of an upload that this person (null: the operator) sees.
delete from source_reports r where r.id = %(report_id)s::uuid and r.course_id = %(course_id)s::uuid
  and (exists (
    select 1 from documents u where u.id = r.upload_id
      and sees_upload(%(person_id)s::uuid, role_in(u.course_id, %(person_id)s::uuid), u.owner_id, u.published, u.offered_at,
                      u.release_at)) or exists (
    select 1 from lectures u where u.id = r.upload_id
      and sees_upload(%(person_id)s::uuid, role_in(u.course_id, %(person_id)s::uuid), u.owner_id, u.published, u.offered_at,
                      u.release_at)))
returning r.id
